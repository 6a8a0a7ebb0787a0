/* Whether a cache's parts belong together. */
#ifndef WM_TEST_UNIT_CACHE_WHOLE_H
#define WM_TEST_UNIT_CACHE_WHOLE_H

struct cache;

/* With nobody writing: what is wrong with it; NULL: nothing. */
const char *cache_whole(struct cache *c);

#endif
