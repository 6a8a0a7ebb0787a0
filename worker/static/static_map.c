/* Which folder's files a path stands for. */
#include "worker/static/static_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* A path as the app would see it, which may have another folder. */
static char *
static_map_path(const struct config *cfg, const char *path)
{
	if (path[0] == '/' || cfg->chdir == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", cfg->chdir, path);
}

/* Opens a folder; -1 with *cause. */
static int
static_map_open(const struct config *cfg, struct static_root *root,
    const char *option, const char *path, char **cause)
{
	char	*full = static_map_path(cfg, path);
	int	 result = static_root_open(root, full);

	if (result == -1)
		*cause = xasprintf("\"%s\": a folder is expected: %s: %s",
		    option, full, strerror(errno));
	free(full);
	return result;
}

/* Is it a file, and no folder? */
static bool
static_map_is_file(const struct config *cfg, const char *path)
{
	char		*full = static_map_path(cfg, path);
	struct stat	 st;
	bool		 is_file = stat(full, &st) == 0 && S_ISREG(st.st_mode);

	free(full);
	return is_file;
}

/* One more map. */
static struct static_map *
static_map_new(struct static_maps *maps, const char *prefix, size_t len,
    bool strip)
{
	struct static_map	*map = &maps->items[maps->count++];

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	map->prefix = xstrndup(prefix, len);
	map->prefix_len = len;
	map->strip = strip;
	map->root.fd = -1;
	return map;
}

/* A path that stands for one file: its folder is opened. */
static int
static_map_one_file(struct static_map *map, const struct config *cfg,
    const char *path, char **cause)
{
	const char	*slash = strrchr(path, '/');
	char		*folder;
	int		 result;

	map->file = xstrdup(slash == NULL ? path : slash + 1);
	folder = slash == NULL ? xstrdup(".") : slash == path ? xstrdup("/") :
	    xstrndup(path, (size_t)(slash - path));
	result = static_map_open(cfg, &map->root, "static-map", folder, cause);
	free(folder);
	return result;
}

/* One of "/prefix=folder"; -1 with *cause. */
static int
static_map_add(struct static_maps *maps, const struct config *cfg,
    const char *option, const char *text, bool strip, char **cause)
{
	size_t			 len = strcspn(text, "=");
	const char		*path = text + len + 1;
	struct static_map	*map;

	map = static_map_new(maps, text, len, strip);
	if (strip && static_map_is_file(cfg, path))
		return static_map_one_file(map, cfg, path, cause);
	return static_map_open(cfg, &map->root, option, path, cause);
}

/* Opens the folders that links may lead into. */
static int
static_map_safe(struct static_roots *safe, const struct config *cfg,
    char **cause)
{
	size_t	 i;

	safe->items = cfg->static_safe.count == 0 ? NULL :
	    xcalloc(cfg->static_safe.count, sizeof(*safe->items));
	for (i = 0; i < cfg->static_safe.count; i++) {
		if (static_map_open(cfg, &safe->items[i], "static-safe",
		    cfg->static_safe.items[i], cause) == -1)
			return -1;
		safe->count++;
	}
	return 0;
}

/* Opens all folders. */
int
static_maps_init(struct static_maps *maps, const struct config *cfg,
    char **cause)
{
	size_t	 i, n = cfg->static_map.count + cfg->static_map2.count +
		    cfg->check_static.count;

	memset(maps, 0, sizeof(*maps));
	maps->items = xcalloc(n + 1, sizeof(*maps->items));
	for (i = 0; i < cfg->static_map.count; i++) {
		if (static_map_add(maps, cfg, "static-map",
		    cfg->static_map.items[i], true, cause) == -1)
			return -1;
	}
	for (i = 0; i < cfg->static_map2.count; i++) {
		if (static_map_add(maps, cfg, "static-map2",
		    cfg->static_map2.items[i], false, cause) == -1)
			return -1;
	}
	for (i = 0; i < cfg->check_static.count; i++) {
		if (static_map_open(cfg, &static_map_new(maps, "", 0,
		    false)->root, "check-static", cfg->check_static.items[i],
		    cause) == -1)
			return -1;
	}
	return static_map_safe(&maps->safe, cfg, cause);
}

/* Closes all folders. */
void
static_maps_done(struct static_maps *maps)
{
	size_t	 i;

	for (i = 0; i < maps->count; i++) {
		static_root_close(&maps->items[i].root);
		free(maps->items[i].prefix);
		free(maps->items[i].file);
	}
	for (i = 0; i < maps->safe.count; i++)
		static_root_close(&maps->safe.items[i]);
	free(maps->items);
	free(maps->safe.items);
	memset(maps, 0, sizeof(*maps));
}

/* What of the path is looked for in the root. */
const char *
static_map_match(const struct static_map *map, const char *path)
{
	const char	*rest = path + map->prefix_len;

	if (strncmp(path, map->prefix, map->prefix_len) != 0 ||
	    (*rest != '/' && *rest != '\0'))
		return NULL;
	if (map->file != NULL)
		return *rest == '\0' ? map->file : NULL;
	return map->strip ? rest : path;
}
