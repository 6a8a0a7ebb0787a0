/* Attached daemons: what attach-daemon and its kin say. */
#include "config/daemon_rule.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/keyvals.h"

#define DAEMON_FREQ	10	/* seconds */
#define DAEMON_MERCY	10

/* Frees one's texts. */
void
daemon_rule_done(struct daemon_rule *rule)
{
	free(rule->text);
	free(rule->command);
	free(rule->pidfile);
	free(rule->uid);
	free(rule->gid);
	free(rule->chdir);
	strlist_done(&rule->touch);
	memset(rule, 0, sizeof(*rule));
}

/* Frees all. */
void
daemon_rules_done(struct daemon_rules *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++)
		daemon_rule_done(&rules->items[i]);
	free(rules->items);
	memset(rules, 0, sizeof(*rules));
}

/* One more, with what holds if nothing is said. */
static struct daemon_rule *
daemon_rules_add(struct daemon_rules *rules, const char *option,
    const char *text)
{
	struct daemon_rule *rule;
	size_t i, len, same = 0;
	char *name = xasprintf("%s %s", option, text);

	len = strlen(name);
	for (i = 0; i < rules->count; i++)
		same += strncmp(rules->items[i].text, name, len) == 0 &&
		    strchr("\n", rules->items[i].text[len]) != NULL;
	rules->items = xrealloc(rules->items,
	    (rules->count + 1) * sizeof(*rules->items));
	rule = &rules->items[rules->count++];
	memset(rule, 0, sizeof(*rule));
	rule->text = same == 0 ? name : xasprintf("%s\n%zu", name, same);
	if (same > 0)
		free(name);
	rule->freq = DAEMON_FREQ;
	rule->mercy = DAEMON_MERCY;
	rule->stop_signal = SIGTERM;
	return rule;
}

/* A copy of a key's value, NULL: it is not there. */
static char *
daemon_rule_text(const struct keyvals *kv, const char *key)
{
	const char *text = keyvals_text(kv, key);

	return text == NULL ? NULL : xstrdup(text);
}

/* A signal's number, or its name with or without SIG; 0: there is none. */
static int
daemon_rule_signal(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);
	int i;

	if (*end == '\0' && end != text)
		return number > 0 && number < NSIG ? (int)number : 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (i = 1; i < NSIG; i++) {
		if (sigabbrev_np(i) != NULL &&
		    strcasecmp(sigabbrev_np(i), text) == 0)
			return i;
	}
	return 0;
}

/* Reads a key that names a signal. */
static int
daemon_rule_read_signal(const struct keyvals *kv, const char *key, int *signal,
    char **cause)
{
	const char *text = keyvals_text(kv, key);

	if (text == NULL)
		return 0;
	*signal = daemon_rule_signal(text);
	if (*signal != 0)
		return 0;
	*cause = xasprintf("\"%s\" must be a signal, like HUP or 1, not "
	    "\"%s\"", key, text);
	return -1;
}

/* The first of several names that is given. */
static const char *
daemon_rule_key(const struct keyvals *kv, const char *a, const char *b,
    const char *c)
{
	if (keyvals_has(kv, a))
		return a;
	if (b != NULL && keyvals_has(kv, b))
		return b;
	return c != NULL && keyvals_has(kv, c) ? c : a;
}

/* Reads the numbers and switches. */
static int
daemon_rule_numbers(struct daemon_rule *rule, const struct keyvals *kv,
    char **cause)
{
	size_t freq = DAEMON_FREQ, mercy = DAEMON_MERCY, throttle = 0;

	if (keyvals_size(kv, "freq", 1, 86400, &freq, cause) == -1 ||
	    keyvals_size(kv, "mercy", 0, 86400, &mercy, cause) == -1 ||
	    keyvals_size(kv, "max_throttle", 0, 3600, &throttle, cause) ==
	    -1 ||
	    keyvals_bool(kv, "control", &rule->control, cause) == -1 ||
	    keyvals_bool(kv, daemon_rule_key(kv, "daemonize", "daemon", NULL),
	    &rule->daemonize, cause) == -1 ||
	    keyvals_bool(kv, "stdin", &rule->keep_stdin, cause) == -1 ||
	    keyvals_bool(kv, "notifypid", &rule->notify, cause) == -1 ||
	    daemon_rule_read_signal(kv, daemon_rule_key(kv, "stopsignal",
	    "stop_signal", NULL), &rule->stop_signal, cause) == -1 ||
	    daemon_rule_read_signal(kv, daemon_rule_key(kv, "reloadsignal",
	    "reload_signal", NULL), &rule->reload_signal, cause) == -1)
		return -1;
	rule->freq = (int)freq;
	rule->mercy = (double)mercy;
	rule->max_throttle = (double)throttle;
	return 0;
}

