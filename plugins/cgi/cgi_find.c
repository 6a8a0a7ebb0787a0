/* Which script answers a path, and what is left of the path for it. */
#include "plugins/cgi/cgi_find.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "plugins/cgi/cgi_open.h"
#include "plugins/cgi/cgi_site.h"
#include "worker/http_url.h"
#include "worker/request.h"
#include "worker/worker.h"

/* A walk down from a mount's folder. */
struct cgi_walk {
	struct request		*req;
	const struct cgi_mount	*mount;
	int			 root;
	int			 fd;		/* of what was reached */
	mode_t			 mode;		/* and what it is */
	char			 path[PATH_MAX]; /* below root, no slash */
	size_t			 len;		/* of path */
	size_t			 used;		/* of the request's path */
};

/* What to answer for an error of open's. */
static int
cgi_find_status(int error)
{
	return error == EACCES || error == EXDEV || error == EPERM ? 403 :
	    404;
}

/* Texts one behind the other, from the request's pool. */
static char *
cgi_find_join(struct request *req, const char *a, size_t a_len, const char *b,
    size_t b_len)
{
	char	*text = pool_alloc(&req->pool, a_len + b_len + 1);

	memcpy(text, a, a_len);
	memcpy(text + a_len, b, b_len);
	text[a_len + b_len] = '\0';
	return text;
}

/* Opens what path says now. 0, or the status to answer with. */
static int
cgi_find_open(struct cgi_walk *walk)
{
	struct stat	 st;
	int		 fd;

	fd = cgi_open(walk->root, walk->path,
	    &walk->req->worker->cfg->cgi_safe);
	if (fd == -1)
		return cgi_find_status(errno);
	fd_close(&walk->fd);
	walk->fd = fd;
	if (fstat(fd, &st) == -1)
		return 404;
	walk->mode = st.st_mode;
	return 0;
}

/* Goes down to the first thing that is no folder, or to the path's end. */
static int
cgi_find_walk(struct cgi_walk *walk)
{
	const char	*path = walk->req->path;
	size_t		 len = walk->req->path_len, end, at = walk->used;
	int		 status;

	walk->mode = S_IFDIR;
	while (S_ISDIR(walk->mode) && at < len) {
		if (path[at] == '/') {
			walk->used = ++at;
			continue;
		}
		for (end = at; end < len && path[end] != '/'; end++)
			;
		if (walk->len + 1 + end - at >= sizeof(walk->path))
			return 404;
		if (walk->len > 0)
			walk->path[walk->len++] = '/';
		memcpy(walk->path + walk->len, path + at, end - at);
		walk->len += end - at;
		walk->path[walk->len] = '\0';
		status = cgi_find_open(walk);
		if (status != 0)
			return status;
		walk->used = at = end;
	}
	return 0;
}

/* In a folder: the first of cgi-index that is there. */
static int
cgi_find_index(struct cgi_walk *walk)
{
	const struct strlist	*names = &walk->req->worker->cfg->cgi_index;
	size_t			 i, n, len = walk->len;
	int			 status = 404;

	for (i = 0; i < names->count && status == 404; i++) {
		n = strlen(names->items[i]);
		if (len + 1 + n >= sizeof(walk->path))
			return 404;
		walk->len = len;
		if (len > 0)
			walk->path[walk->len++] = '/';
		memcpy(walk->path + walk->len, names->items[i], n + 1);
		walk->len += n;
		status = cgi_find_open(walk);
	}
	return status;
}

