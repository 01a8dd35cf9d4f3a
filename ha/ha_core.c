/* SPDX-License-Identifier: ISC */
/*
 * The home agent's life: start, messages, time, links, failures, stop.  What a
 * Request does is in ha_request.c.
 */
#include "ha/ha_core.h"

#include "common/wire/mip_advert.h"
#include "common/wire/icmp.h"
#include "ha/ha_forward.h"
#include "ha/ha_private.h"

#include <stdlib.h>

enum {
	/* Notes that strangers can provoke. */
	NOTES_PER_SECOND = 10,
	NOTES_AT_ONCE = 50,
	/* When a link comes back, nodes are announced one after the other. */
	RESUME_GAP_MS = 1,
};

static const struct counter_row counter_rows[HA_COUNTER_COUNT] = {
#define COUNTER(symbol, name, help) COUNTER_ROW(symbol, name, help)
#include "ha/ha_counters.def"
#undef COUNTER
};

/* -- Shared with the other files of the core -------------------------------- */

const char *ha_counter_help(enum ha_counter c)
{
	return counter_rows[c].help;
}

bool ha_owns(const struct ha_core *ha, struct in_addr a)
{
	return a.s_addr == ha->config.address.s_addr || links_owns(&ha->links, a);
}

void ha_note_limited(struct ha_core *ha, const struct note *note, struct now now,
		     struct effect_list *fx)
{
	if (bucket_take(&ha->notes, now.mono))
		effect_note(fx, *note);
}

/* H alone and what tunnels we end: F, and with it B, R and T, are a foreign agent's. */
struct advert_service ha_advert_service(const struct ha_core *ha)
{
	struct advert_service s = { .flags = ADVERT_FLAG_H,
				    .max_lifetime = ha->config.max_lifetime };

	if (ha->config.minimal)
		s.flags |= ADVERT_FLAG_M;
	if (ha->config.gre)
		s.flags |= ADVERT_FLAG_G;
	return s;
}

/*
 * In the reverse of the order in which a binding came: the route leads packets
 * to the tunnel as long as the tunnel is there.
 */
void ha_end_binding(struct ha_core *ha, struct home_node *n, struct mobility_binding *b,
		    enum note_kind why, struct effect_list *fx)
{
	const struct home_link *l = ha_home_link_of(ha, n);
	bool last = n->binding_count == 1;

	if (last)
		home_link_gone(n, &ha->timers);
	if (last && l && !home_link_is_virtual(l))
		ha_forward_host_route(n->home, false, 0, fx);
	ha_forward_clear(b, 0, fx);
	ha_protect_gone(ha, n, b->tunnel.local, b->care_of, fx);
	effect_note(fx, (struct note){ .kind = why,
				       .home = b->home,
				       .care_of = b->care_of,
				       .agent = b->tunnel.local,
				       .ident = b->ident });
	/* Its acceptance is not to be told again. */
	if (b->ident == n->last_ident)
		n->answered.valid = false;
	binding_remove(&ha->table, n, b);
}

unsigned ha_end_bindings_of(struct ha_core *ha, struct home_node *n, enum note_kind why,
			    struct effect_list *fx)
{
	unsigned count = n->binding_count;
	struct mobility_binding *b;

	while ((b = binding_first(n)) != NULL)
		ha_end_binding(ha, n, b, why, fx);
	return count;
}

/* -- Start and end ---------------------------------------------------------- */

struct ha_core *ha_core_new(const struct ha_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx)
{
	const struct admit_limits limits = admit_limits_of(&config->common);
	struct ha_core *ha = calloc(1, sizeof(*ha));

	if (!ha)
		return NULL;
	ha->links = *links;
	ha->rng = rng;
	ha->remembers = config->has_store;
	timers_init(&ha->timers);
	binding_table_init(&ha->table, &ha->timers, config->max_bindings);
	bucket_init(&ha->notes, NOTES_PER_SECOND, NOTES_AT_ONCE, now.mono);
	ha->last_ip_id = (uint16_t)rng_u32(&ha->rng);
	ha->admit = admit_new(ADMIT_SOURCES, &limits, now.mono);
	ha->guard = guard_new();
	if (!ha->admit || !ha->guard || ha_core_reconfigure(ha, config, now, fx) < 0) {
		ha_core_free(ha);
		return NULL;
	}
	effect_note(fx, (struct note){ .kind = NOTE_AGENT_STARTED,
				       .agent = ha->config.address });
	return ha;
}

