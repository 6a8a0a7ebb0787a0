# Unit tests, one program a module, with test/unit/unit.h. To add one:
#	unit_tests += test/unit/test_x
#	test_unit_test_x_SOURCES = test/unit/test_x.c $(unit_main)
unit_tests += test/unit/test_config
test_unit_test_config_SOURCES = test/unit/test_config.c $(unit_main)

unit_tests += \
	test/unit/test_http_chunked \
	test/unit/test_http_parse \
	test/unit/test_http_scan \
	test/unit/test_http_url
test_unit_test_http_chunked_SOURCES = \
	test/unit/test_http_chunked.c $(unit_main)
test_unit_test_http_parse_SOURCES = \
	test/unit/test_http_parse.c test/unit/http_text.c \
	test/unit/http_text.h $(unit_main)
test_unit_test_http_scan_SOURCES = test/unit/test_http_scan.c $(unit_main)
test_unit_test_http_url_SOURCES = test/unit/test_http_url.c $(unit_main)

unit_tests += test/unit/test_head_check
test_unit_test_head_check_SOURCES = \
	test/unit/test_head_check.c $(unit_main)

unit_tests += test/unit/test_cache test/unit/test_cache_death
test_unit_test_cache_SOURCES = test/unit/test_cache.c \
	test/unit/cache_whole.c test/unit/cache_whole.h $(unit_main)
# This one includes the cache's sources, with a hook at each store.
test_unit_test_cache_death_SOURCES = test/unit/test_cache_death.c \
	test/unit/cache_whole.c test/unit/cache_whole.h $(unit_main)

unit_tests += test/unit/test_fd test/unit/test_json_check
test_unit_test_json_check_SOURCES = test/unit/test_json_check.c $(unit_main)
test_unit_test_fd_SOURCES = test/unit/test_fd.c $(unit_main)

unit_tests += test/unit/test_clock test/unit/test_ctl_show
test_unit_test_clock_SOURCES = test/unit/test_clock.c $(unit_main)
test_unit_test_ctl_show_SOURCES = test/unit/test_ctl_show.c $(unit_main)

unit_tests += test/unit/test_pool test/unit/test_strbuf test/unit/test_uuid
test_unit_test_uuid_SOURCES = test/unit/test_uuid.c $(unit_main)
test_unit_test_pool_SOURCES = test/unit/test_pool.c $(unit_main)
test_unit_test_strbuf_SOURCES = test/unit/test_strbuf.c $(unit_main)

# A worker in the test's own process, with a handler in C.
unit_rig = test/unit/rig.c test/unit/rig.h
unit_tests += test/unit/test_conn test/unit/test_conn_peer
unit_tests += test/unit/test_accept_share
test_unit_test_accept_share_SOURCES = \
	test/unit/test_accept_share.c $(unit_main)
test_unit_test_conn_peer_SOURCES = test/unit/test_conn_peer.c $(unit_main)
test_unit_test_conn_SOURCES = test/unit/test_conn.c $(unit_rig) $(unit_main)

unit_tests += \
	test/unit/test_address \
	test/unit/test_backoff \
	test/unit/test_handover \
	test/unit/test_reaped \
	test/unit/test_scoreboard
test_unit_test_address_SOURCES = test/unit/test_address.c $(unit_main)
test_unit_test_backoff_SOURCES = test/unit/test_backoff.c $(unit_main)
test_unit_test_handover_SOURCES = test/unit/test_handover.c $(unit_main)
test_unit_test_reaped_SOURCES = test/unit/test_reaped.c $(unit_main)
test_unit_test_scoreboard_SOURCES = test/unit/test_scoreboard.c $(unit_main)
unit_tests += test/unit/test_json_out test/unit/test_latency
test_unit_test_json_out_SOURCES = test/unit/test_json_out.c $(unit_main)
test_unit_test_latency_SOURCES = test/unit/test_latency.c $(unit_main)
unit_tests += test/unit/test_stats_http
test_unit_test_stats_http_SOURCES = test/unit/test_stats_http.c $(unit_main)
unit_tests += test/unit/test_cron_times
test_unit_test_cron_times_SOURCES = \
	test/unit/test_cron_times.c $(unit_main)
unit_tests += test/unit/test_job test/unit/test_lookup
test_unit_test_job_SOURCES = test/unit/test_job.c $(unit_rig) $(unit_main)
test_unit_test_lookup_SOURCES = \
	test/unit/test_lookup.c $(unit_rig) $(unit_main)
unit_tests += test/unit/test_body test/unit/test_response test/unit/test_wait
test_unit_test_body_SOURCES = test/unit/test_body.c $(unit_rig) $(unit_main)
test_unit_test_response_SOURCES = \
	test/unit/test_response.c $(unit_rig) $(unit_main)
