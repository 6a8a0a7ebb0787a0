/* Ages, sizes and foreign text, as people read them. */
#ifndef WM_CTL_CTL_TEXT_H
#define WM_CTL_CTL_TEXT_H

#include <stddef.h>

#include "base/strbuf.h"

/* "80 us", "12 ms", "1.2 s", "3 min", "5 h", "2 d". */
void	 ctl_add_seconds(struct strbuf *sb, double seconds);
/* "512 B", "1.2 kB", "34 MB". */
void	 ctl_add_bytes(struct strbuf *sb, double bytes);
/* "1,234,567". */
void	 ctl_add_count(struct strbuf *sb, long long n);
/* The same as new strings. */
char	*ctl_seconds(double seconds);
char	*ctl_bytes(double bytes);
char	*ctl_count(long long n);

/*
 * UTF-8 from outside, with '?' for all that could move a terminal's cursor or
 * change its colours.
 */
void	 ctl_add_clean(struct strbuf *sb, const char *text);
/* The same as a new string. */
char	*ctl_clean(const char *text);
/* Columns that a clean text takes. */
size_t	 ctl_width(const char *text);
/* Adds the lines of a text, each cut to so many columns (0: not at all). */
void	 ctl_add_cut(struct strbuf *sb, const char *text, size_t columns);
/* How many of its bytes fit into so many columns. */
size_t	 ctl_fit(const char *text, size_t columns);

#endif
