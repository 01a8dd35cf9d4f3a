/* SPDX-License-Identifier: ISC */
/*
 * Moving the cable by rtnetlink, in the namespace where the switches are.
 */
#include "mn-sim/cable.h"

#include "mn-sim/netns.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

struct cable {
	struct mnl_socket *socket;
	char netns[NETNS_NAME_MAX];
	unsigned ifindex;
	unsigned seq;
};

/* Interface indices are looked up where the cable is. */
static unsigned index_of(const struct cable *c, const char *name)
{
	unsigned ifindex;
	int home;

	if (netns_enter(c->netns, &home) < 0)
		return 0;
	ifindex = if_nametoindex(name);
	netns_leave(home);
	return ifindex;
}

static int open_socket(struct cable *c)
{
	int home, rc = netns_enter(c->netns, &home);

	if (rc < 0)
		return rc;
	c->socket = mnl_socket_open(NETLINK_ROUTE);
	if (!c->socket || mnl_socket_bind(c->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = -errno;
	netns_leave(home);
	return rc;
}

int cable_open(struct cable **out, const char *netns, const char *name)
{
	struct cable *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	strncpy(c->netns, netns, sizeof(c->netns) - 1);
	rc = open_socket(c);
	if (rc == 0 && (c->ifindex = index_of(c, name)) == 0)
		rc = -ENODEV;
	if (rc < 0) {
		cable_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void cable_close(struct cable *c)
{
	if (c && c->socket)
		mnl_socket_close(c->socket);
	free(c);
}

static int talk(struct cable *c, struct nlmsghdr *nlh)
{
	char answer[MESSAGE_MAX];
	ssize_t n;

	if (mnl_socket_sendto(c->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(c->socket, answer, sizeof(answer));
	if (n < 0 || mnl_cb_run(answer, (size_t)n, nlh->nlmsg_seq,
				mnl_socket_get_portid(c->socket), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static struct nlmsghdr *start_message(struct cable *c, char *buffer, unsigned flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++c->seq;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)c->ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = flags;
	return nlh;
}

int cable_pull(struct cable *c)
{
	char buffer[MESSAGE_MAX];

	return talk(c, start_message(c, buffer, 0));
}

int cable_plug(struct cable *c, const char *bridge)
{
	char buffer[MESSAGE_MAX];
	unsigned master = index_of(c, bridge);
	struct nlmsghdr *nlh;

	if (master == 0)
		return -ENODEV;
	nlh = start_message(c, buffer, IFF_UP);
	mnl_attr_put_u32(nlh, IFLA_MASTER, master);
	return talk(c, nlh);
}
