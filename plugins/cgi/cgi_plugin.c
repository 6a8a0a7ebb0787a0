/* The CGI plugin: a handler, which needs no Python. */
#include "config/config.h"
#include "plugins/cgi/cgi_handler.h"
#include "plugins/cgi/cgi_reap.h"
#include "plugins/cgi/cgi_site.h"
#include "plugins/plugin.h"
#include "worker/handler.h"

/* Are there scripts? */
static bool
cgi_wanted(const struct config *cfg)
{
	return cfg->cgi.count > 0 || cfg->cgi_from_docroot;
}

static const struct handler	 cgi_handler = {
	.name = "cgi",
	.wanted = cgi_wanted,
	.prepare = cgi_site_prepare,
	.done = cgi_reap_done,
	.match = cgi_handler_match,
	.run = cgi_handler_run,
};

const struct plugin		 cgi_plugin = {
	.abi = PLUGIN_ABI,
	.name = "cgi",
	.handler = &cgi_handler,
};
