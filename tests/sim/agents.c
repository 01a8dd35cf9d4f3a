/* SPDX-License-Identifier: ISC */
/*
 * Cores as nodes of the made-up world: events go in, effects are performed as
 * common/io does, by the same effects_run(), on a kernel that is made up.
 */
#include "common/io/effects_run.h"
#include "common/wire/udp.h"
#include "fa/fa_core.h"
#include "ha/ha_core.h"
#include "tests/sim/invariants.h"
#include "tests/sim/world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 400, TABLE = 64, TTL = 64 };

static bool is_ha(const struct node *n)
{
	return n->id == HA;
}

static bool is_fa(const struct node *n)
{
	return n->id >= FA0 && n->id < ROUTER;
}

static bool is_mn(const struct node *n)
{
	return n->id >= MN0;
}

bool agent_has_core(const struct node *n)
{
	return is_ha(n) || is_fa(n) || is_mn(n);
}

/* Effects. */

static bool takes_away(const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_FORWARD:
		return e->forward.kind == FWD_BINDING_CLEAR ||
		       e->forward.kind == FWD_VISITOR_CLEAR ||
		       e->forward.kind == FWD_OWN_CLEAR;
	case EFFECT_ROUTE:
		return !e->route.add;
	case EFFECT_RULE:
		return !e->rule.add;
	case EFFECT_NEIGHBOUR:
		return !e->neighbour.add;
	case EFFECT_ADDRESS:
		return !e->address.add;
	default:
		return false;
	}
}

/* Whether the made-up system refuses this one; it gives back whatever is not wanted. */
static bool refuses(struct node *n, const struct effect *e)
{
	bool no = false;

	if (takes_away(e))
		return false;
	if ((int)e->kind == n->fail_next) {
		n->fail_next = -1;
		no = true;
	} else if (n->fail_permille > 0) {
		no = rng_below(&n->w->rng, 1000) < n->fail_permille;
	}
	if (no)
		n->failed_at = n->w->now;
	return no;
}

static void trace_effect(const struct node *n, const struct effect *e, const char *how)
{
	char text[TEXT];

	world_trace(n->w, "%s %s%s", n->name, how,
		    effect_describe(e, text, sizeof(text)));
}

static int act_forward(void *arg, const struct effect *e)
{
	struct node *n = arg;
	int error = refuses(n, e) ? -ENOMEM : fwd_apply(n->fwd, &e->forward);

	trace_effect(n, e, error ? "refuses " : "");
	return error == -ENOENT ? 0 : error;
}

static int act_kernel(void *arg, const struct effect *e)
{
	struct node *n = arg;
	int error = refuses(n, e) ? -ENOBUFS : kernel_apply(&n->kernel, e);

	trace_effect(n, e, error ? "refuses " : "");
	return error;
}

static int act_arp(void *arg, const struct effect *e)
{
	struct node *n = arg;
	uint8_t bytes[ARP_LEN];

	trace_effect(n, e, "");
	if (refuses(n, e))
		return -ENOBUFS;
	invariant_arp(n, e->arp.to);
	arp_encode(&e->arp.arp, bytes);
	network_frame_out(n, e->arp.ifindex, e->arp.to, true, bytes, sizeof(bytes));
	return 0;
}

static struct in_addr any_address(const struct node *n)
{
	return n->iface[n->ifaces - 1].addr.addr;
}

static int act_udp(void *arg, const struct effect *e)
{
	struct node *n = arg;
	const struct effect_udp *u = &e->udp;
	const struct udp_packet udp = { .src = u->src.s_addr ? u->src : any_address(n),
					.dst = u->dst,
					.src_port = u->src_port,
					.dst_port = u->dst_port,
					.ttl = u->ttl ? u->ttl : TTL,
					.payload = u->bytes,
					.len = u->len };
	uint8_t bytes[FRAME_MAX];

	trace_effect(n, e, "");
	if (refuses(n, e))
		return -ENETUNREACH;
	invariant_reply(n, u->bytes, u->len);
	network_ip_out(n, bytes, udp_build(bytes, sizeof(bytes), &udp, 0),
		       EFFECT_DEV_LO);
	return 0;
}

static int act_link(void *arg, const struct effect *e)
{
	struct node *n = arg;
	struct udp_packet udp;

	trace_effect(n, e, "");
	if (refuses(n, e))
		return -ENETDOWN;
	if (udp_open(e->frame.bytes, e->frame.len, false, &udp) == UDP_OK)
		invariant_reply(n, udp.payload, udp.len);
	network_frame_out(n, e->frame.ifindex, e->frame.to, false, e->frame.bytes,
			  e->frame.len);
	return 0;
}

static unsigned on_disk(const struct disk *d, struct in_addr home)
{
	unsigned i = 0;

	while (i < d->count && d->home[i].s_addr != home.s_addr)
		i++;
	return i;
}

