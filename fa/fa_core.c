/* SPDX-License-Identifier: ISC */
/*
 * The life of a foreign agent: start, what comes in, time, links, configuration,
 * stop, and what the operator may see.
 */
#include "fa/fa_core.h"

#include "common/agent/sites.h"
#include "fa/fa_private.h"
#include "fa/reverse.h"

#include <errno.h>
#include <stdlib.h>

/* 224.0.0.11 (RFC 5944 2.3). */
#define ALL_AGENTS ((struct in_addr){ htonl(0xe000000b) })

enum timer_kind { TIMER_PENDING, TIMER_VISITOR };

/* Notes that strangers can provoke. */
enum { NOTES_PER_SECOND = 10, NOTES_AT_ONCE = 50 };

static const struct counter_row counter_rows[FA_COUNTER_COUNT] = {
#define COUNTER(symbol, name, help) [symbol] = { name, help },
#include "fa/fa_counters.def"
};

const char *fa_counter_help(enum fa_counter c)
{
	return counter_rows[c].help;
}

uint32_t fa_next_txn(struct fa_core *fa)
{
	fa->last_txn++;
	if (fa->last_txn == 0)
		fa->last_txn = 1;
	return fa->last_txn;
}

struct advertiser *fa_serves(const struct fa_core *fa, int ifindex)
{
	for (unsigned i = 0; i < fa_config_of(fa)->advert_count; i++)
		if (ifindex != 0 && fa->adverts[i].ifindex == ifindex)
			return &fa->adverts[i];
	return NULL;
}

static struct advertiser *advertiser_for(const struct fa_config *c,
					 struct advertiser *all, const char *interface)
{
	for (unsigned i = 0; i < c->advert_count; i++)
		if (strncmp(c->advert[i].interface, interface, IF_NAMESIZE) == 0)
			return &all[i];
	return NULL;
}

struct advertiser *fa_serves_name(const struct fa_core *fa, const char *interface)
{
	return advertiser_for(fa_config_of(fa), fa->adverts, interface);
}

bool fa_offers(const struct fa_core *fa, struct in_addr a)
{
	return fa->care_of_owned && a.s_addr == fa_config_of(fa)->care_of.s_addr;
}

bool fa_may_relay_to(const struct fa_core *fa, struct in_addr home_agent)
{
	return fa_config_of(fa)->any_home_agent ||
	       sa_shared(fa->settings.associations, SA_FA_HA, home_agent);
}

void fa_note_limited(struct fa_core *fa, const struct note *note, struct now now,
		     struct effect_list *fx)
{
	if (bucket_take(&fa->notes, now.mono))
		effect_note(fx, *note);
}

void fa_discard(struct fa_core *fa, const struct datagram *dg, enum fa_counter reason,
		struct now now, struct effect_list *fx)
{
	const bool reply = mip_message_type(dg->payload) == MIP_TYPE_REPLY;
	const struct note note = {
		.kind = reply ? NOTE_REPLY_DISCARDED : NOTE_REQUEST_DISCARDED,
		.source = dg->src,
		.ifindex = dg->ifindex,
		.reason = fa_counter_help(reason),
	};

	fa_count(fa, reason);
	fa_note_limited(fa, &note, now, fx);
}

void fa_violation(struct fa_core *fa, const struct datagram *dg,
		  const struct registration *rq, const struct verdict *v,
		  struct now now, struct effect_list *fx)
{
	const struct violation violation = {
		.ntp = now.ntp,
		.source = dg->src,
		.home = rq->home,
		.spi = v->spi,
		.ident = rq->ident,
		.reason = auth_result_text(v->failed),
	};
	const struct note note = {
		.kind = NOTE_SECURITY,
		.home = rq->home,
		.agent = rq->home_agent,
		.source = dg->src,
		.ifindex = dg->ifindex,
		.spi = v->spi,
		.ident = rq->ident,
		.reason = auth_result_text(v->failed),
	};

	violations_add(&fa->violations, &violation);
	fa_note_limited(fa, &note, now, fx);
}

/* RFC 5944 2.1.1: what we offer on every served link. */
static struct advert_service service_of(const struct fa_core *fa)
{
	const struct fa_config *c = fa_config_of(fa);
	struct advert_service s = { .max_lifetime = c->max_lifetime };

