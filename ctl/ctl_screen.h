/* The terminal, taken over for a while, and given back however this ends. */
#ifndef WM_CTL_CTL_SCREEN_H
#define WM_CTL_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 *	CLOSED --screen_open--> OPEN --screen_close--> CLOSED
 *
 * OPEN: standard input gives single keys and does not echo, standard output
 * shows the alternate screen without a cursor. Signals that end a process, and
 * WINCH and TSTP, are events then; those that no process survives (SEGV, ABRT
 * and the like) close the screen first. The escape sequences are those that
 * every terminal since the VT100 understands (and the alternate screen's,
 * which others ignore), so no library is needed.
 */
enum screen_event {
	SCREEN_NOTHING,		/* the time is over */
	SCREEN_KEY,		/* *key is one */
	SCREEN_RESIZED,		/* or continued after a stop: draw again */
	SCREEN_END		/* a signal, or no terminal any more */
};

/* Are both a terminal, and one that moves its cursor? */
bool	 screen_is_possible(void);
/* -1 with errno. */
int	 screen_open(void);
void	 screen_close(void);
/* Waits so many seconds at most; after SCREEN_END number is the signal's. */
enum screen_event screen_wait(double seconds, int *key, int *number);
void	 screen_size(int *columns, int *lines);
/*
 * Shows a text of lines, the first ones that fit. A line that begins with \001
 * is shown inverted, one with \002 bold. In one write, without flicker.
 */
void	 screen_draw(const char *text);

#endif
