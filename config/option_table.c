/* The table of options: each exists once, everything is printed from it. */
#include "config/option_table.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "config/config.h"
#include "config/tls_socket.h"

#define AT(member)	.offset = offsetof(struct config, member)
#define KIB		1024.0
#define MIB		(1024.0 * 1024.0)
#define DAY		86400.0

static const struct name_value encoder_choices[] = {
	{ "text",	LOG_ENCODER_TEXT },
	{ "json",	LOG_ENCODER_JSON },
	{ NULL,		0 }
};

static const struct name_value client_gone_choices[] = {
	{ "ignore",	CLIENT_GONE_IGNORE },
	{ "reset",	CLIENT_GONE_RESET },
	{ "close",	CLIENT_GONE_CLOSE },
	{ NULL,		0 }
};

static const struct name_value forwarded_choices[] = {
	{ "x-forwarded", FORWARDED_FIELDS_X },
	{ "forwarded",	FORWARDED_FIELDS_RFC7239 },
	{ "off",	FORWARDED_FIELDS_OFF },
	{ NULL,		0 }
};

static const struct name_value scale_choices[] = {
	{ "spare",	SCALE_SPARE },
	{ "spare2",	SCALE_SPARE2 },
	{ "busyness",	SCALE_BUSYNESS },
	{ "manual",	SCALE_MANUAL },
	{ NULL,		0 }
};

static const struct name_value level_choices[] = {
	{ "debug",	LOG_LEVEL_DEBUG },
	{ "info",	LOG_LEVEL_INFO },
	{ "warn",	LOG_LEVEL_WARN },
	{ "error",	LOG_LEVEL_ERROR },
	{ NULL,		0 }
};

static const struct name_value tls_verify_choices[] = {
	{ "off",	TLS_VERIFY_OFF },
	{ "optional",	TLS_VERIFY_OPTIONAL },
	{ "required",	TLS_VERIFY_REQUIRED },
	{ NULL,		0 }
};

const char *const option_group_titles[GROUP_COUNT] = {
	[GROUP_PROCESSES] = "Processes",
	[GROUP_AUTOSCALE] = "Autoscale",
	[GROUP_SOCKETS] = "Sockets",
	[GROUP_TLS] = "TLS",
	[GROUP_PROXIES] = "Behind proxies",
	[GROUP_PRIVILEGES] = "Privileges",
	[GROUP_CORES] = "Cores",
	[GROUP_HTTP] = "HTTP",
	[GROUP_STATIC] = "Static files",
	[GROUP_CGI] = "CGI",
	[GROUP_WEBSOCKETS] = "Websockets",
	[GROUP_CACHE] = "Caches",
	[GROUP_SHARED] = "Locks, metrics, queue, shared areas",
	[GROUP_SIGNALS] = "Signals, timers, cron",
	[GROUP_BACKGROUND] = "Mules, spoolers, daemons",
	[GROUP_RPC] = "RPC",
	[GROUP_PYTHON] = "Python",
	[GROUP_LOGGING] = "Logging",
	[GROUP_STATS] = "Statistics and control",
	[GROUP_COMPATIBILITY] = "Compatibility with uWSGI",
	[GROUP_COMMAND] = "Command line only"
};

