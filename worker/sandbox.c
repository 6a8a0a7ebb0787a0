/* The folders that the app may touch: Landlock. */
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/spool/spools.h"

/* The kernel's interface; the system's headers may be older than it. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif
#define LL_VERSION		1u	/* flag: which version is it? */
#define LL_RULE_PATH		1

#define LL_EXECUTE		(UINT64_C(1) << 0)
#define LL_WRITE_FILE		(UINT64_C(1) << 1)
#define LL_READ_FILE		(UINT64_C(1) << 2)
#define LL_READ_DIR		(UINT64_C(1) << 3)
#define LL_TRUNCATE		(UINT64_C(1) << 14)
#define LL_IOCTL_DEV		(UINT64_C(1) << 15)
/* All rights of version 1, 2 (REFER), 3 (TRUNCATE) and 5 (IOCTL_DEV). */
#define LL_ALL_1		((UINT64_C(1) << 13) - 1)
#define LL_ALL_2		((UINT64_C(1) << 14) - 1)
#define LL_ALL_3		((UINT64_C(1) << 15) - 1)
#define LL_ALL_5		((UINT64_C(1) << 16) - 1)
#define LL_SCOPE_SIGNAL		(UINT64_C(1) << 1)

#define LL_READ			(LL_EXECUTE | LL_READ_FILE | LL_READ_DIR)
#define LL_FILE			(LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | \
				LL_TRUNCATE | LL_IOCTL_DEV)

struct ll_ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scoped;
};

struct ll_path {
	uint64_t	 allowed;
	int32_t		 fd;
} __attribute__((packed));

/* What each version of the interface knows. */
static const struct {
	size_t		 size;		/* of struct ll_ruleset */
	uint64_t	 fs;
	uint64_t	 scoped;
} ll_versions[] = {
	{ 0, 0, 0 },
	{ 8, LL_ALL_1, 0 },
	{ 8, LL_ALL_2, 0 },
	{ 8, LL_ALL_3, 0 },
	{ 16, LL_ALL_3, 0 },
	{ 16, LL_ALL_5, 0 },
	{ 24, LL_ALL_5, LL_SCOPE_SIGNAL },
};
#define LL_NEWEST	((int)(sizeof(ll_versions) / sizeof(*ll_versions)) - 1)

/* What the system's libraries and Python read; nobody's secrets. */
static const char *const sandbox_read[] = {
	"/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/proc",
	"/sys/devices/system/cpu", "/etc/ld.so.cache", "/etc/ld.so.preload",
	"/etc/localtime", "/etc/timezone", "/etc/nsswitch.conf",
	"/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts",
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
	"/etc/mime.types", "/etc/ssl", "/etc/ca-certificates",
	"/etc/alternatives", NULL
};

static const char *const sandbox_write[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
	NULL
};

struct sandbox {
	int		 ruleset;
	uint64_t	 fs;		/* the rights that are restricted */
};

/* Makes the rules that the kernel knows. */
static int
sandbox_open(struct sandbox *box, char **cause)
{
	struct ll_ruleset	 rules = { .net = 0 };
	long			 version;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);
	if (version < 1) {
		*cause = xasprintf("\"landlock-read\", \"landlock-write\": "
		    "this kernel has no Landlock, or has it turned off: %s",
		    strerror(errno));
		return -1;
	}
	if (version > LL_NEWEST)
		version = LL_NEWEST;
	rules.fs = box->fs = ll_versions[version].fs;
	rules.scoped = ll_versions[version].scoped;
	box->ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules,
	    ll_versions[version].size, 0);
	if (box->ruleset != -1)
		return 0;
	*cause = xasprintf("Landlock: no rules: %s", strerror(errno));
	return -1;
}