	if (!fa->care_of_owned)
		return s;
	s.care_of_count = 1;
	s.care_of[0] = c->care_of;
	s.flags = ADVERT_FLAG_F;
	if (visitor_is_full(&fa->visitors))
		s.flags |= ADVERT_FLAG_B;
	if (c->gre)
		s.flags |= ADVERT_FLAG_G;
	if (c->minimal)
		s.flags |= ADVERT_FLAG_M;
	if (c->reverse_tunnel)
		s.flags |= ADVERT_FLAG_T;
	return s;
}

static struct advertiser *adverts_new(const struct fa_config *c, struct rng rng,
				      const struct links *links, instant_t now)
{
	/* One more, so that none at all is not NULL. */
	struct advertiser *a = calloc(c->advert_count + 1u, sizeof(*a));

	for (unsigned i = 0; a && i < c->advert_count; i++)
		advertiser_init(&a[i], &c->advert[i], rng, links, now);
	return a;
}

static void note_started(const struct fa_core *fa, struct effect_list *fx)
{
	for (unsigned i = 0; i < fa_config_of(fa)->advert_count; i++)
		effect_note(fx, (struct note){
					.kind = NOTE_AGENT_STARTED,
					.agent = fa_config_of(fa)->care_of,
					.ifindex = fa->adverts[i].ifindex,
				});
}

static void start(const struct fa_core *fa, struct effect_list *fx)
{
	if (guard_requires_any(fa->guard))
		reverse_stop(true, fx);
	if (fa_config_of(fa)->reverse_tunnel)
		reverse_route(true, fx);
	sites_change(NULL, &fa_config_of(fa)->common, fx);
	note_started(fa, fx);
}

struct fa_core *fa_core_new(const struct fa_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx)
{
	const struct admit_limits limits = admit_limits_of(&config->common);
	const struct protected_config ends = fa_config_protected(config);
	struct fa_core *fa = calloc(1, sizeof(*fa));

	if (!fa)
		return NULL;
	timers_init(&fa->timers);
	pending_init(&fa->pending, &fa->timers, TIMER_PENDING, config->max_pending,
		     config->pending_per_node);
	visitor_init(&fa->visitors, &fa->timers, TIMER_VISITOR, config->max_visitors);
	denial_init(&fa->denials);
	bucket_init(&fa->distant, 1, 1, now.mono);
	bucket_init(&fa->notes, NOTES_PER_SECOND, NOTES_AT_ONCE, now.mono);
	fa->rng = rng;
	fa->links = *links;
	fa->care_of_owned = links_owns(links, config->care_of);
	fa->last_ip_id = (uint16_t)rng_u32(&rng);
	if (fa_settings_init(&fa->settings, config) == 0)
		fa->adverts = adverts_new(config, rng, links, now.mono);
	fa->admit = admit_new(ADMIT_SOURCES, &limits, now.mono);
	fa->guard = guard_new();
	if (!fa->adverts || !fa->admit || !fa->guard ||
	    guard_configure(fa->guard, &ends) != 0) {
		fa_core_free(fa);
		return NULL;
	}
	start(fa, fx);
	return fa;
}

void fa_core_free(struct fa_core *fa)
{
	if (!fa)
		return;
	pending_fini(&fa->pending);
	visitor_fini(&fa->visitors);
	denial_fini(&fa->denials);
	admit_free(fa->admit);
	guard_free(fa->guard);
	free(fa->adverts);
	fa_settings_fini(&fa->settings);
	timers_fini(&fa->timers);
	free(fa);
}

void fa_core_protection(struct fa_core *fa, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx)
{
	(void)now;
	(void)fx;
	/* Out of memory it is as if they did not stand: Requests are denied. */
	(void)guard_tell(fa->guard, remote, stands);
}

/*
 * RFC 5944 3.6.1.1: a node writes to our address, or to all agents when it does
 * not know it.  What it sends past us to its home agent is not ours to read.
 */
static bool is_to_us(const struct fa_core *fa, const struct datagram *dg)
{
	return dg->dst.s_addr == ALL_AGENTS.s_addr || links_owns(&fa->links, dg->dst);
}

