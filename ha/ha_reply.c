/* SPDX-License-Identifier: ISC */
/*
 * Registration Replies (RFC 5944 3.8.3).
 *
 * Order on the wire: fixed part, mobile-home authentication, foreign-home
 * authentication.  The latter whenever we share an association with the address
 * that the Request came from, also when that was a deregistration: RFC 5944
 * 3.8.3.3 against 3.5.4, of which the first is the later word on Replies.
 */
#include "ha/ha_private.h"

#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/mip_code.h"
#include "common/wire/udp.h"

#include <string.h>

enum { REPLY_TTL = 64 };

/*
 * A node on the link hears us by its link-layer address: it may be at home with
 * bindings that would catch the Reply (RFC 5944 3.8.3.1).  What came over a
 * router of that link goes back by routing.
 */
static bool answer_on_link(const struct ha_core *ha, const struct datagram *dg,
			   const struct mip_request *rq)
{
	const struct link *link = links_by_index(&ha->links, dg->ifindex);

	if (!dg->has_mac || !link)
		return false;
	if (dg->src.s_addr == rq->home.s_addr)
		return true;
	for (unsigned i = 0; i < link->addr_count; i++)
		if (ipv4_prefix_has(link->addr[i], dg->src))
			return true;
	return false;
}

struct reply_context ha_reply_context(const struct ha_core *ha,
				      const struct datagram *dg,
				      const struct mip_request *rq)
{
	return (struct reply_context){
		.local = ha_owns(ha, dg->dst) ? dg->dst : ha->config.address,
		.remote = dg->src,
		.local_port = dg->dst_port,
		.remote_port = dg->src_port,
		.on_link = answer_on_link(ha, dg, rq),
		.ifindex = dg->ifindex,
		.mac = dg->mac,
		.home = rq->home,
		.home_agent = ha_owns(ha, rq->home_agent) ? rq->home_agent
							  : ha->config.address,
		.asked_home_agent = rq->home_agent,
		.care_of = rq->care_of,
		.lifetime = rq->lifetime,
		.flags = rq->flags,
		.ident = rq->ident,
	};
}

/* The association that the peer used if it may be sent with, else its first. */
static struct mip_sa *sa_to_answer(struct ha_core *ha, enum sa_kind kind,
				   struct in_addr peer, uint32_t spi)
{
	struct mip_sa *used = sa_find(ha->associations, kind, peer, spi);

	if (used && !used->accept_only)
		return used;
	return sa_for_sending(ha->associations, kind, peer);
}

size_t ha_reply_build(struct ha_core *ha, const struct reply_context *rc, uint8_t code,
		      uint16_t lifetime, uint64_t clock, uint8_t to[REPLY_MAX])
{
	struct mip_sa *mn = sa_to_answer(ha, SA_MN_HA, rc->home, rc->spi);
	struct mip_sa *fa = sa_to_answer(ha, SA_FA_HA, rc->remote, rc->fa_spi);
	struct writer w = writer_over(to, REPLY_MAX);
	const struct mip_reply reply = {
		.code = code,
		.lifetime = lifetime,
		.home = rc->home,
		.home_agent = rc->home_agent,
		.ident = code == MIP_HA_IDENT ? ident_resync(rc->ident, clock)
					      : rc->ident,
	};

	if (!mn)
		return 0;
	mip_reply_encode(&w, &reply);
	auth_append(&w, mn);
	if (fa)
		auth_append(&w, fa);
	return w.bad ? 0 : writer_len(&w);
}

static void send_on_link(struct ha_core *ha, const struct reply_context *rc,
			 uint32_t txn, const uint8_t *bytes, size_t len,
			 struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_LINK, txn, rc->home);
	const struct udp_packet p = {
		.src = rc->local,
		.dst = rc->remote,
		.src_port = rc->local_port,
		.dst_port = rc->remote_port,
		.ttl = REPLY_TTL,
		.payload = bytes,
		.len = len,
	};

	e->frame.ifindex = rc->ifindex;
	e->frame.to = rc->mac;
	e->frame.len = (uint16_t)udp_build(e->frame.bytes, sizeof(e->frame.bytes), &p,
					   ++ha->last_ip_id);
}

