/* SPDX-License-Identifier: ISC */
/*
 * A small table of ways by destination, each filled by two questions to the kernel. A
 * destination whose place is taken by another one has none while that is fresh.
 */
#define _GNU_SOURCE
#include "common/io/outer_way.h"

#include "common/io/netlink.h"
#include "common/io/sock_opt.h"
#include "common/io/stack_hooks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PLACES = 256,
	BUFFER = 1 << 20,
	FRESH_MS = 250,  /* how long an answer about a way is believed, */
	HOOKS_MS = 1000, /* and one about what stands in it */

	/* Neighbours that the kernel would send to; it looks after them meanwhile. */
	USABLE = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE,
};

struct place {
	struct in_addr dst;
	instant_t until; /* ask again after this; long ago: never asked */
	bool usable;
	struct outer_way way;
};

struct outer_ways {
	int fd;
	struct netlink nl;
	const struct links *links;
	instant_t hooks_until;
	bool hooked; /* the IP layer has something to do */
	struct place place[PLACES];
};

/* What the kernel says of a route. */
struct route {
	int ifindex;
	struct in_addr next;
	uint32_t mtu; /* 0: the link's */
	bool plain;
};

int outer_ways_open(struct outer_ways **out, const struct links *links)
{
	struct outer_ways *w = calloc(1, sizeof(*w));
	int error;

	if (!w)
		return -ENOMEM;
	w->links = links;
	/* Protocol 0: this socket receives nothing. */
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	error = w->fd < 0 ? -errno : netlink_open(&w->nl, 0);
	if (error != 0) {
		outer_ways_close(w);
		return error;
	}
	sock_send_room(w->fd, BUFFER);
	*out = w;
	return 0;
}

void outer_ways_close(struct outer_ways *w)
{
	if (!w)
		return;
	netlink_close(&w->nl);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int outer_ways_fd(const struct outer_ways *w)
{
	return w->fd;
}

/* ---- the kernel's answers ---- */

static uint32_t mtu_in(const struct nlattr *metrics)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, metrics)
		if (mnl_attr_get_type(a) == RTAX_MTU &&
		    mnl_attr_get_payload_len(a) >= sizeof(uint32_t))
			return mnl_attr_get_u32(a);
	return 0;
}

static bool has_address(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) == sizeof(struct in_addr);
}

static void see_route(void *arg, const struct nlmsghdr *message)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *at[RTA_MAX + 1];
	struct route *r = arg;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return;
	netlink_attributes(message, sizeof(*head), at, RTA_MAX);
	if (head->rtm_type != RTN_UNICAST || !at[RTA_OIF] || at[RTA_VIA] ||
	    at[RTA_ENCAP])
		return;
	r->ifindex = (int)mnl_attr_get_u32(at[RTA_OIF]);
	if (has_address(at[RTA_GATEWAY]))
		r->next.s_addr = mnl_attr_get_u32(at[RTA_GATEWAY]);
	if (at[RTA_METRICS])
		r->mtu = mtu_in(at[RTA_METRICS]);
	r->plain = true;
}

static bool ask_route(struct outer_ways *w, struct in_addr dst, struct route *r)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));

	*r = (struct route){ .next = dst };
	m->nlmsg_type = RTM_GETROUTE;
	head->rtm_family = AF_INET;
	head->rtm_dst_len = 32;
	mnl_attr_put_u32(m, RTA_DST, dst.s_addr);
	return netlink_get(&w->nl, m, see_route, r) == 0 && r->plain;
}

static void see_neighbour(void *arg, const struct nlmsghdr *message)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(message);
	const struct nlattr *at[NDA_MAX + 1];
	struct mac *mac = arg;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return;
	netlink_attributes(message, sizeof(*head), at, NDA_MAX);
	if (head->ndm_state & USABLE && at[NDA_LLADDR] &&
	    mnl_attr_get_payload_len(at[NDA_LLADDR]) == MAC_LEN)
		memcpy(mac->octet, mnl_attr_get_payload(at[NDA_LLADDR]), MAC_LEN);
}

static bool ask_neighbour(struct outer_ways *w, const struct route *r, struct mac *mac)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct ndmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));

	*mac = (struct mac){ 0 };
	m->nlmsg_type = RTM_GETNEIGH;
	head->ndm_family = AF_INET;
	head->ndm_ifindex = r->ifindex;
	mnl_attr_put_u32(m, NDA_DST, r->next.s_addr);
	return netlink_get(&w->nl, m, see_neighbour, mac) == 0 && mac_is_unicast(*mac);
}

/* ---- the table ---- */

static bool is_hooked(struct outer_ways *w, instant_t now)
{
	if (!instant_before(now, w->hooks_until)) {
		w->hooked = !stack_hooks_none();
		w->hooks_until = instant_add(now, duration_ms(HOOKS_MS));
	}
	return w->hooked;
}

static bool learn(struct outer_ways *w, struct in_addr dst, struct outer_way *way)
{
	const uint16_t type = htons(ETHERTYPE_IP);
	const struct link *link;
	struct route route;
	struct mac mac;

	if (!ask_route(w, dst, &route))
		return false;
	link = links_by_index(w->links, route.ifindex);
	if (!link || !link->up || !mac_is_unicast(link->mac) ||
	    !ask_neighbour(w, &route, &mac))
		return false;
	way->to = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					.sll_protocol = type,
					.sll_ifindex = route.ifindex };
	memcpy(way->ethernet, mac.octet, MAC_LEN);
	memcpy(way->ethernet + MAC_LEN, link->mac.octet, MAC_LEN);
	memcpy(way->ethernet + ETHER_HDR_LEN - sizeof(type), &type, sizeof(type));
	way->mtu = route.mtu > 0 && route.mtu < link->mtu ? (uint16_t)route.mtu
							  : link->mtu;
	return true;
}

static struct place *place_of(struct outer_ways *w, struct in_addr dst)
{
	const uint32_t a = ntohl(dst.s_addr);

	return &w->place[(a ^ a >> 8 ^ a >> 16) % PLACES];
}

const struct outer_way *outer_ways_find(struct outer_ways *w, struct in_addr dst,
					instant_t now)
{
	struct place *at = place_of(w, dst);

	if (instant_before(now, at->until))
		return at->usable && at->dst.s_addr == dst.s_addr ? &at->way : NULL;
	at->dst = dst;
	at->until = instant_add(now, duration_ms(FRESH_MS));
	at->usable = !is_hooked(w, now) && learn(w, dst, &at->way);
	return NULL; /* what is at hand goes as usual, and the kernel sees it */
}

void outer_ways_doubt(struct outer_ways *w, struct in_addr dst)
{
	struct place *at = place_of(w, dst);

	if (at->dst.s_addr == dst.s_addr)
		at->usable = false;
}
