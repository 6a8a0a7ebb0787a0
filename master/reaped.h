/* Pids that were reaped before anybody said whose they were. */
#ifndef WM_MASTER_REAPED_H
#define WM_MASTER_REAPED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define REAPED_MAX	64

/*
 * A worker may die, and be reaped, before the message with its pid has come:
 * then it is looked up here. Only the last few are kept. All zero is empty.
 */
struct reaped {
	struct {
		pid_t		 pid;	/* 0: nothing */
		int		 status;
		uint64_t	 at_us;
	} items[REAPED_MAX];
	unsigned	 next;
};

void	 reaped_add(struct reaped *reaped, pid_t pid, int status,
	    uint64_t now_us);
/*
 * Takes out a pid that was reaped at since_us or later (an older one was
 * another process of the same number); false when there is none.
 */
bool	 reaped_take(struct reaped *reaped, pid_t pid, uint64_t since_us,
	    int *status);

#endif
