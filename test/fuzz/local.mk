# Fuzzers, one a pure parser; scripts/fuzz runs them. To add one:
#	fuzzers += test/fuzz/fuzz_x
#	test_fuzz_fuzz_x_SOURCES = test/fuzz/fuzz_x.c $(fuzz_main)
#	test_fuzz_fuzz_x_LDADD = $(fuzz_ldadd)

fuzzers += \
	test/fuzz/fuzz_forwarded \
	test/fuzz/fuzz_http_chunked \
	test/fuzz/fuzz_http_parse \
	test/fuzz/fuzz_proxy_parse
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

# What test/llhttp/run compares with Node's parser.
EXTRA_PROGRAMS = test/llhttp/parse_dump
test_llhttp_parse_dump_SOURCES = test/llhttp/parse_dump.c
