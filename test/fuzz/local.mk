# Fuzzers, one a pure parser, and connections; scripts/fuzz runs them. To add one:
#	fuzzers += test/fuzz/fuzz_x
#	test_fuzz_fuzz_x_SOURCES = test/fuzz/fuzz_x.c $(fuzz_main)
#	test_fuzz_fuzz_x_LDADD = $(fuzz_ldadd)

fuzzers += \
	test/fuzz/fuzz_conn \
	test/fuzz/fuzz_http_chunked \
	test/fuzz/fuzz_http_parse
# Connections, with the unit tests' worker in the process.
test_fuzz_fuzz_conn_SOURCES = \
	test/fuzz/fuzz_conn.c test/unit/rig.c test/unit/rig.h \
	test/unit/unit.h $(fuzz_main)
test_fuzz_fuzz_conn_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_http_chunked_SOURCES = \
	test/fuzz/fuzz_http_chunked.c $(fuzz_main)
test_fuzz_fuzz_http_chunked_LDADD = $(fuzz_ldadd)
test_fuzz_fuzz_http_parse_SOURCES = \
	test/fuzz/fuzz_http_parse.c test/unit/http_text.c \
	test/unit/http_text.h $(fuzz_main)
test_fuzz_fuzz_http_parse_LDADD = $(fuzz_ldadd)

# What test/llhttp/run compares with Node's parser.
EXTRA_PROGRAMS = test/llhttp/parse_dump
test_llhttp_parse_dump_SOURCES = test/llhttp/parse_dump.c