const struct option_row option_table[] = {
	/* processes */
	{
		.name = "processes", .alias = { "workers" }, .letter = 'p',
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(processes),
		.initial = 1, .min = 1, .max = 1024, .arg = "N",
		.help = "Worker processes. A reload may lower the number, and "
		    "raise it up to what it was at the start."
	},
	{
		.name = "master", .letter = 'M',
		.group = GROUP_PROCESSES, .type = OPT_BOOL, AT(master),
		.initial = 1, .min = 1, .max = 1, .flags = OPT_NO_EFFECT,
		.reason = "the master is always on",
		.help = "Run a master process. It is always on."
	},
	{
		.name = "lazy-apps",
		.group = GROUP_PROCESSES, .type = OPT_BOOL, AT(lazy_apps),
		.max = 1,
		.help = "Let every worker load the app itself, instead of "
		    "forking workers from a process that has loaded it."
	},
	{
		.name = "need-app",
		.group = GROUP_PROCESSES, .type = OPT_BOOL, AT(need_app),
		.initial = 1, .max = 1,
		.help = "Do not start when no app could be loaded."
	},
	{
		.name = "worker-reload-mercy", .alias = { "reload-mercy" },
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(worker_reload_mercy), .initial = 60, .max = DAY,
		.help = "How long a worker that is to leave may finish its "
		    "requests before it is killed."
	},
	{
		.name = "start-timeout",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(start_timeout), .initial = 60, .min = 0.1, .max = DAY,
		.help = "How long loading the app and getting the first worker "
		    "ready may take."
	},
	{
		.name = "respawn-delay-max",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(respawn_delay_max), .initial = 10, .max = 3600,
		.help = "The longest pause before a worker that keeps dying is "
		    "started again."
	},
	{
		.name = "loop-lag-warn",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(loop_lag_warn), .initial = 1, .max = DAY,
		.help = "Log a warning, with the Python stack, when a request "
		    "(or anything else) holds the event loop for so long, "
		    "while it does; 0 does not. Without async cores a request "
		    "always holds its worker, and nothing is logged."
	},
	{
		.name = "worker-timeout",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(worker_timeout), .max = DAY,
		.help = "Kill and replace a worker whose event loop has not "
		    "turned for so long, logging its stacks; 0 never does. "
		    "Without async cores that limits a request's time."
	},
	{
		.name = "worker-timeout-stopped",
		.group = GROUP_PROCESSES, .type = OPT_BOOL,
		AT(worker_timeout_stopped), .max = 1,
		.help = "Let worker-timeout and deadlines of requests also end "
		    "a worker that was stopped, by a signal or a debugger."
	},
	{
		.name = "drain-delay",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(drain_delay), .max = DAY,
		.help = "At TERM or INT serve on for so long, while /readyz "
		    "says no and every response ends its connection, and only "
		    "then stop: the time that load balancers need to notice. "
		    "A second signal ends the wait."
	},
	{
		.name = "drain-idle",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(drain_idle), .initial = 0.5, .max = 3600,
		.help = "How long a worker that is to leave keeps idle "
		    "connections. A request that comes in that time is "
		    "answered, with \"Connection: close\"."
	},
	{
		.name = "max-requests", .letter = 'R',
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(max_requests),
		.max = INT_MAX, .arg = "N",
		.help = "Replace a worker that has answered so many requests; "
		    "0: never. The master looks twice a second."
	},
	{
		.name = "max-requests-delta",
		.group = GROUP_PROCESSES, .type = OPT_INT,
		AT(max_requests_delta), .max = 1 << 30, .arg = "N",
		.help = "Add so many times the worker's id to its "
		    "max-requests, so that not all are replaced at the same "
		    "time. Without it each worker adds up to a tenth, at "
		    "random."
	},
	{
		.name = "max-worker-lifetime",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(max_worker_lifetime), .max = 366 * DAY,
		.help = "Replace a worker that has served for so long; 0: "
		    "never."
	},
	{
		.name = "max-worker-lifetime-delta",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(max_worker_lifetime_delta), .max = DAY,
		.help = "Add so many seconds times the worker's id to its "
		    "max-worker-lifetime. Without it each worker adds up to a "
		    "tenth, at random."
	},
	{
		.name = "min-worker-lifetime",
		.group = GROUP_PROCESSES, .type = OPT_SECONDS,
		AT(min_worker_lifetime), .initial = 10, .max = DAY,
		.help = "Replace no worker before it has served for so long, "
		    "whatever its requests and memory are."
	},
	{
		.name = "reload-on-rss",
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(reload_on_rss),
		.max = INT_MAX, .arg = "MB",
		.help = "Replace a worker whose resident memory is more than "
		    "so many MiB."
	},
	{
		.name = "reload-on-as",
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(reload_on_as),
		.max = INT_MAX, .arg = "MB",
		.help = "Replace a worker whose address space is more than so "
		    "many MiB."
	},
	{
		.name = "reload-on-uss",
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(reload_on_uss),
		.max = INT_MAX, .arg = "MB",
		.help = "Replace a worker that has more than so many MiB of "
		    "memory for itself alone."
	},
	{
		.name = "reload-on-pss",
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(reload_on_pss),
		.max = INT_MAX, .arg = "MB",
		.help = "Replace a worker that has more than so many MiB of "
		    "memory, where what is shared with other processes counts "
		    "in part."
	},
	{
		.name = "touch-reload",
		.group = GROUP_PROCESSES, .type = OPT_LIST, AT(touch_reload),
		.arg = "FILE",
		.help = "Reload when this file is touched, or made."
	},
	{
		.name = "max-fd",
		.group = GROUP_PROCESSES, .type = OPT_INT, AT(max_fd),
		.max = 1 << 30, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "The limit of open file descriptors to ask the system "
		    "for; 0 leaves it as it is. In a worker a 16th of it (8 to "
		    "256) is not for clients, but for the app."
	},
	{
		.name = "pidfile", .alias = { "safe-pidfile", "pidfile2" },
		.group = GROUP_PROCESSES, .type = OPT_TEXT, AT(pidfile),
		.arg = "PATH", .flags = OPT_NO_RELOAD,
		.help = "Write the master's pid to this file, as soon as it "
		    "can be sent signals, and remove it at the end (vacuum). "
		    "The server does not start while the file is that of one "
		    "that runs."
	},

	/* autoscale */
	{
		.name = "cheaper",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper),
		.max = 1024, .arg = "N",
		.help = "The least number of workers: as many as the load "
		    "needs are run, between this and processes. 0 always runs "
		    "them all."
	},
	{
		.name = "cheaper-initial",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_initial),
		.max = 1024, .arg = "N",
		.help = "How many workers are started at first; 0 means as "
		    "many as cheaper says."
	},
	{
		.name = "cheaper-step",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_step),
		.initial = 1, .min = 1, .max = 1024, .arg = "N",
		.help = "How many workers are started at once when more are "
		    "needed."
	},
	{
		.name = "cheaper-algo",
		.group = GROUP_AUTOSCALE, .type = OPT_CHOICE,
		AT(cheaper_algo),
		.initial = SCALE_SPARE, .arg = "NAME", .choices = scale_choices,
		.help = "What decides: spare starts more when no core is free; "
		    "spare2 keeps as many workers' cores free as "
		    "cheaper says; busyness keeps the share of cores in "
		    "use between two limits; manual leaves it to TTIN "
		    "and TTOU."
	},
	{
		.name = "cheaper-overload",
		.group = GROUP_AUTOSCALE, .type = OPT_SECONDS,
		AT(cheaper_overload),
		.initial = 3, .min = 0.5, .max = 3600,
		.help = "For so long no core must have been free (spare), or "
		    "the share of cores in use is measured (busyness), "
		    "before something is decided."
	},
	{
		.name = "cheaper-idle",
		.group = GROUP_AUTOSCALE, .type = OPT_SECONDS,
		AT(cheaper_idle),
		.initial = 10, .min = 0.5, .max = DAY,
		.help = "For so long there must have been room for one worker "
		    "less before one is stopped (spare, spare2)."
	},
	{
		.name = "cheaper-busyness-max",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_max),
		.initial = 50, .min = 1, .max = 100, .arg = "PERCENT",
		.help = "Start more workers when more of the cores' time than "
		    "this was in use."
	},
	{
		.name = "cheaper-busyness-min",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_min),
		.initial = 25, .max = 100, .arg = "PERCENT",
		.help = "Stop a worker when less than this was in use."
	},
	{
		.name = "cheaper-busyness-multiplier",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_multiplier),
		.initial = 10, .min = 1, .max = 10000, .arg = "N",
		.help = "Stop a worker so many times cheaper-overload after "
		    "the last change at the earliest."
	},
	{
		.name = "cheaper-busyness-penalty",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_penalty),
		.initial = 2, .max = 10000, .arg = "N",
		.help = "Add this to the multiplier when a worker was stopped "
		    "too soon."
	},
	{
		.name = "cheaper-busyness-verbose",
		.group = GROUP_AUTOSCALE, .type = OPT_BOOL,
		AT(cheaper_busyness_verbose),
		.max = 1,
		.help = "Log the share of cores in use each time it was "
		    "measured."
	},
	{
		.name = "cheaper-busyness-backlog-alert",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_backlog_alert),
		.initial = 33, .max = 1000000, .arg = "N",
		.help = "Start workers at once when more connections than this "
		    "wait for a core or to be accepted."
	},
	{
		.name = "cheaper-busyness-backlog-multiplier",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_backlog_multiplier),
		.initial = 3, .min = 1, .max = 10000, .arg = "N",
		.help = "The multiplier while there are workers that were "
		    "started so."
	},
	{
		.name = "cheaper-busyness-backlog-step",
		.group = GROUP_AUTOSCALE, .type = OPT_INT,
		AT(cheaper_busyness_backlog_step),
		.initial = 1, .min = 1, .max = 1024, .arg = "N",
		.help = "How many are started so."
	},
	{
		.name = "cheaper-busyness-backlog-nonzero",
		.group = GROUP_AUTOSCALE, .type = OPT_SECONDS,
		AT(cheaper_busyness_backlog_nonzero),
		.initial = 60, .min = 0.5, .max = DAY,
		.help = "Start workers so also when connections wait for "
		    "longer than this."
	},

	/* sockets */
	{
		.name = "http-socket", .alias = { "http" },
		.group = GROUP_SOCKETS, .type = OPT_LIST, AT(http_socket),
		.arg = "ADDRESS", .flags = OPT_NO_RELOAD,
		.help = "Serve HTTP on this address: host:port, [ipv6]:port, "
		    ":port or the path of a unix socket."
	},
	{
		.name = "uwsgi-socket", .alias = { "socket" }, .letter = 's',
		.group = GROUP_SOCKETS, .type = OPT_LIST, AT(uwsgi_socket),
		.arg = "ADDRESS", .flags = OPT_NO_RELOAD,
		.help = "Serve the uwsgi protocol on this address, for nginx's "
		    "uwsgi_pass. Whoever can connect is believed."
	},
	{
		.name = "fastcgi-socket",
		.group = GROUP_SOCKETS, .type = OPT_LIST, AT(fastcgi_socket),
		.arg = "ADDRESS", .flags = OPT_NO_RELOAD,
		.help = "The same for FastCGI, for nginx's fastcgi_pass."
	},
	{
		.name = "scgi-socket",
		.group = GROUP_SOCKETS, .type = OPT_LIST, AT(scgi_socket),
		.arg = "ADDRESS", .flags = OPT_NO_RELOAD,
		.help = "The same for SCGI, for nginx's scgi_pass."
	},
	{
		.name = "https-socket", .alias = { "https" },
		.group = GROUP_SOCKETS, .type = OPT_LIST, AT(https_socket),
		.arg = "ADDRESS[,CERT,KEY,...]",
		.flags = OPT_NO_RELOAD,
		.help = "Serve HTTP over TLS on this address. Behind it there "
		    "may be a certificate and its key, ciphers for TLS 1.2, "
		    "and whose client certificates are asked for (with a ! "
		    "before it: required); what is not there the tls options "
		    "say."
	},
	{
		.name = "listen", .letter = 'l',
		.group = GROUP_SOCKETS, .type = OPT_INT, AT(listen),
		.initial = 100, .min = 1, .max = 65535, .arg = "N",
		.flags = OPT_NO_RELOAD,
		.help = "How many connections the system queues on a socket "
		    "before they are accepted."
	},
	{
		.name = "reuse-port",
		.group = GROUP_SOCKETS, .type = OPT_BOOL, AT(reuse_port),
		.max = 1, .flags = OPT_NO_RELOAD,
		.help = "Bind TCP sockets with SO_REUSEPORT."
	},
	{
		.name = "chmod-socket", .letter = 'C',
		.group = GROUP_SOCKETS, .type = OPT_TEXT, AT(chmod_socket),
		.form = FORM_OCTAL, .bare = "666", .arg = "MODE",
		.flags = OPT_NO_RELOAD,
		.help = "The mode of unix sockets, in octal; 666 when no value "
		    "is given. Without the option the umask decides."
	},
	{
		.name = "chown-socket",
		.group = GROUP_SOCKETS, .type = OPT_TEXT, AT(chown_socket),
		.form = FORM_OWNER, .arg = "USER[:GROUP]",
		.flags = OPT_NO_RELOAD,
		.help = "Who owns unix sockets."
	},
	{
		.name = "vacuum",
		.group = GROUP_SOCKETS, .type = OPT_BOOL, AT(vacuum),
		.initial = 1, .max = 1,
		.help = "Remove unix sockets when the server stops."
	},

	/* behind proxies */
	{
		.name = "trusted-proxies",
		.group = GROUP_PROXIES, .type = OPT_LIST, AT(trusted_proxies),
		.arg = "NETWORK",
		.help = "Believe what proxies at these addresses say of their "
		    "clients, and nobody else: an address, a network like "
		    "10.0.0.0/8 or fd00::/8, unix for unix sockets. From "
		    "others such header fields are removed. * is everybody: "
		    "only where nobody but proxies can connect."
	},
	{
		.name = "forwarded",
		.group = GROUP_PROXIES, .type = OPT_CHOICE, AT(forwarded),
		.initial = FORWARDED_FIELDS_X, .choices = forwarded_choices,
		.arg = "WHICH",
		.help = "Which header fields of a trusted proxy's say who its "
		    "client is: X-Forwarded-For and its kin, or Forwarded; "
		    "the other ones are removed. off: none, and none of a "
		    "trusted proxy's is removed."
	},
	{
		.name = "forwarded-host",
		.group = GROUP_PROXIES, .type = OPT_BOOL, AT(forwarded_host),
		.max = 1,
		.help = "Take the host that a trusted proxy was asked for from "
		    "these fields, too (HTTP_HOST, SERVER_NAME). The proxy "
		    "must set it: most pass on the client's."
	},
	{
		.name = "proxy-protocol",
		.alias = { "http-enable-proxy-protocol",
		    "enable-proxy-protocol" },
		.group = GROUP_PROXIES, .type = OPT_BOOL, AT(proxy_protocol),
		.max = 1,
		.help = "Connections of trusted proxies begin with a PROXY "
		    "protocol header (version 1 or 2); those without one are "
		    "closed."
	},

	/* tls */
	{
		.name = "tls-certificate",
		.group = GROUP_TLS, .type = OPT_LIST, AT(tls_certificate),
		.arg = "CERT[,KEY]",
		.help = "The certificate with its chain, and its key, both "
		    "PEM; without a second name the key is in the same file. "
		    "Of several the one that has the name that the client "
		    "asks for (SNI) is shown, else the first. Read before "
		    "the app's user is taken on, and anew at each reload."
	},
	{
		.name = "tls-client-ca",
		.group = GROUP_TLS, .type = OPT_TEXT, AT(tls_client_ca),
		.arg = "PATH",
		.help = "Ask clients for certificates, which these "
		    "authorities (PEM) must have signed."
	},
	{
		.name = "tls-verify",
		.group = GROUP_TLS, .type = OPT_CHOICE, AT(tls_verify),
		.initial = TLS_VERIFY_REQUIRED, .arg = "WHEN",
		.choices = tls_verify_choices,
		.help = "What becomes of clients without a certificate of "
		    "tls-client-ca: required refuses them, optional tells the "
		    "app (SSL_CLIENT_VERIFY), off does not ask."
	},
	{
		.name = "tls-protocols",
		.group = GROUP_TLS, .type = OPT_LIST, AT(tls_protocols),
		.arg = "VERSION",
		.help = "The versions of TLS that are spoken: 1.2, 1.3. "
		    "Without the option both are."
	},
	{
		.name = "tls-ciphers",
		.group = GROUP_TLS, .type = OPT_TEXT, AT(tls_ciphers),
		.arg = "LIST",
		.help = "The ciphers of TLS 1.2, as OpenSSL writes them. "
		    "Without the option those with forward secrecy and "
		    "authenticated encryption."
	},
	{
		.name = "tls-ciphersuites",
		.group = GROUP_TLS, .type = OPT_TEXT, AT(tls_ciphersuites),
		.arg = "LIST",
		.help = "The cipher suites of TLS 1.3, as OpenSSL writes them."
	},
	{
		.name = "tls-session-timeout",
		.group = GROUP_TLS, .type = OPT_SECONDS,
		AT(tls_session_timeout), .initial = 3600, .max = 7 * DAY,
		.help = "How long a client may resume a session, at any "
		    "worker, without a full handshake; 0: not at all."
	},

	/* privileges */
	{
		.name = "uid",
		.group = GROUP_PRIVILEGES, .type = OPT_TEXT, AT(uid),
		.form = FORM_ID, .arg = "USER",
		.help = "Run the app as this user, with its groups; the master "
		    "stays root. Takes root."
	},
	{
		.name = "gid",
		.group = GROUP_PRIVILEGES, .type = OPT_TEXT, AT(gid),
		.form = FORM_ID, .arg = "GROUP",
		.help = "Run the app with this group instead of the user's "
		    "own. Takes root."
	},
	{
		.name = "add-gid",
		.group = GROUP_PRIVILEGES, .type = OPT_LIST, AT(add_gid),
		.form = FORM_ID, .arg = "GROUP",
		.help = "Run the app in this group as well. Takes root."
	},
	{
		.name = "allow-root",
		.group = GROUP_PRIVILEGES, .type = OPT_BOOL, AT(allow_root),
		.max = 1,
		.help = "Run the app as root when the server is started as "
		    "root and no uid is given, instead of refusing that. "
		    "WSGIMASTER_ALLOW_ROOT=1 in the environment does the same."
	},
	{
		.name = "chroot",
		.group = GROUP_PRIVILEGES, .type = OPT_TEXT, AT(chroot),
		.arg = "PATH",
		.help = "Make this folder the top of what the app and Python "
		    "can see. Takes root."
	},
	{
		.name = "umask",
		.group = GROUP_PRIVILEGES, .type = OPT_TEXT, AT(umask),
		.form = FORM_OCTAL, .arg = "MODE",
		.help = "What is taken away from the modes of new files, in "
		    "octal: of unix sockets, the log, and the app's."
	},
	{
		.name = "no-new-privileges", .alias = { "no-new-privs" },
		.group = GROUP_PRIVILEGES, .type = OPT_BOOL,
		AT(no_new_privileges), .max = 1,
		.help = "Nothing that the app executes gets more rights than "
		    "the app: sudo and the like do not work."
	},
	{
		.name = "landlock-read",
		.group = GROUP_PRIVILEGES, .type = OPT_LIST, AT(landlock_read),
		.arg = "PATH",
		.help = "Let the app read these files and folders, those of "
		    "Python, the system's libraries and its own code, and no "
		    "others (Linux's Landlock). Nobody gets out again; implies "
		    "no-new-privileges."
	},
	{
		.name = "landlock-write",
		.group = GROUP_PRIVILEGES, .type = OPT_LIST,
		AT(landlock_write), .arg = "PATH",
		.help = "The same, and let it write these, too. Each of the "
		    "two options makes the sandbox; post-buffering needs /tmp "
		    "(or TMPDIR) in it."
	},
	{
		.name = "limit-as",
		.group = GROUP_PRIVILEGES, .type = OPT_INT, AT(limit_as),
		.max = 1 << 30, .arg = "MIB",
		.help = "The most address space of a spawner and of each "
		    "worker; 0 leaves it as it is."
	},
	{
		.name = "limit-nproc",
		.group = GROUP_PRIVILEGES, .type = OPT_INT, AT(limit_nproc),
		.max = 1 << 30, .arg = "N",
		.help = "The most processes and threads of the app's user; 0 "
		    "leaves it as it is. Root is not bound by it."
	},
	{
		.name = "limit-core",
		.group = GROUP_PRIVILEGES, .type = OPT_INT, AT(limit_core),
		.initial = -1, .min = -1, .max = 1 << 30, .arg = "MIB",
		.help = "The largest core file; 0 means none, -1 leaves it as "
		    "it is."
	},

	/* cores */
	{
		.name = "async",
		.group = GROUP_CORES, .type = OPT_INT, AT(async),
		.max = 100000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "How many requests each worker handles at the same "
		    "time; 0 and 1 mean one. More than one needs greenlet."
	},
	{
		.name = "greenlet",
		.group = GROUP_CORES, .type = OPT_BOOL, AT(greenlet),
		.max = 1, .flags = OPT_NO_RELOAD,
		.help = "Run each request in a greenlet, so that it can wait "
		    "without holding up the worker. Needs async."
	},
	{
		.name = "threads",
		.group = GROUP_CORES, .type = OPT_INT, AT(threads),
		.max = 10000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "How many requests each worker handles at the same "
		    "time, each in a thread of its own, so that the app may "
		    "block; 0 and 1 mean one, in the main thread. Not "
		    "together with async, greenlet and the loop engines."
	},
	{
		.name = "thread-stacksize", .alias = { "threads-stacksize",
		    "thread-stack-size" },
		.group = GROUP_CORES, .type = OPT_INT, AT(thread_stacksize),
		.max = 1 << 20, .arg = "KIB", .flags = OPT_NO_RELOAD,
		.help = "The stack of each thread in KiB, 256 at least; 0 "
		    "means the system's usual size (ulimit -s). Memory is "
		    "taken as it is used."
	},
	{
		.name = "asyncio",
		.group = GROUP_CORES, .type = OPT_INT, AT(asyncio),
		.max = 100000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "Like async, on asyncio's event loop. Needs greenlet."
	},
	{
		.name = "asyncio-expose-loop",
		.group = GROUP_CORES, .type = OPT_BOOL,
		AT(asyncio_expose_loop), .max = 1, .flags = OPT_NO_RELOAD,
		.help = "Let asyncio.get_running_loop() give requests the "
		    "server's loop. Then asyncio.run() and Django's ORM refuse "
		    "to work in them."
	},
	{
		.name = "tornado",
		.group = GROUP_CORES, .type = OPT_INT, AT(tornado),
		.max = 100000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "Like async, on Tornado's IOLoop. Needs greenlet."
	},
	{
		.name = "gevent",
		.group = GROUP_CORES, .type = OPT_INT, AT(gevent),
		.max = 100000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "Like async, on gevent's loop. Brings greenlet with "
		    "it."
	},
	{
		.name = "gevent-monkey-patch",
		.group = GROUP_CORES, .type = OPT_BOOL,
		AT(gevent_monkey_patch), .max = 1,
		.help = "Call gevent.monkey.patch_all() before the app is "
		    "loaded, when gevent's loop is there. Needs gevent."
	},
	{
		.name = "gevent-early-monkey-patch",
		.group = GROUP_CORES, .type = OPT_BOOL,
		AT(gevent_early_monkey_patch), .max = 1,
		.help = "The same before anything else is imported. Needs "
		    "gevent."
	},
	{
		.name = "gevent-wait-for-hub",
		.group = GROUP_CORES, .type = OPT_BOOL,
		AT(gevent_wait_for_hub), .max = 1,
		.help = "Let a worker that leaves wait for everything that "
		    "gevent still has to do, not for requests alone. Needs "
		    "gevent."
	},
	{
		.name = "ugreen",
		.group = GROUP_CORES, .type = OPT_BOOL, AT(ugreen),
		.reason = "ugreen is not available yet in this version; use "
		    "greenlet",
		.help = "Run each request on a stack of its own made in C. Not "
		    "available yet."
	},
	{
		.name = "queue-size",
		.group = GROUP_CORES, .type = OPT_INT, AT(queue_size),
		.max = 1000000, .arg = "N",
		.help = "How many requests may wait for a free core in each "
		    "worker; 0 means as many as there are cores."
	},
	{
		.name = "queue-timeout",
		.group = GROUP_CORES, .type = OPT_SECONDS, AT(queue_timeout),
		.initial = 30, .min = 0.01, .max = DAY,
		.help = "How long a request may wait for a free core before it "
		    "is answered with 503."
	},
	{
		.name = "harakiri", .letter = 't',
		.group = GROUP_CORES, .type = OPT_SECONDS, AT(harakiri),
		.max = DAY,
		.help = "How long a request may have a core. Then it is "
		    "logged with what it waits for and its Python stack, gets "
		    "wsgimaster.Harakiri raised, and its client 504; other "
		    "requests go on. 0 means no limit."
	},
	{
		.name = "harakiri-path",
		.group = GROUP_CORES, .type = OPT_LIST, AT(harakiri_path),
		.form = FORM_LIMIT, .arg = "/PREFIX=SECONDS",
		.help = "Another limit than harakiri's for the paths under a "
		    "prefix; the longest prefix wins, 0 means no limit."
	},
	{
		.name = "harakiri-graceful-timeout",
		.group = GROUP_CORES, .type = OPT_SECONDS,
		AT(harakiri_graceful_timeout), .initial = 5, .min = 0.1,
		.max = DAY,
		.help = "How long a request may clean up before it gets "
		    "Harakiri again. One that goes on all the same when it "
		    "is to get it for the third time is given up: its worker "
		    "finishes the others and is replaced."
	},
	{
		.name = "harakiri-verbose",
		.group = GROUP_CORES, .type = OPT_BOOL, AT(harakiri_verbose),
		.max = 1,
		.help = "Log also what the worker's other requests are doing, "
		    "and where in the kernel a thread is that does not end."
	},

	/* http */
	{
		.name = "limit-request-line",
		.group = GROUP_HTTP, .type = OPT_SIZE, AT(limit_request_line),
		.initial = 8190, .min = 64, .max = MIB,
		.help = "The longest request line; above it the answer is 414."
	},
	{
		.name = "limit-request-fields",
		.group = GROUP_HTTP, .type = OPT_INT, AT(limit_request_fields),
		.initial = 100, .min = 1, .max = 1000, .arg = "N",
		.help = "The most header fields; above it the answer is 431."
	},
	{
		.name = "buffer-size", .letter = 'b',
		.group = GROUP_HTTP, .type = OPT_SIZE, AT(buffer_size),
		.initial = 32 * KIB, .min = KIB, .max = MIB,
		.help = "The longest request head, request line and header "
		    "fields together; above it the answer is 431."
	},
	{
		.name = "limit-post",
		.group = GROUP_HTTP, .type = OPT_SIZE, AT(limit_post),
		.max = HUGE_VAL,
		.help = "The longest request body; above it the answer is 413. "
		    "0 means no limit."
	},
	{
		.name = "post-buffering",
		.group = GROUP_HTTP, .type = OPT_SIZE, AT(post_buffering),
		.max = HUGE_VAL,
		.help = "Collect the whole request body before the app is "
		    "called, in memory up to this size, then in a temporary "
		    "file. 0 means that the app reads it as it arrives."
	},
	{
		.name = "socket-timeout", .letter = 'z',
		.group = GROUP_HTTP, .type = OPT_SECONDS, AT(socket_timeout),
		.max = DAY,
		.help = "What header-timeout, body-timeout and write-timeout "
		    "are when they are not given themselves; 0 leaves them "
		    "alone."
	},
	{
		.name = "header-timeout",
		.group = GROUP_HTTP, .type = OPT_SECONDS, AT(header_timeout),
		.initial = 15, .min = 0.01, .max = DAY,
		.help = "How long a client may take to send a request head; "
		    "then the answer is 408."
	},
	{
		.name = "body-timeout",
		.group = GROUP_HTTP, .type = OPT_SECONDS, AT(body_timeout),
		.initial = 60, .min = 0.01, .max = DAY,
		.help = "How long a client may pause while it sends a body."
	},
	{
		.name = "write-timeout",
		.group = GROUP_HTTP, .type = OPT_SECONDS, AT(write_timeout),
		.initial = 60, .min = 0.01, .max = DAY,
		.help = "How long a client may take no byte of its response."
	},
	{
		.name = "client-min-rate",
		.group = GROUP_HTTP, .type = OPT_SIZE, AT(client_min_rate),
		.max = MIB,
		.help = "How many bytes a second a client must send of a body, "
		    "or take of a response, on an average, while it is waited "
		    "for; body-timeout and write-timeout are how long it may "
		    "stay below. 0: any byte begins these timeouts anew."
	},
	{
		.name = "keepalive-timeout", .alias = { "http-keepalive" },
		.group = GROUP_HTTP, .type = OPT_SECONDS,
		AT(keepalive_timeout), .initial = 65, .max = DAY,
		.help = "How long an idle connection is kept for the next "
		    "request; 0 turns keep-alive off."
	},
	{
		.name = "keepalive-requests",
		.group = GROUP_HTTP, .type = OPT_INT, AT(keepalive_requests),
		.max = 1 << 30, .arg = "N",
		.help = "Close a connection after this many requests; 0 means "
		    "never."
	},
	{
		.name = "http2",
		.group = GROUP_HTTP, .type = OPT_BOOL, AT(http2),
		.initial = 1, .max = 1,
		.help = "Speak HTTP/2 with clients of https-socket that ask "
		    "for it (ALPN)."
	},
	{
		.name = "http2-cleartext",
		.group = GROUP_HTTP, .type = OPT_BOOL, AT(http2_cleartext),
		.max = 1,
		.help = "Speak HTTP/2 without TLS with clients of http-socket "
		    "that begin with it (h2c with prior knowledge)."
	},
	{
		.name = "http2-max-concurrent-streams",
		.group = GROUP_HTTP, .type = OPT_INT,
		AT(http2_max_concurrent_streams),
		.initial = 100, .min = 1, .max = 10000, .arg = "N",
		.help = "How many requests of one HTTP/2 connection may be "
		    "under way at a time."
	},

	{
		.name = "client-gone",
		.group = GROUP_HTTP, .type = OPT_CHOICE, AT(client_gone),
		.initial = CLIENT_GONE_IGNORE, .choices = client_gone_choices,
		.arg = "WHEN",
		.help = "When a request that waits gets wsgimaster.ClientGone "
		    "because its client has left: never; when the connection "
		    "was reset; or also when the client has closed its side, "
		    "which is all that TCP shows of most clients that leave, "
		    "and of a few that still wait for the answer."
	},
	{
		.name = "request-id-header",
		.group = GROUP_HTTP, .type = OPT_TEXT, AT(request_id_header),
		.form = FORM_ANY, .initial_text = "X-Request-ID",
		.arg = "NAME",
		.help = "The request header whose value becomes the request's "
		    "id, if it is one of 1 to 128 letters, digits and "
		    "-._~+/=:;,@; else, or with an empty name, each request "
		    "gets a new one (UUID version 7)."
	},
	{
		.name = "request-id-response",
		.group = GROUP_HTTP, .type = OPT_BOOL,
		AT(request_id_response), .max = 1,
		.help = "Tell the client the request's id in the response "
		    "header X-Request-ID, where the app has set none."
	},

	/* static files */
	{
		.name = "static-map",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_map),
		.form = FORM_FOLDER, .arg = "/PREFIX=FOLDER",
		.help = "Serve files for the paths under a prefix: what comes "
		    "behind the prefix is looked for in the folder. Or one "
		    "path and one file. GET and HEAD of a regular file are "
		    "answered without a core and without Python; everything "
		    "else goes to the app."
	},
	{
		.name = "static-map2",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_map2),
		.form = FORM_FOLDER, .arg = "/PREFIX=FOLDER",
		.help = "As static-map, but the whole path, prefix included, "
		    "is looked for in the folder."
	},
	{
		.name = "check-static",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(check_static),
		.arg = "FOLDER",
		.help = "Look for every path in this folder before the app is "
		    "asked."
	},
	{
		.name = "static-index",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_index),
		.arg = "NAME",
		.help = "For a folder serve the file of this name in it, the "
		    "first one that is there. A path without the slash at its "
		    "end is redirected then."
	},
	{
		.name = "static-safe",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_safe),
		.arg = "FOLDER",
		.help = "Symbolic links in the folders of static files may "
		    "lead into this one, too."
	},
	{
		.name = "static-skip-ext",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_skip_ext),
		.arg = "ENDING",
		.help = "Leave files whose names end like this (\".php\") to "
		    "the app."
	},
	{
		.name = "static-gzip-all",
		.group = GROUP_STATIC, .type = OPT_BOOL, AT(static_gzip_all),
		.max = 1,
		.help = "For each file serve the precompressed one beside it "
		    "(FILE.br, FILE.gz) to those who accept that."
	},
	{
		.name = "static-gzip",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_gzip),
		.arg = "PATTERN",
		.help = "The same for files whose path matches an extended "
		    "regular expression."
	},
	{
		.name = "static-gzip-ext", .alias = { "static-gzip-suffix" },
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_gzip_ext),
		.arg = "ENDING",
		.help = "The same for files whose names end like this."
	},
	{
		.name = "static-expires-type",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_type), .form = FORM_EXPIRES,
		.arg = "TYPE=SECONDS",
		.help = "Send Expires and Cache-Control: max-age with files of "
		    "this type. Of several rules the first that fits counts, "
		    "in the order of these options here."
	},
	{
		.name = "static-expires-type-mtime",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_type_mtime), .form = FORM_EXPIRES,
		.arg = "TYPE=SECONDS",
		.help = "The same, counted from the file's modification on."
	},
	{
		.name = "static-expires",
		.group = GROUP_STATIC, .type = OPT_LIST, AT(static_expires),
		.form = FORM_EXPIRES, .arg = "PATTERN SECONDS",
		.help = "Send them with files whose path in the file system "
		    "matches an extended regular expression."
	},
	{
		.name = "static-expires-mtime",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_mtime), .form = FORM_EXPIRES,
		.arg = "PATTERN SECONDS",
		.help = "The same, counted from the file's modification on."
	},
	{
		.name = "static-expires-uri",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_uri), .form = FORM_EXPIRES,
		.arg = "PATTERN SECONDS",
		.help = "Send them where the request's target, as it was sent, "
		    "matches."
	},
	{
		.name = "static-expires-uri-mtime",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_uri_mtime), .form = FORM_EXPIRES,
		.arg = "PATTERN SECONDS",
		.help = "The same, counted from the file's modification on."
	},
	{
		.name = "static-expires-path-info",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_path_info), .form = FORM_EXPIRES,
		.arg = "PATTERN SECONDS",
		.help = "Send them where the request's path, decoded, matches."
	},
	{
		.name = "static-expires-path-info-mtime",
		.group = GROUP_STATIC, .type = OPT_LIST,
		AT(static_expires_path_info_mtime), .form = FORM_EXPIRES,
		.arg = "PATTERN SECONDS",
		.help = "The same, counted from the file's modification on."
	},
	{
		.name = "mimefile", .alias = { "mime-file" },
		.group = GROUP_STATIC, .type = OPT_LIST, AT(mimefile),
		.arg = "FILE",
		.help = "Read the types of files from here, instead of "
		    "/etc/mime.types: lines of a type and the endings that "
		    "have it."
	},
	{
		.name = "honour-range", .alias = { "honor-range" },
		.group = GROUP_STATIC, .type = OPT_BOOL, AT(honour_range),
		.initial = 1, .max = 1, .flags = OPT_NO_EFFECT,
		.help = "Range requests for files are always honoured."
	},

	/* cgi */
	{
		.name = "cgi",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi),
		.arg = "[PREFIX=]PATH",
		.help = "Run the scripts in this folder, or this script, for "
		    "paths that begin with the prefix (for all, without "
		    "one). Of several prefixes the longest counts."
	},
	{
		.name = "cgi-helper", .alias = { "cgi-map-helper" },
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_helper),
		.form = FORM_PAIR, .arg = ".EXT=COMMAND",
		.help = "Run scripts whose names end so by this command, which "
		    "gets the script's path, like .php=php-cgi. They need "
		    "not be executable."
	},
	{
		.name = "cgi-index",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_index),
		.arg = "NAME",
		.help = "In a folder, run the first of these that is there."
	},
	{
		.name = "cgi-allowed-ext",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_allowed_ext),
		.arg = ".EXT",
		.help = "Run nothing in folders but scripts whose names end in "
		    "one of these; others are answered with 403."
	},
	{
		.name = "cgi-timeout",
		.group = GROUP_CGI, .type = OPT_SECONDS, AT(cgi_timeout),
		.initial = 60, .min = 0.1, .max = DAY,
		.help = "How long a script may neither write nor read: then "
		    "it is ended, and the answer is 504."
	},
	{
		.name = "cgi-buffer-size",
		.group = GROUP_CGI, .type = OPT_SIZE, AT(cgi_buffer_size),
		.initial = 64 * KIB, .min = KIB, .max = MIB,
		.help = "The longest head that a script may write, and how "
		    "much is read of its output at once."
	},
	{
		.name = "cgi-safe",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_safe),
		.arg = "FOLDER",
		.help = "Symbolic links that lead out of a folder of scripts "
		    "may lead in here."
	},
	{
		.name = "cgi-dontresolve",
		.group = GROUP_CGI, .type = OPT_BOOL, AT(cgi_dontresolve),
		.max = 1,
		.help = "Run a symbolic link by its own name and in its own "
		    "folder, instead of what it leads to."
	},
	{
		.name = "cgi-path-info",
		.group = GROUP_CGI, .type = OPT_BOOL, AT(cgi_path_info),
		.max = 1,
		.help = "Turn PATH_INFO off: nothing may stand behind a "
		    "script's name (404)."
	},
	{
		.name = "cgi-unset",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_unset),
		.arg = "NAME",
		.help = "Take this variable out of the scripts' environment."
	},
	{
		.name = "cgi-from-docroot",
		.group = GROUP_CGI, .type = OPT_BOOL, AT(cgi_from_docroot),
		.max = 1,
		.help = "Where a web server in front sends DOCUMENT_ROOT "
		    "(uwsgi, FastCGI, SCGI) and asks for CGI, run what is in "
		    "there."
	},
	{
		.name = "cgi-do-not-kill-on-error",
		.group = GROUP_CGI, .type = OPT_BOOL,
		AT(cgi_do_not_kill_on_error), .max = 1,
		.help = "When the client leaves, or a limit is over, take the "
		    "script's input and output away, but let it run on."
	},
	{
		.name = "cgi-async-max-attempts",
		.group = GROUP_CGI, .type = OPT_INT,
		AT(cgi_async_max_attempts), .initial = 10, .max = 3600,
		.arg = "SECONDS",
		.help = "How long a script may run on when it has closed its "
		    "output. Its core is free meanwhile."
	},
	{
		.name = "cgi-close-stdin-on-eof",
		.group = GROUP_CGI, .type = OPT_BOOL,
		AT(cgi_close_stdin_on_eof), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "A script's input always ends with the request's body."
	},
	{
		.name = "cgi-optimize", .alias = { "cgi-optimized" },
		.group = GROUP_CGI, .type = OPT_BOOL, AT(cgi_optimize),
		.initial = 1, .max = 1, .flags = OPT_NO_EFFECT,
		.help = "Scripts are always started without copying the "
		    "worker."
	},
	{
		.name = "cgi-loadlib",
		.group = GROUP_CGI, .type = OPT_LIST, AT(cgi_loadlib),
		.arg = "LIBRARY", .flags = OPT_HIDDEN,
		.help = "Refused: no library is loaded into a worker for the "
		    "sake of scripts."
	},

	/* mules, spoolers, daemons */
	{
		.name = "mule",
		.group = GROUP_BACKGROUND, .type = OPT_LIST, AT(mule),
		.form = FORM_ANY, .bare = "true", .arg = "SCRIPT",
		.flags = OPT_NO_RELOAD,
		.help = "A process beside the workers, with the app loaded, "
		    "that runs this Python file, or module:callable; without "
		    "a value (true) it waits for messages and signals. May be "
		    "given often: the first one is mule 1."
	},
	{
		.name = "mules",
		.group = GROUP_BACKGROUND, .type = OPT_INT, AT(mules),
		.max = 256, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "So many more mules without a script. They are "
		    "numbered behind those of \"mule\"."
	},
	{
		.name = "farm",
		.group = GROUP_BACKGROUND, .type = OPT_LIST, AT(farm),
		.arg = "NAME:1,2", .flags = OPT_NO_RELOAD,
		.help = "Some mules, by their numbers, that share messages "
		    "sent to this name."
	},
	{
		.name = "mule-reload-mercy",
		.group = GROUP_BACKGROUND, .type = OPT_SECONDS,
		AT(mule_reload_mercy), .initial = 60, .max = DAY,
		.help = "How long a mule that is to leave may go on before it "
		    "is killed."
	},
	{
		.name = "mule-harakiri",
		.group = GROUP_BACKGROUND, .type = OPT_SECONDS,
		AT(mule_harakiri), .max = DAY,
		.help = "How long a mule may work on one message or signal "
		    "before it is killed and started again; 0: no limit."
	},
	{
		.name = "mule-msg-size",
		.group = GROUP_BACKGROUND, .type = OPT_SIZE,
		AT(mule_msg_size), .max = 64 * MIB, .arg = "BYTES",
		.flags = OPT_NO_RELOAD,
		.help = "How many bytes of messages may wait in each queue of "
		    "the mules; 0: as many as the system gives a socket. More "
		    "than net.core.wmem_max needs root."
	},
	{
		.name = "mule-msg-recv-size",
		.group = GROUP_BACKGROUND, .type = OPT_SIZE,
		AT(mule_msg_recv_size), .initial = 64 * KIB, .min = 1,
		.max = 64 * MIB, .arg = "BYTES",
		.help = "The longest message that a mule without a script "
		    "takes; of a longer one the end is lost, with a warning."
	},
	{
		.name = "spooler", .letter = 'Q',
		.group = GROUP_BACKGROUND, .type = OPT_LIST, AT(spooler),
		.arg = "FOLDER", .flags = OPT_NO_RELOAD,
		.help = "Run a spooler on this folder, which is made if it is "
		    "not there. May be given often."
	},
	{
		.name = "spooler-external",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(spooler_external), .arg = "FOLDER", .flags = OPT_NO_RELOAD,
		.help = "A folder that tasks may be put into, and whose "
		    "spooler is run by another server. May be given often."
	},
	{
		.name = "spooler-processes",
		.group = GROUP_BACKGROUND, .type = OPT_INT,
		AT(spooler_processes), .initial = 1, .min = 1, .max = 256,
		.arg = "N", .flags = OPT_NO_RELOAD,
		.help = "Processes of each spooler."
	},
	{
		.name = "spooler-frequency", .alias = { "spooler-freq" },
		.group = GROUP_BACKGROUND, .type = OPT_SECONDS,
		AT(spooler_frequency), .initial = 30, .min = 0.1, .max = DAY,
		.help = "How often a spooler looks for tasks that nobody has "
		    "told it of, and how long a task waits until it is tried "
		    "again."
	},
	{
		.name = "spooler-max-tasks",
		.group = GROUP_BACKGROUND, .type = OPT_INT,
		AT(spooler_max_tasks), .max = 1e9, .arg = "N",
		.help = "A spooler process that has run so many tasks leaves, "
		    "and another one is started; 0: no limit."
	},
	{
		.name = "spooler-signal-as-task",
		.group = GROUP_BACKGROUND, .type = OPT_BOOL,
		AT(spooler_signal_as_task), .max = 1,
		.help = "Count the signals that a spooler handles, too, for "
		    "\"spooler-max-tasks\"."
	},
	{
		.name = "spooler-max-tries",
		.group = GROUP_BACKGROUND, .type = OPT_INT,
		AT(spooler_max_tries), .max = 1e6, .arg = "N",
		.help = "A task that has raised, or whose process has died, "
		    "so often is moved to the folder \"failed\" and not tried "
		    "again; 0: no limit."
	},
	{
		.name = "spooler-harakiri",
		.group = GROUP_BACKGROUND, .type = OPT_SECONDS,
		AT(spooler_harakiri), .max = DAY,
		.help = "How long a spooler may work on one task before it is "
		    "killed and started again; 0: no limit."
	},
	{
		.name = "spooler-quiet",
		.group = GROUP_BACKGROUND, .type = OPT_BOOL,
		AT(spooler_quiet), .max = 1,
		.help = "Log nothing about tasks that are done."
	},
	{
		.name = "spooler-ordered",
		.group = GROUP_BACKGROUND, .type = OPT_BOOL,
		AT(spooler_ordered), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "Run tasks in the order of their priorities and "
		    "names. They always are."
	},
	{
		.name = "spooler-chdir",
		.group = GROUP_BACKGROUND, .type = OPT_TEXT,
		AT(spooler_chdir), .arg = "FOLDER",
		.help = "The working folder when a task begins."
	},
	{
		.name = "touch-mules-reload",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(touch_mules_reload), .arg = "FILE",
		.help = "Start the mules anew when this file is touched, or "
		    "made."
	},
	{
		.name = "touch-spoolers-reload",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(touch_spoolers_reload), .arg = "FILE",
		.help = "Start the spoolers anew when this file is touched, "
		    "or made."
	},
	{
		.name = "spooler-import",
		.alias = { "spooler-python-import" },
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(spooler_import), .arg = "MODULE",
		.help = "A Python module, or file, that spoolers import when "
		    "they start. May be given often."
	},
	{
		.name = "spooler-reload-mercy",
		.group = GROUP_BACKGROUND, .type = OPT_SECONDS,
		AT(spooler_reload_mercy), .initial = 60, .max = DAY,
		.help = "How long a spooler that is to leave may go on with "
		    "its task before it is killed."
	},
	{
		.name = "attach-daemon",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(attach_daemon), .arg = "COMMAND",
		.help = "Run this command as long as the server runs. It must "
		    "not go into the background."
	},
	{
		.name = "attach-control-daemon",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(attach_control_daemon), .arg = "COMMAND",
		.help = "The same; the server stops when it ends."
	},
	{
		.name = "smart-attach-daemon",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(smart_attach_daemon), .arg = "PIDFILE[,SECONDS] COMMAND",
		.help = "Run this command, which goes into the background and "
		    "writes a pidfile, unless the one named there runs "
		    "already. It outlives the server."
	},
	{
		.name = "smart-attach-daemon2",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(smart_attach_daemon2), .arg = "PIDFILE[,SECONDS] COMMAND",
		.help = "The same with a command that stays in the foreground "
		    "and writes no pidfile: the server does that."
	},
	{
		.name = "attach-daemon2",
		.group = GROUP_BACKGROUND, .type = OPT_LIST,
		AT(attach_daemon2), .arg = "cmd=COMMAND,KEY=VALUE",
		.help = "All of these, with more to say: pidfile, freq, "
		    "control, daemonize, touch, stopsignal, reloadsignal, "
		    "mercy, stdin, uid, gid, chdir, max_throttle, notifypid."
	},
	{
		.name = "daemons-honour-stdin",
		.group = GROUP_BACKGROUND, .type = OPT_BOOL,
		AT(daemons_honour_stdin), .max = 1,
		.help = "Leave the daemons the server's standard input; else "
		    "it is /dev/null."
	},
	/* websockets */
	{
		.name = "websockets-ping-freq",
		.alias = { "websocket-ping-freq" },
		.group = GROUP_WEBSOCKETS, .type = OPT_SECONDS,
		AT(websockets_ping_freq), .initial = 30, .max = DAY,
		.arg = "SECONDS",
		.help = "Send a ping to a websocket's client from which "
		    "nothing has come for so long. 0: never."
	},
	{
		.name = "websockets-pong-tolerance",
		.alias = { "websocket-pong-tolerance" },
		.group = GROUP_WEBSOCKETS, .type = OPT_SECONDS,
		AT(websockets_pong_tolerance), .initial = 3, .max = DAY,
		.arg = "SECONDS",
		.help = "A client that sends nothing for so long after a ping "
		    "has left. 0: it may take its time."
	},
	{
		.name = "websockets-max-size",
		.alias = { "websocket-max-size" },
		.group = GROUP_WEBSOCKETS, .type = OPT_INT,
		AT(websockets_max_size), .initial = 1024, .min = 1,
		.max = 1048576, .arg = "KIB",
		.help = "The longest message that a websocket's client may "
		    "send, in KiB, decompressed. One that is longer ends the "
		    "websocket with 1009."
	},
	{
		.name = "websockets-send-queue",
		.group = GROUP_WEBSOCKETS, .type = OPT_SIZE,
		AT(websockets_send_queue), .initial = 256 * KIB,
		.max = 1024 * MIB, .arg = "BYTES",
		.help = "With more than this to be sent to a client that is "
		    "slow, websocket_send waits (or raises BlockingIOError "
		    "where it cannot wait), and no more is read from it. "
		    "Nothing taken for write-timeout: it has left."
	},
	{
		.name = "websockets-close-timeout",
		.group = GROUP_WEBSOCKETS, .type = OPT_SECONDS,
		AT(websockets_close_timeout), .initial = 5, .min = 0.01,
		.max = DAY, .arg = "SECONDS",
		.help = "How long a websocket that was closed from here, also "
		    "because the worker leaves, waits for the client's "
		    "goodbye."
	},
	{
		.name = "websockets-deflate",
		.group = GROUP_WEBSOCKETS, .type = OPT_BOOL,
		AT(websockets_deflate), .max = 1,
		.help = "Agree to compressed messages (permessage-deflate) "
		    "with clients that offer it; each is compressed by "
		    "itself, so an open websocket costs no memory for it."
	},
	{
		.name = "websockets-deflate-min",
		.group = GROUP_WEBSOCKETS, .type = OPT_SIZE,
		AT(websockets_deflate_min), .initial = 512,
		.max = 1024 * MIB, .arg = "BYTES",
		.help = "Shorter messages are sent as they are."
	},
	{
		.name = "websockets-harakiri",
		.group = GROUP_WEBSOCKETS, .type = OPT_BOOL,
		AT(websockets_harakiri), .max = 1,
		.help = "Count the time of an open websocket for harakiri, as "
		    "that of any request. Else its limits hold until the "
		    "handshake only; set_user_harakiri holds always."
	},
	/* caches */
	{
		.name = "cache2",
		.group = GROUP_CACHE, .type = OPT_LIST, AT(cache2),
		.flags = OPT_NO_RELOAD, .arg = "name=NAME,items=N,...",
		.help = "A cache in shared memory, for all processes: "
		    "items=N (how many at most), blocksize=SIZE (the longest "
		    "value; 64k), keysize=SIZE (the longest key; 2k), "
		    "blocks=N and bitmap (values may take several blocks), "
		    "lru (when full, what was used longest ago goes), "
		    "clear_on_full, ignore_full (no word in the log), "
		    "hashsize=N, math_initial=N, lastmod, store=FILE and "
		    "store_delete. Without NAME the functions take the first "
		    "one."
	},
	{
		.name = "cache",
		.group = GROUP_CACHE, .type = OPT_SIZE, AT(cache),
		.flags = OPT_NO_RELOAD, .max = 2147483646, .arg = "ITEMS",
		.help = "A cache \"default\" of so many items, before those "
		    "of \"cache2\"."
	},
	{
		.name = "cache-blocksize",
		.group = GROUP_CACHE, .type = OPT_SIZE, AT(cache_blocksize),
		.flags = OPT_NO_RELOAD, .max = 1024 * MIB, .arg = "SIZE",
		.help = "The longest value of \"cache\"; 0: 64k."
	},
	{
		.name = "cache-store",
		.group = GROUP_CACHE, .type = OPT_TEXT, AT(cache_store),
		.flags = OPT_NO_RELOAD, .arg = "FILE",
		.help = "The file of \"cache\", which outlives the server."
	},
	{
		.name = "cache-use-last-modified",
		.group = GROUP_CACHE, .type = OPT_BOOL,
		AT(cache_use_last_modified), .max = 1,
		.flags = OPT_NO_RELOAD,
		.help = "Keep the time of the last write to \"cache\" in the "
		    "statistics."
	},
	{
		.name = "add-cache-item",
		.group = GROUP_CACHE, .type = OPT_LIST, AT(add_cache_item),
		.flags = OPT_NO_RELOAD, .arg = "[CACHE ]KEY=VALUE",
		.help = "Put an item into each cache (or that one) at the "
		    "start, unless it is there."
	},
	{
		.name = "cache-store-sync",
		.group = GROUP_CACHE, .type = OPT_INT, AT(cache_store_sync),
		.max = 2147483647, .flags = OPT_NO_EFFECT, .arg = "N",
		.help = "Write the store every so many master cycles. The "
		    "kernel writes it, and what a process wrote is there also "
		    "when that is killed."
	},
	{
		.name = "cache-no-expire",
		.group = GROUP_CACHE, .type = OPT_BOOL, AT(cache_no_expire),
		.max = 1, .flags = OPT_NO_EFFECT,
		.help = "No thread that sweeps. There is none: expired items "
		    "are gone at once for readers, writers take their room "
		    "back."
	},
	{
		.name = "cache-expire-freq",
		.group = GROUP_CACHE, .type = OPT_INT, AT(cache_expire_freq),
		.max = 2147483647, .flags = OPT_NO_EFFECT, .arg = "SECONDS",
		.help = "How often that thread sweeps. There is none."
	},
	{
		.name = "cache-report-freed-items",
		.group = GROUP_CACHE, .type = OPT_BOOL,
		AT(cache_report_freed_items), .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "Log what that thread frees. There is none; the "
		    "statistics count \"expired\"."
	},
	{
		.name = "cron",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(cron),
		.arg = "\"MIN HOUR DAY MONTH WEEKDAY COMMAND\"",
		.help = "Execute a command when the local time fits: numbers, "
		    "-1 for any, -N for each N-th; week days are 0..7, from "
		    "Sunday to Sunday. By /bin/sh, as the app's user."
	},
	{
		.name = "unique-cron",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(unique_cron),
		.arg = "\"MIN HOUR DAY MONTH WEEKDAY COMMAND\"",
		.help = "The same, but not while it still runs from before."
	},
	{
		.name = "cron2",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(cron2),
		.arg = "\"KEY=VALUE,... COMMAND\"",
		.help = "The same with minute, hour, day, month, week (each "
		    "-1 if not given), unique and harakiri."
	},
	{
		.name = "cron-harakiri",
		.group = GROUP_SIGNALS, .type = OPT_SECONDS,
		AT(cron_harakiri), .max = DAY,
		.help = "How long a command of cron, unique-cron or cron2 may "
		    "run before it is killed. 0 means no limit."
	},

	{
		.name = "signal-timer", .alias = { "timer" },
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(signal_timer),
		.arg = "\"N SECONDS\"",
		.help = "Raise this signal of the app's every so many "
		    "seconds, as add_timer() does."
	},
	{
		.name = "signal-rbtimer", .alias = { "rbtimer" },
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(signal_rbtimer),
		.arg = "\"N SECONDS\"",
		.help = "The same, of uWSGI's other kind of timers."
	},
	{
		.name = "touch-signal",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(touch_signal),
		.arg = "\"FILE N\"",
		.help = "Raise this signal of the app's when the file is "
		    "touched, or made."
	},
	{
		.name = "fs-signal",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(fs_signal),
		.arg = "\"FILE N\"",
		.help = "Raise this signal of the app's when the file, or "
		    "something in the folder, changes, as add_file_monitor() "
		    "does."
	},
	{
		.name = "remote-signals",
		.group = GROUP_SIGNALS, .type = OPT_LIST, AT(remote_signals),
		.arg = "N|N-N",
		.help = "Signals of the app that whoever connects to a uwsgi "
		    "socket may raise here, by signal(n, node) of another "
		    "server: a number or a range, like 17 or 20-29. Without "
		    "it they are refused."
	},

	/* python */
	{
		.name = "locks",
		.group = GROUP_SHARED, .type = OPT_INT, AT(locks),
		.max = 10000, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "Locks for lock(), 1 to N; lock 0 is always there. "
		    "All processes share them, and a lock whose owner dies "
		    "is free."
	},
	{
		.name = "enable-metrics",
		.group = GROUP_SHARED, .type = OPT_BOOL, AT(enable_metrics),
		.max = 1, .flags = OPT_NO_RELOAD,
		.help = "metric_get() and the JSON statistics also know "
		    "uWSGI's own metrics, like worker.1.requests."
	},
	{
		.name = "metric",
		.group = GROUP_SHARED, .type = OPT_LIST, AT(metric),
		.arg = "NAME[,type=TYPE,oid=OID,initial_value=N]",
		.flags = OPT_NO_RELOAD,
		.help = "A metric of the app's, of 64 bits: a counter, a "
		    "gauge, or absolute. It is in the JSON statistics and in "
		    "/metrics."
	},
	{
		.name = "metrics-no-cores",
		.group = GROUP_SHARED, .type = OPT_BOOL,
		AT(metrics_no_cores), .max = 1, .flags = OPT_NO_RELOAD,
		.help = "Leave out those of single cores."
	},
	{
		.name = "queue",
		.group = GROUP_SHARED, .type = OPT_INT, AT(queue),
		.max = 1 << 24, .arg = "N", .flags = OPT_NO_RELOAD,
		.help = "A queue of N messages, which all processes share."
	},
	{
		.name = "queue-blocksize",
		.group = GROUP_SHARED, .type = OPT_SIZE, AT(queue_blocksize),
		.initial = 8192, .min = 32, .max = 1 << 30, .arg = "BYTES",
		.flags = OPT_NO_RELOAD,
		.help = "The room for one message; 16 bytes of it are the "
		    "queue's own."
	},
	{
		.name = "queue-store",
		.group = GROUP_SHARED, .type = OPT_TEXT, AT(queue_store),
		.arg = "FILE", .flags = OPT_NO_RELOAD,
		.help = "Keep the queue in this file, which outlives the "
		    "server. It is made if it is not there."
	},
	{
		.name = "queue-store-sync",
		.group = GROUP_SHARED, .type = OPT_INT, AT(queue_store_sync),
		.max = 86400, .arg = "SECONDS", .flags = OPT_NO_RELOAD,
		.help = "Have the system write it to the disk that often; 0 "
		    "leaves the time to the system."
	},
	{
		.name = "sharedarea", .letter = 'A',
		.group = GROUP_SHARED, .type = OPT_LIST, AT(sharedarea),
		.arg = "PAGES|size=BYTES[,file=PATH|fd=N][,offset=N]",
		.flags = OPT_NO_RELOAD,
		.help = "Raw memory that all processes share; the first one "
		    "given is number 0. With a file it is that file's bytes."
	},
	{
		.name = "py-sharedarea",
		.group = GROUP_SHARED, .type = OPT_LIST, AT(py_sharedarea),
		.arg = "BYTES", .flags = OPT_NO_RELOAD,
		.help = "One more, numbered after those of sharedarea, for "
		    "sharedarea_object()."
	},
	{
		.name = "rpc-max",
		.group = GROUP_RPC, .type = OPT_INT, AT(rpc_max),
		.initial = 64, .min = 1, .max = 65535, .arg = "N",
		.help = "So many functions may be registered by "
		    "register_rpc()."
	},
	{
		.name = "rpc-timeout",
		.group = GROUP_RPC, .type = OPT_SECONDS, AT(rpc_timeout),
		.initial = 4, .min = 0.001, .max = DAY,
		.help = "How long rpc() takes to have a function of another "
		    "server called, from connecting to the answer's last "
		    "byte; then it gives None. Also of signal() to one."
	},
	{
		.name = "module", .alias = { "wsgi" }, .letter = 'w',
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(module),
		.arg = "MODULE[:CALLABLE]",
		.help = "The Python module with the app."
	},
	{
		.name = "wsgi-file", .alias = { "file" },
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(wsgi_file),
		.arg = "PATH",
		.help = "The Python file with the app."
	},
	{
		.name = "callable",
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(callable),
		.initial_text = "application", .arg = "NAME",
		.help = "The name of the app in its module or file."
	},
	{
		.name = "import",
		.alias = { "python-import", "pyimport", "py-import" },
		.group = GROUP_PYTHON, .type = OPT_LIST, AT(import),
		.form = FORM_NOT_EMPTY, .arg = "NAME",
		.help = "Import this module, or run this file (with a slash, "
		    "or .py at its end), before the apps are loaded: what "
		    "registers functions, timers or signals and is no app. "
		    "Every process has it. The server does not start if it "
		    "cannot be imported."
	},
	{
		.name = "shared-import",
		.alias = { "shared-pyimport", "shared-py-import" },
		.group = GROUP_PYTHON, .type = OPT_LIST, AT(shared_import),
		.form = FORM_NOT_EMPTY, .arg = "NAME",
		.help = "The same as import, and before it."
	},
	{
		.name = "mount",
		.group = GROUP_PYTHON, .type = OPT_LIST, AT(mount),
		.form = FORM_MOUNT, .arg = "/PREFIX=APP",
		.help = "Serve the paths under a prefix with an app of their "
		    "own, module:callable or file.py[:callable]; the longest "
		    "prefix wins."
	},
	{
		.name = "home", .alias = { "virtualenv", "venv", "pyhome" },
		.letter = 'H',
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(home),
		.arg = "PATH",
		.help = "The virtual environment (or Python installation) to "
		    "run in."
	},
	{
		.name = "pythonpath", .alias = { "pp" },
		.group = GROUP_PYTHON, .type = OPT_LIST, AT(pythonpath),
		.arg = "PATH",
		.help = "Put this folder in front of sys.path."
	},
	{
		.name = "chdir",
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(chdir),
		.arg = "PATH",
		.help = "Change to this folder before the app is loaded."
	},
	{
		.name = "env",
		.group = GROUP_PYTHON, .type = OPT_LIST, AT(env),
		.form = FORM_PAIR, .arg = "NAME=VALUE", .flags = OPT_SECRET,
		.help = "Set an environment variable for the app."
	},
	{
		.name = "pyargv",
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(pyargv),
		.form = FORM_ANY, .arg = "TEXT", .flags = OPT_SECRET,
		.help = "The app's sys.argv after its first item, separated by "
		    "spaces."
	},
	{
		.name = "mode",
		.group = GROUP_PYTHON, .type = OPT_TEXT, AT(mode),
		.arg = "TEXT",
		.help = "A text for the app, which finds it as uwsgi.mode."
	},
	{
		.name = "py-autoreload", .alias = { "py-auto-reload" },
		.group = GROUP_PYTHON, .type = OPT_SECONDS, AT(py_autoreload),
		.max = 3600,
		.help = "For development: look so often whether the file of a "
		    "loaded module has changed, and reload then; 0: never."
	},
	{
		.name = "catch-exceptions",
		.group = GROUP_PYTHON, .type = OPT_BOOL, AT(catch_exceptions),
		.max = 1,
		.help = "Send the traceback of an exception to the client, "
		    "for development."
	},

	/* logging */
	{
		.name = "disable-logging", .letter = 'L',
		.group = GROUP_LOGGING, .type = OPT_BOOL, AT(disable_logging),
		.max = 1,
		.help = "Write no access log; errors are still logged."
	},
	{
		.name = "log-4xx",
		.group = GROUP_LOGGING, .type = OPT_BOOL, AT(log_4xx),
		.max = 1,
		.help = "With disable-logging: still log requests that are "
		    "answered with a status of 400 to 499."
	},
	{
		.name = "log-5xx",
		.group = GROUP_LOGGING, .type = OPT_BOOL, AT(log_5xx),
		.max = 1,
		.help = "The same for 500 to 599."
	},
	{
		.name = "log-slow",
		.group = GROUP_LOGGING, .type = OPT_INT, AT(log_slow),
		.max = 86400000, .arg = "MS",
		.help = "The same for requests that take so many milliseconds "
		    "or more; 0 means none."
	},
	{
		.name = "alarm",
		.group = GROUP_LOGGING, .type = OPT_LIST, AT(alarm),
		.form = FORM_NOT_EMPTY, .arg = "NAME WHAT",
		.help = "What uwsgi.alarm(NAME, message) does: \"log:\" "
		    "writes a record, \"cmd:COMMAND\" has sh run the command, "
		    "which reads the message. Several of one name are all "
		    "raised."
	},
	{
		.name = "alarm-freq",
		.group = GROUP_LOGGING, .type = OPT_SECONDS, AT(alarm_freq),
		.initial = 3, .max = DAY,
		.help = "An alarm with the same message as its last one is "
		    "not raised again so soon."
	},
	{
		.name = "log-format", .alias = { "logformat" },
		.group = GROUP_LOGGING, .type = OPT_TEXT, AT(log_format),
		.arg = "TEXT",
		.help = "The access line, with variables like %(method), "
		    "%(uri), %(status), %(msecs) and %(request_id). Not with "
		    "log-encoder json."
	},
	{
		.name = "log-encoder",
		.group = GROUP_LOGGING, .type = OPT_CHOICE, AT(log_encoder),
		.initial = LOG_ENCODER_TEXT, .choices = encoder_choices,
		.arg = "FORM",
		.help = "How a log record is written; always one a line."
	},
	{
		.name = "logto",
		.group = GROUP_LOGGING, .type = OPT_TEXT, AT(logto),
		.arg = "PATH", .flags = OPT_NO_RELOAD,
		.help = "Write the log, and what the app prints, to this file "
		    "instead of standard error; - is standard output, and "
		    "so are /dev/stdout and /dev/stderr what they are called."
	},
	{
		.name = "logger",
		.group = GROUP_LOGGING, .type = OPT_TEXT, AT(logger),
		.arg = "WHERE", .flags = OPT_NO_RELOAD,
		.help = "Where the server's own log goes: stderr, stdout, "
		    "file:/path, syslog[:ident[,facility]] or "
		    "systemd[:ident]."
	},
	{
		.name = "req-logger",
		.group = GROUP_LOGGING, .type = OPT_TEXT, AT(req_logger),
		.arg = "WHERE", .flags = OPT_NO_RELOAD,
		.help = "Where the access log goes, if not to the same place; "
		    "like logger."
	},
	{
		.name = "log-level",
		.group = GROUP_LOGGING, .type = OPT_CHOICE, AT(log_level),
		.initial = LOG_LEVEL_INFO, .choices = level_choices,
		.arg = "LEVEL",
		.help = "The least severe records that are written."
	},

	/* stats */
	{
		.name = "stats",
		.group = GROUP_STATS, .type = OPT_TEXT, AT(stats),
		.arg = "ADDRESS", .flags = OPT_NO_RELOAD,
		.help = "Answer on this address (host:port, :port or the path "
		    "of a unix socket): who sends nothing gets the server's "
		    "state as JSON, who speaks HTTP /stats, /metrics, "
		    "/livez and /readyz."
	},
	{
		.name = "stats-http",
		.group = GROUP_STATS, .type = OPT_BOOL, AT(stats_http),
		.max = 1,
		.help = "Speak nothing but HTTP there: then an HTTP client may "
		    "take its time to send its request."
	},
	{
		.name = "stats-minified", .alias = { "stats-min" },
		.group = GROUP_STATS, .type = OPT_BOOL, AT(stats_minified),
		.max = 1,
		.help = "Write the JSON without white space."
	},
	{
		.name = "stats-no-cores",
		.group = GROUP_STATS, .type = OPT_BOOL, AT(stats_no_cores),
		.max = 1,
		.help = "Leave the cores of the workers out of the JSON."
	},
	{
		.name = "stats-no-metrics",
		.group = GROUP_STATS, .type = OPT_BOOL, AT(stats_no_metrics),
		.max = 1,
		.help = "Leave the metrics out of the JSON."
	},
	{
		.name = "stats-page",
		.group = GROUP_STATS, .type = OPT_BOOL, AT(stats_page),
		.max = 1,
		.help = "Show browsers a live page at / of the stats socket: "
		    "workers, requests under way, and their Python stacks on "
		    "click."
	},
	{
		.name = "stats-host",
		.group = GROUP_STATS, .type = OPT_LIST, AT(stats_host),
		.arg = "NAME",
		.help = "A name by which browsers and tools may ask this "
		    "server for its state over HTTP, besides IP addresses, "
		    "localhost and this machine's own name."
	},
	{
		.name = "control-socket",
		.group = GROUP_STATS, .type = OPT_TEXT, AT(control_socket),
		.arg = "PATH", .flags = OPT_NO_RELOAD,
		.help = "Obey wsgimaster ctl on this unix socket. Only the "
		    "server's own user and root may use it; its mode is 0600 "
		    "always."
	},

	/* compatibility */
	{
		.name = "http-websockets", .alias = { "http-raw-body" },
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(http_websockets), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "Websockets can always be asked for."
	},
	{
		.name = "enable-threads", .letter = 'T',
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(enable_threads), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "Python threads can always be used."
	},
	{
		.name = "die-on-term",
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(die_on_term), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "TERM always stops the server."
	},
	{
		.name = "single-interpreter", .letter = 'i',
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(single_interpreter), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "A worker always has one Python interpreter."
	},
	{
		.name = "thunder-lock",
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(thunder_lock), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "No lock is needed around accepting connections."
	},
	{
		.name = "manage-script-name",
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(manage_script_name), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "SCRIPT_NAME is always set from the mount's prefix."
	},
	{
		.name = "strict",
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL, AT(strict),
		.initial = 1, .max = 1, .flags = OPT_NO_EFFECT,
		.help = "An unknown option is always an error."
	},
	{
		.name = "auto-procname",
		.group = GROUP_COMPATIBILITY, .type = OPT_BOOL,
		AT(auto_procname), .initial = 1, .max = 1,
		.flags = OPT_NO_EFFECT,
		.help = "How processes are named is not up to the "
		    "configuration."
	},

	/* command line only */
	{
		.name = "config", .alias = { "json" }, .letter = 'c',
		.group = GROUP_COMMAND, .type = OPT_FILES, AT(config),
		.arg = "FILE",
		.help = "Read options from a JSON file; so does -j, and an "
		    "argument that ends in .json."
	},
	{
		.name = "check",
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_CHECK,
		.help = "Check the configuration, start nothing."
	},
	{
		.name = "print-config",
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_PRINT,
		.help = "Print the whole configuration, defaults included, as "
		    "JSON."
	},
	{
		.name = "json-schema",
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_SCHEMA,
		.help = "Print the JSON Schema of configuration files."
	},
	{
		.name = "options-markdown",
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_MARKDOWN,
		.help = "Print the manual of all options as Markdown."
	},
	{
		.name = "version", .letter = 'V',
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_VERSION,
		.help = "Print the version of the server and of its parts."
	},
	{
		.name = "help", .letter = 'h',
		.group = GROUP_COMMAND, .type = OPT_ACTION,
		.initial = CONFIG_HELP,
		.help = "Print this."
	},
};

