/* How many connections wait at a listening unix socket. */
#include "base/unix_queue.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fd.h"

/* What is asked. */
struct unix_queue_question {
	struct nlmsghdr		 head;
	struct unix_diag_req	 req;
};

/* Asks; -1 with errno. */
static int
unix_queue_ask(int netlink, uint32_t inode)
{
	struct unix_queue_question	 question = {
		.head = { .nlmsg_len = sizeof(question),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.req = { .sdiag_family = AF_UNIX, .udiag_ino = inode,
		    .udiag_states = UINT32_MAX, .udiag_show = UDIAG_SHOW_RQLEN,
		    .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};

	return send(netlink, &question, sizeof(question), 0) ==
	    sizeof(question) ? 0 : -1;
}

/* Finds the number in an answer of len bytes; -1 with errno. */
static int
unix_queue_find(const struct nlmsghdr *head, size_t len, unsigned *max)
{
	const struct unix_diag_rqlen	*found;
	const struct nlmsgerr		*error;
	const struct rtattr		*attr;
	size_t				 left;

	errno = EPROTO;
	if (!NLMSG_OK(head, len))
		return -1;
	if (head->nlmsg_type == NLMSG_ERROR &&
	    head->nlmsg_len >= NLMSG_LENGTH(sizeof(*error))) {
		error = NLMSG_DATA(head);
		errno = -error->error;
		return -1;
	}
	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
		return -1;
	attr = (const struct rtattr *)((const char *)NLMSG_DATA(head) +
	    NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	left = head->nlmsg_len - NLMSG_SPACE(sizeof(struct unix_diag_msg));
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type != UNIX_DIAG_RQLEN ||
		    RTA_PAYLOAD(attr) < sizeof(*found))
			continue;
		found = RTA_DATA(attr);
		*max = found->udiag_wqueue;
		return (int)found->udiag_rqueue;
	}
	return -1;
}

/* Asks and listens. */
int
unix_queue_length(int fd, unsigned *max)
{
	union {
		struct nlmsghdr	 head;
		char		 bytes[1024];
	}		 answer;
	struct stat	 st;
	ssize_t		 n = -1;
	int		 netlink, result = -1;

	*max = 0;
	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	if (netlink == -1)
		return -1;
	if (unix_queue_ask(netlink, (uint32_t)st.st_ino) == 0)
		n = recv(netlink, &answer, sizeof(answer), MSG_DONTWAIT);
	if (n > 0)
		result = unix_queue_find(&answer.head, (size_t)n, max);
	fd_close(&netlink);
	return result;
}
