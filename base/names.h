/* Tables that map a value to its printable name and back. */
#ifndef WM_BASE_NAMES_H
#define WM_BASE_NAMES_H

/* A table ends with a NULL name. */
struct name_value {
	const char	*name;
	int		 value;
};

/* The name of a value, "unknown" when the table has none. */
const char	*name_of(const struct name_value *map, int value);
/* The value of a name, or otherwise when the table has none. */
int		 value_of(const struct name_value *map, const char *name,
		    int otherwise);

#endif
