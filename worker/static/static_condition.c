/* Conditional requests. */
#include "worker/static/static_condition.h"

#include <string.h>

#include "worker/http_bytes.h"
#include "worker/http_date.h"

/* A Last-Modified within so many seconds of now may have to change again. */
#define STRONG_AFTER	2

/* Is this entity tag weak? */
static bool
tag_is_weak(const char *s, size_t len)
{
	return len > 2 && s[0] == 'W' && s[1] == '/';
}

/* The end of the entity tag at p, or NULL: there is none. */
static const char *
tag_end(const char *p, const char *end)
{
	if (tag_is_weak(p, (size_t)(end - p)))
		p += 2;
	if (p == end || *p++ != '"')
		return NULL;
	while (p < end && *p != '"') {
		if ((unsigned char)*p < 0x21 || *p == 0x7f)
			return NULL;
		p++;
	}
	return p == end ? NULL : p + 1;
}

/* Are two the same by RFC 9110 8.8.3.2? strong: and none of them weak. */
static bool
tag_equal(const char *s, size_t len, const char *etag, bool strong)
{
	size_t	 etag_len = strlen(etag);

	if (strong && (tag_is_weak(s, len) || tag_is_weak(etag, etag_len)))
		return false;
	if (tag_is_weak(s, len)) {
		s += 2;
		len -= 2;
	}
	if (tag_is_weak(etag, etag_len)) {
		etag += 2;
		etag_len -= 2;
	}
	return len == etag_len && memcmp(s, etag, len) == 0;
}

/* Is the tag in this list, or the list a star? What is no tag ends it. */
static bool
tag_is_listed(const struct static_text *list, const char *etag, bool strong)
{
	const char	*p = list->s, *end = list->s + list->len, *next;

	if (list->len == 1 && *p == '*')
		return true;
	while (p < end) {
		if (*p == ',' || http_ows_byte((unsigned char)*p)) {
			p++;
			continue;
		}
		next = tag_end(p, end);
		if (next == NULL)
			return false;
		if (tag_equal(p, (size_t)(next - p), etag, strong))
			return true;
		p = next;
	}
	return false;
}

/* Reads a header's date; false: there is none, or it is none. */
static bool
condition_date(const struct static_text *text, const struct static_state *state,
    int64_t *date)
{
	return text->s != NULL && http_date_parse(text->s, text->len,
	    state->now, date);
}

/* Is anything to be sent at all? */
enum static_verdict
static_condition(const struct static_conditions *conditions,
    const struct static_state *state)
{
	int64_t	 date;

	if (conditions->if_match.s != NULL) {
		if (!tag_is_listed(&conditions->if_match, state->etag, true))
			return STATIC_FAILED;
	} else if (condition_date(&conditions->if_unmodified_since, state,
	    &date) && state->modified > date) {
		return STATIC_FAILED;
	}
	if (conditions->if_none_match.s != NULL)
		return tag_is_listed(&conditions->if_none_match, state->etag,
		    false) ? STATIC_NOT_MODIFIED : STATIC_SEND;
	if (condition_date(&conditions->if_modified_since, state, &date) &&
	    state->modified <= date)
		return STATIC_NOT_MODIFIED;
	return STATIC_SEND;
}

/* May Range be honoured? */
bool
static_condition_range(const struct static_conditions *conditions,
    const struct static_state *state)
{
	const struct static_text	*text = &conditions->if_range;
	const char			*end;
	int64_t				 date;

	if (text->s == NULL)
		return true;
	end = text->s + text->len;
	if (condition_date(text, state, &date))
		return date == state->modified &&
		    state->now - state->modified >= STRONG_AFTER;
	return tag_end(text->s, end) == end &&
	    tag_equal(text->s, text->len, state->etag, true);
}
