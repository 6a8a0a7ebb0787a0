/* The configuration: one member per option, how it is loaded and reloaded. */
#ifndef WM_CONFIG_CONFIG_H
#define WM_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/strlist.h"

enum log_encoder {
	LOG_ENCODER_TEXT,
	LOG_ENCODER_JSON
};

/* When a request learns that its client has left. */
enum client_gone {
	CLIENT_GONE_IGNORE,	/* not at all */
	CLIENT_GONE_RESET,	/* when the connection is no more */
	CLIENT_GONE_CLOSE	/* also when the client has closed its side */
};

/* Which fields of a trusted proxy's say who its client is. */
enum forwarded_fields {
	FORWARDED_FIELDS_X,		/* X-Forwarded-For and its kin */
	FORWARDED_FIELDS_RFC7239,	/* Forwarded */
	FORWARDED_FIELDS_OFF		/* none; the app reads them itself */
};

/* How the number of workers follows the load (master/scale.h). */
enum scale_algo {
	SCALE_SPARE,
	SCALE_SPARE2,
	SCALE_BUSYNESS,
	SCALE_MANUAL
};

/* What the command line asks for. */
enum config_action {
	CONFIG_RUN,
	CONFIG_CHECK,
	CONFIG_PRINT,
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_SCHEMA,
	CONFIG_MARKDOWN
};

/*
 * Every option's value, under the option's name with '-' turned into '_'. What
 * each means, its default and its limits are in option_table.c (or --help);
 * after config_load all values are within those limits. Text that was not
 * given is NULL. Times are seconds, sizes are bytes. The struct owns what it
 * points to, and nobody but config/ writes to it.
 */
struct config {
	/* processes */
	int		 processes;
	bool		 master;		/* always true */
	bool		 lazy_apps;
	bool		 need_app;
	double		 worker_reload_mercy;
	double		 start_timeout;
	double		 respawn_delay_max;
	double		 loop_lag_warn;		/* 0: not */
	double		 worker_timeout;	/* 0: none */
	bool		 worker_timeout_stopped;
	int		 max_fd;		/* 0: leave it as it is */
	char		*pidfile;
	double		 drain_delay;		/* 0: stop at once */
	double		 drain_idle;

	/* recycling; 0: no such limit */
	int		 max_requests;
	int		 max_requests_delta;
	double		 max_worker_lifetime;
	double		 max_worker_lifetime_delta;
	double		 min_worker_lifetime;
	int		 reload_on_rss;		/* these 4: MiB */
	int		 reload_on_as;
	int		 reload_on_uss;
	int		 reload_on_pss;

	/* what asks for a reload */
	struct strlist	 touch_mules_reload;
	struct strlist	 touch_spoolers_reload;
	struct strlist	 touch_reload;
	double		 py_autoreload;		/* 0: nobody looks */

	/* autoscale */
	int		 cheaper;		/* 0: no autoscale */
	int		 cheaper_initial;	/* 0: as many as cheaper */
	int		 cheaper_step;
	int		 cheaper_algo;		/* enum scale_algo */
	double		 cheaper_overload;
	double		 cheaper_idle;
	int		 cheaper_busyness_max;	/* per cent */
	int		 cheaper_busyness_min;
	int		 cheaper_busyness_multiplier;
	int		 cheaper_busyness_penalty;
	bool		 cheaper_busyness_verbose;
	int		 cheaper_busyness_backlog_alert;
	int		 cheaper_busyness_backlog_multiplier;
	int		 cheaper_busyness_backlog_step;
	double		 cheaper_busyness_backlog_nonzero;

	/* sockets */
	struct strlist	 http_socket;
	struct strlist	 uwsgi_socket;
	struct strlist	 fastcgi_socket;
	struct strlist	 scgi_socket;
	struct strlist	 https_socket;		/* see tls_socket.h */
	int		 listen;
	bool		 reuse_port;
	char		*chmod_socket;		/* checked: octal, up to 777 */
	char		*chown_socket;		/* "user" or "user:group" */
	bool		 vacuum;

