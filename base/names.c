/* Tables that map a value to its printable name and back. */
#include "base/names.h"

#include <stddef.h>
#include <string.h>

/* Finds a value's name. */
const char *
name_of(const struct name_value *map, int value)
{
	for (; map->name != NULL; map++) {
		if (map->value == value)
			return map->name;
	}
	return "unknown";
}

/* Finds a name's value. */
int
value_of(const struct name_value *map, const char *name, int otherwise)
{
	for (; map->name != NULL; map++) {
		if (strcmp(map->name, name) == 0)
			return map->value;
	}
	return otherwise;
}
