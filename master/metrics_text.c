/* Writes metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0. */
#include "master/metrics_text.h"

#include <string.h>

#include "base/json_out.h"

static const char *const metrics_kinds[] = {
	[METRICS_GAUGE] = "gauge",
	[METRICS_COUNTER] = "counter",
	[METRICS_HISTOGRAM] = "histogram",
};

/* The name of the family as its two lines have it. */
static void
metrics_add_name(struct metrics_text *t)
{
	strbuf_adds(t->out, "wsgimaster_");
	strbuf_adds(t->out, t->name);
	if (t->kind == METRICS_COUNTER && !t->open)
		strbuf_adds(t->out, "_total");
}

/* Begins a family. */
void
metrics_family(struct metrics_text *t, const char *name,
    enum metrics_kind kind, const char *help)
{
	t->name = name;
	t->kind = kind;
	strbuf_adds(t->out, "# HELP ");
	metrics_add_name(t);
	strbuf_addf(t->out, " %s\n# TYPE ", help);
	metrics_add_name(t);
	strbuf_addf(t->out, " %s\n", metrics_kinds[kind]);
}

/* Begins a sample, of a part of a histogram. */
void
metrics_part(struct metrics_text *t, const char *suffix)
{
	strbuf_adds(t->out, "wsgimaster_");
	strbuf_adds(t->out, t->name);
	strbuf_adds(t->out, suffix);
	t->begun = true;
}

/* Begins a sample, if that was not done. */
static void
metrics_begin(struct metrics_text *t)
{
	if (!t->begun)
		metrics_part(t, t->kind == METRICS_COUNTER ? "_total" : "");
}

/* A byte of a label's value. */
static void
metrics_add_byte(struct strbuf *out, unsigned char c, bool utf8)
{
	if (c == '\n') {
		strbuf_add(out, "\\n", 2);
	} else if (c == '"' || c == '\\') {
		strbuf_addc(out, '\\');
		strbuf_addc(out, (char)c);
	} else if (c < 0x80 || utf8) {
		strbuf_addc(out, (char)c);
	} else {
		strbuf_addc(out, (char)(0xc0 | c >> 6));
		strbuf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* A label's name, up to the quote. */
static void
metrics_add_label(struct metrics_text *t, const char *name)
{
	metrics_begin(t);
	strbuf_addc(t->out, t->labels++ == 0 ? '{' : ',');
	strbuf_adds(t->out, name);
	strbuf_adds(t->out, "=\"");
}

/* A label. */
void
metrics_label(struct metrics_text *t, const char *name, const char *value)
{
	bool	 utf8 = json_is_utf8(value, strlen(value));

	metrics_add_label(t, name);
	for (; *value != '\0'; value++)
		metrics_add_byte(t->out, (unsigned char)*value, utf8);
	strbuf_addc(t->out, '"');
}

/* A label that is a number. */
void
metrics_label_uint(struct metrics_text *t, const char *name,
    unsigned long long value)
{
	metrics_add_label(t, name);
	strbuf_addu(t->out, value);
	strbuf_addc(t->out, '"');
}

/* What stands between the labels and the value. */
static void
metrics_before_value(struct metrics_text *t)
{
	metrics_begin(t);
	if (t->labels > 0)
		strbuf_addc(t->out, '}');
	strbuf_addc(t->out, ' ');
	t->labels = 0;
	t->begun = false;
}

/* A value. */
void
metrics_uint(struct metrics_text *t, unsigned long long value)
{
	metrics_before_value(t);
	strbuf_addu(t->out, value);
	strbuf_addc(t->out, '\n');
}

/* The same, which may be negative. */
void
metrics_int(struct metrics_text *t, long long value)
{
	metrics_before_value(t);
	strbuf_addf(t->out, "%lld\n", value);
}

/* A value that is a time. */
void
metrics_us(struct metrics_text *t, uint64_t us)
{
	metrics_before_value(t);
	strbuf_addf(t->out, "%llu.%06u\n", (unsigned long long)(us / 1000000),
	    (unsigned)(us % 1000000));
}

/* A family with one sample. */
void
metrics_gauge(struct metrics_text *t, const char *name, const char *help,
    unsigned long long value)
{
	metrics_family(t, name, METRICS_GAUGE, help);
	metrics_uint(t, value);
}

/* The same, a counter. */
void
metrics_counter(struct metrics_text *t, const char *name, const char *help,
    unsigned long long value)
{
	metrics_family(t, name, METRICS_COUNTER, help);
	metrics_uint(t, value);
}

/* The end. */
void
metrics_end(struct metrics_text *t)
{
	if (t->open)
		strbuf_adds(t->out, "# EOF\n");
}
