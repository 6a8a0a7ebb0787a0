/* Checks what no option can say alone: combinations, and files that exist. */
#include "config/config_check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/log_place.h"
#include "base/netmask.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/alarm_rule.h"
#include "config/cron_rule.h"
#include "config/daemon_rule.h"
#include "config/cache_rule.h"
#include "config/identity.h"
#include "config/log_format.h"
#include "config/mule_rule.h"
#include "config/option_table.h"
#include "config/option_value.h"
#include "config/shared_rule.h"
#include "config/signal_rule.h"
#include "config/static_rule.h"
#include "config/tls_socket.h"

/* Each has a slot in shared memory. */
#define CORES_MAX	4000000LL

/* Was the option given anywhere? */
static bool
config_is_given(const struct config *cfg, const char *name)
{
	return cfg->origin[option_index(option_find(name))] != NULL;
}

/* The options that say how many cores, and so which loop engine. */
struct config_engine {
	const char	*name;
	int		 cores;
	int		 limit;		/* above: greenlet is needed */
};

/* One engine, and what parks its requests. */
static void
config_check_engines(const struct config *cfg, struct strlist *problems)
{
	const struct config_engine engines[] = {
		{ "async", cfg->async, 1 },
		{ "asyncio", cfg->asyncio, 0 },
		{ "tornado", cfg->tornado, 0 },
		{ "gevent", cfg->gevent, INT_MAX },
	};
	const struct config_engine *engine, *first = NULL;
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
		engine = &engines[i];
		if (engine->cores > engine->limit && !cfg->greenlet)
			strlist_add_steal(problems, xasprintf("\"%s\": %d "
			    "needs \"greenlet\": without it nothing can put "
			    "a waiting request aside", engine->name,
			    engine->cores));
		if (engine->cores > 0 && first != NULL)
			strlist_add_steal(problems, xasprintf("\"%s\" and "
			    "\"%s\" both name the event loop; give one of "
			    "them", first->name, engine->name));
		else if (engine->cores > 0)
			first = engine;
	}
}

/* The threads' stack is one that Python fits into. */
#define STACK_MIN	256

/* A request that waits is put aside in one way only. */
static void
config_check_threads(const struct config *cfg, struct strlist *problems)
{
	const struct {
		const char *name;
		int value;
	} others[] = {
		{ "greenlet", cfg->greenlet },
		{ "async", cfg->async },
		{ "asyncio", cfg->asyncio },
		{ "tornado", cfg->tornado },
		{ "gevent", cfg->gevent },
		{ "ugreen", cfg->ugreen },
	};
	size_t i;

	if (cfg->thread_stacksize > 0 && cfg->thread_stacksize < STACK_MIN)
		strlist_add_steal(problems, xasprintf("\"thread-stacksize\": "
		    "%d KiB is too little; at least %d are needed",
		    cfg->thread_stacksize, STACK_MIN));
	if (cfg->threads < 2)
		return;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].value > 0)
			strlist_add_steal(problems, xasprintf("\"threads\": "
			    "%d and \"%s\" exclude each other: a request "
			    "runs either in a thread or in the one that turns "
			    "the event loop", cfg->threads, others[i].name));
}

