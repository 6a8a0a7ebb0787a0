/* Prints what the HTTP parser found, to compare it. */
#include <inttypes.h>
#include <stdlib.h>

#include "test/unit/http_text.h"

/* Prints bytes in hexadecimal, after a label and before a line's end. */
static void
print_view(FILE *out, const char *label, struct http_view v, const char *buf)
{
	uint32_t	i;

	fprintf(out, "%s", label);
	for (i = 0; i < v.len; i++)
		fprintf(out, "%02x", (unsigned char)buf[v.off + i]);
	fputc('\n', out);
}

/* All that is public of a head, one item a line. */
void
http_text_print(FILE *out, const struct http_head *head, const char *buf)
{
	uint32_t	i;

	fprintf(out, "size %" PRIu32 "\n", head->size);
	print_view(out, "method ", head->method, buf);
	print_view(out, "target ", head->target, buf);
	print_view(out, "line ", head->line, buf);
	fprintf(out, "minor %d\nform %d\n", head->minor, (int)head->form);
	print_view(out, "path ", head->path, buf);
	fprintf(out, "has_query %d\n", head->has_query);
	print_view(out, "query ", head->query, buf);
	print_view(out, "host ", head->host, buf);
	fprintf(out, "length %" PRId64 "\nchunked %d\nkeep_alive %d\n",
	    head->content_length, head->chunked, head->keep_alive);
	fprintf(out, "upgrade %d\nexpect %d\ndropped %" PRIu32 "\n",
	    head->upgrade, head->expect_continue, head->dropped);
	for (i = 0; i < head->nfields; i++) {
		fprintf(out, "kind %d\n", (int)head->fields[i].kind);
		fprintf(out, "hash %" PRIu32 "\n", head->fields[i].hash);
		print_view(out, "name ", head->fields[i].name, buf);
		print_view(out, "value ", head->fields[i].value, buf);
	}
}

/* The same for any verdict, as a string for free(). */
char *
http_text_new(enum http_parse_verdict verdict, const struct http_head *head,
    const char *buf)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*out = open_memstream(&text, &len);

	if (out == NULL)
		abort();
	fprintf(out, "verdict %d\n", (int)verdict);
	if (verdict == HTTP_PARSE_BAD)
		fprintf(out, "status %d\nwhy %s\n", head->status, head->why);
	if (verdict == HTTP_PARSE_DONE)
		http_text_print(out, head, buf);
	if (fclose(out) != 0)
		abort();
	return text;
}
