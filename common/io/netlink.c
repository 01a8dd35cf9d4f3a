/* SPDX-License-Identifier: ISC */
/*
 * Netlink over libmnl, one question at a time.
 */
#include "common/io/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel answers at once; a limit keeps a fault of ours from hanging us. */
static const struct timeval answer_limit = { .tv_sec = 2 };

static int open_bus(struct netlink *nl, int bus, uint32_t groups)
{
	*nl = (struct netlink){ 0 };
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, groups, MNL_SOCKET_AUTOPID) != 0) {
		int error = errno;

		netlink_close(nl);
		return -error;
	}
	nl->port = mnl_socket_get_portid(nl->socket);
	setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVTIMEO,
		   &answer_limit, sizeof(answer_limit));
	return 0;
}

int netlink_open(struct netlink *nl, uint32_t groups)
{
	return open_bus(nl, NETLINK_ROUTE, groups);
}

int netlink_open_bus(struct netlink *nl, int bus)
{
	return open_bus(nl, bus, 0);
}

void netlink_close(struct netlink *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

static int send_request(struct netlink *nl, struct nlmsghdr *request, uint16_t flags)
{
	request->nlmsg_flags |= (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++nl->sequence;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return -errno;
	return 0;
}

/* What an NLMSG_ERROR or NLMSG_DONE message carries; 0 is an acknowledgement. */
static int error_in(const struct nlmsghdr *message)
{
	int error;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(error))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	return error;
}

/* Hands on the messages of one read; true when the answer is complete. */
static bool take_answer(const struct netlink *nl, const char *buffer, int len,
			netlink_fn *each, void *arg, int *error)
{
	const struct nlmsghdr *m = (const void *)buffer;

	for (; mnl_nlmsg_ok(m, len); m = mnl_nlmsg_next(m, &len)) {
		if (m->nlmsg_seq != nl->sequence || m->nlmsg_pid != nl->port)
			continue; /* late answer to an earlier question */
		if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
			*error = error_in(m);
			return true;
		}
		if (each && m->nlmsg_type >= NLMSG_MIN_TYPE)
			each(arg, m);
	}
	return false;
}

static int read_answer(struct netlink *nl, netlink_fn *each, void *arg)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_BUFFER];
	int error = 0;

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(nl->socket, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (take_answer(nl, buffer, (int)n, each, arg, &error))
			return error;
	}
}

int netlink_get(struct netlink *nl, struct nlmsghdr *request, netlink_fn *each,
		void *arg)
{
	int error = send_request(nl, request, NLM_F_ACK);

	return error ? error : read_answer(nl, each, arg);
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *request)
{
	return netlink_get(nl, request, NULL, NULL);
}

int netlink_dump(struct netlink *nl, struct nlmsghdr *request, netlink_fn *each,
		 void *arg)
{
	int error = send_request(nl, request, NLM_F_DUMP);

	return error ? error : read_answer(nl, each, arg);
}

int netlink_follow(struct netlink *nl, netlink_fn *each, void *arg)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_BUFFER];
	int fd = mnl_socket_get_fd(nl->socket);

	for (;;) {
		const struct nlmsghdr *m = (const void *)buffer;
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		int len = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (; mnl_nlmsg_ok(m, len); m = mnl_nlmsg_next(m, &len))
			if (m->nlmsg_type >= NLMSG_MIN_TYPE)
				each(arg, m);
	}
}

struct attribute_table {
	const struct nlattr **by_type;
	unsigned max;
};

static int sort_attribute(const struct nlattr *a, void *arg)
{
	const struct attribute_table *table = arg;

	if (mnl_attr_get_type(a) <= table->max)
		table->by_type[mnl_attr_get_type(a)] = a;
	return MNL_CB_OK;
}

void netlink_attributes(const struct nlmsghdr *message, size_t header,
			const struct nlattr **by_type, unsigned max)
{
	struct attribute_table table = { by_type, max };

	memset(by_type, 0, (max + 1) * sizeof(*by_type));
	mnl_attr_parse(message, (unsigned)header, sort_attribute, &table);
}
