/* SPDX-License-Identifier: ISC */
/*
 * What outlives the agent, so that a crash or a restart cuts off no node that is
 * away, and lets nobody replay what was accepted before.
 *
 * A node's record is written anew with every change.  Read again, it is judged as
 * a new configuration judges bindings: what it no longer allows, or time has ended,
 * stays away.  The node's tunnel is the one that <tunnel> gives it now.
 */
#include "ha/ha_private.h"

#include "common/base/ntp64.h"
#include "ha/ha_forward.h"
#include "ha/node_record.h"

#include <assert.h>

static_assert((int)NODE_RECORD_MAX <= (int)EFFECT_RECORD_MAX, "an effect holds it");

enum {
	/* Nodes are announced one after the other. */
	ANNOUNCE_GAP_MS = 1,
};

/* -- Writing ---------------------------------------------------------------- */

static uint64_t ntp_at(instant_t at, struct now now)
{
	return ntp64_add(now.ntp, instant_diff(at, now.mono));
}

static struct binding_record binding_record_of(const struct mobility_binding *b,
					       struct now now)
{
	return (struct binding_record){
		.care_of = b->care_of,
		.source = b->source,
		.agent = b->tunnel.local,
		.spi = b->spi,
		.ident = b->ident,
		.since = ntp_at(b->since, now),
		.expires = instant_is_never(b->expires) ? 0 : ntp_at(b->expires, now),
		.lifetime = b->lifetime,
		.flags = b->flags,
	};
}

static size_t encode_node(const struct home_node *n, struct now now,
			  uint8_t to[NODE_RECORD_MAX])
{
	struct writer w = writer_over(to, NODE_RECORD_MAX);
	struct node_record r = { .home = n->home, .last_ident = n->last_ident };

	list_each(it, nx, &n->bindings)
		r.binding[r.count++] = binding_record_of(
			container_of(it, struct mobility_binding, in_node), now);
	node_record_encode(&w, &r);
	return writer_len(&w);
}

void ha_remember(const struct ha_core *ha, const struct home_node *n, uint32_t txn,
		 struct now now, struct effect_list *fx)
{
	struct effect *e;

	if (!ha->remembers)
		return;
	e = effect_add(fx, EFFECT_REMEMBER, txn, n->home);
	e->record.len = (uint16_t)encode_node(n, now, e->record.bytes);
}

void ha_forget(const struct ha_core *ha, const struct home_node *n,
	       struct effect_list *fx)
{
	if (ha->remembers && n->heard)
		effect_add(fx, EFFECT_REMEMBER, 0, n->home);
}

void ha_core_each_record(const struct ha_core *ha, struct now now,
			 void (*visit)(void *arg, struct in_addr home,
				       const uint8_t *bytes, size_t len),
			 void *arg)
{
	uint8_t bytes[NODE_RECORD_MAX];

	addr_table_each(it, nx, &ha->table.nodes) {
		const struct home_node *n = home_node_of(it);

		if (n->heard)
			visit(arg, n->home, bytes, encode_node(n, now, bytes));
	}
}

/* -- Reading ---------------------------------------------------------------- */

/*
 * One that the clock of today could not have accepted was accepted when that was
 * wrong; it would lock the node out until the clock is there.
 */
static void restore_ident(struct ha_core *ha, struct home_node *n, uint64_t ident,
			  struct now now)
{
	const struct mip_sa *sa = sa_for_sending(ha->associations, SA_MN_HA, n->home);

	n->heard = true;
	if (!sa || ntp64_diff(ident, now.ntp).ns <= sa->tolerance.ns)
		n->last_ident = ident;
}

/* By the clock that the record has: never longer than was granted. */
static duration_t time_left(const struct binding_record *r, struct now now)
{
	duration_t granted = duration_s(r->lifetime);
	duration_t left = ntp64_diff(r->expires, now.ntp);

	return left.ns < granted.ns ? left : granted;
}

static bool has_time_left(const struct binding_record *r, struct now now)
{
	return r->lifetime == MIP_LIFETIME_INFINITE || time_left(r, now).ns > 0;
}

static bool is_care_of(const struct ha_core *ha, const struct binding_record *r)
{
	return ipv4_is_unicast(r->care_of) && !ha_owns(ha, r->care_of) &&
	       !ha_same_addr(r->care_of, r->agent) &&
	       !home_node_find(&ha->table, r->care_of);
}

