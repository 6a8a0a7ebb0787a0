/* Tests of what scripts may write as a head, however it is cut. */
#include <stdlib.h>
#include <string.h>

#include "plugins/cgi/cgi_output.h"
#include "test/unit/unit.h"

static struct cgi_output	 out;

/* Parses a text whole, and byte by byte in blocks that end right behind it. */
static enum cgi_output_verdict
parse(const char *text, size_t len)
{
	enum cgi_output_verdict	 verdict, cut = CGI_OUTPUT_MORE;
	struct cgi_output	 pieces;
	char			*block;
	size_t			 i;

	memset(&out, 0, sizeof(out));
	memset(&pieces, 0, sizeof(pieces));
	verdict = cgi_output_parse(text, len, &out);
	for (i = 1; i <= len && cut == CGI_OUTPUT_MORE; i++) {
		block = malloc(i);
		memcpy(block, text, i);
		cut = cgi_output_parse(block, i, &pieces);
		free(block);
	}
	CHECK_INT(cut, verdict);
	CHECK_STR(pieces.why, out.why);
	if (verdict == CGI_OUTPUT_DONE) {
		CHECK_INT(pieces.size, out.size);
		CHECK_INT(pieces.status, out.status);
		CHECK_INT(pieces.length, out.length);
		CHECK_INT(pieces.nfields, out.nfields);
	}
	return verdict;
}

#define PARSE(s)	parse((s), sizeof(s) - 1)
#define DONE(s)		CHECK_INT(PARSE(s), CGI_OUTPUT_DONE)
#define MORE(s)		CHECK_INT(PARSE(s), CGI_OUTPUT_MORE)

/* It is refused, for a reason with this in it. */
static void
bad(const char *text, size_t len, const char *why)
{
	CHECK_INT(parse(text, len), CGI_OUTPUT_BAD);
	if (out.why == NULL || strstr(out.why, why) == NULL)
		CHECK_STR(out.why, why);
}

#define BAD(s, why)	bad((s), sizeof(s) - 1, (why))

/* Field i is this. */
static void
is_field(const char *text, uint32_t i, const char *name, const char *value)
{
	CHECK(i < out.nfields);
	CHECK_MEM(text + out.fields[i].name.off, out.fields[i].name.len, name);
	CHECK_MEM(text + out.fields[i].value.off, out.fields[i].value.len,
	    value);
}

TEST(a_head)
{
	static const char	 text[] =
	    "Content-Type:text/html \r\nX-A: \t b c\t\n\r\nbody";

	DONE(text);
	CHECK_INT(out.nfields, 2);
	is_field(text, 0, "Content-Type", "text/html");
	is_field(text, 1, "X-A", "b c");
	CHECK_STR(text + out.size, "body");
	CHECK_INT(out.status, 0);
	CHECK_INT(out.length, -1);
	CHECK_INT(out.location.len, 0);
}

TEST(status_length_and_location)
{
	static const char	 text[] = "status: 404 Not Here\nLOCATION: /x\n"
	    "Content-length: 00012\nSet-Cookie: a\nSet-Cookie: b\n\n";

	DONE(text);
	CHECK_INT(out.status, 404);
	CHECK_MEM(text + out.status_text.off, out.status_text.len,
	    "404 Not Here");
	CHECK_MEM(text + out.location.off, out.location.len, "/x");
	CHECK_INT(out.length, 12);
	CHECK_INT(out.nfields, 4);	/* Status is none of them */
	DONE("Status: 200\n\n");
	DONE("Status: 999 \n\n");
}

TEST(what_is_dropped)
{
	DONE("X: y\nConnection: close\nKeep-Alive: 1\nTE: x\nUpgrade: h2c\n"
	    "Trailer: x\nProxy-Connection: y\n\n");
	CHECK_INT(out.nfields, 1);
}

TEST(more_is_to_come)
{
	MORE("");
	MORE("X: y\n");
	MORE("X: y\r\n\r");
	MORE("X: y");
}

TEST(what_is_refused)
{
	BAD("\nbody", "empty line");
	BAD("\r\nbody", "empty line");
	BAD("no header\n\n", "byte that is none of a name");
	BAD("none\n\n", "no colon");
	BAD(": y\n\n", "byte that is none of a name");
	BAD("X : y\n\n", "byte that is none of a name");
	BAD("X: y\n z\n\n", "white space");
	BAD("\tX: y\n\n", "white space");
	BAD("X: a\0b\n\n", "control byte");
	BAD("X: a\rb\n\n", "control byte");
	BAD("HTTP/1.1 200 OK\n\n", "nph-");
	BAD("Transfer-Encoding: chunked\n\n", "Transfer-Encoding");
	BAD("Status: 20\n\n", "three digits");
	BAD("Status: 2000\n\n", "a space");
	BAD("Status: x\n\n", "three digits");
	BAD("Status:\n\n", "three digits");
	BAD("Status: 100 Continue\n\n", "final");
	BAD("Status: 200\nStatus: 200\n\n", "two Status");
	BAD("Location:\n\n", "empty");
	BAD("Location: /a\nLocation: /a\n\n", "two Location");
	BAD("Content-Length: -1\n\n", "number");
	BAD("Content-Length:\n\n", "number");
	BAD("Content-Length: 1234567890123456789\n\n", "number");
	BAD("Content-Length: 1\nContent-Length: 1\n\n", "two Content");
}

TEST(too_many_fields)
{
	char	 text[(CGI_OUTPUT_FIELDS + 1) * 5 + 1];
	int	 i;

	for (i = 0; i <= CGI_OUTPUT_FIELDS; i++)
		memcpy(text + i * 5, "A: b\n", 6);
	CHECK_INT(parse(text, CGI_OUTPUT_FIELDS * 5), CGI_OUTPUT_MORE);
	CHECK_INT(parse(text, sizeof(text) - 1), CGI_OUTPUT_BAD);
	CHECK_STR(out.why, "there are too many fields");
}
