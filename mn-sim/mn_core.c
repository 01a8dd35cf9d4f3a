/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's life: made, handed events, asked for its next deadline,
 * configured anew, stopped.  What it does about an event is in the files that
 * mn_private.h lists.
 *
 * There is no state variable: the state is what place, registration and
 * silence of the agent come to (mn_core_status).
 */
#include "mn-sim/mn_private.h"
#include "common/agent/associations.h"
#include "common/wire/icmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACE_RATE = 1, /* Requests a second (RFC 5944 3.6) */
	PACE_BURST = 3,
	REPAIR_S = 5, /* after a refusal of the kernel */
	REASSERT_S = 10,
};

static const struct counter_row counter_rows[MN_COUNTER_COUNT] = {
#define COUNTER(symbol, name, help) COUNTER_ROW(symbol, name, help)
#include "mn-sim/mn_counters.def"
#undef COUNTER
};

const char *mn_place_name(enum mn_place p)
{
	static const char *const names[] = {
		[MN_NOWHERE] = "nowhere",
		[MN_HOME] = "home",
		[MN_FOREIGN_AGENT] = "foreign-agent",
		[MN_COLOCATED] = "co-located",
	};

	return names[p];
}

const char *mn_state_name(enum mn_state s)
{
	static const char *const names[] = {
		[MN_SEARCHING] = "searching",   [MN_REGISTERING] = "registering",
		[MN_REGISTERED] = "registered", [MN_DEREGISTERING] = "deregistering",
		[MN_AT_HOME] = "at-home",
	};

	return names[s];
}

uint32_t mn_new_txn(struct mn_core *mn)
{
	if (++mn->txn == 0)
		mn->txn = 1;
	return mn->txn;
}

struct note mn_note(const struct mn_core *mn, enum note_kind kind)
{
	return (struct note){
		.kind = kind,
		.home = mn->config.home.addr,
		.care_of = mn->care_of,
		.agent = mn->agent ? mn->agent->addr : (struct in_addr){ 0 },
		.ifindex = mn->ifindex,
	};
}

/* Configuration: our own copy of what we keep. */

static struct sa_store *associations_of(const struct mn_config *config)
{
	struct sa_store *store = sa_store_new();

	if (!store)
		return NULL;
	if (associations_add(store, SA_MN_HA, &config->home_association, 1) == 0 &&
	    associations_add(store, SA_MN_FA, config->foreign_agent,
			     config->foreign_agent_count) == 0)
		return store;
	sa_store_free(store);
	return NULL;
}

static int copy_config(struct mn_config *to, const struct mn_config *from)
{
	size_t tunnels = from->common.tunnel_count;

	*to = *from;
	to->common.site = NULL;
	to->common.site_count = 0;
	to->home_association.assoc = NULL;
	to->home_association.assoc_count = 0;
	to->foreign_agent = NULL;
	to->foreign_agent_count = 0;
	to->common.tunnel = NULL;
	to->common.esp = NULL;
	to->common.manual = NULL;
	to->common.esp_count = to->common.manual_count = 0;
	if (tunnels == 0)
		return 0;
	to->common.tunnel = calloc(tunnels, sizeof(*to->common.tunnel));
	if (!to->common.tunnel)
		return -ENOMEM;
	memcpy(to->common.tunnel, from->common.tunnel,
	       tunnels * sizeof(*to->common.tunnel));
	return 0;
}

/* On -ENOMEM everything is as before. */
static int configure(struct mn_core *mn, const struct mn_config *config)
{
	struct sa_store *store = associations_of(config);
	struct mn_config copy;

	if (!store)
		return -ENOMEM;
	if (copy_config(&copy, config) < 0) {
		sa_store_free(store);
		return -ENOMEM;
	}
	free(mn->config.common.tunnel);
	sa_store_free(mn->associations);
	mn->config = copy;
	mn->associations = store;
	mn->home_agent = config->home_agent;
	return 0;
}

/* Links. */