void ha_core_free(struct ha_core *ha)
{
	if (!ha)
		return;
	binding_table_fini(&ha->table);
	ha_config_release(ha);
	admit_free(ha->admit);
	guard_free(ha->guard);
	timers_fini(&ha->timers);
	free(ha);
}

/*
 * Nodes that are away are not announced with their own address: nobody here
 * knows it.
 */
void ha_core_stop(struct ha_core *ha, struct now now, struct effect_list *fx)
{
	const struct advert_service service = ha_advert_service(ha);

	(void)now;
	for (unsigned i = 0; i < ha->advert_count; i++)
		advertiser_stop(&ha->adverts[i], &service, &ha->links, fx);
	addr_table_each(it, nx, &ha->table.nodes) {
		struct home_node *n = home_node_of(it);

		home_link_gone(n, &ha->timers);
		(void)ha_end_bindings_of(ha, n, NOTE_BINDING_CLEARED, fx);
	}
	ha_config_withdraw(&ha->config, fx);
}

/* -- Messages --------------------------------------------------------------- */

/* RFC 5944 3.3: what is in front of the home address. */
enum { HOME_AT = 4 };

/* Bucket, node, binding: each pass needs what the one before has fetched. */
void ha_core_foresee(const struct ha_core *ha, struct reader message, unsigned pass)
{
	struct in_addr home;
	struct addr_link *l;

	read_skip(&message, HOME_AT);
	home = read_addr(&message);
	if (message.bad)
		return;
	switch (pass) {
	case 0:
		addr_table_expect(&ha->table.nodes, home);
		sa_expect(ha->associations, SA_MN_HA, home);
		break;
	case 1:
		l = addr_table_fetch(&ha->table.nodes, home);
		if (l)
			__builtin_prefetch(&home_node_of(l)->answered);
		sa_fetch(ha->associations, SA_MN_HA, home);
		break;
	default:
		binding_fetch(&ha->table, home);
		break;
	}
}

void ha_core_datagram(struct ha_core *ha, const struct datagram *dg, struct now now,
		      struct effect_list *fx)
{
	ha_on_request(ha, dg, now, fx);
}

static bool is_solicitation(struct reader message)
{
	return read_u8(&message) == ICMP_ROUTER_SOLICIT;
}

void ha_core_icmp(struct ha_core *ha, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx)
{
	const struct advert_service service = ha_advert_service(ha);

	if (!is_solicitation(dg->message))
		return;
	if (mip_solicit_decode(dg->message) != ADVERT_OK) {
		ha_count(ha, HA_BAD_SOLICITATION);
		return;
	}
	ha_count(ha, HA_SOLICITED);
	for (unsigned i = 0; i < ha->advert_count; i++)
		if (ha->adverts[i].ifindex == dg->ifindex)
			advertiser_solicited(&ha->adverts[i], &service, &ha->links, dg,
					     now.mono, fx);
}

static bool owns_on_link(const struct ha_core *ha, int ifindex, struct in_addr a)
{
	const struct link *link = links_by_index(&ha->links, ifindex);

	for (unsigned i = 0; link && i < link->addr_count; i++)
		if (link->addr[i].addr.s_addr == a.s_addr)
			return true;
	return false;
}

/*
 * A node that comes home asks for our address to deregister.  While its route
 * leads into the tunnel, the kernel's reverse path filter would not answer it.
 */
static void answer_for_ourselves(struct ha_core *ha, const struct home_link *l,
				 const struct home_node *n,
				 const struct arp_frame *frame, struct effect_list *fx)
{
	if (frame->arp.op == ARP_REQUEST &&
	    owns_on_link(ha, l->ifindex, frame->arp.target))
		home_link_answer(l, n->home, frame, fx);
}

