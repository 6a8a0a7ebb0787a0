/* Looking at files with the app's rights, in a master that has others. */
#include "master/sight.h"

#include <grp.h>
#include <sys/fsuid.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"

/* What this process's own are, while it sees with another's. */
static struct {
	bool	 other;
	gid_t	 groups[65536];		/* NGROUPS_MAX */
	int	 ngroups;
} sight;

/* Sees as the app. */
bool
sight_as(const struct config *cfg)
{
	if (geteuid() != 0 || !cfg->app_changes)
		return true;
	sight.ngroups = getgroups(sizeof(sight.groups) /
	    sizeof(sight.groups[0]), sight.groups);
	if (sight.ngroups == -1 ||
	    setgroups(cfg->app_ngroups, cfg->app_groups) == -1)
		return false;
	sight.other = true;
	(void)setfsgid(cfg->app_gid);
	(void)setfsuid(cfg->app_uid);
	/* They do not say whether it was done; asked for nobody, they do. */
	return (uid_t)setfsuid((uid_t)-1) == cfg->app_uid &&
	    (gid_t)setfsgid((gid_t)-1) == cfg->app_gid;
}

/* Sees as itself again. */
void
sight_own(void)
{
	if (!sight.other)
		return;
	sight.other = false;
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
	if (setgroups((size_t)sight.ngroups, sight.groups) == -1)
		fatal("setgroups");
}
