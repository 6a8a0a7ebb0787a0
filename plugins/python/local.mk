# The Python handler: WSGI and the uwsgi module.
libwsgimaster_a_SOURCES += \
	plugins/python/py_alarm.c \
	plugins/python/py_alarm.h \
	plugins/python/py_app.c \
	plugins/python/py_app.h \
	plugins/python/py_async.c \
	plugins/python/py_async.h \
	plugins/python/py_background.c \
	plugins/python/py_background.h \
	plugins/python/py_cache.c \
	plugins/python/py_cache.h \
	plugins/python/py_cache_remote.c \
	plugins/python/py_cache_remote.h \
	plugins/python/py_client.c \
	plugins/python/py_client.h \
	plugins/python/py_autoreload.c \
	plugins/python/py_autoreload.h \
	plugins/python/py_core.c \
	plugins/python/py_core.h \
	plugins/python/py_decorators.c \
	plugins/python/py_decorators.h \
	plugins/python/py_doorbell.c \
	plugins/python/py_doorbell.h \
	plugins/python/py_dump.c \
	plugins/python/py_dump.h \
	plugins/python/py_environ.c \
	plugins/python/py_environ.h \
	plugins/python/py_errors.c \
	plugins/python/py_errors.h \
	plugins/python/py_exception.c \
	plugins/python/py_exception.h \
	plugins/python/py_fdevent.c \
	plugins/python/py_fdevent.h \
	plugins/python/py_file.c \
	plugins/python/py_file.h \
	plugins/python/py_fork.c \
	plugins/python/py_fork.h \
	plugins/python/py_gil.c \
	plugins/python/py_gil.h \
	plugins/python/py_gone.c \
	plugins/python/py_gone.h \
	plugins/python/py_harakiri.c \
	plugins/python/py_harakiri.h \
	plugins/python/py_header.c \
	plugins/python/py_header.h \
	plugins/python/py_home.c \
	plugins/python/py_home.h \
	plugins/python/py_job.c \
	plugins/python/py_job.h \
	plugins/python/py_hub.c \
	plugins/python/py_hub.h \
	plugins/python/py_import.c \
	plugins/python/py_import.h \
	plugins/python/py_init.c \
	plugins/python/py_init.h \
	plugins/python/py_input.c \
	plugins/python/py_input.h \
	plugins/python/py_kept.c \
	plugins/python/py_kept.h \
	plugins/python/py_look.c \
	plugins/python/py_look.h \
	plugins/python/py_lock.c \
	plugins/python/py_lock.h \
	plugins/python/py_metric.c \
	plugins/python/py_metric.h \
	plugins/python/py_module.c \
	plugins/python/py_module.h \
	plugins/python/py_mule.c \
	plugins/python/py_mule.h \
	plugins/python/py_mule_run.c \
	plugins/python/py_ngx.c \
	plugins/python/py_ngx.h \
	plugins/python/py_opt.c \
	plugins/python/py_opt.h \
	plugins/python/py_paths.c \
	plugins/python/py_paths.h \
	plugins/python/py_plugin.c \
	plugins/python/py_plugin.h \
	plugins/python/py_packet.c \
	plugins/python/py_packet.h \
	plugins/python/py_poll.c \
	plugins/python/py_poll.h \
	plugins/python/py_process.c \
	plugins/python/py_process.h \
	plugins/python/py_signal.c \
	plugins/python/py_signal.h \
	plugins/python/py_signal_remote.c \
	plugins/python/py_signal_wait.c \
	plugins/python/py_socket.c \
	plugins/python/py_socket.h \
	plugins/python/py_read.c \
	plugins/python/py_read.h \
	plugins/python/py_request.c \
	plugins/python/py_request.h \
	plugins/python/py_rpc.c \
	plugins/python/py_rpc.h \
	plugins/python/py_rpc_client.c \
	plugins/python/py_rpc_client.h \
	plugins/python/py_rpc_serve.c \
	plugins/python/py_rpc_serve.h \
	plugins/python/py_sharedarea.c \
	plugins/python/py_sharedarea.h \
	plugins/python/py_queue.c \
	plugins/python/py_queue.h \
	plugins/python/py_running.c \
	plugins/python/py_running.h \
	plugins/python/py_spool.c \
	plugins/python/py_spool.h \
	plugins/python/py_spooler_run.c \
	plugins/python/py_stack.c \
	plugins/python/py_stack.h \
	plugins/python/py_start_response.c \
	plugins/python/py_start_response.h \
	plugins/python/py_survey.c \
	plugins/python/py_survey.h \
	plugins/python/py_stdio.c \
	plugins/python/py_stdio.h \
	plugins/python/py_strings.c \
	plugins/python/py_strings.h \
	plugins/python/py_task.c \
	plugins/python/py_task.h \
	plugins/python/py_template.c \
	plugins/python/py_template.h \
	plugins/python/py_thread.c \
	plugins/python/py_thread.h \
	plugins/python/py_tls.c \
	plugins/python/py_tls.h \
	plugins/python/py_turn.c \
	plugins/python/py_turn.h \
	plugins/python/py_vars.c \
	plugins/python/py_vars.h \
	plugins/python/py_wait.c \
	plugins/python/py_wait.h \
	plugins/python/py_worker.c \
	plugins/python/py_websocket.c \
	plugins/python/py_websocket.h \
	plugins/python/py_worker.h \
	plugins/python/py_wsgi.c \
	plugins/python/py_wsgi.h

# Python source as C string literals, one a line.
EXTRA_DIST += \
	plugins/python/remote_cache.py \
	plugins/python/uwsgidecorators.py
CLEANFILES += \
	plugins/python/remote_cache.inc \
	plugins/python/uwsgidecorators.inc

plugins/python/uwsgidecorators.inc: plugins/python/uwsgidecorators.py
	$(AM_V_GEN)$(MKDIR_P) plugins/python && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' \
	    $(top_srcdir)/plugins/python/uwsgidecorators.py >$@.new && \
	mv $@.new $@

plugins/python/remote_cache.inc: plugins/python/remote_cache.py
	$(AM_V_GEN)$(MKDIR_P) plugins/python && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' \
	    $(top_srcdir)/plugins/python/remote_cache.py >$@.new && \
	mv $@.new $@

plugins/python/py_cache_remote.$(OBJEXT): plugins/python/remote_cache.inc
plugins/python/py_decorators.$(OBJEXT): plugins/python/uwsgidecorators.inc
