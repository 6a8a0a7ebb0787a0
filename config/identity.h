/* Who the app runs as: what uid, gid and add-gid come to. */
#ifndef WM_CONFIG_IDENTITY_H
#define WM_CONFIG_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"

#define IDENTITY_GROUPS	1024

/*
 * With uid: that user, the group gid or else the user's own, and the groups
 * that the system says the user is in. Without: what this process is. add-gid
 * comes on top.
 */
struct identity {
	bool	 changes;	/* it is not what this process is */
	uid_t	 uid;
	gid_t	 gid;
	gid_t	 groups[IDENTITY_GROUPS];
	size_t	 ngroups;
};

/* -1 and *cause: one of them does not exist. */
int	 identity_find(struct identity *id, const struct config *cfg,
	    char **cause);

/*
 * Are there such users and groups (if not, it is a problem), and may this
 * process become them (if not, it goes to denied)? An app as root that nobody
 * has asked for is denied, too. Sets cfg's
 * socket_owner, and app_uid and its kin.
 */
void	 identity_check(struct config *cfg, struct strlist *problems,
	    struct strlist *denied);

#endif