const size_t option_count = sizeof option_table / sizeof option_table[0];

/* Does a row go by this name? */
static bool
option_has_name(const struct option_row *row, const char *name)
{
	int i;

	if (strcmp(row->name, name) == 0)
		return true;
	for (i = 0; i < OPTION_ALIASES && row->alias[i] != NULL; i++) {
		if (strcmp(row->alias[i], name) == 0)
			return true;
	}
	return false;
}

/* Finds the row of a name or alias. */
const struct option_row *
option_find(const char *name)
{
	size_t i;

	for (i = 0; i < option_count; i++) {
		if (option_has_name(&option_table[i], name))
			return &option_table[i];
	}
	return NULL;
}

/* Finds the row of a one-letter option; -j is uWSGI's letter for JSON. */
const struct option_row *
option_find_letter(char letter)
{
	size_t i;

	if (letter == 'j')
		letter = 'c';
	for (i = 0; i < option_count; i++) {
		if (letter != '\0' && option_table[i].letter == letter)
			return &option_table[i];
	}
	return NULL;
}

/* A row's place in the table. */
size_t
option_index(const struct option_row *row)
{
	return row - option_table;
}

/* May the option stand in a JSON file? */
bool
option_in_files(const struct option_row *row)
{
	return row->type != OPT_FILES && row->type != OPT_ACTION;
}