const struct effect_record *agent_disk(const struct world *w, struct in_addr home)
{
	unsigned i = on_disk(&w->disk, home);

	return i < w->disk.count ? &w->disk.record[i] : NULL;
}

static void put_record(void *arg, struct in_addr home, const uint8_t *bytes, size_t len)
{
	struct disk *d = arg;
	unsigned i = on_disk(d, home);

	assert(i < MOBILE_NODES);
	d->home[i] = home;
	d->record[i].len = (uint16_t)len;
	memcpy(d->record[i].bytes, bytes, len);
	d->count += i == d->count;
}

/* Nodes are never taken from a configuration here, so nothing is forgotten. */
static int act_remember(void *arg, const struct effect *e)
{
	struct node *n = arg;

	trace_effect(n, e, "");
	put_record(&n->w->disk, e->home, e->record.bytes, e->record.len);
	return 0;
}

static int act_note(void *arg, const struct effect *e)
{
	trace_effect(arg, e, "");
	return 0;
}

static void tell_failed(void *arg, const struct effect *e, int error,
			struct effect_list *fx)
{
	struct node *n = arg;
	struct now now = world_now_of(n);

	if (is_ha(n))
		ha_core_failed(n->core, e, error, now, fx);
	else if (is_fa(n))
		fa_core_failed(n->core, e, error, now, fx);
	else
		mn_core_failed(n->core, e, error, now, fx);
}

void agent_perform(struct node *n)
{
	effects_run(&n->actor, &n->fx, &n->spare);
}

static void init_actor(struct node *n)
{
	n->actor = (struct effect_actor){ .failed = tell_failed,
					  .arg = n,
					  .counts = &n->io };
	for (unsigned k = 0; k < EFFECT_KIND_COUNT; k++)
		n->actor.act[k] = act_kernel;
	n->actor.act[EFFECT_FORWARD] = act_forward;
	n->actor.act[EFFECT_REMEMBER] = act_remember;
	n->actor.act[EFFECT_SEND_ARP] = act_arp;
	n->actor.act[EFFECT_SEND_UDP] = act_udp;
	n->actor.act[EFFECT_SEND_LINK] = act_link;
	n->actor.act[EFFECT_NOTE] = act_note;
}

/* Life. */

static void refresh_links(struct node *n)
{
	n->links.count = 0;
	for (unsigned i = 0; i < n->ifaces; i++) {
		const struct iface *f = &n->iface[i];
		struct link link = { .ifindex = f->ifindex,
				     .up = f->up,
				     .mac = f->mac,
				     .mtu = 1500,
				     .addr_count = f->addr.len != 0,
				     .addr = { f->addr } };

		snprintf(link.name, sizeof(link.name), "%s", f->name);
		links_set(&n->links, &link);
	}
}

static bool owns(const void *arg, struct in_addr a)
{
	const struct node *n = arg;

	return links_owns(&n->links, a) || kernel_has_address(&n->kernel, a);
}

static uint16_t link_mtu(const void *arg, int ifindex)
{
	(void)arg;
	(void)ifindex;
	return 1500;
}

static bool make_data_plane(struct node *n)
{
	const struct pipeline_config config = {
		.pool = &n->w->pool, .owns = owns, .link_mtu = link_mtu, .arg = n
	};

	n->fwd = fwd_new(TABLE, TABLE);
	n->pl = n->fwd ? pipeline_new(n->fwd, &config) : NULL;
	return n->pl != NULL;
}

/* What a home agent before this one left; then the store anew, as at a real start. */
static void restore(struct node *n)
{
	const struct disk old = n->w->disk;
	struct now now = world_now_of(n);

	n->w->disk.count = 0;
	for (unsigned i = 0; i < old.count; i++) {
		const struct effect_record *r = &old.record[i];

		(void)ha_core_restore(n->core, reader_over(r->bytes, r->len), now,
				      &n->fx);
		agent_perform(n);
	}
	if (n->config.ha.has_store)
		ha_core_each_record(n->core, now, put_record, &n->w->disk);
}

/* What a predecessor left in the kernel is cleared, as at a real start. */
bool agent_start(struct node *n)
{
	struct rng rng = rng_seeded_init(&n->seed, rng_u64(&n->w->rng));
	struct now now = world_now_of(n);

	world_trace(n->w, "%s starts", n->name);
	kernel_init(&n->kernel);
	refresh_links(n);
	effect_list_init(&n->fx);
	effect_list_init(&n->spare);
	init_actor(n);
	if (!make_data_plane(n) || !keys_protect(n))
		return false;
	if (is_ha(n))
		n->core = ha_core_new(&n->config.ha, &n->links, rng, now, &n->fx);
	else if (is_fa(n))
		n->core = fa_core_new(&n->config.fa, &n->links, rng, now, &n->fx);
	else
		n->core = mn_core_new(&n->config.mn, &n->links, rng, now, &n->fx);
	if (n->core)
		agent_perform(n);
	if (n->core && is_ha(n))
		restore(n);
	return n->core && keys_start(n);
}

