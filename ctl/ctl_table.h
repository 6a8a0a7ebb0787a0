/* A table with aligned columns. */
#ifndef WM_CTL_CTL_TABLE_H
#define WM_CTL_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* The columns; the list ends with a NULL name. */
struct ctl_column {
	const char	*name;
	bool		 right;		/* aligned to the right: numbers */
};

/*
 * Cells are added one by one, row by row, each an allocated string that the
 * table owns from then on:
 *
 *	ctl_table_init(&table, columns);
 *	ctl_table_add(&table, xasprintf("%d", id)); ...
 *	ctl_table_print(&table, &sb, 80);
 *	ctl_table_done(&table);
 */
struct ctl_table {
	const struct ctl_column	*columns;
	size_t			 ncolumns;
	char			**cells;
	size_t			 ncells;
};

void	 ctl_table_init(struct ctl_table *table,
	    const struct ctl_column *columns);
void	 ctl_table_add(struct ctl_table *table, char *cell);
/* Columns that are empty in all rows are left out; width 0: as wide as it is,
 * else lines are cut. */
void	 ctl_table_print(const struct ctl_table *table, struct strbuf *sb,
	    size_t width);
void	 ctl_table_done(struct ctl_table *table);

#endif