/* What is about gevent alone. */
static void
config_check_gevent(const struct config *cfg, struct strlist *problems)
{
	const struct config_engine switches[] = {
		{ "gevent-monkey-patch", cfg->gevent_monkey_patch, 0 },
		{ "gevent-early-monkey-patch",
		    cfg->gevent_early_monkey_patch, 0 },
		{ "gevent-wait-for-hub", cfg->gevent_wait_for_hub, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		if (switches[i].cores && cfg->gevent < 1)
			strlist_add_steal(problems, xasprintf("\"%s\" needs "
			    "\"gevent\": say how many requests a worker "
			    "handles at the same time, like \"gevent\": 100",
			    switches[i].name));
	}
}

/* Cores and what parks them go together. */
static void
config_check_cores(const struct config *cfg, struct strlist *problems)
{
	long long cores = (long long)cfg->processes * config_cores(cfg);

	config_check_engines(cfg, problems);
	config_check_threads(cfg, problems);
	config_check_gevent(cfg, problems);
	if (cfg->greenlet && cfg->async < 1 && cfg->asyncio < 1 &&
	    cfg->tornado < 1 && cfg->gevent < 1)
		strlist_add(problems, "\"greenlet\" needs \"async\": say how "
		    "many requests a worker handles at the same time, like "
		    "\"async\": 100");
	if (cores > CORES_MAX)
		strlist_add_steal(problems, xasprintf("\"processes\": %d and "
		    "%d cores in each make %lld; at most %lld are possible",
		    cfg->processes, config_cores(cfg), cores, CORES_MAX));
}

/* Limits within limits. */
static void
config_check_http(const struct config *cfg, struct strlist *problems)
{
#ifndef WM_HAVE_HTTP2
	if (cfg->http2_cleartext)
		strlist_add(problems, "\"http2-cleartext\": this wsgimaster "
		    "was built without HTTP/2 (--without-http2)");
#endif
#ifndef WM_HAVE_DEFLATE
	if (cfg->websockets_deflate)
		strlist_add(problems, "\"websockets-deflate\": this wsgimaster "
		    "was built without it (--without-deflate)");
#endif
	if (config_is_given(cfg, "limit-request-line") &&
	    cfg->limit_request_line > cfg->buffer_size)
		strlist_add_steal(problems, xasprintf("\"limit-request-line\": "
		    "%zu cannot be above \"buffer-size\": %zu, which holds the "
		    "whole request head", cfg->limit_request_line,
		    cfg->buffer_size));
}

/* Who has forgotten "cheaper" wonders why nothing happens. */
static void
config_check_no_autoscale(struct config *cfg)
{
	const struct {
		const char *name;
		bool set;
	} others[] = {
		{ "cheaper-initial", cfg->cheaper_initial != 0 },
		{ "cheaper-step", cfg->cheaper_step != 1 },
		{ "cheaper-algo", cfg->cheaper_algo != SCALE_SPARE },
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].set)
			strlist_add_steal(&cfg->warnings, xasprintf("\"%s\" "
			    "has no effect without \"cheaper\"",
			    others[i].name));
}

/* A number of workers between two, and a policy that can change it. */
static void
config_check_autoscale(struct config *cfg, struct strlist *problems)
{
	if (cfg->cheaper == 0) {
		config_check_no_autoscale(cfg);
		return;
	}
	if (cfg->cheaper >= cfg->processes)
		strlist_add_steal(problems, xasprintf("\"cheaper\": %d, the "
		    "least number of workers, must be below \"processes\": "
		    "%d, the most", cfg->cheaper, cfg->processes));
	else if (cfg->cheaper_initial != 0 &&
	    (cfg->cheaper_initial < cfg->cheaper ||
	    cfg->cheaper_initial > cfg->processes))
		strlist_add_steal(problems, xasprintf("\"cheaper-initial\": "
		    "%d must be from \"cheaper\": %d to \"processes\": %d",
		    cfg->cheaper_initial, cfg->cheaper, cfg->processes));
	if (cfg->cheaper_busyness_min > cfg->cheaper_busyness_max)
		strlist_add_steal(problems, xasprintf("\"cheaper-busyness-"
		    "min\": %d cannot be above \"cheaper-busyness-max\": "
		    "%d", cfg->cheaper_busyness_min,
		    cfg->cheaper_busyness_max));
	if (cfg->reuse_port)
		strlist_add(problems, "\"cheaper\" and \"reuse-port\" exclude "
		    "each other: with \"reuse-port\" each worker has a socket "
		    "of its own, and the system would go on giving "
		    "connections to the socket of one that was stopped");
}

