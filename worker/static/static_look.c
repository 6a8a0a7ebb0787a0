/* Finds the file that a path stands for. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pool.h"
#include "config/config.h"
#include "worker/request.h"
#include "worker/static/static_file.h"
#include "worker/worker.h"

/* What an errno of open means. */
static enum static_found
look_failed(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return STATIC_DENIED;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return STATIC_BUSY;
	case EIO:
		return STATIC_ERROR;
	default:
		/* Not there, too long, a loop of links, leads outside, ... */
		return STATIC_NONE;
	}
}

/* Does a name end like one of these? */
static bool
look_ends_like(const char *name, const struct strlist *endings)
{
	size_t	 len = strlen(name), n, i;

	for (i = 0; i < endings->count; i++) {
		n = strlen(endings->items[i]);
		if (n <= len && memcmp(name + len - n, endings->items[i],
		    n) == 0)
			return true;
	}
	return false;
}

/* Opens a regular file, or says what it is. */
static enum static_found
look_open(struct statics *st, struct static_map *map, const char *name,
    struct static_file *file)
{
	enum static_found	 found = STATIC_NONE;

	file->fd = static_open(&map->root, name, &st->maps.safe);
	if (file->fd == -1)
		return look_failed(errno);
	if (fstat(file->fd, &file->st) == -1)
		found = STATIC_ERROR;
	else if (S_ISREG(file->st.st_mode))
		found = STATIC_FILE;
	else if (S_ISDIR(file->st.st_mode))
		found = STATIC_FOLDER;
	if (found != STATIC_FILE)
		fd_close(&file->fd);
	file->map = map;
	file->name = name;
	return found;
}

/* Joins two texts in the request's pool. */
static const char *
look_join(struct request *req, const char *a, const char *b, const char *c)
{
	size_t	 alen = strlen(a), blen = strlen(b), clen = strlen(c);
	char	*out = pool_alloc(&req->pool, alen + blen + clen + 1);

	memcpy(out, a, alen);
	memcpy(out + alen, b, blen);
	memcpy(out + alen + blen, c, clen + 1);
	return out;
}

/* A folder: its index; with a path that lacks the slash only whether. */
static enum static_found
look_index(struct statics *st, struct request *req, const char *folder,
    bool slash, struct static_file *file)
{
	const struct strlist	*names = &req->worker->cfg->static_index;
	enum static_found	 found;
	const char		*name;
	size_t			 i;

	for (i = 0; i < names->count; i++) {
		name = look_join(req, folder, slash ? "" : "/",
		    names->items[i]);
		if (look_ends_like(name,
		    &req->worker->cfg->static_skip_ext))
			continue;
		found = look_open(st, file->map, name, file);
		if (found == STATIC_FILE && !slash) {
			fd_close(&file->fd);
			return STATIC_FOLDER;
		}
		if (found != STATIC_NONE && found != STATIC_FOLDER)
			return found;
	}
	return STATIC_NONE;
}

/* Is the path below one of the prefixes of option "cgi"? */
static bool
look_below_cgi(const struct config *cfg, const char *path)
{
	const char	*prefix;
	size_t		 len, i;

	for (i = 0; i < cfg->cgi.count; i++) {
		prefix = cfg->cgi.items[i];
		len = strchr(prefix, '=') == NULL ? 0 : strcspn(prefix, "=");
		while (len > 0 && prefix[len - 1] == '/')
			len--;
		if (strncmp(path, prefix, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

/*
 * Is it a script, which is to be run and not shown? By its ending, or where
 * endings do not decide about that, because it may be executed.
 */
static bool
look_is_script(const struct config *cfg, const char *path,
    const struct static_file *file)
{
	size_t	 i, len, n = strlen(file->name);

	if (!look_below_cgi(cfg, path))
		return false;
	for (i = 0; i < cfg->cgi_helper.count; i++) {
		len = strcspn(cfg->cgi_helper.items[i], "=");
		if (n >= len && memcmp(file->name + n - len,
		    cfg->cgi_helper.items[i], len) == 0)
			return true;
	}
	return cfg->cgi_allowed_ext.count > 0 ?
	    look_ends_like(file->name, &cfg->cgi_allowed_ext) :
	    (file->st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

/* In one map. */
static enum static_found
look_in(struct statics *st, struct request *req, struct static_map *map,
    const char *path, struct static_file *file)
{
	enum static_found	 found;
	const char		*name = static_map_match(map, path);

	if (name == NULL || look_ends_like(name,
	    &req->worker->cfg->static_skip_ext))
		return STATIC_NONE;
	found = look_open(st, map, name, file);
	if (found == STATIC_FOLDER)
		found = look_index(st, req, name,
		    path[strlen(path) - 1] == '/', file);
	if (found == STATIC_FILE &&
	    look_is_script(req->worker->cfg, path, file)) {
		fd_close(&file->fd);
		found = STATIC_NONE;
	}
	/* A script need not be readable. */
	if (found == STATIC_DENIED && look_below_cgi(req->worker->cfg, path))
		found = STATIC_NONE;
	return found;
}

/* May there be precompressed files beside this one? */
static bool
look_varies(const struct statics *st, const struct request *req,
    const struct static_file *file)
{
	const struct config	*cfg = req->worker->cfg;
	size_t			 i;

	if (cfg->static_gzip_all ||
	    look_ends_like(file->name, &cfg->static_gzip_ext))
		return true;
	for (i = 0; i < st->ngzip; i++) {
		if (regexec(&st->gzip[i], file->name, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

/* Takes the precompressed file that the client likes best, if there is one. */
static void
look_coded(struct statics *st, struct request *req, struct static_file *file)
{
	enum static_coding		 list[STATIC_CODINGS];
	const struct http_field		*accept;
	struct static_file		 coded;
	size_t				 i, n = 0;

	file->varies = look_varies(st, req, file);
	accept = file->varies ? http_head_find(req->head, req->buf,
	    "accept-encoding") : NULL;
	if (accept != NULL)
		n = static_encoding_choose(request_text(req, accept->value),
		    accept->value.len, list);
	for (i = 0; i < n; i++) {
		if (look_open(st, file->map, look_join(req, file->name,
		    static_codings[list[i]].suffix, ""), &coded) !=
		    STATIC_FILE)
			continue;
		close(file->fd);
		file->fd = coded.fd;
		file->st = coded.st;
		file->coded = true;
		file->coding = list[i];
		return;
	}
}

/* Looks in all maps; what is wrong in one counts if no other has a file. */
enum static_found
static_look(struct statics *st, struct request *req, const char *path,
    struct static_file *file)
{
	enum static_found	 found, worst = STATIC_NONE;
	size_t			 i;

	memset(file, 0, sizeof(*file));
	file->fd = -1;
	for (i = 0; i < st->maps.count; i++) {
		found = look_in(st, req, &st->maps.items[i], path, file);
		if (found == STATIC_FILE)
			look_coded(st, req, file);
		if (found == STATIC_FILE || found == STATIC_FOLDER)
			return found;
		if (found > worst)
			worst = found;
	}
	return worst;
}