/* The files to look at, separated by semicolons. */
static void
daemon_rule_touch(struct daemon_rule *rule, const char *text)
{
	size_t len;

	for (; text != NULL && *text != '\0'; text += len) {
		text += strspn(text, ";");
		len = strcspn(text, ";");
		if (len > 0)
			strlist_add_steal(&rule->touch, xstrndup(text, len));
	}
}

/* Reads "cmd=...,pidfile=...". */
static int
daemon_rule_keyvals(struct daemon_rule *rule, const char *text, char **cause)
{
	static const char *const known[] = { "cmd", "command", "exec",
	    "pidfile", "freq", "control", "daemonize", "daemon", "touch",
	    "stopsignal", "stop_signal", "reloadsignal", "reload_signal",
	    "stdin", "uid", "gid", "chdir", "max_throttle", "notifypid",
	    "mercy", NULL };
	struct keyvals kv;
	int result;

	result = keyvals_parse(&kv, text, known, NULL, cause);
	if (result == 0) {
		rule->command = daemon_rule_text(&kv,
		    daemon_rule_key(&kv, "cmd", "command", "exec"));
		rule->pidfile = daemon_rule_text(&kv, "pidfile");
		rule->uid = daemon_rule_text(&kv, "uid");
		rule->gid = daemon_rule_text(&kv, "gid");
		rule->chdir = daemon_rule_text(&kv, "chdir");
		daemon_rule_touch(rule, keyvals_text(&kv, "touch"));
		result = daemon_rule_numbers(rule, &kv, cause);
	}
	keyvals_done(&kv);
	if (result == -1)
		return -1;
	if (rule->command == NULL || rule->command[0] == '\0')
		*cause = xstrdup("\"cmd\" is missing: what shall run?");
	else if (rule->pidfile == NULL && (rule->daemonize || rule->notify))
		*cause = xasprintf("\"%s\" needs \"pidfile\"",
		    rule->daemonize ? "daemonize" : "notifypid");
	else
		return 0;
	return -1;
}

/* Reads "PIDFILE[,freq] CMD". */
static int
daemon_rule_smart(struct daemon_rule *rule, const char *text, char **cause)
{
	size_t len = strcspn(text, " "), name = strcspn(text, ", ");
	long freq = DAEMON_FREQ;

	if (name < len)
		freq = strtol(text + name + 1, NULL, 10);
	if (name == 0 || text[len] == '\0' || freq < 1 || freq > 86400) {
		*cause = xasprintf("must be \"PIDFILE COMMAND\" or "
		    "\"PIDFILE,SECONDS COMMAND\", not \"%s\"", text);
		return -1;
	}
	rule->pidfile = xstrndup(text, name);
	rule->command = xstrdup(text + len + 1);
	rule->freq = (int)freq;
	return 0;
}

/* Reads one. */
static int
daemon_rule_read(struct daemon_rule *rule, const char *option,
    const char *text, char **cause)
{
	if (strcmp(option, "attach-daemon2") == 0)
		return daemon_rule_keyvals(rule, text, cause);
	if (strncmp(option, "smart", 5) == 0) {
		rule->daemonize = strcmp(option, "smart-attach-daemon2") == 0;
		return daemon_rule_smart(rule, text, cause);
	}
	rule->control = strcmp(option, "attach-control-daemon") == 0;
	rule->command = xstrdup(text);
	return 0;
}

/* Reads all. */
int
daemon_rules_read(struct daemon_rules *rules, const struct config *cfg,
    char **cause)
{
	const struct {
		const char		*option;
		const struct strlist	*list;
	} lists[] = {
		{ "attach-daemon", &cfg->attach_daemon },
		{ "attach-control-daemon", &cfg->attach_control_daemon },
		{ "smart-attach-daemon", &cfg->smart_attach_daemon },
		{ "smart-attach-daemon2", &cfg->smart_attach_daemon2 },
		{ "attach-daemon2", &cfg->attach_daemon2 },
	};
	struct daemon_rule *rule;
	char *why;
	size_t i, j;

	memset(rules, 0, sizeof(*rules));
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		for (j = 0; j < lists[i].list->count; j++) {
			rule = daemon_rules_add(rules, lists[i].option,
			    lists[i].list->items[j]);
			if (daemon_rule_read(rule, lists[i].option,
			    lists[i].list->items[j], &why) == 0)
				continue;
			*cause = xasprintf("\"%s\": %s", lists[i].option, why);
			free(why);
			return -1;
		}
	}
	return 0;
}

/* The configuration of one. */
struct config
daemon_rule_config(const struct daemon_rule *rule, const struct config *cfg)
{
	struct config own = *cfg;

	if (rule->uid != NULL) {
		own.uid = rule->uid;
		own.gid = rule->gid;
	} else if (rule->gid != NULL) {
		own.gid = rule->gid;
	}
	return own;
}
