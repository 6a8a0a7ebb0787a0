/* Signals of the app that others raise here. */
#include "worker/gateway/uwsgi_signal.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config.h"
#include "config/signal_rule.h"
#include "shm/messages.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/gateway/uwsgi_parse.h"
#include "worker/handler.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/worker.h"

/* Where no such packet can come nobody looks for one. */
static bool
uwsgi_signal_wanted(const struct config *cfg)
{
	return cfg->uwsgi_socket.count > 0;
}

/* Is it one? */
static bool
uwsgi_signal_match(struct request *req)
{
	return req->head->modifier1 == UWSGI_MODIFIER_SIGNAL;
}

/* Raises it; a status as HTTP has it, for the access log. */
static int
uwsgi_signal_raise(struct request *req, int number)
{
	if (!signal_rule_is_remote(req->worker->cfg, number)) {
		request_log(req, LOG_LEVEL_WARN, "signal %d is refused: it is "
		    "not in \"remote-signals\"", number);
		return 403;
	}
	if (worker_ask_master(req->worker, MSG_SIGNAL_RAISE, number, "") == 0)
		return 200;
	request_log(req, LOG_LEVEL_WARN, "signal %d is refused: the master "
	    "has not read those before", number);
	return 503;
}

/* Raises it and says so. */
static int
uwsgi_signal_run(struct request *req)
{
	char	 answer[UWSGI_PACKET_HEADER];
	int	 status;

	req->app_id = REQUEST_NO_APP;
	status = uwsgi_signal_raise(req, (uint8_t)req->buf[3]);
	req->resp.status = status;
	uwsgi_header_write(answer, UWSGI_MODIFIER_ANSWER, 0, status == 200);
	(void)response_write_raw(req, answer, sizeof(answer));
	return 0;
}

const struct handler	 uwsgi_signal_handler = {
	.name = "signal",
	.wanted = uwsgi_signal_wanted,
	.match = uwsgi_signal_match,
	.run = uwsgi_signal_run,
};
