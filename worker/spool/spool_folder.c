/* A spooler's folder: made, opened, looked through. */
#include "worker/spool/spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "worker/spool/spool_name.h"
#include "worker/spool/spool_write.h"

#define SPOOL_OPEN	(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define SPOOL_STALE_S	3600

/* Why a folder cannot be used; NULL: it can. */
static const char *
spool_folder_offence(const char *path, bool to_read)
{
	struct stat	 st;

	if (stat(path, &st) == -1)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "it is not a folder";
	if (st.st_mode & S_IWOTH)
		return "everybody may write there, and who can write there "
		    "can have the app do things (chmod o-w)";
	if (to_read && st.st_uid != geteuid() && st.st_uid != 0)
		return "it belongs to another user";
	if (access(path, (to_read ? R_OK : 0) | W_OK | X_OK) == -1)
		return strerror(errno);
	return NULL;
}

/* Makes it and looks at it. */
char *
spool_folder_make(const char *path, bool to_read, char **cause)
{
	const char	*offence = NULL;
	char		*full;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		offence = strerror(errno);
	if (offence == NULL)
		offence = spool_folder_offence(path, to_read);
	full = offence == NULL ? realpath(path, NULL) : NULL;
	if (full == NULL)
		*cause = xasprintf("%s: %s", path, offence != NULL ? offence :
		    strerror(errno));
	return full;
}

/* Opens it. */
int
spool_folder_open(struct spool_folder *folder, const char *path)
{
	folder->path = path;
	folder->fd = open(path, SPOOL_OPEN);
	return folder->fd == -1 ? -1 : 0;
}

/* Closes it. */
void
spool_folder_close(struct spool_folder *folder)
{
	fd_close(&folder->fd);
}

/* A stream of a folder's names; the descriptor stays the caller's. */
static DIR *
spool_folder_stream(int dir)
{
	int	 fd = openat(dir, ".", SPOOL_OPEN);
	DIR	*stream;

	if (fd == -1)
		return NULL;
	stream = fdopendir(fd);
	if (stream == NULL)
		fd_close(&fd);
	return stream;
}

/* The numbered folders below. */
void
spool_folder_each(const struct spool_folder *folder,
    void (*each)(void *arg, int fd, int priority, const char *name), void *arg)
{
	DIR		*stream = spool_folder_stream(folder->fd);
	struct dirent	*entry;
	int		 priority, fd;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		priority = spool_name_priority(entry->d_name,
		    strlen(entry->d_name));
		if (priority == SPOOL_PRIORITY_NONE)
			continue;
		fd = openat(folder->fd, entry->d_name, SPOOL_OPEN |
		    O_NOFOLLOW);
		if (fd == -1)
			continue;
		each(arg, fd, priority, entry->d_name);
		close(fd);
	}
	closedir(stream);
}

/* For qsort. */
static int
spool_entry_compare(const void *a, const void *b)
{
	const struct spool_entry	*one = a, *two = b;

	return spool_name_compare(one->priority, one->name, two->priority,
	    two->name);
}

/* Keeps the first ones. */
static void
spool_list_cut(struct spool_list *list)
{
	qsort(list->items, list->count, sizeof(*list->items),
	    spool_entry_compare);
	while (list->count > SPOOL_LIST_MAX) {
		free(list->items[--list->count].place);
		list->cut = true;
	}
}

/* Adds one; folder is NULL for the top one. */
static void
spool_list_add(struct spool_list *list, int priority, const char *folder,
    const char *name)
{
	struct spool_entry	*entry;

	if (list->count == 2 * SPOOL_LIST_MAX)
		spool_list_cut(list);
	if ((list->count & (list->count - 1)) == 0)
		list->items = xrealloc(list->items, (list->count == 0 ? 1 :
		    2 * list->count) * sizeof(*list->items));
	entry = &list->items[list->count++];
	entry->priority = priority;
	entry->place = folder == NULL ? xstrdup(name) :
	    xasprintf("%s/%s", folder, name);
	entry->name = entry->place + strlen(entry->place) - strlen(name);
}

/* What one look through a folder needs to know. */
struct spool_scan {
	struct spool_list	*list;
	uint64_t		 now_us;
};

/* A file's time since 1970; before that: 0. */
static uint64_t
spool_folder_time(const struct timespec *time)
{
	return time->tv_sec < 0 ? 0 : (uint64_t)time->tv_sec * 1000000 +
	    (uint64_t)time->tv_nsec / 1000;
}

