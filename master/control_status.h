/* The server as a whole, for the control socket. */
#ifndef WM_MASTER_CONTROL_STATUS_H
#define WM_MASTER_CONTROL_STATUS_H

struct master;
struct strbuf;

/* Add an object as JSON text; the keys are in doc/control.md. */
void	 control_status(const struct master *m, struct strbuf *out);
void	 control_ping(const struct master *m, struct strbuf *out);

#endif
