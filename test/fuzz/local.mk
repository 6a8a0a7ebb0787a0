# Fuzzers, one a pure parser, and connections; scripts/fuzz runs them. To add one:
#	fuzzers += test/fuzz/fuzz_x
#	test_fuzz_fuzz_x_SOURCES = test/fuzz/fuzz_x.c $(fuzz_main)
#	test_fuzz_fuzz_x_LDADD = $(fuzz_ldadd)

fuzzers += \
	test/fuzz/fuzz_fcgi_parse \
	test/fuzz/fuzz_conn \
	test/fuzz/fuzz_forwarded \
	test/fuzz/fuzz_http_chunked \
	test/fuzz/fuzz_http_parse \
	test/fuzz/fuzz_proxy_parse \
	test/fuzz/fuzz_scgi_parse \
	test/fuzz/fuzz_uwsgi_parse
# Connections, with the unit tests' worker in the process.
test_fuzz_fuzz_conn_SOURCES = \
	test/fuzz/fuzz_conn.c test/unit/rig.c test/unit/rig.h \
	test/unit/unit.h $(fuzz_main)
test_fuzz_fuzz_conn_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_forwarded_SOURCES = test/fuzz/fuzz_forwarded.c $(fuzz_main)
test_fuzz_fuzz_forwarded_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_proxy_parse_SOURCES = test/fuzz/fuzz_proxy_parse.c $(fuzz_main)
test_fuzz_fuzz_proxy_parse_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_http_chunked_SOURCES = \
	test/fuzz/fuzz_http_chunked.c $(fuzz_main)
test_fuzz_fuzz_http_chunked_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_http_parse_SOURCES = \
	test/fuzz/fuzz_http_parse.c test/unit/http_text.c \
	test/unit/http_text.h $(fuzz_main)
test_fuzz_fuzz_http_parse_LDADD = $(fuzz_ldadd)

fuzz_gateway = test/fuzz/fuzz_gateway.h test/unit/gateway_text.c \
	test/unit/gateway_text.h
test_fuzz_fuzz_fcgi_parse_SOURCES = \
	test/fuzz/fuzz_fcgi_parse.c $(fuzz_gateway) $(fuzz_main)
test_fuzz_fuzz_fcgi_parse_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_scgi_parse_SOURCES = \
	test/fuzz/fuzz_scgi_parse.c $(fuzz_gateway) $(fuzz_main)
test_fuzz_fuzz_scgi_parse_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_uwsgi_parse_SOURCES = \
	test/fuzz/fuzz_uwsgi_parse.c $(fuzz_gateway) $(fuzz_main)
test_fuzz_fuzz_uwsgi_parse_LDADD = $(fuzz_ldadd)
if WM_HAVE_CGI
fuzzers += test/fuzz/fuzz_cgi_output
test_fuzz_fuzz_cgi_output_SOURCES = test/fuzz/fuzz_cgi_output.c $(fuzz_main)
test_fuzz_fuzz_cgi_output_LDADD = $(fuzz_ldadd)
endif
if WM_HAVE_WEBSOCKETS
fuzzers += test/fuzz/fuzz_websocket_in
test_fuzz_fuzz_websocket_in_SOURCES = \
	test/fuzz/fuzz_websocket_in.c $(fuzz_main)
test_fuzz_fuzz_websocket_in_LDADD = $(fuzz_ldadd)
endif
if WM_HAVE_HTTP2
fuzzers += test/fuzz/fuzz_http2_head
test_fuzz_fuzz_http2_head_SOURCES = test/fuzz/fuzz_http2_head.c $(fuzz_main)
test_fuzz_fuzz_http2_head_LDADD = $(fuzz_ldadd)
fuzzers += test/fuzz/fuzz_http2_session
test_fuzz_fuzz_http2_session_SOURCES = \
	test/fuzz/fuzz_http2_session.c $(unit_rig) $(fuzz_main)
test_fuzz_fuzz_http2_session_LDADD = $(fuzz_ldadd)
endif

# What test/llhttp/run compares with Node's parser.
EXTRA_PROGRAMS = test/llhttp/parse_dump
test_llhttp_parse_dump_SOURCES = test/llhttp/parse_dump.c

fuzzers += test/fuzz/fuzz_static
test_fuzz_fuzz_static_SOURCES = test/fuzz/fuzz_static.c $(fuzz_main)
test_fuzz_fuzz_static_LDADD = $(fuzz_ldadd)

fuzzers += test/fuzz/fuzz_spool_packet
test_fuzz_fuzz_spool_packet_SOURCES = \
	test/fuzz/fuzz_spool_packet.c $(fuzz_main)
test_fuzz_fuzz_spool_packet_LDADD = $(fuzz_ldadd)
