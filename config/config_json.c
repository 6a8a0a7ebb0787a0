/* Reads options from a JSON file. */
#include "config/config_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xmalloc.h"
#include "config/option_table.h"
#include "config/option_set.h"

/* One file being read. */
struct json_source {
	struct config	*cfg;
	struct strlist	*problems;
	const char	*path;
	bool		 lenient;
	/* By which name each option was given in this file. */
	const char	**names;
};

/* Complains about a key that is no option. */
static void
config_json_unknown(struct json_source *src, const char *key)
{
	const struct option_row *row = option_find(key);
	const char *near;

	if (row != NULL) {
		strlist_add_steal(src->problems, xasprintf("%s: \"%s\" can "
		    "only be given on the command line", src->path, key));
		return;
	}
	near = option_suggest(key, true);
	strlist_add_steal(src->problems, near == NULL ?
	    xasprintf("%s: unknown option \"%s\"", src->path, key) :
	    xasprintf("%s: unknown option \"%s\"; did you mean \"%s\"?",
	    src->path, key, near));
}

/* Sets one option. */
static void
config_json_option(struct json_source *src, const char *key,
    const json_t *value)
{
	const struct option_row *row = option_find(key);
	size_t i;
	char *why;

	if (row == NULL || !option_in_files(row)) {
		config_json_unknown(src, key);
		return;
	}
	i = option_index(row);
	if (src->names[i] != NULL && row->type != OPT_LIST) {
		strlist_add_steal(src->problems, xasprintf("%s: \"%s\" and "
		    "\"%s\" are the same option; give one of them", src->path,
		    src->names[i], key));
		return;
	}
	src->names[i] = key;
	why = option_set_json(row, src->cfg, value, src->lenient);
	if (why != NULL) {
		strlist_add_steal(src->problems, xasprintf("%s: \"%s\" %s",
		    src->path, key, why));
		free(why);
		return;
	}
	if (json_is_null(value))
		return;
	free(src->cfg->origin[i]);
	src->cfg->origin[i] = xstrdup(src->path);
}

/* Complains about what stands beside the object with the options. */
static void
config_json_check_beside(struct json_source *src, const json_t *root,
    const char *top)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)root, key, value) {
		if (strcmp(key, top) == 0 || strcmp(key, "$schema") == 0 ||
		    strcmp(key, "uwsgi") == 0)
			continue;
		strlist_add_steal(src->problems, xasprintf("%s: \"%s\" stands "
		    "beside \"%s\"; options must stand inside it", src->path,
		    key, top));
	}
}

/* Finds the object with the options (borrowed). */
static json_t *
config_json_options(struct json_source *src, json_t *root)
{
	static const char *const tops[] = { "wsgimaster", "uwsgi" };
	json_t *options;
	size_t i;

	for (i = 0; i < sizeof tops / sizeof tops[0]; i++) {
		options = json_object_get(root, tops[i]);
		if (options == NULL)
			continue;
		if (!json_is_object(options)) {
			strlist_add_steal(src->problems, xasprintf("%s: \"%s\""
			    " must be an object with the options", src->path,
			    tops[i]));
			return NULL;
		}
		config_json_check_beside(src, root, tops[i]);
		src->lenient = strcmp(tops[i], "uwsgi") == 0;
		return options;
	}
	return root;
}

/* Opens a file, NULL after a complaint. */
static FILE *
config_json_open(struct json_source *src)
{
	struct stat st;
	FILE *file = fopen(src->path, "re");

	if (file == NULL) {
		strlist_add_steal(src->problems, xasprintf("%s: %s", src->path,
		    strerror(errno)));
		return NULL;
	}
	/* A folder can be opened, and the parser would find it empty. */
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		strlist_add_steal(src->problems, xasprintf("%s: is a folder",
		    src->path));
		fclose(file);
		return NULL;
	}
	return file;
}

/* Parses a file (new reference), NULL after a complaint. */
static json_t *
config_json_load(struct json_source *src)
{
	FILE *file = config_json_open(src);
	json_error_t error;
	json_t *root;

	if (file == NULL)
		return NULL;
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	fclose(file);
	if (root == NULL) {
		strlist_add_steal(src->problems, xasprintf("%s:%d:%d: %s",
		    src->path, error.line, error.column, error.text));
		return NULL;
	}
	if (json_is_object(root))
		return root;
	strlist_add_steal(src->problems, xasprintf("%s: must hold a JSON "
	    "object with the options", src->path));
	json_decref(root);
	return NULL;
}

/* Reads one file. */
void
config_json_read(struct config *cfg, const char *path,
    struct strlist *problems)
{
	struct json_source src = {
		.cfg = cfg, .problems = problems, .path = path
	};
	json_t *root, *options, *value;
	const char *key;

	root = config_json_load(&src);
	if (root == NULL)
		return;
	src.names = xcalloc(option_count, sizeof *src.names);
	options = config_json_options(&src, root);
	json_object_foreach(options, key, value) {
		if (strcmp(key, "$schema") != 0)
			config_json_option(&src, key, value);
	}
	free(src.names);
	json_decref(root);
}
