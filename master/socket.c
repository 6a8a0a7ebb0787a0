/* One listening socket: bound to an address as a user wrote it. */
#include "master/socket.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/address.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"

#define SOCKET_ADDRESSES	16	/* of a host name, at most */

/* This machine's name, for who did not write one. */
static char *
socket_own_host(void)
{
	char	 host[256];

	if (gethostname(host, sizeof(host)) == -1 || host[0] == '\0')
		return xstrdup("localhost");
	host[sizeof(host) - 1] = '\0';
	return xstrdup(host);
}

/* What the kernel says the socket is bound to. */
static void
socket_bound_to(int fd, struct sockaddr_any *any)
{
	memset(any, 0, sizeof(*any));
	any->len = sizeof(any->sa);
	if (getsockname(fd, (struct sockaddr *)&any->sa, &any->len) == -1)
		any->len = 0;
}

/* Is it bound to all interfaces? */
static bool
socket_is_any(const struct sockaddr_any *any)
{
	const struct sockaddr_in6	*in6;
	const struct sockaddr_in	*in;

	if (any->sa.ss_family == AF_INET6) {
		in6 = (const struct sockaddr_in6 *)&any->sa;
		return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
	}
	in = (const struct sockaddr_in *)&any->sa;
	return any->sa.ss_family == AF_INET &&
	    in->sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Fills in the names of a bound socket; host may be "" or NULL. */
static void
socket_name(struct socket *s, const char *host)
{
	struct sockaddr_any	 any;

	socket_bound_to(s->fd, &any);
	s->is_unix = any.sa.ss_family == AF_UNIX;
	if (s->is_unix) {
		s->name = address_print(&any);
		s->host = socket_own_host();
		s->port = xstrdup("");
		return;
	}
	s->port = xasprintf("%d", address_port(&any));
	if (host != NULL && host[0] == '\0')
		s->name = xasprintf(":%s", s->port);
	else
		s->name = address_print(&any);
	s->host = host == NULL || host[0] == '\0' ? socket_own_host() :
	    xstrdup(host);
}

/* Options that must be there before bind. */
static int
socket_prepare(int fd, int family, bool any_host,
    const struct socket_options *options)
{
	int	 on = 1, only = any_host ? 0 : 1;

	if (family == AF_UNIX)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
	    &only, sizeof(only)) == -1)
		return -1;
	if (options->reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT,
	    &on, sizeof(on)) == -1)
		return -1;
	if (options->defer_accept)
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
	return 0;
}

/* Opens, binds and listens; the descriptor, or -1 with errno. */
static int
socket_listen(const struct sockaddr_any *any, bool any_host,
    const struct socket_options *options)
{
	int	 fd;

	fd = socket(any->sa.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (socket_prepare(fd, any->sa.ss_family, any_host, options) == -1 ||
	    bind(fd, (const struct sockaddr *)&any->sa, any->len) == -1 ||
	    listen(fd, options->backlog) == -1)
		fd_close(&fd);
	return fd;
}

/* Does a server answer at this path? Sets *cause if so, or if unsure. */
static int
socket_check_live(const char *path, const struct sockaddr_any *any,
    char **cause)
{
	int	 fd, result, error;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		*cause = xasprintf("cannot bind %s: %s", path,
		    strerror(errno));
		return -1;
	}
	result = connect(fd, (const struct sockaddr *)&any->sa, any->len);
	error = errno;
	close(fd);
	if (result == -1 && (error == ECONNREFUSED || error == ENOENT))
		return 0;
	if (result == 0 || error == EAGAIN || error == EINPROGRESS)
		*cause = xasprintf("cannot bind %s: a server is listening on "
		    "it", path);
	else
		*cause = xasprintf("cannot bind %s: there is a socket "
		    "already: %s", path, strerror(error));
	return -1;
}

/* Makes way for a unix socket: removes what a dead server left. */
static int
socket_clear_path(const char *path, const struct sockaddr_any *any,
    char **cause)
{
	struct stat	 st;

	if (lstat(path, &st) == -1)
		return 0;	/* if it is more than missing, bind tells */
	if (!S_ISSOCK(st.st_mode)) {
		*cause = xasprintf("cannot bind %s: the file exists and is "
		    "no socket", path);
		return -1;
	}
	if (socket_check_live(path, any, cause) == -1)
		return -1;
	log_debug("removing %s, on which nobody listens", path);
	unlink(path);
	return 0;
}

