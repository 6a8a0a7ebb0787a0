/* What a file's name says of its content. */
#ifndef WM_WORKER_STATIC_STATIC_MIME_H
#define WM_WORKER_STATIC_STATIC_MIME_H

struct strlist;
struct static_mime;

/*
 * A few types that everybody knows, then what the files say (mimefile), each
 * a line: a type, then endings. Without files the system's /etc/mime.types is
 * read if there is one. NULL with *cause when a file cannot be read.
 */
struct static_mime *static_mime_new(const struct strlist *files,
	    char **cause);
void	 static_mime_free(struct static_mime *mime);
/* The type by the name's ending, in any case; never NULL. */
const char *static_mime_type(const struct static_mime *mime, const char *name);

#endif
