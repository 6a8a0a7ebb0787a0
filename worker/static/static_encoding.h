/* Accept-Encoding (RFC 9110 section 12.5.3): what is liked best: pure. */
#ifndef WM_WORKER_STATIC_STATIC_ENCODING_H
#define WM_WORKER_STATIC_STATIC_ENCODING_H

#include <stddef.h>

/* In the server's order, which counts among those liked equally. */
enum static_coding {
	STATIC_BR,
	STATIC_GZIP,
	STATIC_CODINGS
};

struct static_coding_name {
	const char	*name;		/* as in Content-Encoding */
	const char	*suffix;	/* of the precompressed file */
};

extern const struct static_coding_name static_codings[STATIC_CODINGS];

/*
 * Sets list to those that the client takes and does not like less than the
 * file as it is, the best first; returns how many.
 */
size_t	 static_encoding_choose(const char *s, size_t len,
	    enum static_coding list[STATIC_CODINGS]);

#endif
