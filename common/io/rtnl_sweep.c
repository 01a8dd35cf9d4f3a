/* SPDX-License-Identifier: ISC */
/*
 * A dump of each table; the entries that match are sent back as removals.
 */
#define _GNU_SOURCE
#include "common/io/rtnl_sweep.h"

#include "common/io/netlink.h"
#include "common/io/rtnl_edit.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* In linux/if_addr.h and linux/neighbour.h of newer kernels only. */
enum { ATTRIBUTE_IFA_PROTO = 11, ATTRIBUTE_NDA_PROTOCOL = 12, ATTRIBUTES = 32 };

/* Messages to send back, one after the other in `bytes`. */
struct sweep {
	const struct table *table;
	unsigned ifindex;
	char *bytes;
	size_t len;
	int error;
};

struct table {
	uint16_t get, del;
	size_t header;
	bool (*matches)(const struct nlmsghdr *m, const struct nlattr **at,
			unsigned ifindex);
};

static bool is_ours(const struct nlattr *protocol)
{
	return protocol && mnl_attr_get_payload_len(protocol) >= 1 &&
	       mnl_attr_get_u8(protocol) == RTPROT_SOJOURN;
}

/* One that leads nowhere is on no link. */
static bool barrier_matches(const struct nlmsghdr *m, const struct nlattr **at,
			    unsigned ifindex)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);

	(void)ifindex;
	return head->rtm_protocol == RTPROT_SOJOURN && !at[RTA_OIF];
}

static bool route_matches(const struct nlmsghdr *m, const struct nlattr **at,
			  unsigned ifindex)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);

	return head->rtm_protocol == RTPROT_SOJOURN && at[RTA_OIF] &&
	       mnl_attr_get_u32(at[RTA_OIF]) == ifindex;
}

static bool rule_matches(const struct nlmsghdr *m, const struct nlattr **at,
			 unsigned ifindex)
{
	unsigned iif;

	(void)m;
	if (!is_ours(at[FRA_PROTOCOL]) || !at[FRA_IIFNAME])
		return false;
	iif = if_nametoindex(mnl_attr_get_str(at[FRA_IIFNAME]));
	return iif == ifindex || iif == 0;
}

static bool neighbour_matches(const struct nlmsghdr *m, const struct nlattr **at,
			      unsigned ifindex)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(m);

	return is_ours(at[ATTRIBUTE_NDA_PROTOCOL]) &&
	       (unsigned)head->ndm_ifindex == ifindex;
}

static bool address_matches(const struct nlmsghdr *m, const struct nlattr **at,
			    unsigned ifindex)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);

	return is_ours(at[ATTRIBUTE_IFA_PROTO]) && head->ifa_index == ifindex;
}

/*
 * First what keeps packets from going their own way.  Addresses last: the kernel
 * takes the routes that depend on them along.
 */
enum { AFTER_BARRIER = 2 };

static const struct table tables[] = {
	{ RTM_GETRULE, RTM_DELRULE, sizeof(struct fib_rule_hdr), rule_matches },
	{ RTM_GETROUTE, RTM_DELROUTE, sizeof(struct rtmsg), barrier_matches },
	{ RTM_GETROUTE, RTM_DELROUTE, sizeof(struct rtmsg), route_matches },
	{ RTM_GETNEIGH, RTM_DELNEIGH, sizeof(struct ndmsg), neighbour_matches },
	{ RTM_GETADDR, RTM_DELADDR, sizeof(struct ifaddrmsg), address_matches },
};

static void collect(void *arg, const struct nlmsghdr *m)
{
	struct sweep *s = arg;
	const struct nlattr *at[ATTRIBUTES + 1];
	size_t room = (m->nlmsg_len + (size_t)3) & ~(size_t)3; /* aligned to 4 */
	char *bytes;

	if (mnl_nlmsg_get_payload_len(m) < s->table->header)
		return;
	netlink_attributes(m, s->table->header, at, ATTRIBUTES);
	if (!s->table->matches(m, at, s->ifindex))
		return;
	bytes = realloc(s->bytes, s->len + room);
	if (!bytes) {
		s->error = -ENOMEM;
		return;
	}
	memcpy(bytes + s->len, m, m->nlmsg_len);
	s->bytes = bytes;
	s->len += room;
}

/* Send back what was collected; returns how many the kernel removed. */
static int remove_collected(struct netlink *nl, struct sweep *s)
{
	struct nlmsghdr *m = (void *)s->bytes;
	int left = (int)s->len, removed = 0;

	for (; left > 0 && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		m->nlmsg_type = s->table->del;
		m->nlmsg_flags = 0;
		m->nlmsg_pid = 0;
		if (netlink_ask(nl, m) == 0)
			removed++;
	}
	return removed;
}

static int sweep_table(struct netlink *nl, const struct table *table, int ifindex)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct sweep s = { .table = table, .ifindex = (unsigned)ifindex };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *head = mnl_nlmsg_put_extra_header(m, table->header);
	int result;

	m->nlmsg_type = table->get;
	head->rtgen_family = AF_INET;
	result = netlink_dump(nl, m, collect, &s);
	if (result == 0)
		result = s.error;
	if (result == 0)
		result = remove_collected(nl, &s);
	free(s.bytes);
	return result;
}

static int sweep_from(size_t first, int ifindex)
{
	struct netlink nl;
	int total = 0, result = netlink_open(&nl, 0);

	if (result != 0)
		return result;
	for (size_t i = first; i < sizeof(tables) / sizeof(tables[0]) && result >= 0;
	     i++) {
		result = sweep_table(&nl, &tables[i], ifindex);
		total += result > 0 ? result : 0;
	}
	netlink_close(&nl);
	return result < 0 ? result : total;
}

int rtnl_sweep(int ifindex)
{
	return sweep_from(0, ifindex);
}

int rtnl_sweep_but_barrier(int ifindex)
{
	return sweep_from(AFTER_BARRIER, ifindex);
}