/* The tasks of one folder. */
static void
spool_scan_one(void *arg, int dir, int priority, const char *folder)
{
	struct spool_scan	*scan = arg;
	struct spool_list	*list = scan->list;
	DIR			*stream = spool_folder_stream(dir);
	struct dirent		*entry;
	struct stat		 st;
	uint64_t		 due;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		if (!spool_name_is_task(entry->d_name) || fstatat(dir,
		    entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		due = spool_folder_time(&st.st_mtim);
		if (due <= scan->now_us) {
			spool_list_add(list, priority, folder, entry->d_name);
			continue;
		}
		list->waiting++;
		if (list->next_us == 0 || due < list->next_us)
			list->next_us = due;
	}
	closedir(stream);
}

/* All tasks, in order. */
int
spool_folder_scan(const struct spool_folder *folder, struct spool_list *list)
{
	struct spool_scan	 scan = { list, clock_real_us() };
	struct stat		 st;

	/* Removed and made again, it is another one. */
	if (fstat(folder->fd, &st) == -1)
		return -1;
	if (st.st_nlink == 0) {
		errno = ENOENT;
		return -1;
	}
	spool_folder_each(folder, spool_scan_one, &scan);
	spool_scan_one(&scan, folder->fd, SPOOL_PRIORITY_NONE, NULL);
	if (list->count > 0)
		spool_list_cut(list);
	return 0;
}

/* What spool_folder_list needs to know. */
struct spool_paths {
	const struct spool_folder	*folder;
	struct strlist			*paths;
};

/* Adds those of one folder; NULL: the top one. */
static void
spool_list_one(void *arg, int dir, int priority, const char *folder)
{
	const struct spool_paths	*into = arg;
	DIR				*stream = spool_folder_stream(dir);
	struct dirent			*entry;

	(void)priority;
	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		if (!spool_name_is_task(entry->d_name))
			continue;
		strlist_add_steal(into->paths, xasprintf("%s/%s%s%s",
		    into->folder->path, folder == NULL ? "" : folder,
		    folder == NULL ? "" : "/", entry->d_name));
	}
	closedir(stream);
}

/* All tasks. */
void
spool_folder_list(const struct spool_folder *folder, struct strlist *paths)
{
	struct spool_paths	 into = { folder, paths };

	spool_folder_each(folder, spool_list_one, &into);
	spool_list_one(&into, folder->fd, SPOOL_PRIORITY_NONE, NULL);
}

/* Frees it. */
void
spool_list_done(struct spool_list *list)
{
	while (list->count > 0)
		free(list->items[--list->count].place);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* Removes halves of files that nobody writes to any more. */
static void
spool_clean_new(void *unused, int dir, int priority, const char *folder)
{
	DIR		*stream = spool_folder_stream(dir);
	struct dirent	*entry;
	struct stat	 st;

	(void)unused, (void)priority, (void)folder;
	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL) {
		if (strncmp(entry->d_name, SPOOL_NEW,
		    sizeof(SPOOL_NEW) - 1) != 0)
			continue;
		/* Its other time may be in the future. */
		if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 && S_ISREG(st.st_mode) &&
		    st.st_ctim.tv_sec < time(NULL) - SPOOL_STALE_S)
			unlinkat(dir, entry->d_name, 0);
	}
	closedir(stream);
}

/* A name to be looked for in all folders. */
struct spool_search {
	const char	*name;
	bool		 found;
};

/* Is it in this one? */
static void
spool_search_one(void *arg, int dir, int priority, const char *folder)
{
	struct spool_search	*search = arg;
	struct stat		 st;

	(void)priority, (void)folder;
	if (fstatat(dir, search->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT)
		search->found = true;
}

/* Removes counts of tasks that are gone. */
static void
spool_clean_tries(const struct spool_folder *folder)
{
	int			 dir = openat(folder->fd, SPOOL_TRIES,
	    SPOOL_OPEN | O_NOFOLLOW);
	DIR			*stream;
	struct dirent		*entry;
	struct spool_search	 search;

	if (dir == -1)
		return;
	stream = fdopendir(dir);
	if (stream == NULL) {
		close(dir);
		return;
	}
	while ((entry = readdir(stream)) != NULL) {
		if (!spool_name_is_task(entry->d_name))
			continue;
		search = (struct spool_search){ .name = entry->d_name };
		spool_search_one(&search, folder->fd, 0, NULL);
		if (!search.found)
			spool_folder_each(folder, spool_search_one, &search);
		if (!search.found)
			unlinkat(dirfd(stream), entry->d_name, 0);
	}
	closedir(stream);
}

/* Removes what is of no use. */
void
spool_folder_clean(const struct spool_folder *folder)
{
	spool_clean_new(NULL, folder->fd, SPOOL_PRIORITY_NONE, NULL);
	spool_folder_each(folder, spool_clean_new, NULL);
	spool_clean_tries(folder);
}
