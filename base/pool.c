/* Memory with one owner and one end: freed all at once. */
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define POOL_CHUNK	512
#define POOL_ALIGN	16

struct pool_chunk {
	struct pool_chunk	*next;
	size_t			 size;
	_Alignas(POOL_ALIGN) char data[];
};

/* An empty pool; takes no memory before the first allocation. */
void
pool_init(struct pool *pool)
{
	pool->at = pool->end = NULL;
	pool->chunks = NULL;
}

/* Adds a chunk that holds at least size bytes and allocates from it. */
static void *
pool_grow(struct pool *pool, size_t size)
{
	struct pool_chunk	*chunk;
	size_t			 room;

	room = size > POOL_CHUNK ? size : POOL_CHUNK;
	chunk = xmalloc(sizeof(*chunk) + room);
	chunk->size = room;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->at = chunk->data + size;
	pool->end = chunk->data + room;
	return chunk->data;
}

/* Allocates. */
void *
pool_alloc(struct pool *pool, size_t size)
{
	void	*p;

	size = (size + POOL_ALIGN - 1) & ~(size_t)(POOL_ALIGN - 1);
	if (size > (size_t)(pool->end - pool->at))
		return pool_grow(pool, size);
	p = pool->at;
	pool->at += size;
	return p;
}

/* Copies len bytes and ends them with a NUL. */
char *
pool_strndup(struct pool *pool, const char *s, size_t len)
{
	char	*p;

	p = pool_alloc(pool, len + 1);
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

/* Frees everything but one chunk of the usual size. */
void
pool_reset(struct pool *pool)
{
	struct pool_chunk	*chunk, *keep = NULL;

	while ((chunk = pool->chunks) != NULL) {
		pool->chunks = chunk->next;
		if (keep == NULL && chunk->size == POOL_CHUNK)
			keep = chunk;
		else
			free(chunk);
	}
	pool_init(pool);
	if (keep == NULL)
		return;
	keep->next = NULL;
	pool->chunks = keep;
	pool->at = keep->data;
	pool->end = keep->data + keep->size;
}

/* Frees everything. */
void
pool_done(struct pool *pool)
{
	struct pool_chunk	*chunk;

	while ((chunk = pool->chunks) != NULL) {
		pool->chunks = chunk->next;
		free(chunk);
	}
	pool_init(pool);
}
