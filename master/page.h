/* The live page on the stats socket: its files, and a worker's stacks. */
#ifndef WM_MASTER_PAGE_H
#define WM_MASTER_PAGE_H

#include "master/stats_reply.h"

/*
 * page/page.html, .css and .js, compiled in; nothing comes from elsewhere, and
 * PAGE_FIELDS has the browser see to that: no other source, no inline script
 * or style, no frame around it, nothing sent anywhere.
 */
#define PAGE_FIELDS							\
	"Content-Security-Policy: default-src 'none'; script-src 'self'; " \
	    "style-src 'self'; connect-src 'self'; base-uri 'none'; "	\
	    "form-action 'none'; frame-ancestors 'none'\r\n"		\
	"Referrer-Policy: no-referrer\r\n"				\
	"Cross-Origin-Resource-Policy: same-origin\r\n"

enum stats_progress page_html(struct stats_reply *r);
enum stats_progress page_css(struct stats_reply *r);
enum stats_progress page_js(struct stats_reply *r);

/*
 * "slot=N": the stacks of the worker in a slot, as it answers (stacks.h), or
 * {"error": why}, with status 400 or 504. It has PAGE_STACK_S to answer.
 */
#define PAGE_STACK_S	3.0

enum stats_progress page_stack(struct stats_reply *r);

#endif