/* A file's name may have bytes that would end a line of the log. */
const char *
cgi_find_shown(struct request *req, const char *file)
{
	char	*text = pool_strndup(&req->pool, file, strlen(file)), *p;

	for (p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return text;
}

/* May it be run? 0, or the status to answer with. */
static int
cgi_find_check(struct request *req, const struct cgi_script *script,
    mode_t mode, bool by_name)
{
	const char	*why = NULL;

	if (!S_ISREG(mode))
		why = "is no file";
	else if (by_name && !cgi_site_allows(req->worker->cfg, script->file))
		why = "has none of the extensions of cgi-allowed-ext";
	else if (access(script->file, script->helper == NULL ? X_OK :
	    R_OK) == -1)
		why = script->helper == NULL ? "may not be executed" :
		    "may not be read";
	if (why == NULL)
		return 0;
	request_log(req, LOG_LEVEL_WARN, "cgi: %s %s",
	    cgi_find_shown(req, script->file), why);
	return 403;
}

/* The path by which it is run: a link's own, or of what it leads to. */
static const char *
cgi_find_file(struct cgi_walk *walk)
{
	struct request	*req = walk->req;
	const char	*file;
	char		*real = NULL;

	if (!req->worker->cfg->cgi_dontresolve)
		real = cgi_open_path(walk->fd);
	if (real == NULL) {
		file = cgi_find_join(req, walk->mount->path,
		    strlen(walk->mount->path), "/", 1);
		return cgi_find_join(req, file, strlen(file), walk->path,
		    walk->len);
	}
	file = pool_strndup(&req->pool, real, strlen(real));
	free(real);
	return file;
}

/* A folder was asked for without the slash that makes links in it right. */
static int
cgi_find_redirect(struct request *req, struct cgi_script *script)
{
	const struct http_view	*path = &req->head->path;
	const char		*text = request_text(req, *path);
	size_t			 len = path->len;

	/* "//host/" would be taken for another host. */
	while (len > 1 && text[0] == '/' && text[1] == '/')
		text++, len--;
	script->name = cgi_find_join(req, text, len, "/", 1);
	if (req->head->has_query) {
		script->name = cgi_find_join(req, script->name, len + 1, "?",
		    1);
		script->name = cgi_find_join(req, script->name, len + 2,
		    request_text(req, req->head->query),
		    req->head->query.len);
	}
	return 301;
}

/* The mount is a script: the rest of the path is PATH_INFO. */
static int
cgi_find_mounted(struct request *req, const struct cgi_mount *mount,
    struct cgi_script *script)
{
	const char	*slash = strrchr(mount->path, '/');
	struct stat	 st;

	if (stat(mount->path, &st) == -1)
		return cgi_find_status(errno);
	script->root = pool_strndup(&req->pool, mount->path,
	    slash == mount->path ? 1 : (size_t)(slash - mount->path));
	script->file = mount->path;
	script->name = mount->prefix;
	script->info = pool_strndup(&req->pool,
	    req->path + mount->prefix_len, req->path_len - mount->prefix_len);
	script->helper = cgi_site_helper(script->file);
	if (req->worker->cfg->cgi_path_info && script->info[0] != '\0')
		return 404;
	return cgi_find_check(req, script, st.st_mode, false);
}

/* The walk, and what it has found. */
static int
cgi_find_below(struct cgi_walk *walk, struct cgi_script *script)
{
	struct request	*req = walk->req;
	const char	*base;
	bool		 index;
	int		 status;

	status = cgi_find_walk(walk);
	if (status != 0)
		return status;
	index = S_ISDIR(walk->mode);
	if (index && req->path_len > 0 && req->path[req->path_len - 1] != '/')
		return cgi_find_redirect(req, script);
	if (index && (status = cgi_find_index(walk)) != 0)
		return status;
	script->root = walk->mount->path;
	script->file = cgi_find_file(walk);
	base = strrchr(walk->path, '/');
	base = base == NULL ? walk->path : base + 1;
	script->name = cgi_find_join(req, req->path, walk->used, base,
	    index ? strlen(base) : 0);
	script->info = pool_strndup(&req->pool, req->path + walk->used,
	    req->path_len - walk->used);
	script->helper = cgi_site_helper(walk->path);
	if (req->worker->cfg->cgi_path_info && script->info[0] != '\0')
		return 404;
	return cgi_find_check(req, script, walk->mode, true);
}

/* Looks for the script. */
int
cgi_find(struct request *req, const struct cgi_mount *mount,
    struct cgi_script *script)
{
	struct cgi_walk	*walk;
	int		 status;

	if (http_url_has_dots(req->path, req->path_len))
		return 404;
	walk = pool_alloc(&req->pool, sizeof(*walk));
	walk->req = req;
	walk->mount = mount;
	walk->fd = -1;
	walk->len = 0;
	walk->used = mount->prefix_len;
	walk->path[0] = '\0';
	walk->root = open(mount->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->root == -1)
		return errno == ENOTDIR ?
		    cgi_find_mounted(req, mount, script) :
		    cgi_find_status(errno);
	status = cgi_find_below(walk, script);
	fd_close(&walk->fd);
	fd_close(&walk->root);
	return status;
}
