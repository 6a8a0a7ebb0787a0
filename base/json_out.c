/* Writes JSON text, piece by piece, into a strbuf. */
#include "base/json_out.h"

#include <limits.h>
#include <string.h>

#include "base/log.h"

/* Has what is at this depth a line of its own? */
static bool
json_has_line(const struct json_out *json, unsigned depth)
{
	return json->pretty && depth <= JSON_LINES;
}

/* The line begins. */
static void
json_line(struct json_out *json, unsigned depth)
{
	strbuf_add(json->out, "\n\t\t\t\t\t", 1 + depth);
}

/* What stands before a value. */
static void
json_begin(struct json_out *json, const char *key)
{
	struct strbuf	*out = json->out;
	bool		 line = json_has_line(json, json->depth);

	if (json->more)
		strbuf_add(out, ",", 1);
	if (line && json->depth > 0)
		json_line(json, json->depth);
	json->more = true;
	if (key == NULL)
		return;
	strbuf_add(out, "\"", 1);
	strbuf_add(out, key, strlen(key));
	strbuf_add(out, "\": ", line ? 3 : 2);
}

/* Begins an object or an array. */
void
json_open(struct json_out *json, const char *key, char bracket)
{
	json_begin(json, key);
	if (json->depth >= JSON_DEPTH)
		fatalx("JSON that is too deep");
	strbuf_add(json->out, &bracket, 1);
	json->closing[json->depth++] = bracket == '{' ? '}' : ']';
	json->more = false;
}

/* Ends it. */
void
json_close(struct json_out *json)
{
	if (json->more && json_has_line(json, json->depth))
		json_line(json, json->depth - 1u);
	strbuf_add(json->out, &json->closing[--json->depth], 1);
	json->more = true;
}

/* A number. */
void
json_int(struct json_out *json, const char *key, long long n)
{
	json_begin(json, key);
	if (n < 0)
		strbuf_add(json->out, "-", 1);
	strbuf_addu(json->out, n < 0 ? 0 - (unsigned long long)n :
	    (unsigned long long)n);
}

/* A number; readers with a sign, which most are, take no greater one. */
void
json_uint(struct json_out *json, const char *key, unsigned long long n)
{
	json_begin(json, key);
	strbuf_addu(json->out, n < LLONG_MAX ? n : LLONG_MAX);
}

/* true or false. */
void
json_bool(struct json_out *json, const char *key, bool yes)
{
	json_begin(json, key);
	strbuf_adds(json->out, yes ? "true" : "false");
}

/* How many bytes a character takes that begins so; 0: none does. */
static size_t
json_utf8_size(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Are these bytes UTF-8? */
bool
json_is_utf8(const char *text, size_t len)
{
	const unsigned char	*p = (const unsigned char *)text;
	const unsigned char	*end = p + len;
	size_t			 size, i;

	for (; p < end; p += size) {
		size = json_utf8_size(*p);
		if (size == 0 || size > (size_t)(end - p))
			return false;
		for (i = 1; i < size; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
		}
		/* Too long for what it says, a surrogate, above U+10FFFF. */
		if ((p[0] == 0xe0 && p[1] < 0xa0) ||
		    (p[0] == 0xed && p[1] > 0x9f) ||
		    (p[0] == 0xf0 && p[1] < 0x90) ||
		    (p[0] == 0xf4 && p[1] > 0x8f))
			return false;
	}
	return true;
}

/* A string with bytes above 127 that are UTF-8: they stay as they are. */
static void
json_add_utf8(struct strbuf *out, const char *text, size_t len)
{
	size_t	 i, plain;

	strbuf_add(out, "\"", 1);
	for (i = 0; i < len; i++) {
		plain = i;
		while (i < len && (unsigned char)text[i] >= 0x20 &&
		    text[i] != '"' && text[i] != '\\' && text[i] != 0x7f)
			i++;
		strbuf_add(out, text + plain, i - plain);
		if (i == len)
			break;
		strbuf_addf(out, "\\u%04x", (unsigned char)text[i]);
	}
	strbuf_add(out, "\"", 1);
}

/* A text. */
void
json_strn(struct json_out *json, const char *key, const char *text, size_t len)
{
	json_begin(json, key);
	if (json_is_utf8(text, len))
		json_add_utf8(json->out, text, len);
	else
		strbuf_add_json(json->out, text, len);
}

/* A text, or null. */
void
json_str(struct json_out *json, const char *key, const char *text)
{
	if (text == NULL)
		json_raw(json, key, "null", 4);
	else
		json_strn(json, key, text, strlen(text));
}

/* JSON that is there already. */
void
json_raw(struct json_out *json, const char *key, const char *text, size_t len)
{
	json_begin(json, key);
	strbuf_add(json->out, text, len);
}