/* The header of the id can come: parsed heads have no other names. */
static void
config_check_request_id(const struct config *cfg, struct strlist *problems)
{
	const char *name = cfg->request_id_header;

	if (name != NULL && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-!#$%&'*+.^`|~")] != '\0')
		strlist_add_steal(problems, xasprintf("\"request-id-header\": "
		    "\"%s\" is not the name of a header that a request can "
		    "have%s", name, strchr(name, '_') == NULL ? "" :
		    " (those with an underscore are dropped)"));
}

/* One place of the log. */
static void
config_check_logger(const char *name, const char *spec,
    struct strlist *problems)
{
	char *cause;

	if (spec == NULL || log_place_check(spec, &cause))
		return;
	strlist_add_steal(problems, xasprintf("\"%s\": %s", name, cause));
	free(cause);
}

/* Where the log goes, and how requests look in it. */
static void
config_check_logging(const struct config *cfg, struct strlist *problems)
{
	struct log_format format;
	char *cause;

	alarm_rules_check(cfg, problems);
	config_check_logger("logger", cfg->logger, problems);
	config_check_logger("req-logger", cfg->req_logger, problems);
	if (log_format_parse(&format, cfg->log_format, &cause) == -1) {
		strlist_add_steal(problems, xasprintf("\"log-format\": %s",
		    cause));
		free(cause);
	}
	log_format_done(&format);
	if (cfg->log_format != NULL && cfg->log_encoder == LOG_ENCODER_JSON)
		strlist_add(problems, "\"log-format\" and \"log-encoder\": "
		    "\"json\" exclude each other: JSON records have every "
		    "field; a format that begins with { has its values "
		    "escaped for JSON");
}

/* No two of these for one prefix. */
static void
config_check_prefixes(const struct strlist *list, const char *name,
    const char *what, struct strlist *problems)
{
	size_t i, j, len;
	const char *item;

	for (i = 0; i < list->count; i++) {
		item = list->items[i];
		len = strcspn(item, "=") + 1;
		for (j = 0; j < i; j++) {
			if (strncmp(item, list->items[j], len) != 0)
				continue;
			strlist_add_steal(problems, xasprintf("\"%s\": two "
			    "%s for \"%.*s\"", name, what, (int)len - 1,
			    item));
			break;
		}
	}
}

/* One app at the root, whose callable is named once. */
static void
config_check_python(struct config *cfg, struct strlist *problems)
{
	if (cfg->module != NULL && cfg->wsgi_file != NULL)
		strlist_add(problems, "\"module\" and \"wsgi-file\" both name "
		    "the app; give one of them");
	if (cfg->module != NULL && strchr(cfg->module, ':') != NULL &&
	    config_is_given(cfg, "callable"))
		strlist_add_steal(&cfg->warnings, xasprintf("\"callable\" is "
		    "not used, since \"module\": \"%s\" names the callable",
		    cfg->module));
}

/* What no option of CGI's says alone. */
static void
config_check_cgi(const struct config *cfg, struct strlist *problems)
{
	const char *item;
	size_t i;

#ifndef WM_HAVE_CGI
	if (cfg->cgi.count > 0 || cfg->cgi_from_docroot)
		strlist_add(problems, "\"cgi\": this wsgimaster was built "
		    "without it (--without-cgi)");
#endif
	if (cfg->cgi_loadlib.count > 0)
		strlist_add(problems, "\"cgi-loadlib\": no library is loaded "
		    "into a worker for the sake of scripts; write a WSGI app, "
		    "or a script");
	for (i = 0; i < cfg->cgi_helper.count; i++) {
		item = cfg->cgi_helper.items[i];
		if (strstr(item, "=sym://") != NULL)
			strlist_add_steal(problems, xasprintf("\"cgi-helper\": "
			    "\"%s\": functions of libraries (sym://) are not "
			    "called; name a command", item));
		else if (item[0] != '.' || strchr(item, '=')[1] == '\0')
			strlist_add_steal(problems, xasprintf("\"cgi-helper\": "
			    "\"%s\" must be \".ext=command\", like "
			    "\".php=php-cgi\"", item));
	}
	for (i = 0; i < cfg->cgi_index.count; i++)
		if (strchr(cfg->cgi_index.items[i], '/') != NULL)
			strlist_add_steal(problems, xasprintf("\"cgi-index\": "
			    "\"%s\" must be a file's name, without a slash",
			    cfg->cgi_index.items[i]));
	for (i = 0; i < cfg->cgi.count; i++) {
		item = strchr(cfg->cgi.items[i], '=');
		if (item != NULL && (item[1] == '\0' ||
		    cfg->cgi.items[i][0] != '/'))
			strlist_add_steal(problems, xasprintf("\"cgi\": "
			    "\"%s\" must be \"path\" or \"/prefix=path\"",
			    cfg->cgi.items[i]));
	}
}

/* Says so when somebody turns off what is always on. */
static void
config_check_no_effect(struct config *cfg)
{
	const struct option_row *row;
	size_t i;

	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		if ((row->flags & OPT_NO_EFFECT) && row->initial != 0 &&
		    !*(const bool *)option_member(row, cfg))
			strlist_add_steal(&cfg->warnings, xasprintf("turning "
			    "\"%s\" off has no effect: %s", row->name,
			    row->help));
	}
}

