/* Answers that need no core: how they are sent. */
#include "worker/answer.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/conn_buf.h"
#include "worker/conn_io.h"
#include "worker/conn_timeout.h"
#include "worker/worker.h"

/* What became of an attempt to send all. */
enum answer_result {
	ANSWER_SENT,
	ANSWER_WAIT,
	ANSWER_BROKEN
};

/* Tells whoever wants to know how it ended, and frees it. */
static void
answer_end(struct answer *a, bool whole)
{
	a->whole = whole;
	sb_add_shared(&a->conn->worker->stats->bytes_out, a->wire);
	if (a->done != NULL)
		a->done(a);
	a->conn->answer = NULL;
	answer_free(a);
}

/* The connection is about to be closed. */
void
answer_drop(struct conn *c)
{
	if (c->answer != NULL)
		answer_end(c->answer, false);
}

/* It cannot be sent to its end: the client must notice. */
static void
answer_break(struct conn *c)
{
	sb_add_shared(&c->worker->stats->cut, 1);
	conn_close(c);
}

/* Behind a record comes the next, or the end. */
static void
answer_next_record(struct answer *a)
{
	const struct protocol_frames	*frames = a->conn->protocol->frames;
	const struct conn		*c = a->conn;
	char				*out = a->frame;

	if (frames != NULL && a->record > 0)
		out += frames->behind(c, out, a->record);
	a->record = 0;
	if (a->part < a->nparts) {
		a->record = a->parts[a->part].len;
		if (frames != NULL && a->record > frames->max)
			a->record = frames->max;
		if (frames != NULL)
			out += frames->before(c, out, a->record);
	} else {
		a->ended = true;
		if (frames != NULL)
			out += frames->end(c, out);
	}
	a->left = a->record;
	a->frame_at = 0;
	a->frame_len = (size_t)(out - a->frame);
}

/* Counts what the kernel took. */
static void
answer_count(struct answer *a, size_t n)
{
	struct answer_part	*part = &a->parts[a->part];
	size_t			 frame = a->frame_len - a->frame_at;

	a->wire += n;
	if (frame > n)
		frame = n;
	a->frame_at += frame;
	n -= frame;
	if (n == 0)
		return;
	a->content += n;
	a->left -= n;
	part->at += (off_t)n;
	part->len -= n;
	if (part->len == 0)
		a->part++;
}

/* Does more follow behind the next n bytes of content? */
static bool
answer_has_more(const struct answer *a, size_t n)
{
	if (a->ended)
		return false;
	return a->conn->protocol->frames != NULL ||
	    a->conn->protocol->finish != NULL || n < a->left ||
	    a->part + 1 < a->nparts;
}

/* One call: of the record what is memory, or of the file; as send(2). */
static ssize_t
answer_send_some(struct answer *a, size_t most)
{
	const struct answer_part *part = &a->parts[a->part];
	struct iovec		 iov[2];
	size_t			 len = a->left < most ? a->left : most;
	off_t			 at;
	int			 n = 0;

	if (a->frame_at < a->frame_len)
		iov[n++] = (struct iovec){ a->frame + a->frame_at,
		    a->frame_len - a->frame_at };
	if (len > 0 && part->file && n == 0) {
		at = part->at;
		return conn_sendfile(a->conn, a->fd, &at, len);
	}
	if (len > 0 && part->file)
		len = 0;		/* the next call's */
	else if (len > 0)
		iov[n++] = (struct iovec){ a->text.buf + part->at, len };
	return n == 1 ?
	    conn_send(a->conn, iov[0].iov_base, iov[0].iov_len,
	    answer_has_more(a, len) ? MSG_MORE : 0) :
	    conn_send_parts(a->conn, iov, n,
	    answer_has_more(a, len) ? MSG_MORE : 0);
}

/* Sends until all is sent, the socket is full or the turn is used up. */
static enum answer_result
answer_send(struct answer *a)
{
	size_t	 room = ANSWER_TURN;
	ssize_t	 n;

	for (;;) {
		if (a->left == 0 && a->frame_at == a->frame_len) {
			if (a->ended)
				return ANSWER_SENT;
			answer_next_record(a);
			continue;
		}
		if (room == 0)
			return ANSWER_WAIT;
		n = answer_send_some(a, room);
		if (n > 0) {
			answer_count(a, (size_t)n);
			room -= (size_t)n < room ? (size_t)n : room;
		} else if (n == 0) {	/* the file was cut meanwhile */
			return ANSWER_BROKEN;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return ANSWER_WAIT;
		} else if (errno != EINTR) {
			return ANSWER_BROKEN;
		}
	}
}