	/* behind proxies */
	bool		 proxy_protocol;
	struct strlist	 trusted_proxies;	/* checked: base/netmask.h */
	int		 forwarded;		/* enum forwarded_fields */
	bool		 forwarded_host;
	/* tls; see tls_socket.h */
	struct strlist	 tls_certificate;	/* "cert.pem[,key.pem]" */
	char		*tls_client_ca;
	int		 tls_verify;		/* enum tls_verify */
	struct strlist	 tls_protocols;		/* checked; tls_protocols() */
	char		*tls_ciphers;
	char		*tls_ciphersuites;
	double		 tls_session_timeout;	/* 0: no resumption */

	/* privileges; see identity.h */
	char		*uid;
	char		*gid;
	struct strlist	 add_gid;
	bool		 allow_root;
	char		*chroot;
	char		*umask;			/* checked: octal, up to 777 */
	bool		 no_new_privileges;
	struct strlist	 landlock_read;
	struct strlist	 landlock_write;
	int		 limit_as;		/* MiB; 0: not given */
	int		 limit_nproc;		/* 0: not given */
	int		 limit_core;		/* MiB; -1: not given */

	/* cores; see config_cores and config_queue_size */
	int		 async;
	bool		 greenlet;
	int		 asyncio;		/* > 0: the loop engine */
	int		 tornado;
	int		 gevent;
	bool		 asyncio_expose_loop;
	bool		 gevent_monkey_patch;
	bool		 gevent_early_monkey_patch;
	bool		 gevent_wait_for_hub;
	int		 threads;		/* > 1: cores are threads */
	int		 thread_stacksize;	/* KiB; 0: the system's */
	bool		 ugreen;
	int		 queue_size;		/* 0: as many as cores */
	double		 queue_timeout;
	double		 harakiri;		/* 0: no limit */
	struct strlist	 harakiri_path;		/* "/prefix=seconds", checked */
	double		 harakiri_graceful_timeout;
	bool		 harakiri_verbose;

	/* http */
	size_t		 limit_request_line;
	int		 limit_request_fields;
	size_t		 buffer_size;		/* of a whole request head */
	size_t		 limit_post;		/* 0: no limit */
	size_t		 post_buffering;	/* 0: bodies are streamed */
	double		 socket_timeout;	/* 0: not given; only config/ */
						/* needs it, see the next 3 */
	double		 header_timeout;
	double		 body_timeout;
	double		 write_timeout;
	size_t		 client_min_rate; /* bytes a second; 0: none */
	double		 keepalive_timeout;	/* 0: no keep-alive */
	int		 keepalive_requests;	/* 0: no limit */
	bool		 http2;			/* offered by ALPN */
	bool		 http2_cleartext;	/* with prior knowledge */
	int		 http2_max_concurrent_streams;
	int		 client_gone;		/* enum client_gone */

	double		 websockets_ping_freq;
	double		 websockets_pong_tolerance;
	double		 websockets_close_timeout;
	int		 websockets_max_size;	/* KiB */
	size_t		 websockets_send_queue;
	bool		 websockets_deflate;
	size_t		 websockets_deflate_min;
	bool		 websockets_harakiri;
	bool		 http_websockets;
	char		*request_id_header;	/* a name, or "": none */
	bool		 request_id_response;

