/* A table with aligned columns. */
#include "ctl/ctl_table.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "ctl/ctl_text.h"

#define TABLE_COLUMNS	20	/* at most */

/* An empty one. */
void
ctl_table_init(struct ctl_table *table, const struct ctl_column *columns)
{
	table->columns = columns;
	table->cells = NULL;
	table->ncells = table->ncolumns = 0;
	while (columns[table->ncolumns].name != NULL &&
	    table->ncolumns < TABLE_COLUMNS)
		table->ncolumns++;
}

/* Adds a cell. */
void
ctl_table_add(struct ctl_table *table, char *cell)
{
	if ((table->ncells & (table->ncells - 1)) == 0)
		table->cells = xrealloc(table->cells,
		    (table->ncells > 0 ? 2 * table->ncells : 1) *
		    sizeof(*table->cells));
	table->cells[table->ncells++] = cell;
}

/* How wide each column is; 0: it is empty. */
static void
ctl_table_measure(const struct ctl_table *table, size_t *widths)
{
	size_t	 i, n, column;

	for (column = 0; column < table->ncolumns; column++) {
		widths[column] = 0;
		for (i = column; i < table->ncells; i += table->ncolumns) {
			n = ctl_width(table->cells[i]);
			if (n > widths[column])
				widths[column] = n;
		}
		n = ctl_width(table->columns[column].name);
		if (widths[column] > 0 && n > widths[column])
			widths[column] = n;
	}
}

/* Adds a cell's text, filled up to its column's width. */
static void
ctl_table_cell(struct strbuf *sb, const char *text, size_t width, bool right)
{
	size_t	 n = ctl_width(text), blanks = width > n ? width - n : 0;

	if (right)
		strbuf_addf(sb, "%*s", (int)blanks, "");
	strbuf_adds(sb, text);
	if (!right)
		strbuf_addf(sb, "%*s", (int)blanks, "");
}

/* Ends a line: no blanks at its end, no more columns than there are. */
static void
ctl_table_line(struct strbuf *sb, struct strbuf *line, size_t width)
{
	size_t	 len;

	if (width > 0) {
		len = ctl_fit(strbuf_str(line), width);
		strbuf_truncate(line, len);
	}
	while (line->len > 0 && line->buf[line->len - 1] == ' ')
		strbuf_truncate(line, line->len - 1);
	strbuf_add(sb, strbuf_str(line), line->len);
	strbuf_addc(sb, '\n');
	strbuf_truncate(line, 0);
}

/* Adds all of it. */
void
ctl_table_print(const struct ctl_table *table, struct strbuf *sb,
    size_t width)
{
	struct strbuf	 line = STRBUF_INIT;
	size_t		 widths[TABLE_COLUMNS], row, i;
	const char	*text;

	ctl_table_measure(table, widths);
	for (row = 0; row <= table->ncells / table->ncolumns; row++) {
		for (i = 0; i < table->ncolumns; i++) {
			if (widths[i] == 0)
				continue;
			text = row == 0 ? table->columns[i].name :
			    table->cells[(row - 1) * table->ncolumns + i];
			if (line.len > 0)
				strbuf_adds(&line, "  ");
			ctl_table_cell(&line, text, widths[i],
			    table->columns[i].right);
		}
		ctl_table_line(sb, &line, width);
	}
	strbuf_done(&line);
}

/* Frees the cells. */
void
ctl_table_done(struct ctl_table *table)
{
	size_t	 i;

	for (i = 0; i < table->ncells; i++)
		free(table->cells[i]);
	free(table->cells);
}
