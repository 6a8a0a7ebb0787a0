/* Makes the caches, and shows them. */
#ifndef WM_MASTER_COMMONS_CACHES_H
#define WM_MASTER_COMMONS_CACHES_H

struct caches;
struct config;
struct json_out;

/* Before the first fork. *caches is NULL if there are none; -1 with *cause. */
int	 commons_caches(struct caches **caches, const struct config *cfg,
	    char **cause);
/* Unmaps them; NULL is fine. */
void	 commons_caches_free(struct caches *caches);
/* uWSGI's list "caches", with more keys. */
void	 commons_caches_json(struct json_out *json,
	    const struct caches *caches);

#endif
