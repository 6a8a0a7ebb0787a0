/* A spooler's folder: made, opened, looked through. */
#ifndef WM_WORKER_SPOOL_SPOOL_FOLDER_H
#define WM_WORKER_SPOOL_SPOOL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strlist;

/*
 * Below the folder are:
 *
 *	uwsgi_spoolfile_on_...		a task
 *	7/uwsgi_spoolfile_on_...	one of priority 7
 *	.new-..., 7/.new-...		one that is being written
 *	.tries/NAME			as many bytes as a task was tried
 *	failed/NAME			tasks that are not tried any more
 *
 * Who can write there can have the app do things: the folder belongs to the
 * app's user (or root), nobody else may write to it, and links and files of
 * others are left alone.
 */
#define SPOOL_TRIES	".tries"
#define SPOOL_FAILED_FOLDER	"failed"

struct spool_folder {
	const char	*path;		/* absolute; the caller's */
	int		 fd;
};

/*
 * A task that is due, by its place below the folder ("7/NAME"), which it owns;
 * name points into that.
 */
struct spool_entry {
	char		*place;
	const char	*name;
	int		 priority;
};

/* What is due, in order, and when the next one will be (0: none). */
struct spool_list {
	struct spool_entry	*items;
	size_t			 count;
	bool			 cut;		/* there are more */
	uint64_t		 next_us;	/* since 1970 */
	uint32_t		 waiting;	/* tasks whose time is later */
};

/* More than so many are not put into order at once. */
#define SPOOL_LIST_MAX	10000

/*
 * Makes the folder if it is not there, for this user alone, and looks whether
 * it is one to use (to_read: or only to write to). Gives its absolute path,
 * which the caller frees; NULL with *cause.
 */
char	*spool_folder_make(const char *path, bool to_read, char **cause);
/* -1 with errno. */
int	 spool_folder_open(struct spool_folder *folder, const char *path);
void	 spool_folder_close(struct spool_folder *folder);
/* All that can be read; list is empty before. -1 with errno. */
int	 spool_folder_scan(const struct spool_folder *folder,
	    struct spool_list *list);
void	 spool_list_done(struct spool_list *list);
/* Adds the paths of all tasks, due or not, to a list. */
void	 spool_folder_list(const struct spool_folder *folder,
	    struct strlist *paths);
/*
 * Removes what writers that were killed have left an hour ago, and counts of
 * tasks that are no more.
 */
void	 spool_folder_clean(const struct spool_folder *folder);
/*
 * Calls each for the numbered folders below, with an open directory that the
 * callee must not close, its number and its name.
 */
void	 spool_folder_each(const struct spool_folder *folder,
	    void (*each)(void *arg, int fd, int priority, const char *name),
	    void *arg);

#endif
