/* Tells when a file or folder changes, whatever becomes of it meanwhile. */
#ifndef WM_MASTER_FILE_WATCH_H
#define WM_MASTER_FILE_WATCH_H

struct config;
struct event_base;
struct file_watch;
struct file_watches;

/*
 * All that are watched together: one descriptor, as the system has few of that
 * kind (fs.inotify.max_user_instances). With the rights of cfg's app user, if
 * this process has others: what that user may not see is not there.
 */
struct file_watches *file_watches_new(struct event_base *base,
	    const struct config *cfg);
/* Each of its watches has been freed. */
void	 file_watches_free(struct file_watches *all);

/*
 * changed(arg) is called when the file is written, touched, replaced, removed
 * or made again; of a folder, when that happens to a file in it. At once by
 * inotify, whose watch is put on again when another file has the name; where
 * there is none (or no more of them) by file_watch_look, which is to be called
 * now and then and looks at the file itself.
 */
struct file_watch *file_watch_new(struct file_watches *all, const char *path,
	    void (*changed)(void *arg), void *arg);
/* NULL is fine. Not in changed(). */
void	 file_watch_free(struct file_watch *fw);
void	 file_watch_look(struct file_watch *fw);

#endif