static void send_routed(const struct reply_context *rc, uint32_t txn,
			const uint8_t *bytes, size_t len, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_UDP, txn, rc->home);

	e->udp.src = rc->local;
	e->udp.dst = rc->remote;
	e->udp.src_port = rc->local_port;
	e->udp.dst_port = rc->remote_port;
	e->udp.len = (uint16_t)len;
	memcpy(e->udp.bytes, bytes, len);
}

void ha_reply_send(struct ha_core *ha, const struct reply_context *rc, uint32_t txn,
		   const uint8_t *bytes, size_t len, struct effect_list *fx)
{
	if (rc->on_link)
		send_on_link(ha, rc, txn, bytes, len, fx);
	else
		send_routed(rc, txn, bytes, len, fx);
}

void ha_reply_count(struct ha_core *ha, uint8_t code)
{
	static const struct {
		uint8_t code;
		enum ha_counter counter;
	} rows[] = {
		{ MIP_ACCEPTED, HA_REPLY_0 },
		{ MIP_ACCEPTED_NO_SIMULTANEOUS, HA_REPLY_1 },
		{ MIP_HA_PROHIBITED, HA_REPLY_129 },
		{ MIP_HA_RESOURCES, HA_REPLY_130 },
		{ MIP_HA_MN_AUTH, HA_REPLY_131 },
		{ MIP_HA_FA_AUTH, HA_REPLY_132 },
		{ MIP_HA_IDENT, HA_REPLY_133 },
		{ MIP_HA_BAD_REQUEST, HA_REPLY_134 },
		{ MIP_HA_TOO_MANY, HA_REPLY_135 },
		{ MIP_HA_UNKNOWN_HA, HA_REPLY_136 },
		{ MIP_HA_NO_REVERSE, HA_REPLY_137 },
		{ MIP_HA_REVERSE_MANDATORY, HA_REPLY_138 },
		{ MIP_HA_ENCAPSULATION, HA_REPLY_139 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].code == code) {
			ha_count(ha, rows[i].counter);
			return;
		}
	}
	ha_count(ha, HA_REPLY_OTHER);
}

void ha_reply_store(struct home_node *n, const struct reply_context *rc, uint8_t code,
		    uint16_t lifetime)
{
	n->last_ident = rc->ident;
	n->heard = true;
	n->answered = (struct answered){
		.valid = true,
		.code = code,
		.granted = lifetime,
		.lifetime = rc->lifetime,
		.flags = rc->flags,
		.fa_spi = rc->fa_spi,
		.source = rc->remote,
		.home_agent = rc->asked_home_agent,
		.care_of = rc->care_of,
	};
}

size_t ha_reply_again(struct ha_core *ha, const struct home_node *n,
		      const struct reply_context *rc, uint8_t to[REPLY_MAX])
{
	struct reply_context then = *rc;

	then.fa_spi = n->answered.fa_spi;
	return ha_reply_build(ha, &then, n->answered.code, n->answered.granted, 0, to);
}

/* RFC 5944 3.8.2.2 has 1 whenever only one binding is kept, asked or not (T-05). */
static uint8_t accepting_code(const struct ha_core *ha)
{
	return ha_bindings_per_node(ha) > 1 ? MIP_ACCEPTED
					    : MIP_ACCEPTED_NO_SIMULTANEOUS;
}

size_t ha_reply_prepare(struct ha_core *ha, struct home_node *n,
			const struct reply_context *rc, uint16_t lifetime,
			uint8_t to[REPLY_MAX])
{
	const uint8_t code = accepting_code(ha);

	ha_reply_store(n, rc, code, lifetime);
	return ha_reply_build(ha, rc, code, lifetime, 0, to);
}

void ha_reply_accepted(struct ha_core *ha)
{
	ha_count(ha, HA_ACCEPTED);
	ha_reply_count(ha, accepting_code(ha));
}
