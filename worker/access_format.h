/* The access line that log-format describes. */
#ifndef WM_WORKER_ACCESS_FORMAT_H
#define WM_WORKER_ACCESS_FORMAT_H

struct request;
struct strbuf;

/*
 * Appends the line and a newline. What clients sent is escaped, so that a line
 * stays one, and JSON stays JSON where the format begins with a brace; "-"
 * stands for what is not there.
 */
void	 access_format_add(struct strbuf *sb, const struct request *req);

#endif