	/* static files; see static_rule.h */
	struct strlist	 static_map;		/* "/prefix=folder", checked */
	struct strlist	 static_map2;		/* the same */
	struct strlist	 check_static;
	struct strlist	 static_index;
	struct strlist	 static_safe;
	struct strlist	 static_skip_ext;
	struct strlist	 static_gzip;		/* patterns */
	struct strlist	 static_gzip_ext;
	bool		 static_gzip_all;
	struct strlist	 static_expires_type;	/* "type=seconds", checked */
	struct strlist	 static_expires_type_mtime;
	struct strlist	 static_expires;	/* "pattern seconds" */
	struct strlist	 static_expires_mtime;
	struct strlist	 static_expires_uri;
	struct strlist	 static_expires_uri_mtime;
	struct strlist	 static_expires_path_info;
	struct strlist	 static_expires_path_info_mtime;
	struct strlist	 mimefile;
	bool		 honour_range;		/* always true */
	/* cgi */
	struct strlist	 cgi;			/* "[/prefix=]path" */
	struct strlist	 cgi_helper;		/* ".ext=command", checked */
	bool		 cgi_from_docroot;
	size_t		 cgi_buffer_size;
	double		 cgi_timeout;
	struct strlist	 cgi_index;
	struct strlist	 cgi_allowed_ext;
	struct strlist	 cgi_unset;
	bool		 cgi_path_info;		/* true: none */
	bool		 cgi_do_not_kill_on_error;
	int		 cgi_async_max_attempts;	/* seconds */
	bool		 cgi_close_stdin_on_eof;	/* always true */
	struct strlist	 cgi_safe;
	bool		 cgi_dontresolve;
	bool		 cgi_optimize;		/* always true */
	struct strlist	 cgi_loadlib;		/* always empty */

	/* mules, spoolers; see mule_rule.h */
	struct strlist	 mule;			/* scripts; "true": none */
	int		 mules;			/* more without a script */
	struct strlist	 farm;			/* "name:1,2", checked */
	double		 mule_reload_mercy;
	double		 mule_harakiri;		/* 0: no limit */
	size_t		 mule_msg_size;		/* of a queue, 0: system's */
	size_t		 mule_msg_recv_size;
	struct strlist	 spooler;
	struct strlist	 spooler_external;
	int		 spooler_processes;	/* of each */
	double		 spooler_frequency;
	int		 spooler_max_tasks;	/* 0: no limit */
	int		 spooler_max_tries;	/* 0: no limit */
	double		 spooler_harakiri;	/* 0: no limit */
	bool		 spooler_signal_as_task;
	bool		 spooler_quiet;
	bool		 spooler_ordered;	/* always true */
	char		*spooler_chdir;
	struct strlist	 spooler_import;
	double		 spooler_reload_mercy;
	/* shared; see shared_rule.h */
	int		 locks;			/* beside lock 0 */
	bool		 enable_metrics;
	struct strlist	 metric;		/* checked */
	bool		 metrics_no_cores;
	int		 queue;			/* messages; 0: none */
	size_t		 queue_blocksize;
	char		*queue_store;
	int		 queue_store_sync;	/* 0: not */
	struct strlist	 sharedarea;		/* checked */
	struct strlist	 py_sharedarea;		/* checked: bytes */
	/* alarms */
	struct strlist	 alarm;			/* alarm_rule.h, checked */
	double		 alarm_freq;		/* seconds */

	/* rpc */
	int		 rpc_max;		/* functions in a process */
	double		 rpc_timeout;		/* seconds of a whole call */

	/* daemons; see daemon_rule.h */
	struct strlist	 attach_daemon;
	struct strlist	 attach_control_daemon;
	struct strlist	 smart_attach_daemon;
	struct strlist	 smart_attach_daemon2;
	struct strlist	 attach_daemon2;
	bool		 daemons_honour_stdin;
	/* caches; see cache_rule.h */
	struct strlist	 cache2;		/* checked */
	size_t		 cache;			/* items; 0: none */
	size_t		 cache_blocksize;	/* 0: not given */
	char		*cache_store;
	int		 cache_store_sync;	/* the kernel does that */
	bool		 cache_no_expire;
	int		 cache_expire_freq;
	bool		 cache_report_freed_items;
	bool		 cache_use_last_modified;
	struct strlist	 add_cache_item;	/* "[CACHE ]KEY=VALUE" */

	/* signals of the app; see signal_rule.h */
	struct strlist	 remote_signals;	/* checked */
	struct strlist	 signal_timer;		/* checked */
	struct strlist	 signal_rbtimer;	/* checked */
	struct strlist	 touch_signal;		/* checked */
	struct strlist	 fs_signal;		/* checked */