static void on_request(struct fa_core *fa, const struct datagram *dg, struct now now,
		       struct effect_list *fx)
{
	if (!is_to_us(fa, dg)) {
		fa_count(fa, FA_NOT_TO_US); /* ordinary traffic: nothing to say */
		return;
	}
	if (!dg->has_mac || !mac_is_unicast(dg->mac) || !fa_serves(fa, dg->ifindex)) {
		fa_discard(fa, dg, FA_NOT_SERVED, now, fx);
		return;
	}
	fa_count(fa, FA_REQUESTS);
	if (dg->src_port == 0) {
		fa_discard(fa, dg, FA_SOURCE_PORT, now, fx);
		return;
	}
	fa_on_request(fa, dg, now, fx);
}

/* Not limited by source: a home agent answers for all its nodes at once. */
static void on_reply(struct fa_core *fa, const struct datagram *dg, struct now now,
		     struct effect_list *fx)
{
	if (!links_owns(&fa->links, dg->dst)) {
		fa_count(fa, FA_REPLY_NOT_TO_US);
		return;
	}
	fa_count(fa, FA_REPLIES);
	fa_on_reply(fa, dg, now, fx);
}

void fa_core_datagram(struct fa_core *fa, const struct datagram *dg, struct now now,
		      struct effect_list *fx)
{
	if (reader_left(&dg->payload) > MIP_MESSAGE_MAX) {
		fa_discard(fa, dg, FA_TOO_LONG, now, fx);
		return;
	}
	switch (mip_message_type(dg->payload)) {
	case MIP_TYPE_REQUEST:
		on_request(fa, dg, now, fx);
		break;
	case MIP_TYPE_REPLY:
		on_reply(fa, dg, now, fx);
		break;
	default:
		fa_discard(fa, dg, FA_TYPE_UNKNOWN, now, fx);
	}
}

void fa_core_icmp(struct fa_core *fa, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx)
{
	struct advertiser *a = fa_serves(fa, dg->ifindex);
	struct advert_service service;

	if (!a || mip_solicit_decode(dg->message) != ADVERT_OK) {
		fa_on_unreachable(fa, dg, now, fx);
		return;
	}
	fa_count(fa, FA_SOLICITATIONS);
	service = service_of(fa);
	advertiser_solicited(a, &service, &fa->links, dg, now.mono, fx);
}

/* RFC 5944 3.7.1 tells the node when we give up; 3.7.2.2, its own time, is silent. */
static void on_pending_over(struct fa_core *fa, struct pending_registration *p,
			    struct now now, struct effect_list *fx)
{
	effect_note(fx, (struct note){
				.kind = NOTE_PENDING_EXPIRED,
				.home = p->rq.home,
				.care_of = p->rq.care_of,
				.agent = p->rq.home_agent,
				.ifindex = p->rq.ifindex,
				.ident = p->rq.ident,
			});
	if (!p->outlived) {
		fa_give_up(fa, p, MIP_FA_TIMEOUT, now, fx);
		return;
	}
	fa_count(fa, FA_PENDING_OUTLIVED);
	pending_close(&fa->pending, p);
}

static void on_timer(struct fa_core *fa, struct timer *t, struct now now,
		     struct effect_list *fx)
{
	const struct visitor_entry *v;

	switch ((enum timer_kind)t->kind) {
	case TIMER_PENDING:
		on_pending_over(fa, container_of(t, struct pending_registration, timer),
				now, fx);
		break;
	case TIMER_VISITOR:
		v = container_of(t, struct visitor_entry, timer);
		fa_visitor_event(fa, v->home, VISITOR_LIFETIME_OVER, NULL, now, fx);
		break;
	}
}

void fa_core_deadline(struct fa_core *fa, struct now now, struct effect_list *fx)
{
	struct advert_service service;
	struct timer *t;

	while ((t = timers_take_due(&fa->timers, now.mono)))
		on_timer(fa, t, now, fx);
	service = service_of(fa);
	for (unsigned i = 0; i < fa_config_of(fa)->advert_count; i++)
		advertiser_due(&fa->adverts[i], &service, &fa->links, now.mono, fx);
}

