/* The names of tasks' files, and their order. */
#include "worker/spool/spool_name.h"

#include <stdio.h>
#include <string.h>

#define SPOOL_HOST_MAX	64

/* Is it one that any tool can have in a file's name? */
static bool
spool_name_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Makes one. */
void
spool_name_make(char name[SPOOL_NAME_MAX], const struct spool_name *parts)
{
	int	 n, i;

	n = snprintf(name, SPOOL_NAME_MAX, SPOOL_PREFIX
	    "%016llu_%010u_%d_%08x_", (unsigned long long)parts->us,
	    parts->count, parts->pid, parts->random);
	for (i = 0; i < SPOOL_HOST_MAX && parts->host[i] != '\0'; i++)
		name[n + i] = spool_name_is_plain(parts->host[i]) ?
		    parts->host[i] : '-';
	name[n + i] = '\0';
}

/* Is it a task's? */
bool
spool_name_is_task(const char *name)
{
	return strncmp(name, SPOOL_PREFIX, sizeof(SPOOL_PREFIX) - 1) == 0;
}

/* A number of at most nine digits. */
int
spool_name_priority(const char *text, size_t len)
{
	int	 n = 0;
	size_t	 i;

	if (len == 0 || len > 9)
		return SPOOL_PRIORITY_NONE;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return SPOOL_PRIORITY_NONE;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

/* Which one is first? */
int
spool_name_compare(int priority1, const char *name1, int priority2,
    const char *name2)
{
	if (priority1 == priority2)
		return strverscmp(name1, name2);
	/* None becomes the greatest number. */
	return (unsigned)priority1 < (unsigned)priority2 ? -1 : 1;
}
