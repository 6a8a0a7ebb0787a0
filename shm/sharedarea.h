/* Shared areas: raw memory that all processes read and write. */
#ifndef WM_SHM_SHAREDAREA_H
#define WM_SHM_SHAREDAREA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lock;

/* What one is made from. */
struct sharedarea_spec {
	size_t		 size;
	const char	*file;		/* NULL: none */
	int		 fd;		/* -1: none */
	off_t		 offset;
};

/*
 * Mapped at one address in all processes, and never unmapped while the server
 * runs: a pointer to it stays good. Where and how large they are is each
 * process's own, so nobody can make another one reach beyond them. What is in
 * them is anybody's, at any time: copy first, then check.
 *
 * Readers and writers exclude each other by lock (shm/lock.h), whose names are
 * "sharedarea0", "sharedarea1" and so on; nothing here takes it. A process that
 * is killed in the middle of a write leaves half of it.
 */
struct sharedarea {
	char		*base;
	size_t		 size;
	struct lock	*lock;
};

struct sharedareas {
	int			 count;
	struct sharedarea	*items;
};

/* NULL with *cause, which names the area by its number. */
struct sharedareas *sharedareas_new(const struct sharedarea_spec *specs,
	    int count, char **cause);
void	 sharedareas_free(struct sharedareas *areas);
/* The area of a number; NULL: there is none. areas may be NULL. */
const struct sharedarea *sharedarea_find(const struct sharedareas *areas,
	    long long id);
/*
 * The bytes from pos on, *len of them; *len 0 means to the end, and is set.
 * NULL: no such area, or they are not all within it.
 */
char	*sharedarea_range(const struct sharedareas *areas, long long id,
	    long long pos, size_t *len);

#endif