void agent_kill(struct node *n)
{
	keys_kill(n);
	if (n->core && is_ha(n))
		ha_core_free(n->core);
	else if (n->core && is_fa(n))
		fa_core_free(n->core);
	else if (n->core)
		mn_core_free(n->core);
	n->core = NULL;
	pipeline_free(n->pl);
	fwd_free(n->fwd);
	n->pl = NULL;
	n->fwd = NULL;
	effect_list_fini(&n->fx);
	effect_list_fini(&n->spare);
}

void agent_stop(struct node *n)
{
	struct now now = world_now_of(n);

	keys_stop(n);
	if (is_ha(n))
		ha_core_stop(n->core, now, &n->fx);
	else if (is_fa(n))
		fa_core_stop(n->core, now, &n->fx);
	else
		mn_core_stop(n->core, now, &n->fx);
	agent_perform(n);
}

/* Events. */

static instant_t core_next_deadline(const struct node *n)
{
	if (is_ha(n))
		return ha_core_next_deadline(n->core);
	if (is_fa(n))
		return fa_core_next_deadline(n->core);
	return mn_core_next_deadline(n->core);
}

instant_t agent_next_deadline(const struct node *n)
{
	if (!n->core)
		return INSTANT_NEVER;
	return instant_min(core_next_deadline(n), keys_next(n));
}

void agent_deadline(struct node *n)
{
	struct now now = world_now_of(n);

	if (instant_due(keys_next(n), now.mono)) {
		keys_deadline(n);
		return;
	}
	if (is_ha(n))
		ha_core_deadline(n->core, now, &n->fx);
	else if (is_fa(n))
		fa_core_deadline(n->core, now, &n->fx);
	else
		mn_core_deadline(n->core, now, &n->fx);
	agent_perform(n);
}

void agent_links(struct node *n)
{
	struct now now = world_now_of(n);

	refresh_links(n);
	if (!n->core)
		return;
	if (is_ha(n))
		ha_core_links(n->core, &n->links, now, &n->fx);
	else if (is_fa(n))
		fa_core_links(n->core, &n->links, now, &n->fx);
	else
		mn_core_links(n->core, &n->links, now, &n->fx);
	agent_perform(n);
}

/* Keeps what the home agent accepts, for those who want to replay it. */
static void ha_receives(struct node *n, const struct datagram *dg, struct now now)
{
	struct captured *kept = &n->w->last_request;
	uint64_t before = n->w->accepted_count;

	ha_core_datagram(n->core, dg, now, &n->fx);
	agent_perform(n);
	if (n->w->accepted_count == before)
		return;
	kept->len = reader_left(&dg->payload);
	memcpy(kept->bytes, dg->payload.at, kept->len);
	kept->src = dg->src;
	kept->dst = dg->dst;
}

void agent_datagram(struct node *n, const struct datagram *dg)
{
	struct now now = world_now_of(n);

	if (!n->core)
		return;
	if (is_ha(n)) {
		ha_receives(n, dg, now);
		return;
	}
	if (is_fa(n))
		fa_core_datagram(n->core, dg, now, &n->fx);
	else
		mn_core_datagram(n->core, dg, now, &n->fx);
	agent_perform(n);
}

void agent_icmp(struct node *n, const struct icmp_datagram *dg)
{
	struct now now = world_now_of(n);

	if (!n->core)
		return;
	if (is_ha(n))
		ha_core_icmp(n->core, dg, now, &n->fx);
	else if (is_fa(n))
		fa_core_icmp(n->core, dg, now, &n->fx);
	else
		mn_core_icmp(n->core, dg, now, &n->fx);
	agent_perform(n);
}

void agent_arp(struct node *n, const struct arp_frame *frame)
{
	struct now now = world_now_of(n);

	if (!n->core || is_fa(n))
		return;
	if (is_ha(n))
		ha_core_arp(n->core, frame, now, &n->fx);
	else
		mn_core_arp(n->core, frame, now, &n->fx);
	agent_perform(n);
}

void agent_protection(struct node *n, struct in_addr remote, bool stands)
{
	struct now now = world_now_of(n);

	if (is_ha(n))
		ha_core_protection(n->core, remote, stands, now, &n->fx);
	else
		fa_core_protection(n->core, remote, stands, now, &n->fx);
}

unsigned agent_counters(const struct node *n, struct counter_set *sets, unsigned room)
{
	if (!n->core)
		return 0;
	if (is_ha(n))
		return ha_core_counters(n->core, sets, room);
	if (is_fa(n))
		return fa_core_counters(n->core, sets, room);
	return mn_core_counters(n->core, sets, room);
}
