/* A client of the control socket: one request, one answer. */
#ifndef WM_MASTER_CONTROL_CLIENT_H
#define WM_MASTER_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct control_client;
struct master;
struct strbuf;

/*
 *	REQUEST	the line is read: a few seconds in all
 *	WAITING	its command waits for something; cancel ends that
 *	ROWS	the answer is made as the client takes it, a piece at a time
 *	SENDING	all of the answer is in the buffer
 *	SENT	the client has it; it shall close now
 *
 *	REQUEST -> WAITING, ROWS, SENDING	the command says which
 *	WAITING -> ROWS, SENDING
 *	ROWS -> SENDING -> SENT
 *
 * In ROWS and SENDING a client that takes nothing for a few seconds is let go;
 * one that leaves, in every state. control_client_set_state is the only
 * function that changes the state.
 */
enum control_client_state {
	CONTROL_CLIENT_REQUEST,
	CONTROL_CLIENT_WAITING,
	CONTROL_CLIENT_ROWS,
	CONTROL_CLIENT_SENDING,
	CONTROL_CLIENT_SENT
};

TAILQ_HEAD(control_client_list, control_client);

/* All of them; left is called when one has left. */
struct control_clients {
	struct control_client_list	 list;
	unsigned			 count;
	unsigned			 waiting;
	void				 (*left)(void *arg);
	void				*arg;
};

void	 control_clients_init(struct control_clients *clients,
	    void (*left)(void *arg), void *arg);
void	 control_clients_done(struct control_clients *clients);

/* Takes over the descriptor; NULL when there is no memory for its events. */
struct control_client *control_client_new(struct master *m,
	    struct control_clients *clients, int fd,
	    const struct ucred *peer);

/*
 * What a command may do, in its function or, after control_wait, later: one
 * of the next four, once. None of them frees the client.
 */
/* The result, whose reference it takes. */
void	 control_answer(struct control_client *c, json_t *result);
/* The same as JSON text. */
void	 control_answer_text(struct control_client *c, const char *result);
void	 control_refuse(struct control_client *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * A list, with the key open, "workers": [...]. more adds rows, each followed
 * by a comma, as many as take less than a millisecond (it may also only look
 * further, and add none), and says whether it shall be called again. done
 * frees job; it is called once, whatever happens.
 */
struct control_rows {
	const char	*key;
	bool		(*more)(void *job, struct strbuf *out);
	void		(*done)(void *job);
};
void	 control_answer_rows(struct control_client *c,
	    const struct control_rows *rows, void *job);

/*
 * The answer comes later: cancel(job) is called if the client leaves before
 * one of the above is. False (and nothing happens) when too many wait.
 */
bool	 control_wait(struct control_client *c, void (*cancel)(void *job),
	    void *job);
/* The connection shall end when the process does, not before. */
void	 control_hold(struct control_client *c);

struct master *control_master(const struct control_client *c);
/* "control socket: user 0, pid 4711", for the log. */
const char *control_who(const struct control_client *c);

#endif