instant_t fa_core_next_deadline(const struct fa_core *fa)
{
	instant_t next = timers_next(&fa->timers);

	for (unsigned i = 0; i < fa_config_of(fa)->advert_count; i++)
		next = instant_min(next, advertiser_next(&fa->adverts[i]));
	return next;
}

void fa_core_failed(struct fa_core *fa, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx)
{
	/* `failed` may lie in the list that `fx` is about to move. */
	const struct effect e = *failed;

	fa_count(fa, FA_EFFECTS_FAILED);
	effect_note(fx, (struct note){
				.kind = NOTE_EFFECT_FAILED,
				.home = e.home,
				.reason = effect_name(e.kind),
			});
	if (e.kind == EFFECT_FORWARD || e.kind == EFFECT_RULE)
		fa_visitor_failed(fa, &e, now, fx);
	else if (e.kind == EFFECT_SEND_UDP)
		fa_on_unsent(fa, &e, error, now, fx);
	else if (e.kind == EFFECT_ROUTE && e.route.table == FA_REVERSE_TABLE)
		fa->settings.config.reverse_tunnel = false; /* not ours to offer */
}

/* Each visitor in turn, by home address, because `act` may forget it. */
struct sweep {
	struct fa_core *fa;
	struct now now;
	struct effect_list *fx;
};

static void withdraw(void *arg, const struct visitor_entry *v)
{
	const struct sweep *s = arg;

	fa_visitor_event(s->fa, v->home, VISITOR_WITHDRAWN, NULL, s->now, s->fx);
}

static void end(void *arg, const struct visitor_entry *v)
{
	const struct sweep *s = arg;

	fa_visitor_event(s->fa, v->home, VISITOR_AGENT_STOPS, NULL, s->now, s->fx);
}

static void withdraw_if_not_allowed(void *arg, const struct visitor_entry *v)
{
	const struct sweep *s = arg;

	if (!fa_visitor_allowed(s->fa, v))
		withdraw(arg, v);
}

static void repath(void *arg, const struct visitor_entry *v)
{
	const struct sweep *s = arg;

	fa_visitor_repath(s->fa, visitor_find(&s->fa->visitors, v->home), s->fx);
}

static void note_link(const struct advertiser *a, bool up, int ifindex,
		      struct effect_list *fx)
{
	if (a->up != up)
		effect_note(fx, (struct note){
					.kind = a->up ? NOTE_LINK_UP : NOTE_LINK_DOWN,
					.ifindex = a->up ? a->ifindex : ifindex,
				});
}

/*
 * A link that is down may come back, and its visitors with it; one that is gone
 * took them along.  It too may come back, with nodes that have noticed nothing: those
 * that are held meanwhile are so on it, too.
 */
void fa_core_links(struct fa_core *fa, const struct links *links, struct now now,
		   struct effect_list *fx)
{
	struct sweep s = { .fa = fa, .now = now, .fx = fx };

	fa->links = *links;
	fa->care_of_owned = links_owns(links, fa_config_of(fa)->care_of);
	for (unsigned i = 0; i < fa_config_of(fa)->advert_count; i++) {
		struct advertiser *a = &fa->adverts[i];
		const bool up = a->up;
		const int ifindex = a->ifindex;

		advertiser_links(a, links, now.mono);
		note_link(a, up, ifindex, fx);
	}
	visitor_each(&fa->visitors, withdraw_if_not_allowed, &s);
	fa_visitors_follow(fa, fx);
}

/* A link served before goes on with its sequence number; one no more, is told. */
static void exchange_adverts(struct fa_core *fa, const struct fa_settings *old,
			     struct advertiser *adverts, instant_t now,
			     struct effect_list *fx)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct advert_service service = service_of(fa);

	for (unsigned i = 0; i < old->config.advert_count; i++) {
		struct advertiser *was = &fa->adverts[i];
		struct advertiser *is =
			advertiser_for(c, adverts, was->config.interface);

		if (is) {
			const struct advert_config config = is->config;

			*is = *was;
			advertiser_configure(is, &config, &fa->links, now);
		} else {
			advertiser_stop(was, &service, &fa->links, fx);
		}
	}
	free(fa->adverts);
	fa->adverts = adverts;
}

