/* SPDX-License-Identifier: ISC */
/*
 * Home agents that cannot be reached (RFC 5944 3.7.3): an ICMP error about a
 * Request that we relayed, or the system's refusal to send it, becomes a denial
 * to the node with a code of 80 to 88.
 */
#include "fa/fa_private.h"

#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include <errno.h>

/* What an ICMP error quotes of the datagram that it is about. */
struct quoted {
	struct in_addr dst;
	uint16_t payload; /* octets that the UDP payload had */
	bool known;       /* enough was quoted to tell which Request */
	struct in_addr home;
	uint64_t ident;
};

/*
 * Errors that end the datagram they are about: not redirects, and not Source
 * Quench, which is to be ignored (RFC 6633 3).
 */
static bool is_final(uint8_t type)
{
	enum { SOURCE_QUENCH = 4 };

	return icmp_is_error(type) && type != ICMP_REDIRECT_ && type != SOURCE_QUENCH;
}

static uint8_t code_for_icmp(uint8_t type, uint8_t code)
{
	if (type == ICMP_UNREACHABLE && code == ICMP_CODE_NET)
		return MIP_FA_HOME_NET;
	if (type == ICMP_UNREACHABLE && code == ICMP_CODE_HOST)
		return MIP_FA_HA_HOST;
	if (type == ICMP_UNREACHABLE && code == ICMP_CODE_PORT)
		return MIP_FA_HA_PORT;
	return MIP_FA_HA_UNREACHABLE;
}

static uint8_t code_for_error(int error)
{
	switch (error) {
	case ENETUNREACH:
		return MIP_FA_HOME_NET;
	case EHOSTUNREACH:
		return MIP_FA_HA_HOST;
	case ECONNREFUSED:
		return MIP_FA_HA_PORT;
	default:
		return MIP_FA_HA_UNREACHABLE;
	}
}

/* The quoted IPv4 header; leaves `in` after it.  False if it is not one of ours. */
static bool read_ipv4(const struct fa_core *fa, struct reader *in, struct quoted *q)
{
	const uint8_t version_ihl = read_u8(in);
	const size_t options = (version_ihl & 15) * 4u - IPV4_HEADER;
	struct in_addr src;
	uint16_t fragment;
	uint8_t protocol;

	read_skip(in, 5);
	fragment = read_u16(in);
	read_skip(in, 1);
	protocol = read_u8(in);
	read_skip(in, 2);
	src = read_addr(in);
	q->dst = read_addr(in);
	if (in->bad || version_ihl >> 4 != 4 || (version_ihl & 15) < 5)
		return false;
	read_skip(in, options);
	return protocol == PROTO_UDP && (fragment & IPV4_OFFSET) == 0 &&
	       src.s_addr == fa_config_of(fa)->care_of.s_addr;
}

/* The quoted UDP header and as much of the Request as there is. */
static bool read_request(struct reader *in, struct quoted *q)
{
	const uint16_t src_port = read_u16(in);
	const uint16_t dst_port = read_u16(in);
	const uint16_t length = read_u16(in);
	struct mip_request rq;

	read_skip(in, 2);
	if (in->bad || src_port != MIP_PORT || dst_port != MIP_PORT || length < 8)
		return false;
	q->payload = (uint16_t)(length - 8);
	q->known = mip_request_decode(*in, &rq) == MIP_FAULT_NONE;
	q->home = q->known ? rq.home : (struct in_addr){ 0 };
	q->ident = q->known ? rq.ident : 0;
	return true;
}

/*
 * Old routers quote eight octets after the header (RFC 792), which name no node:
 * then it is any Request of that length to that agent, the oldest first.
 */
struct search {
	const struct quoted *q;
	const struct pending_registration *found;
};

static void look(void *arg, const struct pending_registration *p)
{
	struct search *s = arg;

	if (!s->found && p->rq.home_agent.s_addr == s->q->dst.s_addr &&
	    p->relayed_len == s->q->payload)
		s->found = p;
}

static struct pending_registration *find_quoted(const struct fa_core *fa,
						const struct quoted *q)
{
	struct search s = { .q = q };
	struct pending_registration *p;

	if (!q->known) {
		pending_each(&fa->pending, look, &s);
		return s.found ? pending_match(&fa->pending, s.found->rq.home,
					       s.found->rq.ident)
			       : NULL;
	}
	p = pending_match(&fa->pending, q->home, q->ident);
	return p && p->rq.home_agent.s_addr == q->dst.s_addr ? p : NULL;
}

void fa_on_unreachable(struct fa_core *fa, const struct icmp_datagram *dg,
		       struct now now, struct effect_list *fx)
{
	struct reader in = dg->message;
	const bool sound = checksum_of(in.at, reader_left(&in)) == 0;
	const uint8_t type = read_u8(&in);
	const uint8_t code = read_u8(&in);
	struct pending_registration *p;
	struct quoted q = { 0 };

	read_skip(&in, 6);
	if (!sound || in.bad) {
		fa_count(fa, FA_ICMP_MALFORMED);
		return;
	}
	if (!is_final(type))
		return;
	p = read_ipv4(fa, &in, &q) && read_request(&in, &q) ? find_quoted(fa, &q)
							    : NULL;
	if (p)
		fa_give_up(fa, p, code_for_icmp(type, code), now, fx);
	else
		fa_count(fa, FA_ICMP_UNMATCHED);
}

void fa_on_unsent(struct fa_core *fa, const struct effect *failed, int error,
		  struct now now, struct effect_list *fx)
{
	struct mip_request rq;
	struct pending_registration *p;

	if (mip_request_decode(reader_over(failed->udp.bytes, failed->udp.len), &rq) !=
	    MIP_FAULT_NONE)
		return;
	p = pending_match(&fa->pending, rq.home, rq.ident);
	if (p)
		fa_give_up(fa, p, code_for_error(error), now, fx);
}
