/* Why a worker process ended, for the log and for counting. */
#ifndef WM_MASTER_ENDING_H
#define WM_MASTER_ENDING_H

/*
 * Who decides that a worker ends notes the reason in it before anything else
 * happens (worker_proc.ending; the first reason stays). When it is reaped, the
 * master counts it (master.endings). A worker that ends without anybody having
 * decided it DIED. Names in ending.c, in the same order: they are label values
 * of the metrics, and do not change.
 */
enum ending {
	ENDING_DIED,		/* a signal, or an exit of its own */
	ENDING_START_FAILED,	/* never ready: it said why, or was too slow */
	ENDING_STOP,		/* the server stops */
	ENDING_RELOAD,		/* its place was taken by the next generation */
	ENDING_SCALE,		/* fewer workers are wanted */
	ENDING_MAX_REQUESTS,
	ENDING_LIFETIME,
	ENDING_MEMORY,
	ENDING_HARAKIRI,	/* a request was past its deadline */
	ENDING_STUCK,		/* its loop did not turn any more */
	ENDING_MERCY		/* it did not finish within its mercy */
};

#define ENDING_COUNT	(ENDING_MERCY + 1)

const char *ending_name(enum ending ending);

#endif
