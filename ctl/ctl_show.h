/* Results of commands, as people read them. */
#ifndef WM_CTL_CTL_SHOW_H
#define WM_CTL_CTL_SHOW_H

#include <jansson.h>

#include "base/strbuf.h"

struct ctl;

/* Each adds a command's result; what ctl says may choose among it. */
void	 ctl_show_status(const struct ctl *ctl, const json_t *result,
	    struct strbuf *sb);
void	 ctl_show_workers(const struct ctl *ctl, const json_t *result,
	    struct strbuf *sb);
void	 ctl_show_cores(const struct ctl *ctl, const json_t *result,
	    struct strbuf *sb);
void	 ctl_show_stacks(const struct ctl *ctl, const json_t *result,
	    struct strbuf *sb);
void	 ctl_show_config(const struct ctl *ctl, const json_t *result,
	    struct strbuf *sb);

/* Columns of the terminal on standard output; 0: it is none. */
int	 ctl_columns(void);

/* Members of an object: 0 and "" when there are none. */
long long ctl_int(const json_t *object, const char *key);
double	 ctl_real(const json_t *object, const char *key);
const char *ctl_str(const json_t *object, const char *key);

/* The same tables, so wide at most (0: as wide as they are). */
void	 ctl_table_of_cores(const json_t *cores, struct strbuf *sb,
	    size_t width);

#endif