	/* commands at times; see cron_rule.h */
	struct strlist	 cron;
	struct strlist	 unique_cron;
	struct strlist	 cron2;
	double		 cron_harakiri;		/* 0: none */

	/* python */
	struct strlist	 import;		/* modules and files */
	struct strlist	 shared_import;		/* before these */
	char		*mode;			/* uwsgi.mode, or NULL */
	char		*module;		/* "mod" or "mod:callable" */
	char		*wsgi_file;
	char		*callable;		/* never NULL */
	struct strlist	 mount;			/* "/prefix=what", checked */
	char		*home;
	struct strlist	 pythonpath;
	char		*chdir;
	struct strlist	 env;			/* "KEY=value", checked */
	char		*pyargv;
	bool		 catch_exceptions;

	/* logging */
	bool		 disable_logging;
	bool		 log_4xx;		/* in spite of that */
	bool		 log_5xx;
	int		 log_slow;		/* ms; 0: not */
	char		*log_format;		/* checked */
	int		 log_encoder;		/* enum log_encoder */
	char		*logto;
	char		*logger;		/* checked: base/log_place.h */
	char		*req_logger;
	int		 log_level;		/* of base/log.h */

	/* stats */
	char		*stats;
	char		*control_socket;	/* checked: a unix socket */
	bool		 stats_http;
	bool		 stats_minified;
	bool		 stats_no_cores;
	bool		 stats_no_metrics;
	bool		 stats_page;
	struct strlist	 stats_host;

	/* compatibility: read, and nothing comes of them */
	bool		 enable_threads;
	bool		 die_on_term;
	bool		 single_interpreter;
	bool		 thunder_lock;
	bool		 manage_script_name;
	bool		 strict;
	bool		 auto_procname;

	/* command line only */
	struct strlist	 config;		/* the JSON files, in order */

	/* Not options. */
	int		 processes_at_start;	/* never above it on reload */
	char		*socket_owner;		/* of unix sockets, or NULL */
	uid_t		 app_uid;		/* who the app runs as */
	gid_t		 app_gid;
	gid_t		*app_groups;
	size_t		 app_ngroups;
	bool		 app_changes;		/* not what this process is */
	struct strlist	 warnings;		/* for the caller to log */
	char		**origin;		/* private: who set option i */
};

/*
 * Reads the command line and the JSON files it names, checks everything and
 * fills cfg, whose old content does not matter. What the command line says
 * wins over the files, a later file over an earlier one; lists are joined,
 * files first. Returns 0, or -1 with *cause (one problem a line, no newline at
 * the end; the caller frees it). After success and failure alike config_done
 * may be called. What depends on who calls (root or not) is an error with
 * CONFIG_RUN and a warning with CONFIG_CHECK. With an action that needs no
 * configuration (help, version, schema, markdown) cfg holds the defaults.
 */
int	 config_load(struct config *cfg, int argc, char **argv,
	    enum config_action *action, char **cause);

/*
 * Carries out an action other than CONFIG_RUN: prints to standard output.
 * Returns the exit status.
 */
int	 config_run_action(const struct config *cfg, enum config_action action);

/*
 * Reads the same sources again into fresh. An option that may not change while
 * the server runs keeps its value of old (processes: its value at start is the
 * most), and a warning in fresh->warnings says so. Returns and fails like
 * config_load; old is left alone and stays the caller's.
 */
int	 config_reload(struct config *fresh, const struct config *old,
	    int argc, char **argv, char **cause);

/* Frees what cfg owns; harmless on one that is all zero or done already. */
void	 config_done(struct config *cfg);

/* Is there an app to be loaded, or something to be imported? */
bool	 config_has_app(const struct config *cfg);
/* Is there an app, or an engine, or nothing else, that needs Python? */
bool	 config_needs_python(const struct config *cfg);
/* How many requests a worker handles at the same time, at least 1. */
int	 config_cores(const struct config *cfg);
/* How many requests of a worker may wait for a core, at least 1. */
int	 config_queue_size(const struct config *cfg);

#endif
