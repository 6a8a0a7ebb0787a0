/* Checks what no option can say alone: combinations, and files that exist. */
#ifndef WM_CONFIG_CONFIG_CHECK_H
#define WM_CONFIG_CONFIG_CHECK_H

#include "config/config.h"

/*
 * Adds impossible combinations to problems, and what is odd to cfg's warnings.
 */
void	 config_check(struct config *cfg, struct strlist *problems);
/* Is there an app to load, or need there be none? */
void	 config_check_app(const struct config *cfg, struct strlist *problems);
/* Warns of files and folders that are not there (yet). */
void	 config_check_files(struct config *cfg);

#endif
