/* SPDX-License-Identifier: ISC */
/*
 * Route, rule, neighbour and address messages (rtnetlink(7)), and the memory of
 * what we added.
 */
#define _GNU_SOURCE
#include "common/io/rtnl_edit.h"

#include "common/base/hashmap.h"
#include "common/io/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* In linux/if_addr.h and linux/neighbour.h of newer kernels only. */
enum { ATTRIBUTE_IFA_PROTO = 11, ATTRIBUTE_NDA_PROTOCOL = 12 };

/* Of every network namespace. */
enum { LOOPBACK = 1 };

/* What makes an addition this one: adding it again replaces it. */
struct added_key {
	enum effect_kind kind;
	struct in_addr addr;
	uint32_t len; /* of the prefix */
	uint32_t table;
	uint32_t order; /* metric, priority */
	int ifindex;    /* not of routes: a new route may go another way */
};

/* Something of ours that the kernel has. */
struct added {
	struct added_key key;
	union {
		struct effect_route route;
		struct effect_rule rule;
		struct effect_neighbour neighbour;
		struct effect_address address;
	};
	char iif[IF_NAMESIZE]; /* of a rule: the link may be gone when we undo it */
	bool inherited;        /* a predecessor's, left there for us */
	UT_hash_handle hh;
};

struct rtnl_edit {
	struct netlink nl;
	int tun;
	enum rtnl_legacy leaves;
	struct added *added;
};

/* A request under construction. */
struct request {
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m;
};

static void *begin(struct request *rq, uint16_t type, uint16_t flags, size_t header)
{
	memset(rq->buffer, 0, sizeof(rq->buffer));
	rq->m = mnl_nlmsg_put_header(rq->buffer);
	rq->m->nlmsg_type = type;
	rq->m->nlmsg_flags = flags;
	return mnl_nlmsg_put_extra_header(rq->m, header);
}

static void put_addr(struct request *rq, uint16_t type, struct in_addr a)
{
	mnl_attr_put(rq->m, type, sizeof(a), &a);
}

int rtnl_edit_open(struct rtnl_edit **out)
{
	struct rtnl_edit *e = calloc(1, sizeof(*e));
	int error;

	if (!e)
		return -ENOMEM;
	error = netlink_open(&e->nl, 0);
	if (error != 0) {
		free(e);
		return error;
	}
	*out = e;
	return 0;
}

void rtnl_edit_leave(struct rtnl_edit *e, enum rtnl_legacy what)
{
	e->leaves = what;
}

void rtnl_edit_set_tun(struct rtnl_edit *e, int ifindex)
{
	e->tun = ifindex;
}

static int device(const struct rtnl_edit *e, int ifindex)
{
	return ifindex == EFFECT_DEV_TUN ? e->tun : ifindex;
}

static struct added *find(const struct rtnl_edit *e, const struct added_key *key)
{
	struct added *a;

	HASH_FIND(hh, e->added, key, sizeof(*key), a);
	return a;
}

/* An entry for `key`, new or known; NULL when out of memory. */
static struct added *remember(struct rtnl_edit *e, const struct added_key *key)
{
	struct added *a = find(e, key);

	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->key = *key;
	HASH_ADD(hh, e->added, key, sizeof(a->key), a);
	if (hashmap_added(a, hh))
		return a;
	free(a);
	return NULL;
}

static void forget(struct rtnl_edit *e, const struct added_key *key)
{
	struct added *a = find(e, key);

	if (!a)
		return;
	HASH_DEL(e->added, a);
	free(a);
}

/* What rtnl_sweep_but_barrier() leaves: rules, and routes that lead nowhere. */
static bool is_barrier(const struct added_key *key)
{
	return key->kind == EFFECT_RULE ||
	       (key->kind == EFFECT_ROUTE && key->order == EFFECT_METRIC_STOP);
}

/*
 * Send an addition.  What is ours is replaced; what is not must not be there.
 * The memory is made first, so that nothing is added that we could not undo.
 */
static int add(struct rtnl_edit *e, struct request *rq, const struct added_key *key,
	       struct added **out)
{
	bool ours = find(e, key) != NULL;
	struct added *a = remember(e, key);
	int error;

