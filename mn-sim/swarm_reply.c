/* SPDX-License-Identifier: ISC */
/*
 * Replies, judged as every node judges them (RFC 5944 3.6.2): sound, an answer to
 * the latest Request of a node, and signed by the home agent unless a foreign agent
 * made it.  What is none of this is counted and left out; the Request stays in flight.
 */
#include "mn-sim/swarm_private.h"

#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_msg.h"

struct received {
	struct reader message;
	struct in_addr from;
	uint32_t place;
	struct mip_reply rp;
	struct mip_ext_index ix;
};

/* The Request that a Reply names by home address and low word (RFC 5944 3.6.2.1). */
static struct swarm_request *asked(struct swarm *s, const struct mip_reply *rp)
{
	const uint32_t number = (uint32_t)rp->ident & s->request_mask;
	struct swarm_request *rq = &s->request[number];

	if (number >= s->config.in_flight || rq->tries == 0 ||
	    (uint32_t)rp->ident != (uint32_t)rq->ident ||
	    rp->home.s_addr != swarm_home(s, rq->node).s_addr)
		return NULL;
	return rq;
}

static bool is_by_home_agent(struct swarm *s, const struct received *r)
{
	return auth_verify(s->config.associations, SA_MN_HA, s->config.home_agent,
			   r->message, &r->ix, NULL) == AUTH_OK;
}

static bool is_authentic(struct swarm *s, const struct received *r,
			 const struct swarm_request *rq)
{
	struct sa_store *sas = s->config.associations;
	struct in_addr agent;

	if (s->config.agents) {
		agent = s->config.agent[rq->place].addr;
		if (sa_shared(sas, SA_MN_FA, agent) &&
		    auth_verify(sas, SA_MN_FA, agent, r->message, &r->ix, NULL) !=
			    AUTH_OK)
			return false;
		if (mip_code_is_fa_denial(r->rp.code))
			return r->place == rq->place && r->from.s_addr == agent.s_addr;
	}
	return is_by_home_agent(s, r);
}

/* T-28: a 133 tells the home agent's clock; nodes of one machine have one clock. */
static void take_over_clock(struct swarm *s, struct swarm_request *rq,
			    const struct received *r, uint64_t clock)
{
	s->clock_offset = ident_offset(r->rp.ident, clock);
	s->node[rq->node].ident = 0;
	s->stats.resyncs++;
}

static void on_accepted(struct swarm *s, struct swarm_request *rq, instant_t now)
{
	struct swarm_op_stats *op = &s->stats.op[rq->op];
	struct swarm_node *node = &s->node[rq->node];
	const duration_t latency = instant_diff(now, rq->due);
	const bool bound = rq->op != SWARM_DEREGISTER;

	op->accepted++;
	swarm_watch_close(s, rq, SWARM_WATCH_ANSWERED);
	swarm_histogram_add(&op->latency, latency);
	swarm_histogram_add(&s->stats.second, latency);
	swarm_histogram_add(&s->stats.lap, latency);
	s->registered += (uint32_t)bound - (uint32_t)node->sure;
	node->sure = bound;
	node->place = rq->place;
	swarm_close(s, rq, bound ? SWARM_BOUND : SWARM_IDLE);
}

static void on_denied(struct swarm *s, struct swarm_request *rq,
		      const struct received *r, uint64_t clock)
{
	s->stats.op[rq->op].denied++;
	swarm_watch_close(s, rq, SWARM_WATCH_READY);
	if (r->rp.code == MIP_HA_IDENT)
		take_over_clock(s, rq, r, clock);
	swarm_close(s, rq, rq->op == SWARM_REGISTER ? SWARM_IDLE : SWARM_BOUND);
}

static void on_stranger(struct swarm *s, const struct received *r)
{
	const uint32_t node = ntohl(r->rp.home.s_addr) - ntohl(s->config.home.s_addr);

	if (node < s->config.nodes && is_by_home_agent(s, r))
		s->stats.late++;
	else
		s->stats.unmatched++;
}

void swarm_on_reply(struct swarm *s, struct reader message, struct in_addr from,
		    uint32_t place, struct now now)
{
	struct received r = { .message = message, .from = from, .place = place };
	struct swarm_request *rq;

	if (mip_reply_decode(message, &r.rp) != MIP_FAULT_NONE ||
	    mip_ext_index(r.rp.extensions, &r.ix) != MIP_FAULT_NONE) {
		s->stats.malformed++;
		return;
	}
	rq = asked(s, &r.rp);
	if (!rq) {
		on_stranger(s, &r);
		return;
	}
	if (!is_authentic(s, &r, rq)) {
		s->stats.unauthentic++;
		return;
	}
	s->stats.code[r.rp.code]++;
	if (mip_code_is_success(r.rp.code))
		on_accepted(s, rq, now.mono);
	else
		on_denied(s, rq, &r, now.ntp);
}
