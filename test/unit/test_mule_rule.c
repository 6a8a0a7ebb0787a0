/* Tests config/mule_rule.c and config/daemon_rule.c. */
#include "config/mule_rule.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "config/config.h"
#include "config/daemon_rule.h"
#include "test/unit/unit.h"

/* What is said of a farm of a server with 3 mules; "" if it is a good one. */
static const char *
farm_refused(struct farm_rule *farm, const char *text)
{
	static char	 said[512];
	char		*cause;

	said[0] = '\0';
	if (farm_rule_parse(farm, text, 3, &cause) == -1) {
		strncat(said, cause, sizeof(said) - 1);
		free(cause);
	}
	return said;
}

/* What is said of a daemon, whose rule is rules->items[0]. */
static const char *
daemon_refused(struct daemon_rules *rules, const char *text)
{
	static char	 said[512];
	struct config	 cfg;
	char		*cause;

	memset(&cfg, 0, sizeof(cfg));
	said[0] = '\0';
	strlist_add(&cfg.attach_daemon2, text);
	if (daemon_rules_read(rules, &cfg, &cause) == -1) {
		strncat(said, cause, sizeof(said) - 1);
		free(cause);
	}
	strlist_done(&cfg.attach_daemon2);
	return said;
}

TEST(farms_name_mules)
{
	struct farm_rule	 farm;

	CHECK_STR(farm_refused(&farm, "a:1,3"), "");
	CHECK_STR(farm.name, "a");
	CHECK(farm.has[1] && !farm.has[2] && farm.has[3] && !farm.has[0]);
	CHECK_STR(farm_refused(&farm, "a b:2"), "");
	CHECK(farm.has[2]);
}

TEST(bad_farms_are_refused)
{
	struct farm_rule	 farm;
	char			 longer[128];

	CHECK(strstr(farm_refused(&farm, "a"), "must be") != NULL);
	CHECK(strstr(farm_refused(&farm, ":1"), "must be") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:"), "number") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:1,"), "number") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:1;2"), "number") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:0"), "names mule 0") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:4"), "there are 3") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:-1"), "names mule -1") != NULL);
	CHECK(strstr(farm_refused(&farm, "a:99999999999999999999"),
	    "names mule") != NULL);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer + 100, ":1", 3);
	CHECK(strstr(farm_refused(&farm, longer), "must be") != NULL);
}

TEST(scripts_are_numbered)
{
	struct config	 cfg;

	memset(&cfg, 0, sizeof(cfg));
	strlist_add(&cfg.mule, "a.py");
	strlist_add(&cfg.mule, "true");
	cfg.mules = 2;
	CHECK_INT(mules_count(&cfg), 4);
	CHECK_STR(mules_script(&cfg, 1), "a.py");
	CHECK_STR(mules_script(&cfg, 2), NULL);
	CHECK_STR(mules_script(&cfg, 3), NULL);
	CHECK_STR(mules_script(&cfg, 0), NULL);
	CHECK_STR(mules_script(&cfg, 5), NULL);
	strlist_done(&cfg.mule);
}

TEST(daemons_have_keys)
{
	struct daemon_rules	 rules;
	struct daemon_rule	*rule;

	CHECK_STR(daemon_refused(&rules, "exec=a b,stop_signal=SIGINT,"
	    "reloadsignal=usr1,touch=x;;y,control,uid=me,mercy=3,freq=5,"
	    "pidfile=p,daemon=1"), "");
	rule = &rules.items[0];
	CHECK_STR(rule->command, "a b");
	CHECK_INT(rule->stop_signal, SIGINT);
	CHECK_INT(rule->reload_signal, SIGUSR1);
	CHECK_INT(rule->touch.count, 2);
	CHECK(rule->control && rule->daemonize && !rule->keep_stdin);
	CHECK_STR(rule->uid, "me");
	CHECK_INT(rule->mercy, 3);
	CHECK_INT(rule->freq, 5);
	daemon_rules_done(&rules);
	CHECK_STR(daemon_refused(&rules, "cmd=x,stopsignal=9"), "");
	CHECK_INT(rules.items[0].stop_signal, 9);
	CHECK_INT(rules.items[0].reload_signal, 0);
	daemon_rules_done(&rules);
}

TEST(bad_daemons_are_refused)
{
	static const char *const	 bad[] = { "freq=1", "cmd=",
	    "cmd=x,stopsignal=0", "cmd=x,stopsignal=", "cmd=x,stopsignal=SIG",
	    "cmd=x,freq=0", "cmd=x,daemonize", "cmd=x,notifypid",
	    "cmd=x,stopsignal=65", "cmd=x,control=perhaps", "cmd=x,what=1" };
	struct daemon_rules		 rules;
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(daemon_refused(&rules, bad[i])[0] != '\0');
		daemon_rules_done(&rules);
	}
}
