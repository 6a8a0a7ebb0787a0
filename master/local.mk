# Before the fork and around it; main.c belongs to the program, not here.
libwsgimaster_a_SOURCES += \
	master/autoscale.c \
	master/autoscale.h \
	master/backoff.c \
	master/backoff.h \
	master/background.c \
	master/background.h \
	master/backlog.c \
	master/backlog.h \
	master/blackbox.c \
	master/blackbox.h \
	master/checks.c \
	master/checks.h \
	master/children.c \
	master/children.h \
	master/commons.c \
	master/commons.h \
	master/commons_shared.c \
	master/commons_shared.h \
	master/commons_caches.c \
	master/commons_caches.h \
	master/control.c \
	master/control.h \
	master/control_client.c \
	master/control_client.h \
	master/control_commands.c \
	master/control_commands.h \
	master/control_lists.c \
	master/control_lists.h \
	master/control_stacks.c \
	master/control_stacks.h \
	master/control_status.c \
	master/control_status.h \
	master/cron_commands.c \
	master/cron_commands.h \
	master/daemon_start.c \
	master/daemon_start.h \
	master/daemons.c \
	master/daemons.h \
	master/ending.c \
	master/ending.h \
	master/generation.c \
	master/generation.h \
	master/handover.c \
	master/handover.h \
	master/inherit.c \
	master/inherit.h \
	master/listener.c \
	master/listener.h \
	master/master.c \
	master/master.h \
	master/memory.c \
	master/memory.h \
	master/metrics.c \
	master/metrics.h \
	master/metrics_beside.c \
	master/metrics_beside.h \
	master/metrics_gather.c \
	master/metrics_gather.h \
	master/metrics_text.c \
	master/metrics_text.h \
	master/mounts.c \
	master/mounts.h \
	master/page.c \
	master/page.h \
	master/page_live.c \
	master/page_live.h \
	master/notify.c \
	master/notify.h \
	master/pidfile.c \
	master/pidfile.h \
	master/process.c \
	master/process.h \
	master/ready.c \
	master/ready.h \
	master/reaped.c \
	master/reaped.h \
	master/recycle.c \
	master/recycle.h \
	master/recycle_due.c \
	master/recycle_due.h \
	master/reload.c \
	master/reload.h \
	master/scale.c \
	master/scale.h \
	master/scale_busyness.c \
	master/scale_spare.c \
	master/scale_spare2.c \
	master/seats.c \
	master/seats.h \
	master/self.c \
	master/self.h \
	master/service.c \
	master/service.h \
	master/signals.c \
	master/signals.h \
	master/socket.c \
	master/socket.h \
	master/stacks.c \
	master/stacks.h \
	master/stats.c \
	master/stats.h \
	master/stats_client.c \
	master/stats_client.h \
	master/stats_health.c \
	master/stats_health.h \
	master/stats_http.c \
	master/stats_http.h \
	master/stats_json.c \
	master/stats_json.h \
	master/stats_parts.c \
	master/stats_parts.h \
	master/stats_path.c \
	master/stats_reply.h \
	master/stuck.c \
	master/stuck.h \
	master/stuck_log.c \
	master/stuck_log.h \
	master/takeover.c \
	master/takeover.h \
	master/timer.c \
	master/timer.h \
	master/touch.c \
	master/touch.h \
	master/upgrade.c \
	master/upgrade.h \
	master/file_watch.c \
	master/file_watch.h \
	master/sight.c \
	master/sight.h \
	master/user_kept.c \
	master/user_kept.h \
	master/user_route.c \
	master/user_route.h \
	master/user_signals.c \
	master/user_signals.h \
	master/user_sources.c \
	master/user_sources.h \
	master/workers.c \
	master/workers.h

EXTRA_DIST += \
	master/page/page.css \
	master/page/page.html \
	master/page/page.js
page_texts = \
	master/page/page_css.inc \
	master/page/page_html.inc \
	master/page/page_js.inc
CLEANFILES += $(page_texts)

master/page.$(OBJEXT): $(page_texts)

# The live page's files as C strings, a line a line.
page_to_c = $(AM_V_GEN)$(MKDIR_P) master/page && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/'

master/page/page_css.inc: master/page/page.css
	$(page_to_c) $(srcdir)/master/page/page.css >$@

master/page/page_html.inc: master/page/page.html
	$(page_to_c) $(srcdir)/master/page/page.html >$@

master/page/page_js.inc: master/page/page.js
	$(page_to_c) $(srcdir)/master/page/page.js >$@