/* Allows something below a path; -1 with errno. */
static int
sandbox_allow(const struct sandbox *box, const char *path, uint64_t rights)
{
	struct ll_path	 rule = { .allowed = rights & box->fs };
	struct stat	 st;
	int		 result;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd == -1)
		return -1;
	result = fstat(rule.fd, &st);
	if (result == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= LL_FILE;
	if (result == 0)
		result = (int)syscall(SYS_landlock_add_rule, box->ruleset,
		    LL_RULE_PATH, &rule, 0);
	close(rule.fd);
	return result;
}

/* The same for a list of the user's, which must be there. */
static int
sandbox_allow_list(const struct sandbox *box, const struct strlist *list,
    const char *option, uint64_t rights, char **cause)
{
	size_t	 i;

	for (i = 0; i < list->count; i++) {
		if (sandbox_allow(box, list->items[i], rights) == 0)
			continue;
		*cause = xasprintf("\"%s\": %s: %s", option, list->items[i],
		    strerror(errno));
		return -1;
	}
	return 0;
}

/* And for what is there on some systems only. */
static void
sandbox_allow_known(const struct sandbox *box, const char *const *paths,
    uint64_t rights)
{
	for (; *paths != NULL; paths++)
		(void)sandbox_allow(box, *paths, rights);
}

/*
 * Is it the folder that the server was started in? Python looks for modules
 * there, but nobody has named it: it may well be the top one.
 */
static bool
sandbox_is_here(const char *path)
{
	struct stat	 here, st;

	return stat(".", &here) == 0 && stat(path, &st) == 0 &&
	    here.st_dev == st.st_dev && here.st_ino == st.st_ino;
}

/* And for what the app is made of. */
static void
sandbox_allow_code(const struct sandbox *box, const struct config *cfg,
    const struct strlist *code)
{
	char	*copy;
	size_t	 i;

	for (i = 0; i < code->count; i++) {
		if (!sandbox_is_here(code->items[i]))
			(void)sandbox_allow(box, code->items[i], LL_READ);
	}
	for (i = 0; i < cfg->pythonpath.count; i++)
		(void)sandbox_allow(box, cfg->pythonpath.items[i], LL_READ);
	if (cfg->chdir != NULL)
		(void)sandbox_allow(box, cfg->chdir, LL_READ);
	if (cfg->wsgi_file == NULL)
		return;
	copy = xstrdup(cfg->wsgi_file);
	(void)sandbox_allow(box, dirname(copy), LL_READ);
	free(copy);
}

/* Adds all rules. */
static int
sandbox_fill(const struct sandbox *box, const struct config *cfg,
    const struct spools *spools, const struct strlist *code, char **cause)
{
	size_t	 i;

	for (i = 0; spools != NULL && i < spools->count; i++)
		(void)sandbox_allow(box, spools->items[i].path, LL_ALL_5);
	sandbox_allow_known(box, sandbox_read, LL_READ);
	sandbox_allow_known(box, sandbox_write, LL_READ_FILE | LL_WRITE_FILE |
	    LL_TRUNCATE);
	sandbox_allow_code(box, cfg, code);
	if (sandbox_allow_list(box, &cfg->landlock_read, "landlock-read",
	    LL_READ, cause) == -1)
		return -1;
	return sandbox_allow_list(box, &cfg->landlock_write, "landlock-write",
	    LL_ALL_5, cause);
}

/* Enters it for good. */
int
sandbox_enter(const struct config *cfg, const struct spools *spools,
    const struct strlist *code, char **cause)
{
	struct sandbox	 box;
	int		 result;

	if (cfg->landlock_read.count == 0 && cfg->landlock_write.count == 0)
		return 0;
	if (sandbox_open(&box, cause) == -1)
		return -1;
	result = sandbox_fill(&box, cfg, spools, code, cause);
	/* Else a setuid program would be as good as no sandbox. */
	if (result == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_landlock_restrict_self, box.ruleset, 0) == -1)) {
		*cause = xasprintf("Landlock: %s", strerror(errno));
		result = -1;
	}
	close(box.ruleset);
	if (result == 0)
		log_debug("in a Landlock sandbox");
	return result;
}