/* It is sent: the connection goes on. */
static void
answer_sent_all(struct conn *c)
{
	struct answer	*a = c->answer;

	if (c->protocol->finish != NULL && c->protocol->finish(c) == -1) {
		answer_break(c);
		return;
	}
	c->close = c->close || a->close;
	answer_end(a, true);
	conn_request_done(c);
}

/* Will the connection's next request be looked at within this one's end? */
static bool
answer_is_deep(const struct conn *c)
{
	return c->worker->answering > ANSWER_DEPTH && c->in != NULL &&
	    c->in->pos < c->in->len;
}

/* Has the client been slow for too long? It has taken so much by now. */
static bool
answer_is_slow(struct answer *a, uint64_t taken)
{
	const struct config	*cfg = a->conn->worker->cfg;
	uint64_t		 us = clock_coarse_us() - a->conn->since_us;

	if (cfg->client_min_rate == 0 || cfg->write_timeout <= 0)
		return false;
	if (taken > a->noted)
		patience_earn(&a->patience, taken - a->noted,
		    (double)cfg->client_min_rate);
	patience_spend(&a->patience, (double)us / 1e6, cfg->write_timeout);
	return patience_left(&a->patience, cfg->write_timeout) <= 0;
}

/* It waits, if the client may be waited for: for write-timeout from now on. */
static void
answer_wait(struct answer *a, int unsent)
{
	struct conn	*c = a->conn;
	uint64_t	 taken = a->wire;

	taken -= unsent > 0 && (uint64_t)unsent < taken ? (uint64_t)unsent : 0;
	if (a->unsent != -1 && answer_is_slow(a, taken)) {
		c->reset = true;
		answer_break(c);
		return;
	}
	a->unsent = unsent;
	a->noted = taken;
	conn_timeout_leave(c);
	conn_timeout_enter(c);
	conn_watch_for(c, CONN_WATCH_WRITE);
}

/* Sends, and acts on what became of it. */
static void
answer_step(struct conn *c)
{
	struct answer		*a = c->answer;
	uint64_t		 before = a->wire;
	enum answer_result	 result = answer_send(a);

	if (result == ANSWER_BROKEN) {
		answer_break(c);
	} else if (result == ANSWER_SENT && !answer_is_deep(c)) {
		answer_sent_all(c);
	} else if (a->wire != before || a->unsent == -1) {
		answer_wait(a, conn_unsent(c));
	} else {
		conn_watch_for(c, CONN_WATCH_WRITE);
	}
}

/* The client takes more. */
void
answer_go_on(struct conn *c)
{
	answer_step(c);
}

/*
 * Nothing was sent for write-timeout: a client that takes little is told from
 * one that takes nothing by what is left in the socket, which counts as
 * writable only when a good part of it is free.
 */
void
answer_timed_out(struct conn *c)
{
	int	 unsent = conn_unsent(c);

	if (unsent < c->answer->unsent) {
		answer_wait(c->answer, unsent);
		return;
	}
	c->reset = true;
	answer_break(c);
}

/* Where heads are no bytes: hands it over. */
static int
answer_send_head(struct answer *a)
{
	struct conn	*c = a->conn;

	if (c->protocol->send_head(c, a->text.buf, a->head_len,
	    a->parts[0].len == a->head_len && a->nparts == 1) == -1)
		return -1;
	a->content = a->head_len;
	a->parts[0].at += (off_t)a->head_len;
	a->parts[0].len -= a->head_len;
	if (a->parts[0].len == 0)
		a->part = 1;
	return 0;
}

/* Sends it. */
void
conn_answer(struct conn *c, struct answer *a)
{
	struct worker	*w = c->worker;

	c->answer = a;
	conn_set_state(c, CONN_SENDING);
	if (a->no_body) {
		a->parts[0].len = a->head_len;
		a->nparts = 1;
	}
	if (c->protocol->send_head != NULL && answer_send_head(a) == -1) {
		answer_break(c);
		return;
	}
	/* The end of several pieces shall not wait for an acknowledgement. */
	if (a->nparts > 1)
		conn_set_nodelay(c);
	w->answering++;
	answer_step(c);
	w->answering--;
}
