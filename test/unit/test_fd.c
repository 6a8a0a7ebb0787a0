/* Tests base/fd.c: messages with descriptors. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "test/unit/unit.h"

/* Sends a byte with so many descriptors, as a stranger may. */
static void
send_fds(int sock, unsigned count)
{
	char		 space[CMSG_SPACE(4 * sizeof(int))] = { 0 }, byte = 0;
	struct iovec	 iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr	*cmsg = CMSG_FIRSTHDR(&msg);
	unsigned	 i;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (i = 0; i < count; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &sock, sizeof(int));
	REQUIRE(sendmsg(sock, &msg, 0) == 1);
}

/* How many descriptors are open. */
static int
count_open(void)
{
	int	 fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

TEST(fd_recv_msg_takes_one_descriptor_whatever_is_sent)
{
	int	 pair[2], fd, before;
	unsigned count;
	char	 byte;

	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	before = count_open();
	for (count = 1; count <= 4; count++) {
		send_fds(pair[0], count);
		CHECK_INT(fd_recv_msg(pair[1], &byte, 1, &fd), 1);
		CHECK(fd != -1);
		fd_close(&fd);
		CHECK_INT(count_open(), before);
	}
	close(pair[0]);
	close(pair[1]);
}