	if (!a)
		return -ENOMEM;
	rq->m->nlmsg_flags |= NLM_F_CREATE | (ours ? NLM_F_REPLACE : NLM_F_EXCL);
	error = netlink_ask(&e->nl, rq->m);
	if (error == -EEXIST && is_barrier(key)) {
		a->inherited = true;
		error = 0;
	}
	if (error && !ours)
		forget(e, key);
	*out = error ? NULL : a;
	return error;
}

static bool is_left(const struct rtnl_edit *e, const struct added_key *key)
{
	const struct added *a = find(e, key);

	if (!is_barrier(key) || e->leaves == RTNL_LEAVE_NONE)
		return false;
	return e->leaves == RTNL_LEAVE_ALL || (a && a->inherited);
}

/* Send a removal; what went with its link is gone as it should be. */
static int take_away(struct rtnl_edit *e, struct request *rq,
		     const struct added_key *key)
{
	int error = is_left(e, key) ? 0 : netlink_ask(&e->nl, rq->m);

	forget(e, key);
	switch (error) {
	case -ESRCH:
	case -ENOENT:
	case -ENODEV:
	case -EADDRNOTAVAIL:
		return 0;
	default:
		return error;
	}
}

static void put_mtu(struct request *rq, uint16_t mtu)
{
	struct nlattr *nest = mnl_attr_nest_start(rq->m, RTA_METRICS);

	mnl_attr_put_u32(rq->m, RTAX_LOCK, 1 << RTAX_MTU);
	mnl_attr_put_u32(rq->m, RTAX_MTU, mtu);
	mnl_attr_nest_end(rq->m, nest);
}

static unsigned char type_of(const struct effect_route *r)
{
	if (!r->unreachable)
		return RTN_UNICAST;
	return r->silent ? RTN_BLACKHOLE : RTN_UNREACHABLE;
}

static void put_route(const struct rtnl_edit *e, struct request *rq,
		      const struct effect_route *r)
{
	struct rtmsg *head =
		begin(rq, r->add ? RTM_NEWROUTE : RTM_DELROUTE, 0, sizeof(*head));

	head->rtm_family = AF_INET;
	head->rtm_dst_len = r->dst.len;
	head->rtm_table = RT_TABLE_UNSPEC; /* the attribute says it */
	head->rtm_protocol = RTPROT_SOJOURN;
	head->rtm_scope = r->via.s_addr ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (!r->add)
		head->rtm_scope = RT_SCOPE_NOWHERE; /* whatever it is */
	head->rtm_type = r->add ? type_of(r) : RTN_UNSPEC;
	put_addr(rq, RTA_DST, r->dst.addr);
	mnl_attr_put_u32(rq->m, RTA_TABLE, r->table ? r->table : RT_TABLE_MAIN);
	if (r->metric)
		mnl_attr_put_u32(rq->m, RTA_PRIORITY, r->metric);
	if (!r->add)
		return;
	if (r->via.s_addr)
		put_addr(rq, RTA_GATEWAY, r->via);
	if (r->prefer_src.s_addr)
		put_addr(rq, RTA_PREFSRC, r->prefer_src);
	if (r->ifindex)
		mnl_attr_put_u32(rq->m, RTA_OIF, (uint32_t)device(e, r->ifindex));
	/* A gateway on a foreign link need not be inside a prefix of ours there. */
	if (r->via.s_addr && r->ifindex)
		head->rtm_flags |= RTNH_F_ONLINK;
	if (r->mtu)
		put_mtu(rq, r->mtu);
}

int rtnl_edit_route(struct rtnl_edit *e, const struct effect_route *r)
{
	const struct added_key key = { .kind = EFFECT_ROUTE,
				       .addr = r->dst.addr,
				       .len = r->dst.len,
				       .table = r->table,
				       .order = r->metric };
	struct request rq;
	struct added *a;
	int error;

	put_route(e, &rq, r);
	if (!r->add)
		return take_away(e, &rq, &key);
	error = add(e, &rq, &key, &a);
	if (error == 0)
		a->route = *r;
	return error;
}

