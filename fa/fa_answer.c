/* SPDX-License-Identifier: ISC */
/*
 * What goes to a mobile node: relayed Replies, and denials of our own, straight
 * onto its link to the station that asked (RFC 5944 3.7.2.3, 4.2.2: no ARP for a
 * visitor).
 */
#include "fa/fa_private.h"

#include "common/wire/udp.h"

enum { REPLY_TTL = 64 };

/*
 * RFC 5944 3.7.2.3: from the address that the Request went to, unless that was a
 * group; then from ours on that link.
 */
static struct in_addr answer_source(const struct fa_core *fa,
				    const struct registration *rq)
{
	const struct link *link = links_by_index(&fa->links, rq->ifindex);

	if (links_owns(&fa->links, rq->dst))
		return rq->dst;
	if (link && link->addr_count > 0)
		return link->addr[0].addr;
	return fa_config_of(fa)->care_of;
}

static struct in_addr answer_target(const struct registration *rq)
{
	if (rq->home.s_addr != INADDR_ANY)
		return rq->home;
	return (struct in_addr){ htonl(INADDR_BROADCAST) };
}

void fa_send_to_node(struct fa_core *fa, const struct registration *rq,
		     const uint8_t *bytes, size_t len, uint32_t txn,
		     struct effect_list *fx)
{
	const struct udp_packet packet = {
		.src = answer_source(fa, rq),
		.dst = answer_target(rq),
		.src_port = MIP_PORT,
		.dst_port = rq->src_port,
		.ttl = REPLY_TTL,
		.payload = bytes,
		.len = len,
	};
	struct effect_frame *frame =
		&effect_add(fx, EFFECT_SEND_LINK, txn, rq->home)->frame;

	frame->ifindex = rq->ifindex;
	frame->to = rq->mac;
	frame->len = (uint16_t)udp_build(frame->bytes, sizeof(frame->bytes), &packet,
					 ++fa->last_ip_id);
}

static void count_denial(struct fa_core *fa, uint8_t code)
{
	switch (code) {
#define COUNTER(symbol, name, help)
#define DENIED(number, symbol, name, help) \
	case number:                       \
		fa_count(fa, symbol);      \
		break;
#include "fa/fa_counters.def"
	}
}

/* RFC 5944 3.7.2.3; the authenticator by 3.7.1, when an association is shared. */
static size_t build_denial(struct fa_core *fa, const struct registration *rq,
			   uint8_t code, uint8_t *to, size_t room)
{
	const struct mip_reply rp = {
		.code = code,
		.lifetime = code == MIP_FA_LIFETIME ? fa_config_of(fa)->max_lifetime
						    : rq->lifetime,
		.home = rq->home,
		.home_agent = rq->home_agent,
		.ident = rq->ident,
	};
	struct mip_sa *sa =
		sa_for_sending(fa->settings.associations, SA_MN_FA, rq->home);
	struct writer w = writer_over(to, room);

	mip_reply_encode(&w, &rp);
	if (sa)
		auth_append(&w, sa);
	return w.bad ? 0 : writer_len(&w);
}

/*
 * RFC 5944 3.7.2: one a second to a node.  RFC 3024 4.2.1: of those that tell of a
 * wrong TTL, one a second to whomever; they may be meant for nobody on the link.
 */
static bool may_deny(struct fa_core *fa, const struct registration *rq, uint8_t code,
		     instant_t now)
{
	if (code == MIP_FA_TOO_DISTANT && !bucket_take(&fa->distant, now))
		return false;
	return denial_allowed(&fa->denials, rq, now);
}

static void deny(struct fa_core *fa, const struct registration *rq, uint8_t code,
		 const char *reason, struct now now, struct effect_list *fx)
{
	uint8_t bytes[MIP_REPLY_LEN + 2 + MIP_EXT_AUTH_MAX];
	size_t len;

	if (!may_deny(fa, rq, code, now.mono)) {
		fa_count(fa, FA_DENIAL_HELD);
		return;
	}
	len = build_denial(fa, rq, code, bytes, sizeof(bytes));
	if (len == 0)
		return;
	fa_send_to_node(fa, rq, bytes, len, 0, fx);
	count_denial(fa, code);
	effect_note(fx, (struct note){
				.kind = NOTE_REQUEST_DENIED,
				.home = rq->home,
				.care_of = rq->care_of,
				.agent = rq->home_agent,
				.source = rq->src,
				.ifindex = rq->ifindex,
				.has_code = true,
				.code = code,
				.lifetime = rq->lifetime,
				.ident = rq->ident,
				.reason = reason,
			});
}

void fa_deny(struct fa_core *fa, const struct registration *rq, uint8_t code,
	     struct now now, struct effect_list *fx)
{
	deny(fa, rq, code, mip_code_text(code), now, fx);
}

void fa_deny_because(struct fa_core *fa, const struct registration *rq, uint8_t code,
		     enum fa_counter why, struct now now, struct effect_list *fx)
{
	fa_count(fa, why);
	deny(fa, rq, code, fa_counter_help(why), now, fx);
}

void fa_give_up(struct fa_core *fa, struct pending_registration *p, uint8_t code,
		struct now now, struct effect_list *fx)
{
	const struct registration rq = p->rq;

	pending_close(&fa->pending, p);
	fa_deny(fa, &rq, code, now, fx);
}
