/* OpenSSL's way to the socket. */
#include "worker/tls/tls_bio.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "worker/tls/tls_conn.h"

static BIO_METHOD	*tls_bio_method;
static int		(*tls_bio_write_own)(BIO *, const char *, int);

/* May a call that failed so be tried again? */
static bool
tls_bio_again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Receives. */
static int
tls_bio_read(BIO *bio, char *buf, int size)
{
	ssize_t	 n;
	int	 fd = -1;

	/* The kernel decrypts: only OpenSSL's own knows its messages. */
	if (BIO_get_ktls_recv(bio))
		return BIO_meth_get_read(BIO_s_socket())(bio, buf, size);
	BIO_get_fd(bio, &fd);
	n = recv(fd, buf, (size_t)size, 0);
	BIO_clear_retry_flags(bio);
	if (n == -1 && tls_bio_again())
		BIO_set_retry_read(bio);
	else if (n == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)n;
}

/* Kernel TLS: write(2), which has no MSG_NOSIGNAL. */
static int
tls_bio_write_ktls(BIO *bio, const char *data, int len)
{
	static const struct timespec	 at_once = { 0, 0 };
	sigset_t			 pipe, old;
	int				 n, saved;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	n = tls_bio_write_own(bio, data, len);
	saved = errno;
	if (n == -1 && saved == EPIPE && !sigismember(&old, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return n;
}

/* Sends. */
static int
tls_bio_write(BIO *bio, const char *data, int len)
{
	const struct tls_conn	*t = BIO_get_app_data(bio);
	ssize_t			 n;
	int			 fd = -1;

	if (BIO_get_ktls_send(bio))
		return tls_bio_write_ktls(bio, data, len);
	BIO_get_fd(bio, &fd);
	n = send(fd, data, (size_t)len, MSG_NOSIGNAL |
	    (t->more ? MSG_MORE : 0));
	BIO_clear_retry_flags(bio);
	if (n == -1 && tls_bio_again())
		BIO_set_retry_write(bio);
	return (int)n;
}

/* What OpenSSL's own does, and these two. */
int
tls_bio_init(void)
{
	const BIO_METHOD	*own = BIO_s_socket();

	if (tls_bio_method != NULL)
		return 0;
	tls_bio_write_own = BIO_meth_get_write(own);
	tls_bio_method = BIO_meth_new(BIO_TYPE_SOCKET, "wsgimaster");
	if (tls_bio_method == NULL)
		return -1;
	BIO_meth_set_read(tls_bio_method, tls_bio_read);
	BIO_meth_set_write(tls_bio_method, tls_bio_write);
	BIO_meth_set_ctrl(tls_bio_method, BIO_meth_get_ctrl(own));
	BIO_meth_set_create(tls_bio_method, BIO_meth_get_create(own));
	BIO_meth_set_destroy(tls_bio_method, BIO_meth_get_destroy(own));
	BIO_meth_set_puts(tls_bio_method, BIO_meth_get_puts(own));
	return 0;
}

/* A BIO for a socket. */
BIO *
tls_bio_new(int fd, struct tls_conn *t)
{
	BIO	*bio = BIO_new(tls_bio_method);

	if (bio == NULL)
		return NULL;
	BIO_set_fd(bio, fd, BIO_NOCLOSE);
	BIO_set_app_data(bio, t);
	return bio;
}
