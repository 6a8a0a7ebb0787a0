/* What a spawner gives up before anything of the app runs. */
#include "worker/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/identity.h"

/* Says which option could not be followed. */
static int
privileges_fail(char **cause, const char *option)
{
	*cause = xasprintf("\"%s\": %s", option, strerror(errno));
	return -1;
}

/* The resource limits that are given. */
static int
privileges_limit(const struct config *cfg, char **cause)
{
	const struct {
		const char	*name;
		int		 resource;
		int		 value;		/* below 0: not given */
		int		 shift;
	} limits[] = {
		{ "limit-as", RLIMIT_AS, cfg->limit_as > 0 ? cfg->limit_as :
		    -1, 20 },
		{ "limit-nproc", RLIMIT_NPROC, cfg->limit_nproc > 0 ?
		    cfg->limit_nproc : -1, 0 },
		{ "limit-core", RLIMIT_CORE, cfg->limit_core, 20 },
	};
	struct rlimit	 limit;
	size_t		 i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (limits[i].value < 0)
			continue;
		limit.rlim_cur = (rlim_t)limits[i].value << limits[i].shift;
		limit.rlim_max = limit.rlim_cur;
		if (setrlimit(limits[i].resource, &limit) == -1)
			return privileges_fail(cause, limits[i].name);
	}
	return 0;
}

/* Nothing above the folder is there any more. */
static int
privileges_chroot(const struct config *cfg, char **cause)
{
	if (cfg->chroot == NULL)
		return 0;
	if (chroot(cfg->chroot) == -1 || chdir("/") == -1) {
		*cause = xasprintf("\"chroot\": %s: %s", cfg->chroot,
		    strerror(errno));
		return -1;
	}
	return 0;
}

/* Groups first: who is no longer root cannot change them. */
static int
privileges_become(const struct identity *id, char **cause)
{
	const char	*what = NULL;

	if (setgroups(id->ngroups, id->groups) == -1)
		what = "setgroups";
	else if (setresgid(id->gid, id->gid, id->gid) == -1)
		what = "setresgid";
	else if (setresuid(id->uid, id->uid, id->uid) == -1)
		what = "setresuid";
	if (what == NULL)
		return 0;
	*cause = xasprintf("cannot become user %u and group %u: %s: %s",
	    (unsigned)id->uid, (unsigned)id->gid, what, strerror(errno));
	return -1;
}

/* Nothing is left of what root could do, whatever securebits say. */
static int
privileges_no_capabilities(char **cause)
{
	struct __user_cap_header_struct	 head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct	 data[_LINUX_CAPABILITY_U32S_3];
	size_t				 i;

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capset, &head, data) == -1 ||
	    syscall(SYS_capget, &head, data) == -1)
		return privileges_fail(cause, "uid");
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if ((data[i].effective | data[i].permitted |
		    data[i].inheritable) != 0) {
			*cause = xstrdup("\"uid\": capabilities are left");
			return -1;
		}
	}
	return 0;
}

/* Is it who it should be, and is there no way back? */
static int
privileges_prove(const struct identity *id, char **cause)
{
	uid_t	 uids[3];
	gid_t	 gids[3];
	bool	 good;

	good = getresuid(&uids[0], &uids[1], &uids[2]) == 0 &&
	    getresgid(&gids[0], &gids[1], &gids[2]) == 0 &&
	    uids[0] == id->uid && uids[1] == id->uid && uids[2] == id->uid &&
	    gids[0] == id->gid && gids[1] == id->gid && gids[2] == id->gid;
	if (good && id->uid != 0)
		good = setresuid((uid_t)-1, 0, (uid_t)-1) == -1 &&
		    setresuid(0, (uid_t)-1, (uid_t)-1) == -1 &&
		    setgroups(0, NULL) == -1;
	if (good && id->uid != 0 && id->gid != 0)
		good = setresgid((gid_t)-1, 0, (gid_t)-1) == -1;
	if (!good)
		*cause = xstrdup("\"uid\": root could be had back");
	return good ? 0 : -1;
}

/* From root to who the app shall be. */
static int
privileges_change(const struct config *cfg, char **cause)
{
	static struct identity	 id;

	if (identity_find(&id, cfg, cause) == -1)
		return -1;
	if (privileges_chroot(cfg, cause) == -1)
		return -1;
	if (!id.changes)
		return 0;
	if (privileges_become(&id, cause) == -1)
		return -1;
	if (id.uid != 0 && privileges_no_capabilities(cause) == -1)
		return -1;
	return privileges_prove(&id, cause);
}

/* Gives up all that is to be given up. */
int
privileges_drop(const struct config *cfg, char **cause)
{
	if (privileges_limit(cfg, cause) == -1 ||
	    privileges_change(cfg, cause) == -1)
		return -1;
	if (cfg->no_new_privileges &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return privileges_fail(cause, "no-new-privileges");
	if (cfg->uid != NULL || cfg->gid != NULL)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (cfg->umask != NULL)
		umask((mode_t)strtoul(cfg->umask, NULL, 8));
	return 0;
}
