/*
 * Jobs: what a worker does beside its requests, like the handlers of uwsgi's
 * signals.
 *
 *	QUEUED --- the job core is idle, job_is_due ---> RUNNING
 *	RUNNING -- run() waits, and goes on (core.h) --> RUNNING
 *	RUNNING -- run() has returned -----------------> over
 *
 * They run one after the other on a core of their own, w->cores[w->ncores],
 * which no request ever gets: many jobs, or one that lasts, take no request its
 * place. The suspend engine starts it as it starts the others, so that a job
 * may wait as a request may (wait.h), and the requests go on meanwhile; with
 * threads it has a thread of its own. Without an engine a job holds up the
 * worker, as a request does.
 *
 * The core has no connection: what belongs to a client (core->req.conn, the
 * head, the response) is not there, and core->job says so. A job has an id in
 * the log, is seen in the scoreboard (sb_job) and in stacks, and has the
 * deadline of the option harakiri, which raises in it what it raises in a
 * request.
 *
 * In one turn at most one job begins, unless no request wants to: neither can
 * keep the other from running. A worker that drains finishes its jobs first,
 * within worker-reload-mercy.
 */
#ifndef WM_WORKER_JOB_H
#define WM_WORKER_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct core;
struct worker;

/* So many may wait; one more is refused. */
#define JOB_QUEUE_MAX	1024

struct job {
	void			(*run)(struct core *core, void *arg);
	void			*arg;
	STAILQ_ENTRY(job)	 link;
};

/* One a worker; the loop's owner's. */
struct jobs {
	STAILQ_HEAD(, job)	 queue;
	uint32_t		 queued;
	bool			 begun;		/* one, in this turn */
	uint64_t		 warned_us;	/* that it is full */
};

/* Worker start and end; job_init behind the cores. */
void	 jobs_init(struct worker *w);
void	 jobs_done(struct worker *w);

/*
 * Loop thread, or with the loop lent: run(core, arg) is called on the job
 * core, with or without the interpreter's lock, when it is its turn. 0; -1: the
 * queue is full, or the worker leaves, and run is never called. What arg is is
 * freed by run; if the process is killed meanwhile it is lost.
 */
int	 job_add(struct worker *w, void (*run)(struct core *core, void *arg),
	    void *arg);
/* In run: what it is, for the scoreboard, stacks and logs ("signal:3"). */
void	 job_show(struct core *core, const char *what);
/* Is there none, waiting or running? */
bool	 jobs_are_over(const struct worker *w);

/* For core.c: shall one begin now? */
bool	 job_is_due(const struct worker *w);
/* Hub: takes the next one; its core is to be switched into. */
struct core *job_begin(struct worker *w);
/* On the core's stack: does it. */
void	 job_run(struct core *core);
/* Hub: it is over. */
void	 job_end(struct core *core);

#endif
