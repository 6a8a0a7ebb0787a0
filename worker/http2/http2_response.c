/* A response's head: from resp.head's text to HPACK; and its body's bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "worker/http2/http2_impl.h"
#include "worker/http_bytes.h"

/* "HTTP/1.1 200" has the status here. */
#define HTTP2_STATUS_AT		9
#define HTTP2_STATUS_LEN	3

/* What speaks about a connection of HTTP/1 only. */
static const char *const http2_not_sent[] = {
	"connection",
	"keep-alive",
	"proxy-connection",
	"transfer-encoding",
	"upgrade",
};

/* Is this field left out? Its name is in lower case. */
static bool
http2_is_left_out(const uint8_t *name, size_t len)
{
	const size_t	 n = sizeof(http2_not_sent) /
			    sizeof(http2_not_sent[0]);
	size_t		 i;

	for (i = 0; i < n; i++) {
		if (len == strlen(http2_not_sent[i]) &&
		    memcmp(name, http2_not_sent[i], len) == 0)
			return true;
	}
	return false;
}

/* Is it nothing for HPACK's table? */
static bool
http2_is_secret(const uint8_t *name, size_t len)
{
	return len == 10 && memcmp(name, "set-cookie", 10) == 0;
}

/* One field from a line that ends at end; its name becomes lower case. */
static bool
http2_nv_line(nghttp2_nv *nv, char *line, char *end)
{
	char	*colon = memchr(line, ':', (size_t)(end - line)), *p;

	if (colon == NULL)
		return false;
	for (p = line; p < colon; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	}
	for (p = colon + 1; p < end && http_ows_byte((unsigned char)*p); p++)
		;
	while (end > p && http_ows_byte((unsigned char)end[-1]))
		end--;
	nv->name = (uint8_t *)line;
	nv->namelen = (size_t)(colon - line);
	nv->value = (uint8_t *)p;
	nv->valuelen = (size_t)(end - p);
	nv->flags = http2_is_secret(nv->name, nv->namelen) ?
	    NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
	return !http2_is_left_out(nv->name, nv->namelen);
}

/* How many lines has the text? */
static size_t
http2_count_lines(const char *text, size_t len)
{
	const char	*end = text + len;
	size_t		 n = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		n++;
		text++;
	}
	return n;
}

/* The fields of a text, which is changed; its memory is the caller's. */
static nghttp2_nv *
http2_nv_new(char *text, size_t len, size_t *n)
{
	static char	 status[] = ":status";
	nghttp2_nv	*nv = xcalloc(http2_count_lines(text, len) + 1,
			    sizeof(*nv));
	char		*end = text + len, *line, *next;

	nv[0] = (nghttp2_nv){ .name = (uint8_t *)status,
	    .namelen = sizeof(status) - 1,
	    .value = (uint8_t *)text + HTTP2_STATUS_AT,
	    .valuelen = HTTP2_STATUS_LEN };
	*n = 1;
	line = memchr(text, '\n', len);
	while (line != NULL && ++line < end) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL || next - line < 2)
			break;		/* the empty line */
		if (http2_nv_line(&nv[*n], line, next - 1))
			++*n;
		line = next;
	}
	return nv;
}

/* Body bytes for a DATA frame. */
static ssize_t
http2_read_body(nghttp2_session *session, int32_t id, uint8_t *buf,
    size_t size, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct http2_stream	*s = source->ptr;
	size_t			 n;

	(void)session, (void)id, (void)arg;
	n = http2_fifo_take(&s->out, buf, size);
	if (n > 0)
		s->moved_us = clock_coarse_us();
	if (http2_fifo_len(&s->out) == 0 && s->finished)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (n == 0)
		return NGHTTP2_ERR_DEFERRED;
	else if (s->c != NULL)
		http2_stream_tell(s);
	return (ssize_t)n;
}

/* Gives a whole head to nghttp2; 0, or -1 with errno. */
int
http2_response_submit(struct http2_stream *s)
{
	nghttp2_data_provider	 body = { .source = { .ptr = s },
	    .read_callback = http2_read_body };
	nghttp2_nv		*nv;
	size_t			 n;
	int			 result;

	if (s->submitted)
		return 0;
	nv = http2_nv_new(s->head.buf, s->head.len, &n);
	result = nghttp2_submit_response(s->h->session, s->id, nv, n,
	    s->bodiless ? NULL : &body);
	free(nv);
	strbuf_done(&s->head);
	s->submitted = true;
	s->moved_us = clock_coarse_us();
	if (s->bodiless)
		s->finished = true;
	if (result == 0)
		return 0;
	errno = EPIPE;
	return -1;
}

/* A 1xx head. */
int
http2_response_informational(struct http2_stream *s, const char *text,
    size_t len)
{
	char		*copy = xstrndup(text, len);
	nghttp2_nv	*nv;
	size_t		 n;
	int		 result;

	nv = http2_nv_new(copy, len, &n);
	result = nghttp2_submit_headers(s->h->session, NGHTTP2_FLAG_NONE,
	    s->id, NULL, nv, n, NULL);
	free(nv);
	free(copy);
	if (result == 0)
		return 0;
	errno = EPIPE;
	return -1;
}
