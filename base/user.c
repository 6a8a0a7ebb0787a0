/* Users and groups of the system, by name or number. */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a number; the greatest one means "none" to the system. */
static bool
user_is_number(const char *text, unsigned *number)
{
	unsigned long long	 n;

	if (text[0] == '\0' || strlen(text) > 10 ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	n = strtoull(text, NULL, 10);
	*number = (unsigned)n;
	return n < (unsigned)-1;
}

/* Looks a user up. */
int
user_find(struct user *user, const char *text)
{
	const struct passwd	*pw;
	unsigned		 number;
	bool			 is_number = user_is_number(text, &number);

	memset(user, 0, sizeof(*user));
	pw = is_number ? getpwuid(number) : getpwnam(text);
	if (pw == NULL && !is_number)
		return -1;
	user->uid = is_number ? number : pw->pw_uid;
	if (pw == NULL || strlen(pw->pw_name) >= sizeof(user->name))
		return 0;
	user->known = true;
	user->gid = pw->pw_gid;
	snprintf(user->name, sizeof(user->name), "%s", pw->pw_name);
	return 0;
}

/* Looks a group up. */
int
group_find(gid_t *gid, const char *text)
{
	const struct group	*gr;
	unsigned		 number;

	if (user_is_number(text, &number)) {
		*gid = number;
		return 0;
	}
	gr = getgrnam(text);
	if (gr == NULL)
		return -1;
	*gid = gr->gr_gid;
	return 0;
}
