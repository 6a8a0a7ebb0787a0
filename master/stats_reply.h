/* What the stats socket answers: a table of paths, and how a body is made. */
#ifndef WM_MASTER_STATS_REPLY_H
#define WM_MASTER_STATS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct config;
struct master;

/* What the function of a path has to say. */
enum stats_progress {
	STATS_DONE,	/* that was all */
	STATS_MORE,	/* call it again when this is sent */
	STATS_LATER	/* it calls stats_resume when it knows more */
};

/* So much in one call is enough: the master has other things to do. */
#define STATS_SLICE	(64 * 1024)

/*
 * One answer that is being made. The function of its path appends to out, and
 * has the rest of the struct to itself, all zero at first, if it needs several
 * calls. What it says may have changed between two of them: a worker may be
 * another one, or none. If the client leaves, done is called and nothing else.
 */
struct stats_reply {
	struct master	*master;
	const char	*query;		/* what follows '?', or "" */
	struct strbuf	 out;

	int		 status;	/* before anything is sent; 200 */
	uint32_t	 at[4];		/* where to go on */
	void		*own;
	void		(*done)(struct stats_reply *r);	/* frees it; or NULL */
};

/*
 * One path. The first row that fits is taken: its path is that of the request,
 * and the client has named its accept among what it accepts.
 */
struct stats_path {
	const char	*path;
	const char	*accept;	/* NULL: whatever the client accepts */
	const char	*type;		/* Content-Type */
	const char	*fields;	/* more lines of the head, or NULL */
	bool		 guarded;	/* not for unknown names of this host */
	bool		 page;		/* only with "stats-page" */
	enum stats_progress (*write)(struct stats_reply *r);
};

/* What a client gets that sends nothing. */
extern const struct stats_path stats_raw_path;

/* The row for a request; NULL: there is none. accept may be NULL. */
const struct stats_path *stats_path_find(const struct config *cfg,
	    const char *path, size_t len, const char *accept,
	    size_t accept_len);
/* Appends a list of all paths, a line each. */
void	 stats_path_list(const struct config *cfg, struct strbuf *out);

/* After STATS_LATER: the function is called again, at once. */
void	 stats_resume(struct stats_reply *r);

#endif