static void link_down(struct mn_core *mn, struct effect_list *fx)
{
	mn->up = false;
	effect_note(fx, mn_note(mn, NOTE_LINK_DOWN));
	mn_stop_searching(mn);
	/* Also stops the kernel from answering ARP wherever we come up again. */
	mn_detach(mn, fx);
	agents_unhear(&mn->agents);
	/* An interface that is taken down loses its routes and neighbours. */
	mn->fixtures.sure = false;
}

/* Perhaps another link: who was heard before says nothing about it. */
static void link_up(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	mn->up = true;
	mn->link_up_at = now.mono;
	mn->requests_sent = 0;
	effect_note(fx, mn_note(mn, NOTE_LINK_UP));
	mn_settle(mn, mn_new_txn(mn), fx);
	solicitor_reset(&mn->solicitor);
	mn_search(mn, now, fx);
}

static void take_link(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	const struct link *l = links_by_name(&mn->links, mn->config.interface);
	int ifindex = l ? l->ifindex : 0;
	bool up = l && l->up;
	bool other_mac = mn->up && up && !mac_equal(l->mac, mn->mac);

	if (mn->up && (!up || ifindex != mn->ifindex))
		link_down(mn, fx);
	if (ifindex != mn->ifindex) {
		mn_unsettle(mn, fx);
		mn->ifindex = ifindex;
		mn_settle(mn, mn_new_txn(mn), fx);
	}
	if (l)
		mn->mac = l->mac;
	if (up && !mn->up)
		link_up(mn, now, fx);
	else if (other_mac)
		mn_ask_here(mn, now, fx); /* who knows us here knows the old one */
}

void mn_core_links(struct mn_core *mn, const struct links *links, struct now now,
		   struct effect_list *fx)
{
	mn->links = *links;
	if (!mn->stopped)
		take_link(mn, now, fx);
}

struct mn_core *mn_core_new(const struct mn_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx)
{
	struct mn_core *mn = calloc(1, sizeof(*mn));

	if (!mn || configure(mn, config) < 0) {
		free(mn);
		return NULL;
	}
	mn->rng = rng;
	mn->expires_at = INSTANT_NEVER;
	for (unsigned i = 0; i < MN_TIMER_COUNT; i++)
		mn->due[i] = INSTANT_NEVER;
	mn->due[MN_TIMER_REPAIR] = instant_add(now.mono, duration_s(REASSERT_S));
	bucket_init(&mn->pace, PACE_RATE, PACE_BURST, now.mono);
	mn_core_links(mn, links, now, fx);
	return mn;
}

void mn_core_free(struct mn_core *mn)
{
	if (!mn)
		return;
	sa_store_free(mn->associations);
	free(mn->config.common.tunnel);
	free(mn);
}

/* What the home agent denied for want of keys it may grant now. */
void mn_core_protection(struct mn_core *mn, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx)
{
	(void)fx;
	if (stands && mn->place == MN_COLOCATED && !mn->bound && !mn->asked.open &&
	    remote.s_addr == mn->home_agent.s_addr)
		mn->due[MN_TIMER_REQUEST] = now.mono;
}

/*
 * The clock offset, the last Identification and the counters stay; the
 * registration is made anew, under what now holds.
 */
int mn_core_reconfigure(struct mn_core *mn, const struct mn_config *config,
			struct now now, struct effect_list *fx)
{
	struct in_addr home = mn->config.home.addr;
	int error = configure(mn, config);

	if (error < 0 || mn->stopped)
		return error;
	if (config->home.addr.s_addr != home.s_addr)
		agents_unserve(&mn->agents);
	mn_stop_searching(mn);
	mn_detach(mn, fx);
	take_link(mn, now, fx);
	if (mn->up && mn->place == MN_NOWHERE)
		mn_look_around(mn, now, fx);
	return 0;
}

/* Datagrams and frames. */

void mn_core_datagram(struct mn_core *mn, const struct datagram *dg, struct now now,
		      struct effect_list *fx)
{
	if (!mn->stopped)
		mn_on_reply(mn, dg, now, fx);
}