/* Looks a number or a name up. */
static int
socket_find_user(const char *name, uid_t *uid)
{
	struct passwd	*pw;
	char		*end;

	*uid = (uid_t)strtoul(name, &end, 10);
	if (name[0] != '\0' && *end == '\0')
		return 0;
	pw = getpwnam(name);
	if (pw == NULL)
		return -1;
	*uid = pw->pw_uid;
	return 0;
}

/* Looks a number or a name up. */
static int
socket_find_group(const char *name, gid_t *gid)
{
	struct group	*gr;
	char		*end;

	*gid = (gid_t)strtoul(name, &end, 10);
	if (name[0] != '\0' && *end == '\0')
		return 0;
	gr = getgrnam(name);
	if (gr == NULL)
		return -1;
	*gid = gr->gr_gid;
	return 0;
}

/* Gives the file to "user", "user:group" or ":group". */
static int
socket_chown(const char *path, const char *owner, char **cause)
{
	char	*user = xstrdup(owner), *group;
	uid_t	 uid = (uid_t)-1;
	gid_t	 gid = (gid_t)-1;
	int	 result = -1;

	group = strchr(user, ':');
	if (group != NULL)
		*group++ = '\0';
	if (user[0] != '\0' && socket_find_user(user, &uid) == -1)
		*cause = xasprintf("chown-socket: no user %s", user);
	else if (group != NULL && group[0] != '\0' &&
	    socket_find_group(group, &gid) == -1)
		*cause = xasprintf("chown-socket: no group %s", group);
	else if (chown(path, uid, gid) == -1)
		*cause = xasprintf("cannot give %s to %s: %s", path, owner,
		    strerror(errno));
	else
		result = 0;
	free(user);
	return result;
}

/* Notes which file bind made and gives it its owner and mode. */
static int
socket_own_file(struct socket *s, const char *path,
    const struct socket_options *options, char **cause)
{
	struct stat	 st;

	if (lstat(path, &st) == 0) {
		s->made_file = true;
		s->dev = st.st_dev;
		s->ino = st.st_ino;
	}
	if (options->owner != NULL &&
	    socket_chown(path, options->owner, cause) == -1)
		return -1;
	if (options->mode != NULL &&
	    chmod(path, (mode_t)strtoul(options->mode, NULL, 8)) == -1) {
		*cause = xasprintf("cannot chmod %s: %s", path,
		    strerror(errno));
		return -1;
	}
	return 0;
}

/* Opens a unix socket; nobody gets in before its mode is right. */
static int
socket_open_unix(struct socket *s, const char *path,
    const struct sockaddr_any *any, const struct socket_options *options,
    char **cause)
{
	mode_t	 old = 0;

	if (socket_clear_path(path, any, cause) == -1)
		return -1;
	if (options->mode != NULL)
		old = umask(0777 & ~(mode_t)strtoul(options->mode, NULL, 8));
	s->fd = socket_listen(any, false, options);
	if (options->mode != NULL)
		umask(old);
	if (s->fd == -1) {
		*cause = xasprintf("cannot bind %s: %s", path,
		    strerror(errno));
		return -1;
	}
	socket_name(s, NULL);
	if (socket_own_file(s, path, options, cause) == 0)
		return 0;
	socket_unlink(s);
	return -1;
}

/* Opens a TCP socket on the first address that works. */
static int
socket_open_tcp(struct socket *s, const struct address *addr,
    const struct sockaddr_any *list, int count,
    const struct socket_options *options, char **cause)
{
	bool	 any_host = addr->host[0] == '\0';
	char	*tried = NULL;
	int	 i;

	for (i = 0; i < count && s->fd == -1; i++) {
		s->fd = socket_listen(&list[i], any_host, options);
		if (s->fd != -1 || tried != NULL)
			continue;
		if (any_host && errno == EADDRINUSE)
			count = 0;	/* half of it would surprise */
		else if (any_host && i + 1 < count)
			continue;	/* no IPv6 here: IPv4 alone */
		tried = xstrdup(strerror(errno));
	}
	if (s->fd == -1)
		*cause = xasprintf("cannot bind %s%s%s:%s: %s",
		    strchr(addr->host, ':') != NULL ? "[" : "", addr->host,
		    strchr(addr->host, ':') != NULL ? "]" : "", addr->port,
		    tried);
	else
		socket_name(s, addr->host);
	s->reuse_port = options->reuse_port;
	free(tried);
	return s->fd == -1 ? -1 : 0;
}

