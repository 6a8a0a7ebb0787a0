/* Memory with one owner and one end: freed all at once. */
#ifndef WM_BASE_POOL_H
#define WM_BASE_POOL_H

#include <stddef.h>

struct pool_chunk;

/*
 * Made for one request: pool_init once, then any number of rounds of
 * pool_alloc ... pool_reset, which keeps the first chunk for the next round
 * and frees the rest. Nothing from a pool is given to free().
 */
struct pool {
	char			*at;
	char			*end;
	struct pool_chunk	*chunks;	/* newest first */
};

void	 pool_init(struct pool *pool);
/* Aligned for anything, not cleared; never NULL. */
void	*pool_alloc(struct pool *pool, size_t size);
char	*pool_strndup(struct pool *pool, const char *s, size_t len);
void	 pool_reset(struct pool *pool);
void	 pool_done(struct pool *pool);

#endif
