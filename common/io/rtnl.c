/* SPDX-License-Identifier: ISC */
/*
 * Links and IPv4 addresses from rtnetlink(7) into struct links.
 */
#define _GNU_SOURCE
#include "common/io/rtnl.h"

#include "common/io/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

struct rtnl {
	struct netlink ask;
	struct netlink events;
};

/* Where messages are carried to, and whether one of them changed anything. */
struct reading {
	struct links *links;
	void (*changed)(void *arg); /* NULL while loading */
	void *arg;
};

int rtnl_open(struct rtnl **out)
{
	struct rtnl *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	error = netlink_open(&r->ask, 0);
	if (error == 0)
		error = netlink_open(&r->events, RTMGRP_LINK | RTMGRP_IPV4_IFADDR);
	if (error != 0) {
		rtnl_close(r);
		return error;
	}
	*out = r;
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (!r)
		return;
	netlink_close(&r->events);
	netlink_close(&r->ask);
	free(r);
}

int rtnl_fd(const struct rtnl *r)
{
	return mnl_socket_get_fd(r->events.socket);
}

static struct link *find(struct links *links, int ifindex)
{
	for (unsigned i = 0; i < links->count; i++)
		if (links->link[i].ifindex == ifindex)
			return &links->link[i];
	return NULL;
}

static bool same(const struct link *a, const struct link *b)
{
	return a->up == b->up && a->mtu == b->mtu && mac_equal(a->mac, b->mac) &&
	       strcmp(a->name, b->name) == 0;
}

/* `link` brings its addresses along, if it was known before. */
static bool read_link(const struct links *links, const struct nlmsghdr *m, struct link *link)
{
	const struct nlattr *at[IFLA_MAX + 1];
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	const struct link *known = links_by_index(links, head->ifi_index);
	const unsigned needed = IFF_UP | IFF_RUNNING;

	netlink_attributes(m, sizeof(*head), at, IFLA_MAX);
	if (!at[IFLA_IFNAME])
		return false;
	*link = known ? *known : (struct link){.ifindex = head->ifi_index};
	strncpy(link->name, mnl_attr_get_str(at[IFLA_IFNAME]), sizeof(link->name) - 1);
	link->up = (head->ifi_flags & needed) == needed;
	if (at[IFLA_MTU]) {
		uint32_t mtu = mnl_attr_get_u32(at[IFLA_MTU]);

		link->mtu = mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu;
	}
	if (at[IFLA_ADDRESS] && mnl_attr_get_payload_len(at[IFLA_ADDRESS]) == MAC_LEN)
		memcpy(link->mac.octet, mnl_attr_get_payload(at[IFLA_ADDRESS]), MAC_LEN);
	return true;
}

static bool carry_link(struct links *links, const struct nlmsghdr *m)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	const struct link *known = links_by_index(links, head->ifi_index);
	struct link link;

	if (head->ifi_family != AF_UNSPEC)
		return false; /* bridge ports report themselves again */
	if (m->nlmsg_type == RTM_DELLINK) {
		links_remove(links, head->ifi_index);
		return known != NULL;
	}
	if (!read_link(links, m, &link) || (known && same(known, &link)))
		return false;
	return links_set(links, &link);
}

static bool same_prefix(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return a.addr.s_addr == b.addr.s_addr && a.len == b.len;
}

static bool add_address(struct link *link, struct ipv4_prefix p)
{
	for (unsigned i = 0; i < link->addr_count; i++)
		if (same_prefix(link->addr[i], p))
			return false;
	if (link->addr_count == LINK_ADDRS_MAX)
		return false;
	link->addr[link->addr_count++] = p;
	return true;
}

static bool remove_address(struct link *link, struct ipv4_prefix p)
{
	for (unsigned i = 0; i < link->addr_count; i++) {
		if (!same_prefix(link->addr[i], p))
			continue;
		link->addr_count--;
		memmove(&link->addr[i], &link->addr[i + 1],
			(link->addr_count - i) * sizeof(link->addr[0]));
		return true;
	}
	return false;
}

static bool carry_address(struct links *links, const struct nlmsghdr *m)
{
	const struct nlattr *at[IFA_MAX + 1];
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);
	struct link *link = find(links, (int)head->ifa_index);
	struct ipv4_prefix p = {.len = head->ifa_prefixlen};

	netlink_attributes(m, sizeof(*head), at, IFA_MAX);
	if (!link || head->ifa_family != AF_INET || !at[IFA_LOCAL] ||
	    mnl_attr_get_payload_len(at[IFA_LOCAL]) != sizeof(p.addr))
		return false;
	memcpy(&p.addr, mnl_attr_get_payload(at[IFA_LOCAL]), sizeof(p.addr));
	return m->nlmsg_type == RTM_NEWADDR ? add_address(link, p)
					    : remove_address(link, p);
}

static bool carry(struct links *links, const struct nlmsghdr *m)
{
	switch (m->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return mnl_nlmsg_get_payload_len(m) >= sizeof(struct ifinfomsg) &&
		       carry_link(links, m);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return mnl_nlmsg_get_payload_len(m) >= sizeof(struct ifaddrmsg) &&
		       carry_address(links, m);
	default:
		return false;
	}
}

static void on_message(void *arg, const struct nlmsghdr *m)
{
	const struct reading *reading = arg;

	if (carry(reading->links, m) && reading->changed)
		reading->changed(reading->arg);
}

static int dump(struct rtnl *r, uint16_t type, unsigned char family, struct links *links)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	struct reading reading = {.links = links};

	m->nlmsg_type = type;
	head->rtgen_family = family;
	return netlink_dump(&r->ask, m, on_message, &reading);
}

int rtnl_load(struct rtnl *r, struct links *links)
{
	int error;

	memset(links, 0, sizeof(*links));
	error = dump(r, RTM_GETLINK, AF_UNSPEC, links);
	return error ? error : dump(r, RTM_GETADDR, AF_INET, links);
}

int rtnl_follow(struct rtnl *r, struct links *links, void (*changed)(void *arg), void *arg)
{
	struct reading reading = {links, changed, arg};
	int error = netlink_follow(&r->events, on_message, &reading);

	if (error != -ENOBUFS)
		return error;
	/* The kernel left something out: look at everything again. */
	error = rtnl_load(r, links);
	if (error == 0)
		changed(arg);
	return error;
}
