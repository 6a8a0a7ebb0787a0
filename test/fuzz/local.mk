# Fuzzers, one a pure parser; scripts/fuzz runs them. To add one:
#	fuzzers += test/fuzz/fuzz_x
#	test_fuzz_fuzz_x_SOURCES = test/fuzz/fuzz_x.c $(fuzz_main)
#	test_fuzz_fuzz_x_LDADD = $(fuzz_ldadd)

fuzzers += \
	test/fuzz/fuzz_http_chunked \
	test/fuzz/fuzz_http_parse
test_fuzz_fuzz_http_chunked_SOURCES = \
	test/fuzz/fuzz_http_chunked.c $(fuzz_main)
test_fuzz_fuzz_http_chunked_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_http_parse_SOURCES = \
	test/fuzz/fuzz_http_parse.c test/unit/http_text.c \
	test/unit/http_text.h $(fuzz_main)
test_fuzz_fuzz_http_parse_LDADD = $(fuzz_ldadd)

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