static void put_rule(struct request *rq, const struct effect_rule *r, const char *iif)
{
	struct fib_rule_hdr *head =
		begin(rq, r->add ? RTM_NEWRULE : RTM_DELRULE, 0, sizeof(*head));

	head->family = AF_INET;
	head->src_len = r->src.len;
	head->dst_len = r->dst.len;
	head->action = FR_ACT_TO_TBL;
	head->table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC;
	if (r->src.len)
		put_addr(rq, FRA_SRC, r->src.addr);
	if (r->dst.len)
		put_addr(rq, FRA_DST, r->dst.addr);
	if (iif[0])
		mnl_attr_put_strz(rq->m, FRA_IIFNAME, iif);
	mnl_attr_put_u32(rq->m, FRA_TABLE, r->table);
	if (r->priority)
		mnl_attr_put_u32(rq->m, FRA_PRIORITY, r->priority);
	mnl_attr_put_u8(rq->m, FRA_PROTOCOL, RTPROT_SOJOURN);
}

/*
 * To the kernel a rule names its link: when that is back under another index so is the
 * rule, and there is one where two were added.
 */
static bool is_another_now(const struct rtnl_edit *e, const struct added *a)
{
	struct added_key key = a->key;

	if (!a->iif[0])
		return false;
	key.ifindex = (int)if_nametoindex(a->iif);
	return key.ifindex != a->key.ifindex && find(e, &key);
}

static bool name_of(int ifindex, char name[IF_NAMESIZE])
{
	const int index = ifindex == EFFECT_DEV_LO ? LOOPBACK : ifindex;

	return ifindex == 0 || if_indextoname((unsigned)index, name);
}

int rtnl_edit_rule(struct rtnl_edit *e, const struct effect_rule *r)
{
	const struct ipv4_prefix about = r->src.len ? r->src : r->dst;
	const struct added_key key = { .kind = EFFECT_RULE,
				       .addr = about.addr,
				       .len = about.len,
				       .table = r->table,
				       .order = r->priority,
				       .ifindex = r->iif };
	struct added *a = find(e, &key);
	char iif[IF_NAMESIZE] = "";
	struct request rq;
	int error;

	if (r->add && a)
		return 0; /* rules cannot be replaced, nor is there need */
	if (a)
		memcpy(iif, a->iif, sizeof(iif));
	else if (!name_of(r->iif, iif))
		return r->add ? -ENODEV : 0;
	if (!r->add && a && is_another_now(e, a)) {
		forget(e, &key);
		return 0;
	}
	put_rule(&rq, r, iif);
	if (!r->add)
		return take_away(e, &rq, &key);
	error = add(e, &rq, &key, &a);
	if (error == 0) {
		a->rule = *r;
		memcpy(a->iif, iif, sizeof(a->iif));
	}
	return error;
}

/* A rule for the new name comes before that for the old one goes, if it can. */
static int rename_rule(struct rtnl_edit *e, struct added *a, const char *name)
{
	struct request rq;
	int error;

	put_rule(&rq, &a->rule, name);
	rq.m->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	error = netlink_ask(&e->nl, rq.m);
	if (error && error != -EEXIST)
		return error;
	if (!is_another_now(e, a)) {
		struct effect_rule old = a->rule;

		old.add = false;
		put_rule(&rq, &old, a->iif);
		netlink_ask(&e->nl, rq.m);
	}
	memcpy(a->iif, name, sizeof(a->iif));
	return 0;
}

unsigned rtnl_edit_follow(struct rtnl_edit *e, const struct links *links)
{
	struct added *a, *next;
	unsigned failed = 0;

	HASH_ITER(hh, e->added, a, next) {
		const struct link *link;

		if (a->key.kind != EFFECT_RULE || !a->iif[0])
			continue;
		link = links_by_index(links, a->key.ifindex);
		if (link && strcmp(link->name, a->iif) != 0)
			failed += rename_rule(e, a, link->name) != 0;
	}
	return failed;
}

static void put_neighbour(const struct rtnl_edit *e, struct request *rq,
			  const struct effect_neighbour *n)
{
	struct ndmsg *head =
		begin(rq, n->add ? RTM_NEWNEIGH : RTM_DELNEIGH, 0, sizeof(*head));

	head->ndm_family = AF_INET;
	head->ndm_ifindex = device(e, n->ifindex);
	head->ndm_state = NUD_PERMANENT;
	put_addr(rq, NDA_DST, n->addr);
	if (!n->add)
		return;
	/* The kernel may have learned an entry by itself: ours takes its place. */
	rq->m->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	mnl_attr_put(rq->m, NDA_LLADDR, sizeof(n->mac.octet), n->mac.octet);
	mnl_attr_put_u8(rq->m, ATTRIBUTE_NDA_PROTOCOL, RTPROT_SOJOURN);
}

