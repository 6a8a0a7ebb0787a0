/* The head that a script writes: a pure parser. */
#include "plugins/cgi/cgi_output.h"

#include <string.h>

/* A field that is not just passed on. */
struct cgi_output_special {
	const char	*name;
	const char	*(*take)(const char *buf, struct cgi_output *out,
			    const struct cgi_output_field *field);
};

/* Adds to those that are passed on. */
static const char *
cgi_output_keep(struct cgi_output *out, const struct cgi_output_field *field)
{
	if (out->nfields == CGI_OUTPUT_FIELDS)
		return "there are too many fields";
	out->fields[out->nfields++] = *field;
	return NULL;
}

/* Status: three digits, and perhaps a reason. */
static const char *
cgi_output_status(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	const char	*text = buf + field->value.off;
	uint32_t	 i, len = field->value.len;

	if (out->status != 0)
		return "there are two Status fields";
	for (i = 0; i < 3; i++) {
		if (i >= len || text[i] < '0' || text[i] > '9')
			return "Status must begin with three digits";
		out->status = out->status * 10 + (text[i] - '0');
	}
	if (len > 3 && text[3] != ' ')
		return "Status must be three digits, a space and a reason";
	if (out->status < 200)
		return "Status is none of a final response";
	out->status_text = field->value;
	return NULL;
}

/* Location, which may mean a status. */
static const char *
cgi_output_location(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	(void)buf;
	if (out->location.len > 0)
		return "there are two Location fields";
	if (field->value.len == 0)
		return "Location is empty";
	out->location = field->value;
	return cgi_output_keep(out, field);
}

/* Content-Length, which is passed on. */
static const char *
cgi_output_length(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	const char	*text = buf + field->value.off;
	uint32_t	 i;

	if (out->has_length)
		return "there are two Content-Length fields";
	if (field->value.len == 0 || field->value.len > 18)
		return "Content-Length must be a number";
	out->length = 0;
	for (i = 0; i < field->value.len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return "Content-Length must be a number";
		out->length = out->length * 10 + (text[i] - '0');
	}
	out->has_length = true;
	return cgi_output_keep(out, field);
}

/* What speaks of one connection is the server's. */
static const char *
cgi_output_drop(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	(void)buf, (void)out, (void)field;
	return NULL;
}

/* The body would not be what it says. */
static const char *
cgi_output_coded(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	(void)buf, (void)out, (void)field;
	return "Transfer-Encoding belongs to the server";
}

static const struct cgi_output_special cgi_output_specials[] = {
	{ "status", cgi_output_status },
	{ "location", cgi_output_location },
	{ "content-length", cgi_output_length },
	{ "connection", cgi_output_drop },
	{ "keep-alive", cgi_output_drop },
	{ "proxy-connection", cgi_output_drop },
	{ "te", cgi_output_drop },
	{ "trailer", cgi_output_drop },
	{ "upgrade", cgi_output_drop },
	{ "transfer-encoding", cgi_output_coded },
};

/* Takes a field. NULL, or what is wrong with it. */
static const char *
cgi_output_field(const char *buf, struct cgi_output *out,
    const struct cgi_output_field *field)
{
	const struct cgi_output_special	*special;
	size_t				 i;

	for (i = 0; i < sizeof(cgi_output_specials) /
	    sizeof(cgi_output_specials[0]); i++) {
		special = &cgi_output_specials[i];
		if (http_word_is(buf + field->name.off, field->name.len,
		    special->name, strlen(special->name)))
			return special->take(buf, out, field);
	}
	return cgi_output_keep(out, field);
}

/* The value from at to end, without the white space around it. */
static const char *
cgi_output_value(const char *buf, uint32_t at, uint32_t end,
    struct http_view *value)
{
	uint32_t	 i;

	while (at < end && (buf[at] == ' ' || buf[at] == '\t'))
		at++;
	while (end > at && (buf[end - 1] == ' ' || buf[end - 1] == '\t'))
		end--;
	for (i = at; i < end; i++) {
		if (!http_value_byte((unsigned char)buf[i]))
			return "a value has a control byte";
	}
	value->off = at;
	value->len = end - at;
	return NULL;
}

/* One line, from at to end, without its LF or CRLF; not empty. */
static const char *
cgi_output_line(const char *buf, uint32_t at, uint32_t end,
    struct cgi_output *out)
{
	struct cgi_output_field	 field;
	const char		*why;
	uint32_t		 i = at;

	if (out->nlines == 0 && end - at >= 5 && memcmp(buf + at, "HTTP/",
	    5) == 0)
		return "it begins with a status line (nph- scripts are not "
		    "supported: write \"Status: 200 OK\")";
	if (buf[at] == ' ' || buf[at] == '\t')
		return "a line begins with white space";
	while (i < end && http_token_lower[(unsigned char)buf[i]] != 0)
		i++;
	if (i == end)
		return "a line has no colon";
	if (buf[i] != ':' || i == at)
		return "a field's name has a byte that is none of a name";
	field.name.off = at;
	field.name.len = i - at;
	why = cgi_output_value(buf, i + 1, end, &field.value);
	return why != NULL ? why : cgi_output_field(buf, out, &field);
}

/* Looks at the bytes that came since the last call. */
enum cgi_output_verdict
cgi_output_parse(const char *buf, size_t len, struct cgi_output *out)
{
	const char	*lf;
	uint32_t	 end;

	if (out->scan == 0)
		out->length = -1;
	while (out->why == NULL && out->scan < len) {
		lf = memchr(buf + out->scan, '\n', len - out->scan);
		if (lf == NULL) {
			out->scan = (uint32_t)len;
			break;
		}
		end = (uint32_t)(lf - buf);
		out->scan = end + 1;
		if (end > out->line && buf[end - 1] == '\r')
			end--;
		if (end == out->line) {
			out->size = out->scan;
			if (out->nlines > 0)
				return CGI_OUTPUT_DONE;
			out->why = "it begins with an empty line";
			break;
		}
		out->why = cgi_output_line(buf, out->line, end, out);
		out->line = out->scan;
		out->nlines++;
	}
	return out->why != NULL ? CGI_OUTPUT_BAD : CGI_OUTPUT_MORE;
}
