/* wsgimaster ctl top: a live view in a terminal, or frames on a pipe. */
#ifndef WM_CTL_CTL_TOP_H
#define WM_CTL_CTL_TOP_H

struct ctl;

/* Returns the exit status; a signal that ended it is raised again. */
int	 ctl_top(struct ctl *ctl);

#endif