int rtnl_edit_neighbour(struct rtnl_edit *e, const struct effect_neighbour *n)
{
	const struct added_key key = { .kind = EFFECT_NEIGHBOUR,
				       .addr = n->addr,
				       .ifindex = n->ifindex };
	struct request rq;
	struct added *a;
	int error;

	put_neighbour(e, &rq, n);
	if (!n->add)
		return take_away(e, &rq, &key);
	a = remember(e, &key);
	if (!a)
		return -ENOMEM;
	a->neighbour = *n;
	error = netlink_ask(&e->nl, rq.m);
	if (error)
		forget(e, &key);
	return error;
}

static void put_address(const struct rtnl_edit *e, struct request *rq,
			const struct effect_address *a)
{
	struct ifaddrmsg *head =
		begin(rq, a->add ? RTM_NEWADDR : RTM_DELADDR, 0, sizeof(*head));

	head->ifa_family = AF_INET;
	head->ifa_prefixlen = a->addr.len;
	head->ifa_index = (uint32_t)device(e, a->ifindex);
	put_addr(rq, IFA_LOCAL, a->addr.addr);
	put_addr(rq, IFA_ADDRESS, a->addr.addr);
	if (!a->add)
		return;
	if (a->broadcast.s_addr != INADDR_ANY)
		put_addr(rq, IFA_BROADCAST, a->broadcast);
	else if (a->addr.len < 31)
		put_addr(rq, IFA_BROADCAST, ipv4_prefix_broadcast(a->addr));
	mnl_attr_put_u8(rq->m, ATTRIBUTE_IFA_PROTO, RTPROT_SOJOURN);
}

int rtnl_edit_address(struct rtnl_edit *e, const struct effect_address *a)
{
	const struct added_key key = { .kind = EFFECT_ADDRESS,
				       .addr = a->addr.addr,
				       .len = a->addr.len,
				       .ifindex = a->ifindex };
	struct request rq;
	struct added *added;
	int error;

	put_address(e, &rq, a);
	if (!a->add)
		return take_away(e, &rq, &key);
	error = add(e, &rq, &key, &added);
	if (error == 0)
		added->address = *a;
	/* An address that the operator gave stays the operator's. */
	return error == -EEXIST ? 0 : error;
}

/* `what` is a copy: undoing frees what it was copied from. */
static void undo(struct rtnl_edit *e, struct added what)
{
	switch (what.key.kind) {
	case EFFECT_ROUTE:
		what.route.add = false;
		rtnl_edit_route(e, &what.route);
		break;
	case EFFECT_RULE:
		what.rule.add = false;
		rtnl_edit_rule(e, &what.rule);
		break;
	case EFFECT_NEIGHBOUR:
		what.neighbour.add = false;
		rtnl_edit_neighbour(e, &what.neighbour);
		break;
	default:
		what.address.add = false;
		rtnl_edit_address(e, &what.address);
		break;
	}
}

void rtnl_edit_close(struct rtnl_edit *e)
{
	struct added *a, *next;

	if (!e)
		return;
	HASH_ITER(hh, e->added, a, next)
		undo(e, *a);
	netlink_close(&e->nl);
	free(e);
}

/* Addresses come first: routes may prefer one as their source. */
unsigned rtnl_edit_repeat(struct rtnl_edit *e)
{
	struct added *a, *next;
	unsigned failed = 0;

	HASH_ITER(hh, e->added, a, next)
		if (a->key.kind == EFFECT_ADDRESS && a->key.ifindex == EFFECT_DEV_TUN)
			failed += rtnl_edit_address(e, &a->address) != 0;
	HASH_ITER(hh, e->added, a, next)
		if (a->key.kind == EFFECT_ROUTE && a->route.ifindex == EFFECT_DEV_TUN)
			failed += rtnl_edit_route(e, &a->route) != 0;
	return failed;
}

int rtnl_edit_link_up(struct rtnl_edit *e, int ifindex, uint16_t mtu)
{
	struct request rq;
	struct ifinfomsg *head = begin(&rq, RTM_NEWLINK, 0, sizeof(*head));

	head->ifi_family = AF_UNSPEC;
	head->ifi_index = ifindex;
	head->ifi_flags = IFF_UP;
	head->ifi_change = IFF_UP;
	mnl_attr_put_u32(rq.m, IFLA_MTU, mtu);
	return netlink_ask(&e->nl, rq.m);
}
