/* Files whose change asks for something: touch-reload and its like. */
#ifndef WM_MASTER_TOUCH_H
#define WM_MASTER_TOUCH_H

struct master;
struct touches;

/*
 * Twice a second each file is looked at. One that is there and was not, or
 * whose time of change, size or inode is another one than before, asks for what
 * its option says; one that is removed does not. What was looked at before
 * belongs to a configuration: after a reload only files that are new in it are
 * seen for the first time.
 */
void	 touch_check(struct master *m);
void	 touch_done(struct master *m);

#endif
