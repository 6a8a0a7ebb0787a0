/* How much memory a process has, as the kernel tells it. */
#include "master/memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_TEXT	4096	/* both files are shorter */

/* Reads /proc/PID/name. */
static bool
memory_file(pid_t pid, const char *name, char *text, size_t size)
{
	char	 path[64];
	ssize_t	 n;
	size_t	 len = 0;
	int	 fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return n == 0 && len > 0;
}

/* "12345 678 ...": pages. */
bool
memory_parse_statm(const char *text, uint64_t page, struct memory *mem)
{
	uint64_t	 as, rss;

	if (sscanf(text, "%" SCNu64 " %" SCNu64, &as, &rss) != 2)
		return false;
	mem->as = as * page;
	mem->rss = rss * page;
	return true;
}

/* A line "Name:   123 kB"; false when there is none. */
static bool
memory_line(const char *text, const char *name, uint64_t *bytes)
{
	const char	*line = strstr(text, name);
	uint64_t	 kib;

	/* The first line is the address range: none begins the text. */
	if (line == NULL || line == text || line[-1] != '\n' ||
	    sscanf(line + strlen(name), " %" SCNu64, &kib) != 1)
		return false;
	*bytes = kib * 1024;
	return true;
}

/* One line for each kind of memory. */
bool
memory_parse_rollup(const char *text, struct memory *mem)
{
	uint64_t	 clean, dirty;

	if (!memory_line(text, "Pss:", &mem->pss) ||
	    !memory_line(text, "Private_Clean:", &clean) ||
	    !memory_line(text, "Private_Dirty:", &dirty))
		return false;
	mem->uss = clean + dirty;
	return true;
}

/* What costs nothing. */
bool
memory_read(pid_t pid, struct memory *mem)
{
	char	 text[MEMORY_TEXT];

	return memory_file(pid, "statm", text, sizeof(text)) &&
	    memory_parse_statm(text, (uint64_t)sysconf(_SC_PAGESIZE), mem);
}

/* What costs. */
bool
memory_read_shares(pid_t pid, struct memory *mem)
{
	char	 text[MEMORY_TEXT];

	return memory_file(pid, "smaps_rollup", text, sizeof(text)) &&
	    memory_parse_rollup(text, mem);
}
