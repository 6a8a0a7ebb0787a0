/* Looking at files with the app's rights, in a master that has others. */
#ifndef WM_MASTER_SIGHT_H
#define WM_MASTER_SIGHT_H

#include <stdbool.h>

struct config;

/*
 * From here to sight_own() files are looked for as cfg's app user with its
 * groups does it; nothing but the access to files changes, and only in this
 * thread. False: it cannot be done, so do not look. sight_own() in either case.
 */
bool	 sight_as(const struct config *cfg);
void	 sight_own(void);

#endif
