/* Is a text from a stranger JSON that every reader takes? */
#ifndef WM_BASE_JSON_CHECK_H
#define WM_BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_CHECK_DEPTH	16
#define JSON_CHECK_DIGITS	18	/* of a number, so that it fits */

/*
 * One value in UTF-8, and nothing but white space around it; text[len] is 0.
 * Nothing is allocated. Refused is also what JSON has but json_out.h does not
 * write and some readers do not take: exponents, numbers that are long, half a
 * surrogate pair, U+0000, what is nested deeper.
 */
bool	 json_check(const char *text, size_t len);

#endif
