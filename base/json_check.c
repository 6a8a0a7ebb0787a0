/* Is a text from a stranger JSON that every reader takes? */
#include "base/json_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"

/* All these give what is behind what they name, or NULL when it is not there */

static const char	*check_value(const char *p, unsigned depth);

/* White space, perhaps. */
static const char *
check_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Four hexadecimal digits. */
static const char *
check_hex(const char *p, unsigned *value)
{
	char	 digits[5] = "";

	if (strspn(p, "0123456789abcdefABCDEF") < 4)
		return NULL;
	memcpy(digits, p, 4);
	*value = (unsigned)strtoul(digits, NULL, 16);
	return p + 4;
}

/* What follows a backslash. */
static const char *
check_escape(const char *p)
{
	unsigned	 one, two;

	if (*p != 'u')
		return *p != '\0' && strchr("\"\\/bfnrt", *p) != NULL ?
		    p + 1 : NULL;
	p = check_hex(p + 1, &one);
	if (p == NULL || one == 0 || (one & 0xfc00) == 0xdc00)
		return NULL;
	if ((one & 0xfc00) != 0xd800)
		return p;
	if (p[0] != '\\' || p[1] != 'u')
		return NULL;
	p = check_hex(p + 2, &two);
	return p != NULL && (two & 0xfc00) == 0xdc00 ? p : NULL;
}

/* A text, from its quote on. */
static const char *
check_text(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (p != NULL && *p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		p = *p == '\\' ? check_escape(p + 1) : p + 1;
	}
	return p != NULL ? p + 1 : NULL;
}

/* A number. */
static const char *
check_number(const char *p)
{
	const char	*digits = "0123456789";
	size_t		 n;

	p += *p == '-';
	n = strspn(p, digits);
	if (n == 0 || n > JSON_CHECK_DIGITS || (*p == '0' && n > 1))
		return NULL;
	p += n;
	if (*p != '.')
		return p;
	n = strspn(p + 1, digits);
	return n > 0 && n <= JSON_CHECK_DIGITS ? p + 1 + n : NULL;
}

/* What is inside of an object or an array, and its end. */
static const char *
check_inside(const char *p, char end, unsigned depth)
{
	p = check_space(p);
	if (*p == end)
		return p + 1;
	for (;;) {
		if (end == '}') {
			p = check_text(check_space(p));
			if (p == NULL || *(p = check_space(p)) != ':')
				return NULL;
			p++;
		}
		p = check_value(p, depth + 1);
		if (p == NULL || *p == end)
			return p != NULL ? p + 1 : NULL;
		if (*p++ != ',')
			return NULL;
	}
}

/* A value, and white space behind it. */
static const char *
check_value(const char *p, unsigned depth)
{
	static const char *const	 words[] = { "true", "false", "null" };
	size_t				 i;

	p = check_space(p);
	if (depth >= JSON_CHECK_DEPTH)
		return NULL;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return check_space(p + strlen(words[i]));
	}
	if (*p == '{' || *p == '[')
		p = check_inside(p + 1, *p == '{' ? '}' : ']', depth);
	else
		p = *p == '"' ? check_text(p) : check_number(p);
	return p != NULL ? check_space(p) : NULL;
}

/* Looks at all of it. */
bool
json_check(const char *text, size_t len)
{
	return check_value(text, 0) == text + len && json_is_utf8(text, len);
}