/* Is part one of the words, joined by '-', of name? */
static bool
option_has_word(const char *name, const char *part)
{
	size_t len = strlen(part);
	const char *at;

	for (at = name; (at = strstr(at, part)) != NULL; at++) {
		if ((at == name || at[-1] == '-') &&
		    (at[len] == '\0' || at[len] == '-'))
			return true;
	}
	return false;
}

/* Is it the same but for a digit at its end? */
static bool
option_is_numbered(const char *option, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(option, name, len) == 0 && option[len] >= '0' &&
	    option[len] <= '9' && option[len + 1] == '\0';
}

/* Finds the known name nearest to an unknown one. */
const char *
option_suggest(const char *name, bool files)
{
	struct nearest near;
	const char *word = NULL;
	size_t i, a;

	if (!nearest_begin(&near, name))
		return NULL;
	for (i = 0; i < option_count; i++) {
		if (files && !option_in_files(&option_table[i]))
			continue;
		nearest_try(&near, option_table[i].name);
		for (a = 0; a < OPTION_ALIASES &&
		    option_table[i].alias[a] != NULL; a++)
			nearest_try(&near, option_table[i].alias[a]);
		if (word == NULL && option_has_word(option_table[i].name, name))
			word = option_table[i].name;
	}
	/*
	 * "gone" is rather a word of "client-gone" than a misspelt "home", and
	 * "http" (uWSGI's) one of "http-socket" than "http2".
	 */
	return word == NULL || (near.distance == 1 &&
	    !option_is_numbered(near.best, name)) ? near.best : word;
}
