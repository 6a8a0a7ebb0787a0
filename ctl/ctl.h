/* wsgimaster ctl: asks a running server, or tells it to do something. */
#ifndef WM_CTL_CTL_H
#define WM_CTL_CTL_H

/* What its exit status says. */
#define CTL_OK		0
#define CTL_FAILED	1	/* refused, failed, or not within the time */
#define CTL_USAGE	2
#define CTL_NO_SERVER	3	/* nobody listens there */

/* argv[0] is "ctl". Returns the exit status. */
int	 ctl_main(int argc, char **argv);

#endif