void mn_core_icmp(struct mn_core *mn, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx)
{
	struct reader look = dg->message;
	uint8_t type = read_u8(&look);

	if (mn->stopped || look.bad)
		return;
	if (type == ICMP_ROUTER_ADVERT)
		mn_on_advert(mn, dg, now, fx);
	else if (type == ICMP_REDIRECT_ && mn->place != MN_HOME)
		mn_count(mn, MN_REDIRECTS_IGNORED);
}

/*
 * Away from home the kernel is silent and we answer what may be answered
 * (RFC 5944 4.6): for the home address only our foreign agent, and only if it
 * asked us alone; for a co-located care-of address anybody.
 */
static bool may_answer(const struct mn_core *mn, const struct arp_frame *frame)
{
	const struct arp_message *arp = &frame->arp;

	if (mn->place == MN_COLOCATED && arp->target.s_addr == mn->care_of.s_addr)
		return true;
	return mn->place == MN_FOREIGN_AGENT && frame->unicast &&
	       arp->target.s_addr == mn->config.home.addr.s_addr &&
	       mac_equal(frame->from, mn->agent->mac) && (mn->bound || mn->asked.open);
}

static bool asks_for_us(const struct mn_core *mn, const struct arp_frame *frame)
{
	const struct arp_message *arp = &frame->arp;

	return frame->ifindex == mn->ifindex && arp->op == ARP_REQUEST &&
	       mac_is_unicast(frame->from) && mac_equal(frame->from, arp->sender_mac) &&
	       (arp->target.s_addr == mn->config.home.addr.s_addr ||
		(mn->care_of.s_addr != INADDR_ANY &&
		 arp->target.s_addr == mn->care_of.s_addr));
}

void mn_core_arp(struct mn_core *mn, const struct arp_frame *frame, struct now now,
		 struct effect_list *fx)
{
	struct effect *e;

	if (mn->stopped || mn->place == MN_HOME)
		return;
	mn_hear_gateway(mn, frame, now, fx);
	if (!asks_for_us(mn, frame))
		return;
	if (!may_answer(mn, frame)) {
		mn_count(mn, MN_ARP_IGNORED);
		return;
	}
	mn_count(mn, MN_ARP_ANSWERED);
	e = effect_add(fx, EFFECT_SEND_ARP, 0, mn->config.home.addr);
	e->arp = (struct effect_arp){
		.ifindex = mn->ifindex,
		.to = frame->from,
		.arp = arp_answer(&frame->arp, mn->mac),
	};
}

/* Time. */

static void on_expired(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	mn->bound = false;
	mn->reverse = false;
	mn->granted = 0;
	mn->expires_at = INSTANT_NEVER;
	mn_count(mn, MN_EXPIRED);
	effect_note(fx, mn_note(mn, NOTE_BINDING_EXPIRED));
	if (!mn->lost) {
		mn_settle(mn, mn_new_txn(mn), fx);
		return;
	}
	mn_detach(mn, fx);
	if (instant_is_never(mn->due[MN_TIMER_SOLICIT]))
		mn_search(mn, now, fx);
}

static void on_timer(struct mn_core *mn, enum mn_timer which, struct now now,
		     struct effect_list *fx)
{
	switch (which) {
	case MN_TIMER_SOLICIT:
		mn_solicit(mn, now, fx);
		break;
	case MN_TIMER_COLOCATED:
		mn_use_colocated(mn, now, fx);
		break;
	case MN_TIMER_REQUEST:
		mn_on_request_timer(mn, now, fx);
		break;
	case MN_TIMER_GATEWAY:
		mn_on_gateway_timer(mn, now, fx);
		break;
	case MN_TIMER_EXPIRE:
		on_expired(mn, now, fx);
		break;
	case MN_TIMER_GRATUITOUS:
		mn_on_gratuitous_timer(mn, now, fx);
		break;
	case MN_TIMER_REPAIR:
		mn_reassert(mn, mn_new_txn(mn), fx);
		mn->due[MN_TIMER_REPAIR] =
			instant_add(now.mono, duration_s(REASSERT_S));
		break;
	case MN_TIMER_COUNT:
		break;
	}
}