static void apply_limits(struct fa_core *fa, instant_t now)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct admit_limits limits = admit_limits_of(&c->common);

	pending_limit(&fa->pending, c->max_pending, c->pending_per_node);
	visitor_limit(&fa->visitors, c->max_visitors);
	admit_configure(fa->admit, &limits, now);
	fa->care_of_owned = links_owns(&fa->links, c->care_of);
}

int fa_core_reconfigure(struct fa_core *fa, const struct fa_config *config,
			struct now now, struct effect_list *fx)
{
	const struct protected_config ends = fa_config_protected(config);
	struct sweep s = { .fa = fa, .now = now, .fx = fx };
	struct fa_settings old = fa->settings, fresh;
	const bool had_stop = guard_requires_any(fa->guard);
	struct advertiser *adverts;
	int err = fa_settings_init(&fresh, config);

	if (err < 0)
		return err;
	adverts = adverts_new(&fresh.config, fa->rng, &fa->links, now.mono);
	if (!adverts || guard_configure(fa->guard, &ends) != 0) {
		free(adverts);
		fa_settings_fini(&fresh);
		return -ENOMEM;
	}
	fa->settings = fresh;
	apply_limits(fa, now.mono);
	exchange_adverts(fa, &old, adverts, now.mono, fx);
	if (guard_requires_any(fa->guard) != had_stop)
		reverse_stop(!had_stop, fx);
	if (config->reverse_tunnel && !old.config.reverse_tunnel)
		reverse_route(true, fx);
	visitor_each(&fa->visitors, withdraw_if_not_allowed, &s);
	visitor_each(&fa->visitors, repath, &s);
	if (!config->reverse_tunnel && old.config.reverse_tunnel)
		reverse_route(false, fx);
	sites_change(&old.config.common, &fresh.config.common, fx);
	fa_settings_fini(&old);
	return 0;
}

void fa_core_stop(struct fa_core *fa, struct now now, struct effect_list *fx)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct advert_service service = service_of(fa);
	struct sweep s = { .fa = fa, .now = now, .fx = fx };

	for (unsigned i = 0; i < c->advert_count; i++)
		advertiser_stop(&fa->adverts[i], &service, &fa->links, fx);
	visitor_each(&fa->visitors, end, &s);
	pending_clear(&fa->pending);
	reverse_route(false, fx); /* it may be there though nobody was offered it */
	if (guard_requires_any(fa->guard))
		reverse_stop(false, fx);
	sites_change(&c->common, NULL, fx);
}

void fa_core_each_visitor(const struct fa_core *fa,
			  void (*visit)(void *arg, const struct visitor_entry *v),
			  void *arg)
{
	visitor_each(&fa->visitors, visit, arg);
}

void fa_core_each_pending(const struct fa_core *fa,
			  void (*visit)(void *arg,
					const struct pending_registration *p),
			  void *arg)
{
	pending_each(&fa->pending, visit, arg);
}

size_t fa_core_visitor_count(const struct fa_core *fa)
{
	return visitor_count(&fa->visitors);
}

size_t fa_core_pending_count(const struct fa_core *fa)
{
	return pending_count(&fa->pending);
}

unsigned fa_core_clear_visitor(struct fa_core *fa, struct in_addr home, struct now now,
			       struct effect_list *fx)
{
	if (!visitor_find(&fa->visitors, home))
		return 0;
	fa_visitor_event(fa, home, VISITOR_WITHDRAWN, NULL, now, fx);
	return 1;
}

unsigned fa_core_counters(const struct fa_core *fa, struct counter_set *sets,
			  unsigned room)
{
	if (room == 0)
		return 0;
	sets[0] = (struct counter_set){
		.group = "registration",
		.rows = counter_rows,
		.values = fa->counters,
		.count = FA_COUNTER_COUNT,
	};
	return 1;
}

struct sa_store *fa_core_associations(const struct fa_core *fa)
{
	return fa->settings.associations;
}

const struct violations *fa_core_violations(const struct fa_core *fa)
{
	return &fa->violations;
}
