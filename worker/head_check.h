/* May this stand in a response's head? */
#ifndef WM_WORKER_HEAD_CHECK_H
#define WM_WORKER_HEAD_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Of strings in a buffer in which so many bytes more may be read behind them,
 * whatever these are: 16 bytes are looked at in one go.
 */
#define HEAD_CHECK_PADDING	16

/* Is it a field name: a token? The empty one is, too. */
bool	 head_check_name(const char *p, size_t len);
/* Is it a field value: no control characters but the tab? */
bool	 head_check_value(const char *p, size_t len);

#endif
