/* One listening socket: bound to an address as a user wrote it. */
#ifndef WM_MASTER_SOCKET_H
#define WM_MASTER_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* How it shall be. mode (octal) and owner, "user[:group]", may be NULL. */
struct socket_options {
	int		 backlog;
	bool		 reuse_port;
	bool		 defer_accept;	/* TCP: wait a second for data */
	const char	*mode;		/* the rest is for unix sockets */
	const char	*owner;
};

/* Non-blocking, close-on-exec, listening. Owns its strings and the fd. */
struct socket {
	int	 fd;
	bool	 is_unix;
	bool	 kept;		/* somebody else has it open, too, and listens
				   on when this server ends */
	bool	 handed;	/* by the master that this one replaces */
	bool	 reuse_port;	/* bound so, for one of the workers */
	bool	 made_file;	/* bind made a file, which is dev and ino */
	dev_t	 dev;
	ino_t	 ino;		/* 0: no file was made */
	char	*name;		/* "127.0.0.1:80", "[::1]:80", ":80", path */
	char	*host;		/* as written; this machine's if none was */
	char	*port;		/* the real one, also for ":0"; "" if unix */
};

/*
 * Opens a socket on the first of the address's addresses that works; a unix
 * socket's file that no server listens on any more is replaced. 0, or -1 and
 * *cause: "cannot bind 127.0.0.1:80: Permission denied".
 */
int	 socket_open(struct socket *s, const char *text,
	    const struct socket_options *options, char **cause);
/* With reuse_port: one more on the address that other has. */
int	 socket_open_again(struct socket *s, const struct socket *other,
	    const struct socket_options *options, char **cause);
/* Takes over a listening socket that somebody else opened. */
int	 socket_adopt(struct socket *s, int fd, char **cause);
/*
 * Did somebody who writes this address mean that socket? Of one that was handed
 * by a master, port 0 is whichever it has.
 */
bool	 socket_matches(const struct socket *s, const char *text);
/* Names an adopted socket as if it had been opened on this address. */
void	 socket_rename(struct socket *s, const char *text);
/* Changes how many connections the system queues. */
void	 socket_set_backlog(const struct socket *s, int backlog);
/* The file of one that was handed over is ours from now on. */
void	 socket_own(struct socket *s);
/* Removes the file of a unix socket, if it is still the one we made. */
void	 socket_unlink(const struct socket *s);
/* Closes and frees; never unlinks. */
void	 socket_done(struct socket *s);

#endif
