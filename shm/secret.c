/* A secret that all processes of this server have, and nobody else. */
#include "shm/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

static unsigned char	 secret[SECRET_SIZE];

/* Takes it from the old master's memory file. */
static int
secret_take(const char *handed)
{
	int	 fd = atoi(handed), result;

	if (fd <= STDERR_FILENO)
		return -1;
	result = pread(fd, secret, SECRET_SIZE, 0) == SECRET_SIZE ? 0 : -1;
	close(fd);
	return result;
}

/* Takes or makes it. */
void
secret_init(const char *handed)
{
	if (handed != NULL && secret_take(handed) == 0)
		return;
	if (getrandom(secret, SECRET_SIZE, 0) != SECRET_SIZE)
		fatal("getrandom");
}

/* It. */
const unsigned char *
secret_bytes(void)
{
	return secret;
}

/* A memory file that has it. */
int
secret_hand_on(void)
{
	int	 fd = memfd_create("secret", 0);

	if (fd != -1 && fd_write_all(fd, secret, SECRET_SIZE) == -1)
		fd_close(&fd);
	return fd;
}
