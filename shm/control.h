/* What wsgimaster ctl and the master say to each other. */
#ifndef WM_SHM_CONTROL_H
#define WM_SHM_CONTROL_H

/*
 * Over the unix socket of control-socket. The client sends one line, a JSON
 * object; the master answers with one JSON object and closes:
 *
 *	{"command": "workers", "target": "+1"}
 *	{"ok": true, "result": {"workers": 3, "before": 2}}
 *	{"ok": false, "error": "there are 4 workers, no more than at the start"}
 *
 * What a command takes beside "command", and what its result holds, is said in
 * doc/control.md. The connection's end is the answer's end; after the answer
 * to "stop" with "wait" that comes when the server is gone.
 */
#define CONTROL_REQUEST_MAX	4096	/* bytes of a request, with newline */

#endif
