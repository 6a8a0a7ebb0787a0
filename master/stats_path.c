/* The paths of the stats socket: one row for each. */
#include "master/stats_reply.h"

#include <string.h>

#include "config/config.h"
#include "master/metrics.h"
#include "master/page.h"
#include "master/page_live.h"
#include "master/stats_health.h"
#include "master/stats_json.h"

#define TYPE_TEXT	"text/plain; charset=utf-8"
/* Exactly this: the exporters for uWSGI compare it. */
#define TYPE_JSON	"application/json"

const struct stats_path stats_raw_path = {
	.path = "", .type = TYPE_JSON, .write = stats_json_write
};

/* The page's rows: there only if the page is. */
#define PAGE	.page = true, .guarded = true, .fields = PAGE_FIELDS

/* uWSGI's tools ask for "/", too. */
static const struct stats_path stats_paths[] = {
	{
		.path = "/", .accept = "text/html", PAGE,
		.type = "text/html; charset=utf-8", .write = page_html
	},
	{
		.path = "/", .type = TYPE_JSON, .guarded = true,
		.write = stats_json_write
	},
	{
		.path = "/stats", .type = TYPE_JSON, .guarded = true,
		.write = stats_json_write
	},
	{
		.path = "/metrics", .accept = METRICS_OPEN,
		.type = METRICS_TYPE_OPEN, .write = metrics_write_open
	},
	{
		.path = "/metrics", .type = METRICS_TYPE,
		.write = metrics_write
	},
	{
		.path = "/page.css", PAGE, .type = "text/css; charset=utf-8",
		.write = page_css
	},
	{
		.path = "/page.js", PAGE,
		.type = "text/javascript; charset=utf-8", .write = page_js
	},
	{ .path = "/live", PAGE, .type = TYPE_JSON, .write = page_live },
	{ .path = "/stack", PAGE, .type = TYPE_JSON, .write = page_stack },
	{ .path = "/livez", .type = TYPE_TEXT, .write = stats_livez },
	{ .path = "/readyz", .type = TYPE_TEXT, .write = stats_readyz },
};

#define STATS_PATHS	(sizeof(stats_paths) / sizeof(stats_paths[0]))

/* Is this type named in an Accept field? Weights are not looked at. */
static bool
stats_path_accepted(const char *type, const char *accept, size_t len)
{
	return accept != NULL &&
	    memmem(accept, len, type, strlen(type)) != NULL;
}

/* Finds the row for a request. */
const struct stats_path *
stats_path_find(const struct config *cfg, const char *path, size_t len,
    const char *accept, size_t accept_len)
{
	const struct stats_path	*row;
	size_t			 i;

	for (i = 0; i < STATS_PATHS; i++) {
		row = &stats_paths[i];
		if (strlen(row->path) != len ||
		    memcmp(row->path, path, len) != 0 ||
		    (row->page && !cfg->stats_page))
			continue;
		if (row->accept == NULL || stats_path_accepted(row->accept,
		    accept, accept_len))
			return row;
	}
	return NULL;
}

/* Appends a list of all paths. */
void
stats_path_list(const struct config *cfg, struct strbuf *out)
{
	size_t	 i;

	for (i = 0; i < STATS_PATHS; i++) {
		if (stats_paths[i].page && !cfg->stats_page)
			continue;
		if (i > 0 && strcmp(stats_paths[i].path,
		    stats_paths[i - 1].path) == 0)
			continue;
		strbuf_addf(out, "%s\n", stats_paths[i].path);
	}
}
