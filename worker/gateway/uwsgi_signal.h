/*
 * Signals of the app that others raise here: a uwsgi packet with modifier1 110
 * and without content, whose modifier2 is the signal's number.
 *
 * The answer is a packet of modifier1 255, whose modifier2 is 1 when the master
 * has been told, and 0 when not: the number is not among those of the option
 * remote-signals (none are unless it is given), or the master has not read what
 * came before. Whether somebody has a handler nobody waits for.
 */
#ifndef WM_WORKER_GATEWAY_UWSGI_SIGNAL_H
#define WM_WORKER_GATEWAY_UWSGI_SIGNAL_H

struct handler;

extern const struct handler	 uwsgi_signal_handler;

#endif
