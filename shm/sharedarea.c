/* Shared areas: raw memory that all processes read and write. */
#include "shm/sharedarea.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"

/* Is there so much of it? To touch what is behind a file's end kills. */
static int
sharedarea_check(int fd, const struct sharedarea_spec *spec, char **cause)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1) {
		*cause = xasprintf("cannot look at it: %s", strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode) || (st.st_size >= spec->offset &&
	    (size_t)(st.st_size - spec->offset) >= spec->size))
		return 0;
	*cause = xasprintf("%s has %lld bytes; %lld are needed",
	    spec->file == NULL ? "the descriptor's file" : spec->file,
	    (long long)st.st_size, (long long)spec->offset +
	    (long long)spec->size);
	return -1;
}

/* Maps one; -1 with *cause. */
static int
sharedarea_map(struct sharedarea *area, const struct sharedarea_spec *spec,
    char **cause)
{
	int	 fd = spec->fd, flags = MAP_SHARED;

	if (spec->file != NULL)
		fd = open(spec->file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (spec->file != NULL && fd == -1) {
		*cause = xasprintf("cannot open %s: %s", spec->file,
		    strerror(errno));
		return -1;
	}
	if (fd == -1)
		flags |= MAP_ANONYMOUS;
	else if (sharedarea_check(fd, spec, cause) == -1)
		goto fail;
	area->base = mmap(NULL, spec->size, PROT_READ | PROT_WRITE, flags,
	    fd, fd == -1 ? 0 : spec->offset);
	if (area->base == MAP_FAILED) {
		area->base = NULL;
		*cause = xasprintf("cannot map %zu bytes: %s", spec->size,
		    strerror(errno));
		goto fail;
	}
	area->size = spec->size;
	if (spec->file != NULL)
		close(fd);
	return 0;

fail:
	if (spec->file != NULL)
		fd_close(&fd);
	return -1;
}

/* Makes them all. */
struct sharedareas *
sharedareas_new(const struct sharedarea_spec *specs, int count, char **cause)
{
	struct sharedareas	*areas = xcalloc(1, sizeof(*areas));
	char			*why;

	areas->items = xcalloc((size_t)count, sizeof(*areas->items));
	for (; areas->count < count; areas->count++) {
		if (sharedarea_map(&areas->items[areas->count],
		    &specs[areas->count], &why) == 0)
			continue;
		*cause = xasprintf("sharedarea %d: %s", areas->count, why);
		free(why);
		sharedareas_free(areas);
		return NULL;
	}
	return areas;
}

/* Unmaps them. */
void
sharedareas_free(struct sharedareas *areas)
{
	if (areas == NULL)
		return;
	while (areas->count > 0) {
		areas->count--;
		munmap(areas->items[areas->count].base,
		    areas->items[areas->count].size);
	}
	free(areas->items);
	free(areas);
}

/* The area of a number. */
const struct sharedarea *
sharedarea_find(const struct sharedareas *areas, long long id)
{
	if (areas == NULL || id < 0 || id >= areas->count)
		return NULL;
	return &areas->items[id];
}

/* Bytes of an area, all of them within it. */
char *
sharedarea_range(const struct sharedareas *areas, long long id, long long pos,
    size_t *len)
{
	const struct sharedarea	*area = sharedarea_find(areas, id);
	size_t			 left;

	if (area == NULL || pos < 0 || (unsigned long long)pos >= area->size)
		return NULL;
	left = area->size - (size_t)pos;
	if (*len == 0)
		*len = left;
	return *len <= left ? area->base + pos : NULL;
}