/* Who may use the control socket is known of a unix socket only. */
static void
config_check_control(const struct config *cfg, struct strlist *problems)
{
	struct address addr;
	char *why;

	if (cfg->control_socket == NULL)
		return;
	if (address_parse(&addr, cfg->control_socket, &why) == -1) {
		strlist_add_steal(problems, xasprintf("\"control-socket\": "
		    "%s", why));
		free(why);
		return;
	}
	if (!addr.is_unix)
		strlist_add_steal(problems, xasprintf("\"control-socket\": "
		    "%s is no path of a unix socket", cfg->control_socket));
	address_done(&addr);
}

/* Whose word counts, and in what it is given. */
static void
config_check_proxies(struct config *cfg, struct strlist *problems)
{
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{ "proxy-protocol", cfg->proxy_protocol },
		{ "forwarded", cfg->forwarded != FORWARDED_FIELDS_X },
		{ "forwarded-host", cfg->forwarded_host },
	};
	struct netmask mask;
	char *cause;
	size_t i;

	for (i = 0; i < cfg->trusted_proxies.count; i++) {
		if (netmask_parse(&mask, cfg->trusted_proxies.items[i],
		    &cause) == -1) {
			strlist_add_steal(problems, xasprintf("\"trusted-"
			    "proxies\": %s", cause));
			free(cause);
		} else if (mask.all)
			strlist_add(&cfg->warnings, "\"trusted-proxies\": "
			    "\"*\" lets whoever can connect say who he is; "
			    "name the proxies' addresses");
	}
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].given && cfg->trusted_proxies.count == 0)
			strlist_add_steal(problems, xasprintf("\"%s\" needs "
			    "\"trusted-proxies\": what comes from anybody "
			    "else may be a lie, so say which addresses are "
			    "the proxies'", others[i].name));
	if (cfg->forwarded_host && cfg->forwarded == FORWARDED_FIELDS_OFF)
		strlist_add(problems, "\"forwarded-host\" and "
		    "\"forwarded\": \"off\" exclude each other");
}

/* Can each daemon's text be read? */
static void
config_check_daemons(const struct config *cfg, struct strlist *problems)
{
	static struct identity id;
	struct daemon_rules rules;
	struct config own;
	char *why;
	size_t i;

	if (daemon_rules_read(&rules, cfg, &why) == -1)
		strlist_add_steal(problems, why);
	for (i = 0; i < rules.count; i++) {
		own = daemon_rule_config(&rules.items[i], cfg);
		if ((own.uid == cfg->uid && own.gid == cfg->gid) ||
		    identity_find(&id, &own, &why) == 0)
			continue;
		strlist_add_steal(problems, xasprintf("\"attach-daemon2\": "
		    "%s", why));
		free(why);
	}
	daemon_rules_done(&rules);
}

