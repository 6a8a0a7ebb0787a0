/* A unit test program: named tests that register themselves, TAP on stdout. */
#ifndef WM_TEST_UNIT_UNIT_H
#define WM_TEST_UNIT_UNIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A test file holds nothing but helpers and tests; main() is in unit.c:
 *
 *	TEST(strbuf_grows)
 *	{
 *		CHECK(buf.len > 0);
 *		CHECK_INT(buf.len, 3);
 *		CHECK_STR(buf.data, "abc");
 *	}
 *
 * A failed CHECK is told as a TAP comment and the test goes on, so that one
 * run shows everything; REQUIRE ends the test (not a helper it calls). Each
 * test runs once, in the order of the file. The program takes test names as
 * arguments, none means all, and its exit status is 1 when a test failed.
 */
struct unit_test {
	const char		*name;
	void			(*run)(void);
	struct unit_test	*next;
};

#define TEST(test)							\
	static void unit_run_##test(void);				\
	static struct unit_test unit_test_##test = {			\
		.name = #test, .run = unit_run_##test			\
	};								\
	__attribute__((constructor)) static void			\
	unit_register_##test(void)					\
	{								\
		unit_register(&unit_test_##test);			\
	}								\
	static void							\
	unit_run_##test(void)

#define CHECK(x)							\
	((void)unit_check(__FILE__, __LINE__, #x, (x) ? true : false))
#define REQUIRE(x) do {							\
	if (!unit_check(__FILE__, __LINE__, #x, (x) ? true : false))	\
		return;							\
} while (0)

/* Any integers up to 64 bits; wanted last. */
#define CHECK_INT(got, want)						\
	unit_check_int(__FILE__, __LINE__, #got, (long long)(got),	\
	    (long long)(want))
/* Either string may be NULL. */
#define CHECK_STR(got, want)						\
	unit_check_str(__FILE__, __LINE__, #got, (got), (want))
/* len bytes that need no end. */
#define CHECK_MEM(got, len, want)					\
	unit_check_mem(__FILE__, __LINE__, #got, (got), (len), (want))

/* What the macros call. */
void	 unit_register(struct unit_test *test);
bool	 unit_check(const char *file, int line, const char *what, bool ok);
void	 unit_check_int(const char *file, int line, const char *what,
	    long long got, long long want);
void	 unit_check_str(const char *file, int line, const char *what,
	    const char *got, const char *want);
void	 unit_check_mem(const char *file, int line, const char *what,
	    const void *got, size_t len, const char *want);

#endif
