/* One frame of wsgimaster ctl top: two samples of a server, as text. */
#ifndef WM_CTL_CTL_FRAME_H
#define WM_CTL_CTL_FRAME_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"

/* What the server said at one time; all NULL: nothing. */
struct ctl_sample {
	json_t		*status;
	json_t		*workers;	/* the array */
	json_t		*by_pid;	/* the same workers, by their pid */
	json_t		*cores;		/* the oldest requests, an array */
};

/* In which order workers are shown. Names in ctl_frame.c, same order. */
enum ctl_sort {
	CTL_SORT_ID,
	CTL_SORT_RATE,
	CTL_SORT_BUSY,
	CTL_SORT_MEMORY,
	CTL_SORT_LAG,
	CTL_SORT_COUNT
};

struct ctl_view {
	enum ctl_sort	 sort;
	int		 columns;	/* 0: as wide as it is */
	int		 lines;		/* 0: as many as there are */
	bool		 marks;		/* of screen_draw */
};

/* The order of that name, or key; CTL_SORT_COUNT: none. */
enum ctl_sort	 ctl_sort_find(const char *name);
enum ctl_sort	 ctl_sort_key(int key);

void	 ctl_sample_done(struct ctl_sample *sample);
/* Adds the frame; before is an earlier sample of the same server, or empty. */
void	 ctl_frame(struct strbuf *sb, const struct ctl_view *view,
	    const struct ctl_sample *before, const struct ctl_sample *now);

#endif