/* Can each cron's text be read? */
static void
config_check_crons(const struct config *cfg, struct strlist *problems)
{
	struct cron_rules rules;
	char *why;

	if (cron_rules_read(&rules, cfg, &why) == -1)
		strlist_add_steal(problems, why);
	cron_rules_done(&rules);
}

/* Checks all combinations. */
void
config_check(struct config *cfg, struct strlist *problems)
{
	config_check_cores(cfg, problems);
	config_check_autoscale(cfg, problems);
	config_check_http(cfg, problems);
	config_check_proxies(cfg, problems);
	config_check_request_id(cfg, problems);
	config_check_logging(cfg, problems);
	config_check_prefixes(&cfg->mount, "mount", "apps", problems);
	config_check_prefixes(&cfg->harakiri_path, "harakiri-path", "limits",
	    problems);
	static_rules_check(cfg, problems);
	shared_rules_check(cfg, problems);
	signal_rules_check(cfg, problems);
	cache_rules_check(cfg, problems);
	config_check_python(cfg, problems);
	config_check_cgi(cfg, problems);
	config_check_control(cfg, problems);
	tls_check_options(cfg, problems);
	mule_rules_check(cfg, problems);
	config_check_daemons(cfg, problems);
	config_check_crons(cfg, problems);
	config_check_no_effect(cfg);
}

/* Is there something to be loaded? */
bool
config_has_app(const struct config *cfg)
{
	return cfg->module != NULL || cfg->wsgi_file != NULL ||
	    cfg->mount.count > 0 || cfg->import.count > 0 ||
	    cfg->shared_import.count > 0;
}

/* Is there something to answer with that is no app? */
static bool
config_serves_files(const struct config *cfg)
{
	return cfg->cgi.count > 0 || cfg->cgi_from_docroot ||
	    cfg->static_map.count > 0 || cfg->static_map2.count > 0 ||
	    cfg->check_static.count > 0;
}

/* Without an app Python is there for the engines that are its own. */
bool
config_needs_python(const struct config *cfg)
{
	return config_has_app(cfg) || !config_serves_files(cfg) ||
	    cfg->greenlet || cfg->asyncio > 0 || cfg->tornado > 0 ||
	    cfg->gevent > 0 || mules_count(cfg) > 0 ||
	    spoolers_count(cfg) > 0;
}

/* Is there an app to load, or need there be none? */
void
config_check_app(const struct config *cfg, struct strlist *problems)
{
	if (cfg->need_app && !config_has_app(cfg) &&
	    !config_serves_files(cfg))
		strlist_add(problems, "no app: give \"module\", \"wsgi-file\" "
		    "or \"mount\" (or set \"need-app\" to false)");
}

/* Warns when a file is not there, or not of the kind it should be. */
static void
config_check_path(struct config *cfg, const char *name, const char *path,
    bool folder)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		strlist_add_steal(&cfg->warnings, xasprintf("\"%s\": %s: %s",
		    name, path, strerror(errno)));
		return;
	}
	if (folder != !!S_ISDIR(st.st_mode))
		strlist_add_steal(&cfg->warnings, xasprintf("\"%s\": %s is %s",
		    name, path, folder ? "not a folder" : "a folder"));
}

/* Warns of files and folders that are not there. */
void
config_check_files(struct config *cfg)
{
	char *path;

	if (cfg->chroot != NULL) {
		config_check_path(cfg, "chroot", cfg->chroot, true);
		return;		/* the others are in there */
	}
	if (cfg->chdir != NULL)
		config_check_path(cfg, "chdir", cfg->chdir, true);
	if (cfg->home != NULL)
		config_check_path(cfg, "home", cfg->home, true);
	if (cfg->wsgi_file == NULL)
		return;
	if (cfg->chdir == NULL || cfg->wsgi_file[0] == '/')
		path = xstrdup(cfg->wsgi_file);
	else
		path = xasprintf("%s/%s", cfg->chdir, cfg->wsgi_file);
	config_check_path(cfg, "wsgi-file", path, false);
	free(path);
}
