/* Runs the tests of one program and prints TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"

static struct unit_test	 *tests;
static struct unit_test	**tests_end = &tests;
static bool		  failed;

/* Adds a test to the end of the list. */
void
unit_register(struct unit_test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

/* Notes and tells a failure; returns ok. */
bool
unit_check(const char *file, int line, const char *what, bool ok)
{
	if (ok)
		return true;
	failed = true;
	printf("# %s:%d: failed: %s\n", file, line, what);
	return false;
}

/* Compares two numbers. */
void
unit_check_int(const char *file, int line, const char *what, long long got,
    long long want)
{
	if (unit_check(file, line, what, got == want))
		return;
	printf("#\tgot:    %lld\n#\twanted: %lld\n", got, want);
}

/* Prints bytes on one line, what is not ASCII as \x. */
static void
print_bytes(const char *label, const char *bytes, size_t len)
{
	size_t		i;
	unsigned char	c;

	printf("#\t%s\"", label);
	for (i = 0; i < len; i++) {
		c = bytes[i];
		if (c < ' ' || c > '~' || c == '\\' || c == '"')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	printf("\"\n");
}

/* Compares two strings, NULL being equal to NULL only. */
void
unit_check_str(const char *file, int line, const char *what, const char *got,
    const char *want)
{
	bool	 same;

	same = got == want ||
	    (got != NULL && want != NULL && strcmp(got, want) == 0);
	if (unit_check(file, line, what, same))
		return;
	if (got == NULL)
		printf("#\tgot:    NULL\n");
	else
		print_bytes("got:    ", got, strlen(got));
	if (want == NULL)
		printf("#\twanted: NULL\n");
	else
		print_bytes("wanted: ", want, strlen(want));
}

/* Compares len bytes with a whole string. */
void
unit_check_mem(const char *file, int line, const char *what, const void *got,
    size_t len, const char *want)
{
	bool	 same;

	same = len == strlen(want) &&
	    (len == 0 || memcmp(got, want, len) == 0);
	if (unit_check(file, line, what, same))
		return;
	print_bytes("got:    ", got, len);
	print_bytes("wanted: ", want, strlen(want));
}

/* Whether the arguments ask for a test; none asks for all. */
static bool
test_is_wanted(const struct unit_test *test, int argc, char **argv)
{
	int	 i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], test->name) == 0)
			return true;
	}
	return argc < 2;
}

/* Runs what is wanted; 1 when something failed or nothing was found. */
int
main(int argc, char **argv)
{
	const struct unit_test	*test;
	int			 count = 0, failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("WSGIMASTER_ALLOW_ROOT", "1", 0);	/* as CI does */
	for (test = tests; test != NULL; test = test->next) {
		if (test_is_wanted(test, argc, argv))
			count++;
	}
	printf("1..%d\n", count);
	count = 0;
	for (test = tests; test != NULL; test = test->next) {
		if (!test_is_wanted(test, argc, argv))
			continue;
		failed = false;
		test->run();
		count++;
		if (failed)
			failures++;
		printf("%sok %d - %s\n", failed ? "not " : "", count,
		    test->name);
	}
	return count == 0 || failures > 0;
}
