/* The stacks that a worker has answered with, as log lines. */
#include "master/stuck_log.h"

#include <jansson.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"

#define STUCK_LOG_SIZE	(1u << 20)	/* of one object's text */

/*
 * The answer may be long, and few of it are wanted: its objects are read one
 * by one. Puts *at behind one; NULL (new) when there is no other.
 */
static json_t *
stuck_log_next(const char **at)
{
	json_error_t	 error;
	json_t		*object;

	if (**at == ',')
		(*at)++;
	if (**at != '{')
		return NULL;
	object = json_loadb(*at, strnlen(*at, STUCK_LOG_SIZE),
	    JSON_DISABLE_EOF_CHECK, &error);
	if (object != NULL)
		*at += error.position;
	return object;
}

/* Adds the lines of a stack. */
static void
stuck_log_add(struct strbuf *text, const json_t *object)
{
	const json_t	*lines = json_object_get(object, "stack");
	const char	*line;
	size_t		 i;

	for (i = 0; i < json_array_size(lines); i++) {
		line = json_string_value(json_array_get(lines, i));
		strbuf_addf(text, "\n%s", line == NULL ? "" : line);
	}
}

/* A text of an object's. */
static const char *
stuck_log_text(const json_t *object, const char *key)
{
	const char	*text = json_string_value(json_object_get(object, key));

	return text == NULL ? "?" : text;
}

/* Logs one core's. */
static void
stuck_log_core(const char *who, const json_t *core)
{
	struct strbuf	 text = STRBUF_INIT;

	strbuf_addf(&text, "core %lld, %s, for %.3f s:", (long long)
	    json_integer_value(json_object_get(core, "core")),
	    stuck_log_text(core, "state"), (double)json_integer_value(
	    json_object_get(core, "age_ms")) / 1000);
	stuck_log_add(&text, core);
	log_error("%s: %s", who, strbuf_str(&text));
	strbuf_done(&text);
}

/* Logs one thread's. */
static void
stuck_log_thread(const char *who, const json_t *thread)
{
	struct strbuf	 text = STRBUF_INIT;

	stuck_log_add(&text, thread);
	if (text.len > 0)
		log_error("%s: thread %s:%s", who,
		    stuck_log_text(thread, "name"), strbuf_str(&text));
	strbuf_done(&text);
}

/* Logs the objects of one of the answer's arrays, which begins at text. */
static void
stuck_log_array(const char *who, const char *json, const char *begin,
    void (*log)(const char *who, const json_t *object))
{
	const char	*at = strstr(json, begin);
	json_t		*object;
	int		 i;

	if (at == NULL)
		return;
	at += strlen(begin);
	for (i = 0; i < STUCK_LOG_CORES; i++) {
		object = stuck_log_next(&at);
		if (object == NULL)
			return;
		log(who, object);
		json_decref(object);
	}
	if (*at == ',')
		log_error("%s: and more, which are not shown", who);
}

/* Logs it. */
bool
stuck_log(const char *who, const char *json)
{
	/* Quotes in a text are escaped, so these are never within one. */
	stuck_log_array(who, json, "\"cores\":[", stuck_log_core);
	stuck_log_array(who, json, "],\"threads\":[", stuck_log_thread);
	return strstr(json, ",\"lock_held\":false}") != NULL;
}
