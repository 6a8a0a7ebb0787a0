/* Who the app runs as: what uid, gid and add-gid come to. */
#include "config/identity.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strlist.h"
#include "base/user.h"
#include "base/xmalloc.h"

/* Adds a group that is not there yet; -1: there is no room. */
static int
identity_add_group(struct identity *id, gid_t gid)
{
	size_t i;

	for (i = 0; i < id->ngroups; i++) {
		if (id->groups[i] == gid)
			return 0;
	}
	if (id->ngroups == IDENTITY_GROUPS)
		return -1;
	id->groups[id->ngroups++] = gid;
	return 0;
}

/* The user and the main group. */
static int
identity_find_user(struct identity *id, const struct config *cfg,
    struct user *user, char **cause)
{
	if (cfg->uid != NULL && user_find(user, cfg->uid) == -1) {
		*cause = xasprintf("\"uid\": there is no user \"%s\"",
		    cfg->uid);
		return -1;
	}
	if (cfg->gid != NULL && group_find(&id->gid, cfg->gid) == -1) {
		*cause = xasprintf("\"gid\": there is no group \"%s\"",
		    cfg->gid);
		return -1;
	}
	if (cfg->uid == NULL)
		return 0;
	id->uid = user->uid;
	if (cfg->gid != NULL)
		return 0;
	if (!user->known) {
		*cause = xasprintf("\"uid\": %s is nobody whom the system "
		    "knows, so its group is not known either: give \"gid\"",
		    cfg->uid);
		return -1;
	}
	id->gid = user->gid;
	return 0;
}

/* The groups that the system says the user is in. */
static int
identity_find_groups(struct identity *id, const struct user *user,
    char **cause)
{
	int n = IDENTITY_GROUPS;

	if (!user->known)
		return identity_add_group(id, id->gid);
	if (getgrouplist(user->name, id->gid, id->groups, &n) == -1) {
		*cause = xasprintf("\"uid\": %s is in too many groups",
		    user->name);
		return -1;
	}
	id->ngroups = (size_t)n;
	return 0;
}

/* Is this process in the group? */
static bool
identity_has_group(gid_t gid)
{
	static gid_t groups[IDENTITY_GROUPS];
	int i, n = getgroups(IDENTITY_GROUPS, groups);

	for (i = 0; i < n; i++) {
		if (groups[i] == gid)
			return true;
	}
	return gid == getegid();
}

/* The groups that come on top, each of which may make a difference. */
static int
identity_add_groups(struct identity *id, const struct config *cfg,
    char **cause)
{
	gid_t gid;
	size_t i;

	for (i = 0; i < cfg->add_gid.count; i++) {
		if (group_find(&gid, cfg->add_gid.items[i]) == -1) {
			*cause = xasprintf("\"add-gid\": there is no group "
			    "\"%s\"", cfg->add_gid.items[i]);
			return -1;
		}
		if (identity_add_group(id, gid) == -1) {
			*cause = xstrdup("\"add-gid\": too many groups");
			return -1;
		}
		if (!identity_has_group(gid))
			id->changes = true;
	}
	return 0;
}

/* What the options come to. */
int
identity_find(struct identity *id, const struct config *cfg, char **cause)
{
	struct user user = { .known = false };

	id->uid = geteuid();
	id->gid = getegid();
	id->ngroups = 0;
	if (identity_find_user(id, cfg, &user, cause) == -1 ||
	    identity_find_groups(id, &user, cause) == -1)
		return -1;
	/* Root that is told to be root may be in other groups still. */
	id->changes = id->uid != getuid() || id->uid != geteuid() ||
	    id->gid != getgid() || id->gid != getegid() ||
	    (cfg->uid != NULL && geteuid() == 0);
	return identity_add_groups(id, cfg, cause);
}

/* Has this process the capability? */
static bool
identity_is_capable(int capability)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) == -1)
		return true;	/* it will be seen */
	return (data[CAP_TO_INDEX(capability)].effective &
	    CAP_TO_MASK(capability)) != 0;
}

/* What a root in a container may lack. */
static void
identity_check_root(const struct config *cfg, const struct identity *id,
    struct strlist *denied)
{
	const struct {
		const char *option;
		bool needed;
		int capability;
		const char *name;
	} needs[] = {
		{ "uid", id->changes, CAP_SETUID, "SETUID" },
		{ "gid", id->changes, CAP_SETGID, "SETGID" },
		{ "uid", id->uid != 0, CAP_KILL, "KILL" },
		{ "chroot", cfg->chroot != NULL, CAP_SYS_CHROOT,
		    "SYS_CHROOT" },
	};
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		if (!needs[i].needed || identity_is_capable(
		    needs[i].capability))
			continue;
		strlist_add_steal(denied, xasprintf("\"%s\" needs the "
		    "capability %s, which this root does not have",
		    needs[i].option, needs[i].name));
	}
	if (id->uid == 0 && cfg->uid == NULL && !cfg->allow_root)
		strlist_add(denied, "the app would run as root: name a user "
		    "for it, like \"uid\": \"www-data\", or allow it with "
		    "\"allow-root\": true (or WSGIMASTER_ALLOW_ROOT=1 in the "
		    "environment)");
}

/* What only root may ask for. */
static void
identity_check_user(const struct config *cfg, const struct identity *id,
    struct strlist *denied)
{
	const struct {
		const char *name;
		bool given;
	} options[] = {
		{ "uid", cfg->uid != NULL && id->changes },
		{ "gid", cfg->gid != NULL && id->changes },
		{ "add-gid", cfg->add_gid.count > 0 && id->changes },
		{ "chroot", cfg->chroot != NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].given)
			strlist_add_steal(denied, xasprintf("\"%s\" takes root"
			    ", and this is the user %u", options[i].name,
			    (unsigned)geteuid()));
}

/* Unix sockets are the app's user's, unless somebody says otherwise. */
static void
identity_set_socket_owner(struct config *cfg, const struct identity *id)
{
	free(cfg->socket_owner);
	if (cfg->chown_socket != NULL)
		cfg->socket_owner = xstrdup(cfg->chown_socket);
	else if (cfg->uid != NULL)
		cfg->socket_owner = xasprintf("%u:%u", (unsigned)id->uid,
		    (unsigned)id->gid);
	else if (cfg->gid != NULL)
		cfg->socket_owner = xasprintf(":%u", (unsigned)id->gid);
	else
		cfg->socket_owner = NULL;
}

/* Who the app is, for those who must not ask the system. */
static void
identity_set_app(struct config *cfg, const struct identity *id)
{
	cfg->app_uid = id->uid;
	cfg->app_gid = id->gid;
	cfg->app_changes = id->changes;
	cfg->app_ngroups = id->ngroups;
	free(cfg->app_groups);
	cfg->app_groups = xcalloc(id->ngroups + 1, sizeof(gid_t));
	memcpy(cfg->app_groups, id->groups, id->ngroups * sizeof(gid_t));
}

/* Checks all of it. */
void
identity_check(struct config *cfg, struct strlist *problems,
    struct strlist *denied)
{
	static struct identity id;
	char *cause;

	if (identity_find(&id, cfg, &cause) == -1) {
		strlist_add_steal(problems, cause);
		return;
	}
	identity_set_app(cfg, &id);
	identity_set_socket_owner(cfg, &id);
	if (geteuid() == 0)
		identity_check_root(cfg, &id, denied);
	else
		identity_check_user(cfg, &id, denied);
}
