/* Which names a certificate is for, and whether a client means one of them. */
#include "worker/tls/tls_sni.h"

#include <string.h>
#include <strings.h>

#include "base/strlist.h"

/* A name's length without a dot at its end. */
static size_t
tls_sni_len(const char *name)
{
	size_t	 len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

/* Is name what pattern means? */
bool
tls_sni_matches(const char *pattern, const char *name)
{
	size_t	 plen = tls_sni_len(pattern), len = tls_sni_len(name), label;

	if (len == 0 || plen == 0)
		return false;
	if (plen > 2 && pattern[0] == '*' && pattern[1] == '.') {
		label = strcspn(name, ".");
		if (label == 0 || label >= len)
			return false;
		pattern++;
		plen--;
		name += label;
		len -= label;
	}
	return len == plen && strncasecmp(pattern, name, len) == 0;
}

/* How well the patterns match. */
int
tls_sni_rank(const struct strlist *patterns, const char *name)
{
	size_t	 i;
	int	 rank, best = 0;

	for (i = 0; i < patterns->count; i++) {
		if (!tls_sni_matches(patterns->items[i], name))
			continue;
		rank = patterns->items[i][0] == '*' ? 1 : 2;
		if (rank > best)
			best = rank;
	}
	return best;
}
