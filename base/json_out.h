/* Writes JSON text, piece by piece, into a strbuf. */
#ifndef WM_BASE_JSON_OUT_H
#define WM_BASE_JSON_OUT_H

#include <stdbool.h>

#include "base/strbuf.h"

/*
 *	struct json_out	 json = { .out = &sb };
 *
 *	json_open(&json, NULL, '{');
 *	json_int(&json, "id", 3);
 *	json_open(&json, "list", '[');
 *	json_str(&json, NULL, "a");
 *	json_close(&json);
 *	json_close(&json);		{"id":3,"list":["a"]}
 *
 * A value in an object has a key, in an array it is NULL; keys are the
 * program's own, and are written as they are. Nothing is remembered but how
 * deep it is, so the writer may go on later, with another strbuf. If it is to
 * be pretty, what is no more than JSON_LINES deep has a line each; what is
 * deeper stays on one line, without space.
 */
#define JSON_LINES	3
#define JSON_DEPTH	15

struct json_out {
	struct strbuf	*out;
	bool		 pretty;	/* lines and spaces */
	unsigned char	 depth;
	bool		 more;		/* not the first one at this depth */
	char		 closing[JSON_DEPTH + 1];
};

/* An object, '{', or an array, '['. */
void	 json_open(struct json_out *json, const char *key, char bracket);
void	 json_close(struct json_out *json);
void	 json_int(struct json_out *json, const char *key, long long n);
/* At most 2^63-1. */
void	 json_uint(struct json_out *json, const char *key,
	    unsigned long long n);
void	 json_bool(struct json_out *json, const char *key, bool yes);
/* A text: UTF-8, or else it is taken as latin-1. NULL: null. */
void	 json_str(struct json_out *json, const char *key, const char *text);
void	 json_strn(struct json_out *json, const char *key, const char *text,
	    size_t len);
/* Text that is JSON already. */
void	 json_raw(struct json_out *json, const char *key, const char *text,
	    size_t len);

/* Are these bytes UTF-8 (RFC 3629)? */
bool	 json_is_utf8(const char *text, size_t len);

#endif
