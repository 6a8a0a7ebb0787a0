/* A secret that all processes of this server have, and nobody else. */
#ifndef WM_SHM_SECRET_H
#define WM_SHM_SECRET_H

#define SECRET_SIZE	32

/*
 * The master, before it forks: takes what a master that is being replaced has
 * handed on (the descriptor in the variable's value), or NULL: makes one.
 */
void	 secret_init(const char *handed);
/* SECRET_SIZE bytes; the same in all processes that were forked since. */
const unsigned char *secret_bytes(void);
/* A descriptor, kept over exec, that has it for the next master; -1. */
int	 secret_hand_on(void);

#endif
