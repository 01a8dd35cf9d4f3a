/* SPDX-License-Identifier: ISC */
/*
 * Firewalls and IPsec policies, by netlink(7) and proc(5). A question that the kernel
 * does not understand is one about what it does not have.
 */
#define _GNU_SOURCE
#include "common/io/stack_hooks.h"

#include "common/io/netlink.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The answers to "there is no such thing here". */
static bool is_unknown(int error)
{
	return error == -EPROTONOSUPPORT || error == -EOPNOTSUPP || error == -EINVAL ||
	       error == -ENOENT;
}

static void see_table(void *arg, const struct nlmsghdr *message)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	bool *seen = arg;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) ||
	    head->nfgen_family == NFPROTO_IPV4 || head->nfgen_family == NFPROTO_INET)
		*seen = true;
}

static bool has_nftables(void)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	struct netlink nl;
	bool seen = false;
	int error;

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	head->version = NFNETLINK_V0;
	error = netlink_open_bus(&nl, NETLINK_NETFILTER);
	if (error == 0) {
		error = netlink_dump(&nl, m, see_table, &seen);
		netlink_close(&nl);
	}
	return seen || (error != 0 && !is_unknown(error));
}

/* iptables of old, which have no netlink: one line a table. */
static bool has_iptables(void)
{
	FILE *names = fopen("/proc/net/ip_tables_names", "re");
	bool any;

	if (!names)
		return errno != ENOENT;
	any = fgetc(names) != EOF;
	fclose(names);
	return any;
}

static void see_policies(void *arg, const struct nlmsghdr *message)
{
	const struct nlattr *at[XFRMA_SPD_MAX + 1];
	struct xfrmu_spdinfo info = { .outcnt = 1 };
	bool *seen = arg;

	netlink_attributes(message, sizeof(uint32_t), at, XFRMA_SPD_MAX);
	if (at[XFRMA_SPD_INFO] &&
	    mnl_attr_get_payload_len(at[XFRMA_SPD_INFO]) >= sizeof(info))
		memcpy(&info, mnl_attr_get_payload(at[XFRMA_SPD_INFO]), sizeof(info));
	*seen = info.outcnt > 0;
}

static bool has_ipsec(void)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_REQUEST];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	uint32_t *flags = mnl_nlmsg_put_extra_header(m, sizeof(*flags));
	struct netlink nl;
	bool seen = false;
	int error;

	m->nlmsg_type = XFRM_MSG_GETSPDINFO;
	*flags = 0;
	error = netlink_open_bus(&nl, NETLINK_XFRM);
	if (error == 0) {
		error = netlink_get(&nl, m, see_policies, &seen);
		netlink_close(&nl);
	}
	return seen || (error != 0 && !is_unknown(error));
}

bool stack_hooks_none(void)
{
	return !has_iptables() && !has_nftables() && !has_ipsec();
}
