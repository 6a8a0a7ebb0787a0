/* What a file's name says of its content. */
#include "worker/static/static_mime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"

#define MIME_SYSTEM	"/etc/mime.types"
#define MIME_UNKNOWN	"application/octet-stream"
#define MIME_ENDING	31		/* characters of an ending, at most */
#define MIME_SLOTS	256		/* at first; 2^n */

/* An ending, in lower case, and its type. */
struct mime_slot {
	char		 ending[MIME_ENDING + 1];
	const char	*type;		/* of types; NULL: free */
};

struct static_mime {
	struct mime_slot	*slots;
	size_t			 nslots;	/* 2^n, at most half full */
	size_t			 count;
	struct strlist		 types;
};

/* Where there is no file these are known, as lines of one. */
static const char *const mime_known[] = {
	"text/html html htm", "text/css css", "text/javascript js mjs",
	"application/json json map", "text/plain txt", "text/xml xml",
	"text/csv csv", "text/markdown md", "image/svg+xml svg",
	"image/png png", "image/jpeg jpg jpeg", "image/gif gif",
	"image/webp webp", "image/avif avif", "image/x-icon ico",
	"font/woff woff", "font/woff2 woff2", "font/ttf ttf",
	"font/otf otf", "application/pdf pdf", "application/wasm wasm",
	"application/zip zip", "application/gzip gz",
	"application/manifest+json webmanifest",
	"video/mp4 mp4", "video/webm webm", "audio/mpeg mp3",
	"audio/ogg ogg"
};

/* The slot that has this ending, or where it would be. */
static struct mime_slot *
mime_slot(const struct static_mime *mime, const char *ending)
{
	uint32_t	 hash = 2166136261u;
	const char	*p;
	size_t		 at;

	for (p = ending; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	at = hash & (mime->nslots - 1);
	while (mime->slots[at].type != NULL &&
	    strcmp(mime->slots[at].ending, ending) != 0)
		at = (at + 1) & (mime->nslots - 1);
	return &mime->slots[at];
}

/* Doubles the table. */
static void
mime_grow(struct static_mime *mime)
{
	struct mime_slot	*old = mime->slots;
	size_t			 i, n = mime->nslots;

	mime->nslots *= 2;
	mime->slots = xcalloc(mime->nslots, sizeof(*mime->slots));
	for (i = 0; i < n; i++) {
		if (old[i].type != NULL)
			*mime_slot(mime, old[i].ending) = old[i];
	}
	free(old);
}

/* Copies an ending in lower case; false: it is too long. */
static bool
mime_lower(const char *from, char to[MIME_ENDING + 1])
{
	size_t	 i;

	for (i = 0; from[i] != '\0'; i++) {
		if (i == MIME_ENDING)
			return false;
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ?
		    (char)(from[i] | 0x20) : from[i];
	}
	to[i] = '\0';
	return i > 0;
}

/* May this be the value of Content-Type? */
static bool
mime_is_type(const char *type)
{
	const char	*p;

	for (p = type; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return strchr(type, '/') != NULL;
}

/* One ending has this type, whatever it had before. */
static void
mime_add(struct static_mime *mime, const char *ending, const char *type)
{
	char			 lower[MIME_ENDING + 1];
	struct mime_slot	*slot;

	if (!mime_lower(ending, lower))
		return;
	if (2 * (mime->count + 1) > mime->nslots)
		mime_grow(mime);
	slot = mime_slot(mime, lower);
	if (slot->type == NULL)
		mime->count++;
	memcpy(slot->ending, lower, sizeof(lower));
	slot->type = type;
}

/* Reads a line, which it changes: a type, and its endings. */
static void
mime_line(struct static_mime *mime, char *line)
{
	static const char	 blank[] = " \t\r\n\f\v";
	const char		*type = NULL;
	char			*word, *next;

	line[strcspn(line, "#")] = '\0';
	for (word = strtok_r(line, blank, &next); word != NULL;
	    word = strtok_r(NULL, blank, &next)) {
		if (type != NULL) {
			mime_add(mime, word, type);
			continue;
		}
		if (!mime_is_type(word))
			return;
		strlist_add(&mime->types, word);
		type = mime->types.items[mime->types.count - 1];
	}
}

/* Reads all lines; -1 with errno. */
static int
mime_lines(struct static_mime *mime, FILE *file)
{
	char	*line = NULL;
	size_t	 size = 0;
	int	 result;

	while (getline(&line, &size, file) != -1)
		mime_line(mime, line);
	result = ferror(file) ? -1 : 0;
	free(line);
	return result;
}

/* Reads a file; -1 with *cause, unless it need not be there. */
static int
mime_read(struct static_mime *mime, const char *path, bool needed,
    char **cause)
{
	FILE	*file = fopen(path, "re");
	int	 result = -1;

	if (file != NULL)
		result = mime_lines(mime, file);
	else if (!needed)
		result = 0;
	if (result == -1)
		*cause = xasprintf("\"mimefile\": %s: %s", path,
		    strerror(errno));
	if (file != NULL)
		fclose(file);
	return result;
}

/* Reads what is known, and the files. */
struct static_mime *
static_mime_new(const struct strlist *files, char **cause)
{
	struct static_mime	*mime = xcalloc(1, sizeof(*mime));
	char			*line;
	size_t			 i;
	int			 result = 0;

	mime->nslots = MIME_SLOTS;
	mime->slots = xcalloc(mime->nslots, sizeof(*mime->slots));
	for (i = 0; i < sizeof(mime_known) / sizeof(mime_known[0]); i++) {
		line = xstrdup(mime_known[i]);
		mime_line(mime, line);
		free(line);
	}
	if (files->count == 0)
		result = mime_read(mime, MIME_SYSTEM, false, cause);
	for (i = 0; i < files->count && result == 0; i++)
		result = mime_read(mime, files->items[i], true, cause);
	if (result == 0)
		return mime;
	static_mime_free(mime);
	return NULL;
}

/* Frees it. */
void
static_mime_free(struct static_mime *mime)
{
	if (mime == NULL)
		return;
	strlist_done(&mime->types);
	free(mime->slots);
	free(mime);
}

/* The type by the name's ending. */
const char *
static_mime_type(const struct static_mime *mime, const char *name)
{
	char		 lower[MIME_ENDING + 1];
	const char	*slash = strrchr(name, '/');
	const char	*dot = strrchr(slash == NULL ? name : slash, '.');
	const char	*type;

	if (dot == NULL || !mime_lower(dot + 1, lower))
		return MIME_UNKNOWN;
	type = mime_slot(mime, lower)->type;
	return type == NULL ? MIME_UNKNOWN : type;
}