static bool has_room(const struct ha_core *ha, const struct home_node *n,
		     const struct binding_record *r)
{
	return n->binding_count < ha_bindings_per_node(ha) &&
	       !binding_table_full(&ha->table) && !binding_find(n, r->care_of);
}

static bool may_return(const struct ha_core *ha, const struct home_node *n,
		       const struct binding_record *r, struct now now)
{
	return has_time_left(r, now) && n->network >= 0 && ha_owns(ha, r->agent) &&
	       sa_find(ha->associations, SA_MN_HA, n->home, r->spi) &&
	       is_care_of(ha, r) && has_room(ha, n, r) &&
	       ha_protect_reaches(ha, n, r->agent, r->care_of, r->flags);
}

static instant_t instant_of(uint64_t ntp, struct now now)
{
	return instant_add(now.mono, ntp64_diff(ntp, now.ntp));
}

static struct mobility_binding binding_of(const struct ha_core *ha,
					  const struct home_node *n,
					  const struct binding_record *r,
					  struct now now)
{
	const struct home_link *link = ha_home_link_of(ha, n);
	bool infinite = r->lifetime == MIP_LIFETIME_INFINITE;

	return (struct mobility_binding){
		.home = n->home,
		.care_of = r->care_of,
		.source = r->source,
		.flags = r->flags,
		.spi = r->spi,
		.ident = r->ident,
		.lifetime = r->lifetime,
		.since = instant_min(instant_of(r->since, now), now.mono),
		.expires = infinite ? INSTANT_NEVER
				    : instant_add(now.mono, time_left(r, now)),
		.tunnel = ha_tunnel_for(ha, r->agent, r->care_of, r->flags),
		.broadcasts = (r->flags & MIP_FLAG_B) && link->broadcasts,
	};
}

/* As a deed has it, but without anybody to answer. */
static void restore_effects(struct ha_core *ha, struct home_node *n,
			    const struct mobility_binding *b, struct now now,
			    struct effect_list *fx)
{
	const struct home_link *l = ha_home_link_of(ha, n);
	int64_t before = (int64_t)binding_table_count(&ha->table) - 1;

	ha_protect_end(ha, n, b->tunnel.local, b->care_of, b->flags, fx);
	ha_forward_set(b, 0, fx);
	if (n->binding_count == 1 && !home_link_is_virtual(l)) {
		ha_forward_host_route(n->home, true, 0, fx);
		home_link_restored(
			l, n, &ha->timers,
			instant_add(now.mono, duration_ms(before * ANNOUNCE_GAP_MS)));
	}
	effect_note(fx, (struct note){ .kind = NOTE_BINDING_RESTORED,
				       .home = b->home,
				       .care_of = b->care_of,
				       .agent = b->tunnel.local,
				       .source = b->source,
				       .lifetime = binding_remaining(b, now.mono),
				       .spi = b->spi,
				       .ident = b->ident });
}

static bool restore_binding(struct ha_core *ha, struct home_node *n,
			    const struct binding_record *r, struct now now,
			    struct effect_list *fx)
{
	struct mobility_binding values, *b;
	size_t mark = fx->count;

	if (!may_return(ha, n, r, now))
		return false;
	values = binding_of(ha, n, r, now);
	b = binding_add(&ha->table, n, &values);
	if (!b)
		return false;
	restore_effects(ha, n, b, now, fx);
	if (!fx->overflow)
		return true;
	fx->count = mark;
	if (n->binding_count == 1)
		home_link_gone(n, &ha->timers);
	binding_remove(&ha->table, n, b);
	return false;
}

bool ha_core_restore(struct ha_core *ha, struct reader record, struct now now,
		     struct effect_list *fx)
{
	struct node_record r;
	struct home_node *n;

	if (node_record_decode(record, &r) != RECORD_OK) {
		ha_count(ha, HA_BAD_RECORDS);
		return false;
	}
	n = home_node_find(&ha->table, r.home);
	if (n)
		restore_ident(ha, n, r.last_ident, now);
	for (unsigned i = 0; i < r.count; i++)
		ha_count(ha, n && restore_binding(ha, n, &r.binding[i], now, fx)
				     ? HA_RESTORED
				     : HA_NOT_RESTORED);
	return true;
}