static void on_arp_about(struct ha_core *ha, struct home_node *n,
			 const struct arp_frame *frame, struct now now,
			 struct effect_list *fx)
{
	const struct home_link *l = ha_home_link_of(ha, n);

	if (!l)
		return;
	switch (home_link_on_arp(l, n, frame, fx)) {
	case HOME_ARP_ANSWERED:
		ha_count(ha, HA_ARP_ANSWERED);
		break;
	case HOME_ARP_CLAIMED:
		home_link_claimed(n, &ha->timers, now.mono);
		answer_for_ourselves(ha, l, n, frame, fx);
		break;
	case HOME_ARP_NONE:
		break;
	}
}

void ha_core_arp(struct ha_core *ha, const struct arp_frame *frame, struct now now,
		 struct effect_list *fx)
{
	struct home_node *sender = home_node_find(&ha->table, frame->arp.sender);
	struct home_node *target = home_node_find(&ha->table, frame->arp.target);

	if (sender)
		on_arp_about(ha, sender, frame, now, fx);
	if (target && target != sender)
		on_arp_about(ha, target, frame, now, fx);
}

/* -- Time ------------------------------------------------------------------- */

static void on_expiry(struct ha_core *ha, struct mobility_binding *b, struct now now,
		      struct effect_list *fx)
{
	struct home_node *n = home_node_find(&ha->table, b->home);

	ha_count(ha, HA_EXPIRED);
	ha_end_binding(ha, n, b, NOTE_BINDING_EXPIRED, fx);
	ha_remember(ha, n, 0, now, fx);
}

static void on_announce(struct ha_core *ha, struct home_node *n, struct now now,
			struct effect_list *fx)
{
	const struct home_link *l = ha_home_link_of(ha, n);

	if (l && home_link_announce(l, n, &ha->timers, now.mono, fx))
		ha_count(ha, HA_ANNOUNCED);
}

static void on_defend(struct ha_core *ha, struct home_node *n, struct now now,
		      struct effect_list *fx)
{
	const struct home_link *l = ha_home_link_of(ha, n);

	if (!l || !home_node_is_proxied(n))
		return;
	ha_count(ha, HA_ARP_CONFLICTS);
	ha_note_limited(ha,
			&(struct note){ .kind = NOTE_ADDRESS_CONFLICT,
					.home = n->home,
					.ifindex = l->ifindex },
			now, fx);
	home_link_defend(l, n, now.mono, fx);
}

static void on_timer(struct ha_core *ha, struct timer *t, struct now now,
		     struct effect_list *fx)
{
	switch (t->kind) {
	case TIMER_EXPIRY:
		on_expiry(ha, container_of(t, struct mobility_binding, expiry), now,
			  fx);
		break;
	case TIMER_ANNOUNCE:
		on_announce(ha, container_of(t, struct home_presence, announce)->node,
			    now, fx);
		break;
	case TIMER_CLAIM:
		ha_protect_unclaim(ha, container_of(t, struct home_node, claim), fx);
		break;
	case TIMER_DEFEND:
		on_defend(ha, container_of(t, struct home_presence, defend)->node, now,
			  fx);
		break;
	}
}

void ha_core_deadline(struct ha_core *ha, struct now now, struct effect_list *fx)
{
	const struct advert_service service = ha_advert_service(ha);
	struct timer *t;

	while ((t = timers_take_due(&ha->timers, now.mono)) != NULL)
		on_timer(ha, t, now, fx);
	for (unsigned i = 0; i < ha->advert_count; i++)
		advertiser_due(&ha->adverts[i], &service, &ha->links, now.mono, fx);
}

instant_t ha_core_next_deadline(const struct ha_core *ha)
{
	instant_t next = timers_next(&ha->timers);

	for (unsigned i = 0; i < ha->advert_count; i++)
		next = instant_min(next, advertiser_next(&ha->adverts[i]));
	return next;
}

/* -- Links ------------------------------------------------------------------ */

static void resume_nodes(struct ha_core *ha, const struct home_link *l, instant_t now)
{
	addr_table_each(it, nx, &ha->table.nodes) {
		struct home_node *n = home_node_of(it);

		if (ha_home_link_of(ha, n) != l || !home_node_is_proxied(n))
			continue;
		home_link_resume(l, n, &ha->timers, now);
		now = instant_add(now, duration_ms(RESUME_GAP_MS));
	}
}

