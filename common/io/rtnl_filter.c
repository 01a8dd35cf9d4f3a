/* SPDX-License-Identifier: ISC */
/*
 * Queueing discipline and filter messages of rtnetlink(7), as tc(8) sends them.
 */
#include "common/io/rtnl_filter.h"

#include "common/io/netlink.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static const uint32_t ingress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
static const uint32_t egress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

/* A request under construction. */
struct request {
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m;
};

static struct tcmsg *begin(struct request *rq, uint16_t type, uint16_t flags,
			   int ifindex, uint32_t parent)
{
	struct tcmsg *head;

	memset(rq->buffer, 0, sizeof(rq->buffer));
	rq->m = mnl_nlmsg_put_header(rq->buffer);
	rq->m->nlmsg_type = type;
	rq->m->nlmsg_flags = flags;
	head = mnl_nlmsg_put_extra_header(rq->m, sizeof(*head));
	head->tcm_family = AF_UNSPEC;
	head->tcm_ifindex = ifindex;
	head->tcm_parent = parent;
	return head;
}

/* ---- clsact ---- */

static int clsact(struct netlink *nl, int ifindex, uint16_t type, uint16_t flags)
{
	struct request rq;
	struct tcmsg *head = begin(&rq, type, flags, ifindex, TC_H_CLSACT);

	head->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(rq.m, TCA_KIND, "clsact");
	return netlink_ask(nl, rq.m);
}

/* Its handle says whether we have made it. */
static int clsact_make(struct netlink *nl, int ifindex, uint32_t *handle)
{
	int error = clsact(nl, ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);

	*handle = error ? RTNL_FILTER_BESIDE : RTNL_FILTER_ALONE;
	return error == -EEXIST ? 0 : error;
}

/* ---- the filters of a link ---- */

struct filters {
	int ifindex;   /* the kernel dumps those of one link, but let us be sure */
	uint32_t ours; /* handle; 0: none */
	unsigned others;
};

static bool is_ours(const struct tcmsg *head, const struct nlattr *const *at)
{
	const struct nlattr *option;

	if (TC_H_MAJ(head->tcm_info) >> 16 != RTNL_FILTER_PREFERENCE || !at[TCA_KIND] ||
	    !at[TCA_OPTIONS] || strcmp(mnl_attr_get_str(at[TCA_KIND]), "bpf") != 0)
		return false;
	mnl_attr_for_each_nested(option, at[TCA_OPTIONS]) {
		if (mnl_attr_get_type(option) == TCA_BPF_NAME)
			return strcmp(mnl_attr_get_str(option), RTNL_FILTER_NAME) == 0;
	}
	return false;
}

static void look(void *arg, const struct nlmsghdr *m)
{
	const struct tcmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *at[TCA_MAX + 1];
	struct filters *found = arg;

	if (m->nlmsg_type != RTM_NEWTFILTER ||
	    mnl_nlmsg_get_payload_len(m) < sizeof(*head) ||
	    head->tcm_ifindex != found->ifindex)
		return;
	netlink_attributes(m, sizeof(*head), at, TCA_MAX);
	if (is_ours(head, at))
		found->ours = head->tcm_handle;
	else
		found->others++;
}

static int dump(struct netlink *nl, uint32_t parent, struct filters *found)
{
	struct request rq;

	begin(&rq, RTM_GETTFILTER, 0, found->ifindex, parent);
	return netlink_dump(nl, rq.m, look, found);
}

/* A filter has a heading of its own preference, which carries no handle. */
static int find_ours(struct netlink *nl, int ifindex, uint32_t *handle)
{
	struct filters found = { .ifindex = ifindex };
	int error = dump(nl, ingress, &found);

	*handle = found.ours;
	return error == -EINVAL || error == -ENOENT ? 0 : error; /* no clsact */
}

static int has_others(struct netlink *nl, int ifindex, bool *others)
{
	struct filters found = { .ifindex = ifindex };
	int error = dump(nl, ingress, &found);

	if (error == 0)
		error = dump(nl, egress, &found);
	*others = error != 0 || found.others > 0;
	return error;
}

/* ---- ours ---- */

static struct tcmsg *begin_ours(struct request *rq, uint16_t type, uint16_t flags,
				int ifindex, uint32_t handle)
{
	struct tcmsg *head = begin(rq, type, flags, ifindex, ingress);

	head->tcm_info =
		TC_H_MAKE((uint32_t)RTNL_FILTER_PREFERENCE << 16, htons(ETH_P_IP));
	head->tcm_handle = handle;
	mnl_attr_put_strz(rq->m, TCA_KIND, "bpf");
	return head;
}

static int put_ours(struct netlink *nl, int ifindex, uint32_t handle, int programme)
{
	struct request rq;
	struct nlattr *options;

	begin_ours(&rq, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, ifindex, handle);
	options = mnl_attr_nest_start(rq.m, TCA_OPTIONS);
	mnl_attr_put_u32(rq.m, TCA_BPF_FD, (uint32_t)programme);
	mnl_attr_put_strz(rq.m, TCA_BPF_NAME, RTNL_FILTER_NAME);
	mnl_attr_put_u32(rq.m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(rq.m, options);
	return netlink_ask(nl, rq.m);
}

/* Of two who remove the last filters, one finds the other's gone. */
static void remove_unused(struct netlink *nl, int ifindex)
{
	bool others;

	if (has_others(nl, ifindex, &others) == 0 && !others)
		(void)clsact(nl, ifindex, RTM_DELQDISC, 0);
}

static int attach(struct netlink *nl, int ifindex, int programme)
{
	uint32_t handle;
	int error = find_ours(nl, ifindex, &handle);

	if (error == 0 && handle == 0)
		error = clsact_make(nl, ifindex, &handle);
	if (error != 0)
		return error;
	error = put_ours(nl, ifindex, handle, programme);
	if (error != 0 && handle == RTNL_FILTER_ALONE)
		remove_unused(nl, ifindex);
	return error;
}

static int detach(struct netlink *nl, int ifindex)
{
	struct request rq;
	uint32_t handle;
	int error = find_ours(nl, ifindex, &handle);

	if (error != 0 || handle == 0)
		return error;
	begin_ours(&rq, RTM_DELTFILTER, 0, ifindex, handle);
	error = netlink_ask(nl, rq.m);
	if (error != 0)
		return error;
	if (handle == RTNL_FILTER_ALONE)
		remove_unused(nl, ifindex);
	return 1;
}

int rtnl_filter_attach(int ifindex, int programme)
{
	struct netlink nl;
	int error = netlink_open(&nl, 0);

	if (error != 0)
		return error;
	error = attach(&nl, ifindex, programme);
	netlink_close(&nl);
	return error;
}

int rtnl_filter_detach(int ifindex)
{
	struct netlink nl;
	int result = netlink_open(&nl, 0);

	if (result != 0)
		return result;
	result = detach(&nl, ifindex);
	netlink_close(&nl);
	return result;
}
