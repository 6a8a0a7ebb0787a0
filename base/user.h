/* Users and groups of the system, by name or number. */
#ifndef WM_BASE_USER_H
#define WM_BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#define USER_NAME_MAX	256

struct user {
	uid_t	 uid;
	bool	 known;			/* the system has an entry */
	gid_t	 gid;			/* of the entry; 0 if not known */
	char	 name[USER_NAME_MAX];	/* of the entry, "" if not known */
};

/*
 * A text of digits is a number, which need not have an entry; anything else
 * is a name, which must. -1: there is none. They ask the system, which may ask
 * a directory service: not for processes that must not wait.
 */
int	 user_find(struct user *user, const char *text);
int	 group_find(gid_t *gid, const char *text);

#endif