static void update_home_link(struct ha_core *ha, struct home_link *l, struct now now,
			     struct effect_list *fx)
{
	bool could = home_link_can_send(l);
	int ifindex = l->ifindex;

	if (home_link_update(l, &ha->links))
		resume_nodes(ha, l, now.mono);
	if (could == home_link_can_send(l))
		return;
	effect_note(fx, (struct note){ .kind = could ? NOTE_LINK_DOWN : NOTE_LINK_UP,
				       .ifindex = could ? ifindex : l->ifindex });
}

void ha_core_links(struct ha_core *ha, const struct links *links, struct now now,
		   struct effect_list *fx)
{
	ha->links = *links;
	for (unsigned i = 0; i < ha->config.network_count; i++)
		update_home_link(ha, &ha->home_links[i], now, fx);
	for (unsigned i = 0; i < ha->advert_count; i++)
		advertiser_links(&ha->adverts[i], &ha->links, now.mono);
}

/* -- Failures --------------------------------------------------------------- */

/*
 * A change for a binding failed that no deed remembers.  Drop what it was for;
 * the node, without a Reply, asks again.
 */
static void drop_unserved(struct ha_core *ha, const struct effect *failed,
			  struct now now, struct effect_list *fx)
{
	struct home_node *n = home_node_find(&ha->table, failed->home);
	struct mobility_binding *b = NULL;

	if (!n)
		return;
	if (failed->kind == EFFECT_FORWARD && failed->forward.kind == FWD_BINDING_SET)
		b = binding_find(n, failed->forward.tunnel.remote);
	if (b)
		ha_end_binding(ha, n, b, NOTE_BINDING_CLEARED, fx);
	else if (failed->kind == EFFECT_ROUTE && failed->route.add)
		ha_end_bindings_of(ha, n, NOTE_BINDING_CLEARED, fx);
	else
		return;
	ha_remember(ha, n, 0, now, fx);
}

void ha_core_failed(struct ha_core *ha, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx)
{
	(void)error; /* the edge has logged it */
	ha_count(ha, HA_EFFECTS_FAILED);
	ha_note_limited(ha,
			&(struct note){ .kind = NOTE_EFFECT_FAILED,
					.home = failed->home,
					.reason = effect_name(failed->kind) },
			now, fx);
	if (!ha_deed_failed(ha, failed, now, fx))
		drop_unserved(ha, failed, now, fx);
}

/* -- For the operator ------------------------------------------------------- */

void ha_core_each_binding(const struct ha_core *ha,
			  void (*visit)(void *arg, const struct mobility_binding *b),
			  void *arg)
{
	addr_table_each(node, after, &ha->table.nodes)
		list_each(it, nx, &home_node_of(node)->bindings)
			visit(arg, container_of(it, struct mobility_binding, in_node));
}

size_t ha_core_binding_count(const struct ha_core *ha)
{
	return binding_table_count(&ha->table);
}

unsigned ha_core_clear_binding(struct ha_core *ha, struct in_addr home, struct now now,
			       struct effect_list *fx)
{
	struct home_node *n = home_node_find(&ha->table, home);
	unsigned count = n ? ha_end_bindings_of(ha, n, NOTE_BINDING_CLEARED, fx) : 0;

	ha->counters[HA_CLEARED] += count;
	if (count > 0)
		ha_remember(ha, n, 0, now, fx);
	return count;
}

unsigned ha_core_counters(const struct ha_core *ha, struct counter_set *sets,
			  unsigned room)
{
	if (room == 0)
		return 0;
	sets[0] = (struct counter_set){
		.group = "registration",
		.rows = counter_rows,
		.values = (uint64_t *)ha->counters,
		.count = HA_COUNTER_COUNT,
	};
	return 1;
}

struct sa_store *ha_core_associations(const struct ha_core *ha)
{
	return ha->associations;
}

const struct violations *ha_core_violations(const struct ha_core *ha)
{
	return &ha->violations;
}
