/* Fuzzes the heads of scripts: cuts change nothing, views lie inside. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/cgi/cgi_output.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Is a view inside the head, without what could end a line? */
static void
must_be_inside(const char *buf, struct http_view view, uint32_t size)
{
	must(view.off <= size && view.len <= size - view.off);
	must(memchr(buf + view.off, '\n', view.len) == NULL);
	must(memchr(buf + view.off, '\r', view.len) == NULL);
	must(memchr(buf + view.off, '\0', view.len) == NULL);
}

/* Parses so many bytes at the end of their block. */
static enum cgi_output_verdict
feed(const uint8_t *data, size_t len, struct cgi_output *out)
{
	char				*block = malloc(len + 1);
	enum cgi_output_verdict		 verdict;

	memcpy(block + 1, data, len);
	verdict = cgi_output_parse(block + 1, len, out);
	free(block);
	return verdict;
}

/* The first byte says how the others are cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgi_output	 whole = { 0 }, cut = { 0 };
	enum cgi_output_verdict	 verdict, last = CGI_OUTPUT_MORE;
	size_t			 i, step;

	if (size == 0)
		return 0;
	step = (size_t)data[0] % 16 + 1;
	data++, size--;
	verdict = feed(data, size, &whole);
	for (i = step; i < size && last == CGI_OUTPUT_MORE; i += step)
		last = feed(data, i, &cut);
	if (last == CGI_OUTPUT_MORE)
		last = feed(data, size, &cut);
	must(last == verdict);
	must((verdict == CGI_OUTPUT_BAD) == (whole.why != NULL));
	if (verdict != CGI_OUTPUT_DONE)
		return 0;
	must(whole.size <= size && whole.size == cut.size);
	must(whole.status == 0 || (whole.status >= 200 &&
	    whole.status <= 999));
	must(whole.nfields <= CGI_OUTPUT_FIELDS);
	must(memcmp(whole.fields, cut.fields, sizeof(whole.fields)) == 0);
	for (i = 0; i < whole.nfields; i++) {
		must(whole.fields[i].name.len > 0);
		must_be_inside((const char *)data, whole.fields[i].name,
		    whole.size);
		must_be_inside((const char *)data, whole.fields[i].value,
		    whole.size);
	}
	return 0;
}
