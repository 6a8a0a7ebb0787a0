/* Tests worker/head_check.c: each byte at each place of a name and a value. */
#include "worker/head_check.h"

#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"
#include "worker/http_bytes.h"

#define LONGEST	50

/* Is this byte a token's? The table's answer. */
static bool
is_token(int byte)
{
	return http_token_lower[byte] != 0;
}

/* Is this byte a value's? */
static bool
is_value(int byte)
{
	return http_value_byte((unsigned char)byte);
}

/* Asks about each byte at each place, with padding that must not matter. */
static void
ask_all(bool (*check)(const char *, size_t), bool (*is)(int), int padding)
{
	size_t	 len, at;
	char	*p;
	int	 byte;

	for (len = 0; len <= LONGEST; len++) {
		p = malloc(len + HEAD_CHECK_PADDING);
		memset(p, 'x', len);
		memset(p + len, padding, HEAD_CHECK_PADDING);
		CHECK(check(p, len));
		for (at = 0; at < len; at++) {
			for (byte = 0; byte < 256; byte++) {
				p[at] = (char)byte;
				if (check(p, len) != is(byte))
					CHECK_INT(byte, -1);
			}
			p[at] = 'x';
		}
		free(p);
	}
}

TEST(head_check_name_takes_tokens_only)
{
	ask_all(head_check_name, is_token, '\n');
	ask_all(head_check_name, is_token, 'y');
}

TEST(head_check_value_takes_no_control_characters)
{
	ask_all(head_check_value, is_value, '\n');
	ask_all(head_check_value, is_value, 'y');
}