/* When the agent in use will have been silent for its lifetime. */
static instant_t silence_at(const struct mn_core *mn)
{
	return mn->agent && !mn->lost ? mn->agent->expires_at : INSTANT_NEVER;
}

static enum mn_timer earliest(const struct mn_core *mn)
{
	enum mn_timer first = 0;

	for (enum mn_timer t = 1; t < MN_TIMER_COUNT; t++)
		if (instant_before(mn->due[t], mn->due[first]))
			first = t;
	return first;
}

/*
 * Where we are is settled before anything is sent from there.  Every timer sets
 * itself later or not at all, so this ends.
 */
void mn_core_deadline(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	enum mn_timer t;

	if (!mn->stopped && instant_due(silence_at(mn), now.mono))
		mn_on_silence(mn, now, fx);
	t = earliest(mn);
	while (!mn->stopped && instant_due(mn->due[t], now.mono)) {
		mn->due[t] = INSTANT_NEVER;
		on_timer(mn, t, now, fx);
		t = earliest(mn);
	}
}

instant_t mn_core_next_deadline(const struct mn_core *mn)
{
	if (mn->stopped)
		return INSTANT_NEVER;
	return instant_min(mn->due[earliest(mn)], silence_at(mn));
}

/* Taking away what is not there is no failure. */
static bool was_gone(const struct effect *failed, int error)
{
	return mn_is_undoing(failed) &&
	       (error == ENOENT || error == ESRCH || error == ENODEV);
}

/* What failed is asked for again: with the next Request, or soon. */
void mn_core_failed(struct mn_core *mn, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx)
{
	struct note n = mn_note(mn, NOTE_EFFECT_FAILED);

	if (was_gone(failed, error))
		return;
	mn_count(mn, MN_EFFECTS_FAILED);
	n.reason = effect_name(failed->kind);
	effect_note(fx, n);
	if (mn_is_undoing(failed))
		mn_remains(mn, failed);
	else
		mn->fixtures.sure = false;
	mn->due[MN_TIMER_REPAIR] = instant_add(now.mono, duration_s(REPAIR_S));
}

/* Registered away: by the way we came, for there is no time to go home first. */
void mn_core_stop(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (mn->stopped)
		return;
	if (mn->config.deregister_on_exit && mn->bound)
		mn_take_leave(mn, now, fx);
	mn->place = MN_NOWHERE;
	mn_unsettle(mn, fx);
	mn->stopped = true;
}

/* A registration with an agent that is heard no more is no service (mn_on_silence). */
static enum mn_state state_of(const struct mn_core *mn)
{
	if (mn->lost)
		return MN_SEARCHING;
	switch (mn->place) {
	case MN_HOME:
		return mn->cleared ? MN_AT_HOME : MN_DEREGISTERING;
	case MN_FOREIGN_AGENT:
	case MN_COLOCATED:
		return mn->bound ? MN_REGISTERED : MN_REGISTERING;
	default:
		return MN_SEARCHING;
	}
}

struct mn_status mn_core_status(const struct mn_core *mn)
{
	return (struct mn_status){
		.place = mn->place,
		.state = state_of(mn),
		.home = mn->config.home.addr,
		.home_agent = mn->home_agent,
		.agent = mn->agent ? mn->agent->addr : (struct in_addr){ 0 },
		.care_of = mn->care_of,
		.granted = mn->granted,
		.reverse = mn->reverse,
		.link_up_at = mn->link_up_at,
		.registered_at = mn->registered_at,
		.expires_at = mn->expires_at,
		.requests_sent = mn->requests_sent,
		.last_code = mn->last_code,
		.clock_offset = mn->clock_offset,
		.moves = mn->counters[MN_MOVES],
	};
}

unsigned mn_core_counters(const struct mn_core *mn, struct counter_set *sets,
			  unsigned room)
{
	if (room == 0)
		return 0;
	sets[0] = (struct counter_set){
		.group = "registration",
		.rows = counter_rows,
		.values = (uint64_t *)mn->counters,
		.count = MN_COUNTER_COUNT,
	};
	return 1;
}

struct sa_store *mn_core_associations(const struct mn_core *mn)
{
	return mn->associations;
}
