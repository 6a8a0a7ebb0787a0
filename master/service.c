/* What the service manager (systemd) is told about this server. */
#include "master/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

#define SERVICE_CHECK_US	500000		/* see checks.h */
#define SERVICE_FRESH_US	3000000		/* a tick comes every second */
#define SERVICE_SLACK_S		15.0

/* Is it another master's turn to speak? */
static bool
service_is_silent(const struct master *m)
{
	return !notify_is_on() || takeover_is_trial(m) ||
	    upgrade_is_leaving(m);
}

/* Seconds as the manager wants them. */
static unsigned long long
service_usec(double seconds)
{
	return (unsigned long long)(seconds * 1e6);
}

/* The start: it may take as long as our own limits say. */
void
service_init(struct master *m)
{
	if (service_is_silent(m))
		return;
	notify_send("STATUS=starting\nEXTEND_TIMEOUT_USEC=%llu",
	    service_usec(2 * m->cfg->start_timeout + SERVICE_SLACK_S));
}

/* In which phase is the server? */
static enum service_phase
service_phase_now(const struct master *m)
{
	if (master_is_stopping(m))
		return SERVICE_STOPPING;
	if (m->state == MASTER_STARTING)
		return SERVICE_STARTING;
	if (m->reload.fresh != NULL || m->reload.again)
		return SERVICE_RELOADING;
	return SERVICE_READY;
}

/* The server's state in words, on one line. */
static void
service_status(const struct master *m, enum service_phase phase,
    struct strbuf *sb)
{
	size_t	 i;

	if (phase == SERVICE_STOPPING) {
		strbuf_adds(sb, "stopping");
		return;
	}
	if (phase == SERVICE_STARTING) {
		strbuf_adds(sb, "starting");
		return;
	}
	strbuf_addf(sb, "%d worker%s, generation %d", m->target,
	    m->target == 1 ? "" : "s", m->serving->id);
	if (phase == SERVICE_RELOADING)
		strbuf_adds(sb, "; reloading");
	if (upgrade_is_trying(m))
		strbuf_adds(sb, "; an upgrade is under way");
	if (m->reload.last_failure[0] != '\0')
		strbuf_addf(sb, "; the last reload failed: %s",
		    m->reload.last_failure);
	if (m->upgrade.last_failure[0] != '\0')
		strbuf_addf(sb, "; the last upgrade failed: %s",
		    m->upgrade.last_failure);
	for (i = 0; i < sb->len; i++) {
		if ((unsigned char)sb->buf[i] < ' ')
			sb->buf[i] = ' ';
	}
}

/* Says that the server is in another phase. */
static void
service_enter(struct master *m, enum service_phase phase)
{
	switch (phase) {
	case SERVICE_STARTING:
		break;
	case SERVICE_READY:
		notify_send("READY=1");
		break;
	case SERVICE_RELOADING:
		notify_send("RELOADING=1\nMONOTONIC_USEC=%llu",
		    (unsigned long long)clock_mono_us());
		m->service.reloads = m->reload.requests;
		break;
	case SERVICE_STOPPING:
		notify_send("STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
		    service_usec(m->cfg->worker_reload_mercy +
		    SERVICE_SLACK_S));
		break;
	}
	m->service.phase = phase;
}

/* Tells what is new. */
void
service_turn(struct master *m)
{
	struct service		*s = &m->service;
	enum service_phase	 phase = service_phase_now(m);
	struct strbuf		 status = STRBUF_INIT;

	if (service_is_silent(m))
		return;
	if (s->phase == SERVICE_STARTING && (phase == SERVICE_READY ||
	    phase == SERVICE_RELOADING))
		service_enter(m, SERVICE_READY);
	/* One that was over within a turn is told as well. */
	if (s->phase != SERVICE_STARTING && phase != SERVICE_STOPPING &&
	    s->reloads != m->reload.requests)
		service_enter(m, SERVICE_RELOADING);
	if (phase != s->phase)
		service_enter(m, phase);
	service_status(m, phase, &status);
	if (s->status == NULL || strcmp(strbuf_str(&status), s->status) != 0) {
		free(s->status);
		s->status = strbuf_detach(&status);
		notify_send("STATUS=%s", s->status);
	}
	strbuf_done(&status);
}

/* Does the loop of some worker turn? */
static bool
service_makes_progress(const struct master *m, uint64_t now)
{
	uint64_t	 limit = notify_watchdog_us() / 2, tick;
	uint32_t	 i;

	if (m->state != MASTER_RUNNING)
		return true;
	if (limit < SERVICE_FRESH_US)
		limit = SERVICE_FRESH_US;
	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state != SB_SLOT_READY)
			continue;
		tick = sb_get(&sb_slot(m->sb, i)->tick_us);
		if (tick + limit >= now)
			return true;
	}
	return false;
}

/* Feeds the watchdog. */
void
service_check(struct master *m)
{
	struct service	*s = &m->service;
	uint64_t	 now = clock_mono_us(), half = notify_watchdog_us() / 2;

	if (half == 0 || service_is_silent(m) ||
	    now + SERVICE_CHECK_US < s->fed_us + half)
		return;
	if (service_makes_progress(m, now)) {
		s->fed_us = now;
		s->withheld = false;
		notify_send("WATCHDOG=1");
	} else if (!s->withheld) {
		s->withheld = true;
		log_error("no worker's loop turns: the service manager's "
		    "watchdog is not told that all is well");
	}
}

/* The master leaves. */
void
service_done(struct master *m)
{
	free(m->service.status);
	m->service.status = NULL;
}

/* Another process is the server now. */
void
service_set_main(struct master *m, pid_t pid)
{
	(void)m;
	notify_send("MAINPID=%d", (int)pid);
}
