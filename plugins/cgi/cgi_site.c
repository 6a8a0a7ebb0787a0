/* What the configuration says of CGI, ready for requests. */
#include "plugins/cgi/cgi_site.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/worker.h"

#define CGI_PATH_DEFAULT	"/usr/local/bin:/usr/bin:/bin"

/* For the whole run of the process, made once. */
static struct {
	struct cgi_mount	*mounts;
	size_t			 nmounts;
	struct cgi_helper	*helpers;
	size_t			 nhelpers;
} cgi_site;

/* A path that does not depend on the working directory; heap. */
static char *
cgi_site_absolute(const char *path)
{
	char	*cwd, *whole;

	if (path[0] == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	if (cwd == NULL)
		return xstrdup(path);
	whole = xasprintf("%s/%s", cwd, path);
	free(cwd);
	return whole;
}

/* Reads one value of "cgi". */
static int
cgi_site_mount_add(const char *item, char **cause)
{
	struct cgi_mount	*mount = &cgi_site.mounts[cgi_site.nmounts];
	const char		*equals = strchr(item, '=');
	struct stat		 st;
	size_t			 len = 0;

	if (equals != NULL)
		len = (size_t)(equals - item);
	while (len > 0 && item[len - 1] == '/')
		len--;
	mount->prefix = xstrndup(item, len);
	mount->prefix_len = len;
	mount->path = cgi_site_absolute(equals == NULL ? item : equals + 1);
	len = strlen(mount->path);
	while (len > 1 && mount->path[len - 1] == '/')
		mount->path[--len] = '\0';
	cgi_site.nmounts++;
	if (stat(mount->path, &st) == 0)
		return 0;
	*cause = xasprintf("\"cgi\": %s: %s", mount->path, strerror(errno));
	return -1;
}

/* Finds a command as a shell would; heap, NULL if there is none. */
static char *
cgi_site_command(const char *name)
{
	const char	*path = getenv("PATH");
	char		*copy, *rest, *folder, *found = NULL;

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? cgi_site_absolute(name) :
		    NULL;
	copy = rest = xstrdup(path != NULL ? path : CGI_PATH_DEFAULT);
	while (found == NULL && (folder = strsep(&rest, ":")) != NULL) {
		if (folder[0] != '/')
			continue;
		found = xasprintf("%s/%s", folder, name);
		if (access(found, X_OK) == -1) {
			free(found);
			found = NULL;
		}
	}
	free(copy);
	return found;
}

/* Reads one value of "cgi-helper". */
static int
cgi_site_helper_add(const char *item, char **cause)
{
	struct cgi_helper	*helper = &cgi_site.helpers[cgi_site.nhelpers];
	const char		*equals = strchr(item, '=');

	helper->ext_len = (size_t)(equals - item);
	helper->ext = xstrndup(item, helper->ext_len);
	helper->command = cgi_site_command(equals + 1);
	cgi_site.nhelpers++;
	if (helper->command != NULL)
		return 0;
	*cause = xasprintf("\"cgi-helper\": \"%s\": there is no such command "
	    "that may be run", item);
	return -1;
}

/* Reads the configuration. */
int
cgi_site_prepare(struct worker *w, char **cause)
{
	const struct config	*cfg = w->cfg;
	size_t			 i;

	cgi_site.mounts = xcalloc(cfg->cgi.count + 1,
	    sizeof(*cgi_site.mounts));
	cgi_site.helpers = xcalloc(cfg->cgi_helper.count + 1,
	    sizeof(*cgi_site.helpers));
	for (i = 0; i < cfg->cgi.count; i++) {
		if (cgi_site_mount_add(cfg->cgi.items[i], cause) == -1)
			return -1;
	}
	for (i = 0; i < cfg->cgi_helper.count; i++) {
		if (cgi_site_helper_add(cfg->cgi_helper.items[i], cause) == -1)
			return -1;
	}
	return 0;
}

/* The longest prefix wins; of two equal ones the first. */
const struct cgi_mount *
cgi_site_mount(const char *path, size_t len)
{
	const struct cgi_mount	*mount, *best = NULL;
	size_t			 i;

	for (i = 0; i < cgi_site.nmounts; i++) {
		mount = &cgi_site.mounts[i];
		if (mount->prefix_len > len ||
		    memcmp(path, mount->prefix, mount->prefix_len) != 0 ||
		    (mount->prefix_len < len &&
		    path[mount->prefix_len] != '/'))
			continue;
		if (best == NULL || mount->prefix_len > best->prefix_len)
			best = mount;
	}
	return best;
}

/* Does a name end so, and have more than that? */
static bool
cgi_site_ends(const char *name, const char *ext, size_t len)
{
	size_t	 n = strlen(name);

	return n > len && memcmp(name + n - len, ext, len) == 0;
}

/* The helper of a name. */
const struct cgi_helper *
cgi_site_helper(const char *name)
{
	size_t	 i;

	for (i = 0; i < cgi_site.nhelpers; i++) {
		if (cgi_site_ends(name, cgi_site.helpers[i].ext,
		    cgi_site.helpers[i].ext_len))
			return &cgi_site.helpers[i];
	}
	return NULL;
}

/* May it be run, by its name? */
bool
cgi_site_allows(const struct config *cfg, const char *name)
{
	size_t	 i;

	for (i = 0; i < cfg->cgi_allowed_ext.count; i++) {
		if (cgi_site_ends(name, cfg->cgi_allowed_ext.items[i],
		    strlen(cfg->cgi_allowed_ext.items[i])))
			return true;
	}
	return cfg->cgi_allowed_ext.count == 0;
}