/* Opens a listening socket. */
int
socket_open(struct socket *s, const char *text,
    const struct socket_options *options, char **cause)
{
	struct sockaddr_any	 list[SOCKET_ADDRESSES];
	struct address		 addr;
	int			 count, result = -1;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (address_parse(&addr, text, cause) == -1)
		return -1;
	count = address_resolve(&addr, list, SOCKET_ADDRESSES, cause);
	if (count == -1)
		goto out;
	if (addr.is_unix)
		result = socket_open_unix(s, addr.host, &list[0], options,
		    cause);
	else
		result = socket_open_tcp(s, &addr, list, count, options,
		    cause);
out:
	address_done(&addr);
	if (result == -1)
		socket_done(s);
	return result;
}

/* Opens one more socket on the same address. */
int
socket_open_again(struct socket *s, const struct socket *other,
    const struct socket_options *options, char **cause)
{
	struct sockaddr_any	 any;

	memset(s, 0, sizeof(*s));
	socket_bound_to(other->fd, &any);
	s->fd = socket_listen(&any, other->name[0] == ':', options);
	if (s->fd == -1) {
		*cause = xasprintf("cannot bind %s once more: %s",
		    other->name, strerror(errno));
		return -1;
	}
	s->reuse_port = true;
	s->name = xstrdup(other->name);
	s->host = xstrdup(other->host);
	s->port = xstrdup(other->port);
	return 0;
}

/* Reads an int option of a socket, -1 when it has none. */
static int
socket_option(int fd, int option)
{
	socklen_t	 len = sizeof(int);
	int		 value;

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len) == -1)
		return -1;
	return value;
}

/* Takes over somebody else's socket. */
int
socket_adopt(struct socket *s, int fd, char **cause)
{
	struct sockaddr_any	 any;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (socket_option(fd, SO_TYPE) != SOCK_STREAM ||
	    socket_option(fd, SO_ACCEPTCONN) != 1) {
		*cause = xasprintf("descriptor %d is no listening stream "
		    "socket", fd);
		return -1;
	}
	if (fd_set_nonblock(fd) == -1 || fd_set_cloexec(fd) == -1) {
		*cause = xasprintf("descriptor %d: %s", fd, strerror(errno));
		return -1;
	}
	s->fd = fd;
	socket_bound_to(fd, &any);
	socket_name(s, socket_is_any(&any) ? "" : NULL);
	return 0;
}

/* Does the address mean this socket? */
bool
socket_matches(const struct socket *s, const char *text)
{
	struct sockaddr_any	 list[SOCKET_ADDRESSES], any;
	struct address		 addr;
	char			*cause = NULL;
	bool			 found = false;
	int			 i, count;

	if (address_parse(&addr, text, &cause) == -1) {
		free(cause);
		return false;
	}
	if (s->handed && !addr.is_unix && strcmp(addr.port, "0") == 0) {
		free(addr.port);
		addr.port = xstrdup(s->port);
	}
	socket_bound_to(s->fd, &any);
	count = address_resolve(&addr, list, SOCKET_ADDRESSES, &cause);
	for (i = 0; i < count; i++)
		found = found || address_equal(&any, &list[i]);
	free(cause);
	address_done(&addr);
	return found;
}

/* Names it anew. */
void
socket_rename(struct socket *s, const char *text)
{
	struct address	 addr;
	char		*cause;

	if (address_parse(&addr, text, &cause) == -1) {
		free(cause);
		return;
	}
	free(s->name);
	free(s->host);
	free(s->port);
	socket_name(s, addr.is_unix ? NULL : addr.host);
	address_done(&addr);
}

/* Changes the backlog. */
void
socket_set_backlog(const struct socket *s, int backlog)
{
	if (listen(s->fd, backlog) == -1)
		log_warn("cannot change the backlog of %s: %s", s->name,
		    strerror(errno));
}

/* Makes the file ours. */
void
socket_own(struct socket *s)
{
	if (s->handed && s->ino != 0)
		s->made_file = true;
}

/* Removes our file. */
void
socket_unlink(const struct socket *s)
{
	struct stat	 st;

	if (!s->made_file || lstat(s->name, &st) == -1)
		return;
	if (st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->name);
}

/* Closes and frees. */
void
socket_done(struct socket *s)
{
	fd_close(&s->fd);
	free(s->name);
	free(s->host);
	free(s->port);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}
