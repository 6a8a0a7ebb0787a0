/* Texts of the outside world as JSON. */
#include "master/control_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* A string, whatever its bytes are. */
json_t *
control_string(const char *text)
{
	struct strbuf	 sb = STRBUF_INIT;
	json_t		*s = json_string(text);

	if (s != NULL)
		return s;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80) {
			strbuf_addc(&sb, *text);
			continue;
		}
		strbuf_addc(&sb, (char)(0xc0 | (unsigned char)*text >> 6));
		strbuf_addc(&sb, (char)(0x80 | (*text & 0x3f)));
	}
	s = json_string(strbuf_str(&sb));
	strbuf_done(&sb);
	return s;
}

/* Adds a string; most are ASCII. */
void
control_add_string(struct strbuf *sb, const char *text)
{
	const char	*c;
	json_t		*s;
	char		*dump;

	for (c = text; *c != '\0' && (unsigned char)*c < 0x80; c++)
		continue;
	if (*c == '\0') {
		strbuf_add_json(sb, text, (size_t)(c - text));
		return;
	}
	s = control_string(text);
	dump = json_dumps(s, JSON_ENCODE_ANY);
	strbuf_adds(sb, dump != NULL ? dump : "\"\"");
	free(dump);
	json_decref(s);
}
