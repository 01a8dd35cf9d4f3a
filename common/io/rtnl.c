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

/* How often a link has lost its carrier, as the kernel counts. */
struct carrier {
	int ifindex;
	uint32_t losses;
};

struct rtnl {
	struct netlink ask;
	struct netlink events;
	struct carrier carrier[LINKS_MAX];
};

/* Where messages are carried to, and who hears of changes. */
struct reading {
	struct rtnl *rtnl;
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
static void read_link(const struct links *links, const struct ifinfomsg *head,
		      const struct nlattr **at, struct link *link)
{
	const struct link *known = links_by_index(links, head->ifi_index);
	const unsigned needed = IFF_UP | IFF_RUNNING;

	*link = known ? *known : (struct link){ .ifindex = head->ifi_index };
	strncpy(link->name, mnl_attr_get_str(at[IFLA_IFNAME]), sizeof(link->name) - 1);
	link->up = (head->ifi_flags & needed) == needed;
	if (at[IFLA_MTU]) {
		uint32_t mtu = mnl_attr_get_u32(at[IFLA_MTU]);

		link->mtu = mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu;
	}
	if (at[IFLA_ADDRESS] && mnl_attr_get_payload_len(at[IFLA_ADDRESS]) == MAC_LEN)
		memcpy(link->mac.octet, mnl_attr_get_payload(at[IFLA_ADDRESS]),
		       MAC_LEN);
}

/* Where losses of a link are kept; a place of its own the first time, or NULL. */
static struct carrier *carrier_of(struct rtnl *r, int ifindex)
{
	struct carrier *free_place = NULL;

	for (unsigned i = 0; i < LINKS_MAX; i++) {
		if (r->carrier[i].ifindex == ifindex)
			return &r->carrier[i];
		if (r->carrier[i].ifindex == 0 && !free_place)
			free_place = &r->carrier[i];
	}
	if (free_place)
		*free_place = (struct carrier){ .ifindex = ifindex };
	return free_place;
}

/* Whether the carrier was lost since we last looked, even if it is back already. */
static bool lost_carrier(struct rtnl *r, int ifindex, const struct nlattr *losses)
{
	struct carrier *c = losses ? carrier_of(r, ifindex) : NULL;
	uint32_t now = losses ? mnl_attr_get_u32(losses) : 0;
	bool lost;

	if (!c)
		return false;
	lost = c->losses != now;
	c->losses = now;
	return lost;
}

static void forget_link(struct rtnl *r, struct links *links, int ifindex)
{
	links_remove(links, ifindex);
	for (unsigned i = 0; i < LINKS_MAX; i++)
		if (r->carrier[i].ifindex == ifindex)
			r->carrier[i] = (struct carrier){ 0 };
}

static void tell(const struct reading *reading)
{
	if (reading->changed)
		reading->changed(reading->arg);
}

/*
 * A cable that is pulled out and plugged in elsewhere within a moment leaves no
 * trace but the count of losses: the kernel reports only how it ended.  Those
 * who follow are told both halves.
 */
static bool carry_link(const struct reading *reading, const struct nlmsghdr *m)
{
	const struct nlattr *at[IFLA_MAX + 1];
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	struct link *known = find(reading->links, head->ifi_index);
	struct link link;
	bool lost;

	if (head->ifi_family != AF_UNSPEC)
		return false; /* bridge ports report themselves again */
	if (m->nlmsg_type == RTM_DELLINK) {
		forget_link(reading->rtnl, reading->links, head->ifi_index);
		return known != NULL;
	}
	netlink_attributes(m, sizeof(*head), at, IFLA_MAX);
	if (!at[IFLA_IFNAME])
		return false;
	lost = lost_carrier(reading->rtnl, head->ifi_index,
			    at[IFLA_CARRIER_DOWN_COUNT]);
	read_link(reading->links, head, at, &link);
	if (known && known->up && link.up && lost) {
		known->up = false;
		tell(reading);
	}
	if (known && same(known, &link))
		return false;
	return links_set(reading->links, &link);
}

static bool same_prefix(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return a.addr.s_addr == b.addr.s_addr && a.len == b.len;
}

static bool add_address(struct links *links, struct link *link, struct ipv4_prefix p)
{
	for (unsigned i = 0; i < link->addr_count; i++)
		if (same_prefix(link->addr[i], p))
			return false;
	if (link->addr_count == LINK_ADDRS_MAX) {
		links->left_out = true;
		return false;
	}
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
	struct ipv4_prefix p = { .len = head->ifa_prefixlen };

	netlink_attributes(m, sizeof(*head), at, IFA_MAX);
	if (!link || head->ifa_family != AF_INET || !at[IFA_LOCAL] ||
	    mnl_attr_get_payload_len(at[IFA_LOCAL]) != sizeof(p.addr))
		return false;
	memcpy(&p.addr, mnl_attr_get_payload(at[IFA_LOCAL]), sizeof(p.addr));
	return m->nlmsg_type == RTM_NEWADDR ? add_address(links, link, p)
					    : remove_address(link, p);
}

static bool carry(const struct reading *reading, const struct nlmsghdr *m)
{
	switch (m->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return mnl_nlmsg_get_payload_len(m) >= sizeof(struct ifinfomsg) &&
		       carry_link(reading, m);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return mnl_nlmsg_get_payload_len(m) >= sizeof(struct ifaddrmsg) &&
		       carry_address(reading->links, m);
	default:
		return false;
	}
}

static void on_message(void *arg, const struct nlmsghdr *m)
{
	const struct reading *reading = arg;

	if (carry(reading, m))
		tell(reading);
}

static int dump(struct rtnl *r, uint16_t type, unsigned char family,
		struct links *links)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	struct reading reading = { .rtnl = r, .links = links };

	m->nlmsg_type = type;
	head->rtgen_family = family;
	return netlink_dump(&r->ask, m, on_message, &reading);
}

static void overlook(void *arg, const struct nlmsghdr *m)
{
	(void)arg;
	(void)m;
}

int rtnl_load(struct rtnl *r, struct links *links)
{
	int error;

	/* Changes that wait to be read are older than what we are about to hear. */
	(void)netlink_follow(&r->events, overlook, NULL);
	memset(links, 0, sizeof(*links));
	error = dump(r, RTM_GETLINK, AF_UNSPEC, links);
	return error ? error : dump(r, RTM_GETADDR, AF_INET, links);
}

int rtnl_follow(struct rtnl *r, struct links *links, void (*changed)(void *arg),
		void *arg)
{
	struct reading reading = { r, links, changed, arg };
	int error = netlink_follow(&r->events, on_message, &reading);

	if (error != -ENOBUFS)
		return error;
	/* The kernel left something out: look at everything again. */
	error = rtnl_load(r, links);
	if (error == 0)
		changed(arg);
	return error;
}