test_unit_test_wait_SOURCES = test/unit/test_wait.c $(unit_rig) $(unit_main)
unit_tests += test/unit/test_doorbell
test_unit_test_doorbell_SOURCES = \
	test/unit/test_doorbell.c $(unit_rig) $(unit_main)

unit_tests += test/unit/test_harakiri
test_unit_test_harakiri_SOURCES = \
	test/unit/test_harakiri.c $(unit_rig) $(unit_main)
unit_tests += test/unit/test_patience
test_unit_test_patience_SOURCES = test/unit/test_patience.c $(unit_main)
unit_tests += test/unit/test_core
test_unit_test_core_SOURCES = test/unit/test_core.c $(unit_rig) $(unit_main)

# Also built with -fsanitize=thread, by scripts/tsan.
unit_tests += test/unit/test_threads
test_unit_test_threads_SOURCES = \
	test/unit/test_threads.c $(unit_rig) $(unit_main)
# This one, too.
unit_tests += test/unit/test_watchdog
test_unit_test_watchdog_SOURCES = \
	test/unit/test_watchdog.c $(unit_rig) $(unit_main)

unit_tests += test/unit/test_children test/unit/test_stacks
test_unit_test_children_SOURCES = test/unit/test_children.c $(unit_main)
test_unit_test_stacks_SOURCES = test/unit/test_stacks.c $(unit_main)

unit_tests += test/unit/test_request_id
test_unit_test_request_id_SOURCES = \
	test/unit/test_request_id.c $(unit_main)

unit_tests += test/unit/test_scale
test_unit_test_scale_SOURCES = test/unit/test_scale.c $(unit_main)
unit_tests += test/unit/test_recycle test/unit/test_farewell
test_unit_test_recycle_SOURCES = test/unit/test_recycle.c $(unit_main)
test_unit_test_farewell_SOURCES = test/unit/test_farewell.c $(unit_main)
unit_tests += test/unit/test_log_format test/unit/test_log_sink
test_unit_test_log_format_SOURCES = test/unit/test_log_format.c $(unit_main)
test_unit_test_log_sink_SOURCES = test/unit/test_log_sink.c $(unit_main)

if WM_HAVE_WEBSOCKETS
unit_tests += test/unit/test_websocket
test_unit_test_websocket_SOURCES = test/unit/test_websocket.c $(unit_main)
endif
if WM_HAVE_HTTP2
unit_tests += test/unit/test_http2
test_unit_test_http2_SOURCES = test/unit/test_http2.c $(unit_main)
endif
unit_tests += \
	test/unit/test_answer \
	test/unit/test_http_date \
	test/unit/test_static \
	test/unit/test_static_open
test_unit_test_answer_SOURCES = \
	test/unit/test_answer.c $(unit_rig) $(unit_main)
test_unit_test_http_date_SOURCES = test/unit/test_http_date.c $(unit_main)
test_unit_test_static_SOURCES = test/unit/test_static.c $(unit_main)
test_unit_test_static_open_SOURCES = test/unit/test_static_open.c $(unit_main)

unit_tests += \
	test/unit/test_forwarded \
	test/unit/test_keyvals \
	test/unit/test_netmask \
	test/unit/test_proxy_parse
test_unit_test_forwarded_SOURCES = test/unit/test_forwarded.c $(unit_main)
unit_tests += test/unit/test_mule_rule
test_unit_test_mule_rule_SOURCES = \
	test/unit/test_mule_rule.c $(unit_main)
test_unit_test_keyvals_SOURCES = test/unit/test_keyvals.c $(unit_main)
test_unit_test_netmask_SOURCES = test/unit/test_netmask.c $(unit_main)
test_unit_test_proxy_parse_SOURCES = test/unit/test_proxy_parse.c $(unit_main)
unit_tests += test/unit/test_gateway
test_unit_test_gateway_SOURCES = \
	test/unit/test_gateway.c test/unit/gateway_text.c \
	test/unit/gateway_text.h $(unit_main)
if WM_HAVE_TLS
unit_tests += test/unit/test_tls
test_unit_test_tls_SOURCES = test/unit/test_tls.c $(unit_main)
endif
if WM_HAVE_CGI
unit_tests += test/unit/test_cgi_args test/unit/test_cgi_output
test_unit_test_cgi_args_SOURCES = test/unit/test_cgi_args.c $(unit_main)
test_unit_test_cgi_output_SOURCES = test/unit/test_cgi_output.c $(unit_main)
endif

unit_tests += test/unit/test_spool
test_unit_test_spool_SOURCES = test/unit/test_spool.c $(unit_main)
unit_tests += test/unit/test_lock test/unit/test_queue
test_unit_test_lock_SOURCES = test/unit/test_lock.c $(unit_main)
unit_tests += test/unit/test_locks_fork
test_unit_test_locks_fork_SOURCES = test/unit/test_locks_fork.c $(unit_main)
test_unit_test_queue_SOURCES = test/unit/test_queue.c $(unit_main)
