/* SPDX-License-Identifier: ISC */
/*
 * Time and events of the made-up world, its inhabitants and how they are
 * configured.
 */
#include "tests/sim/world.h"
#include "common/base/ntp64.h"
#include "common/wire/udp.h"
#include "fa/fa_core.h"
#include "ha/binding.h"
#include "ha/ha_core.h"
#include "tests/sim/invariants.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_PORT = 7777, SETTLE_MS = 400, LINE = 600, POOL = 128, BUSY = 1000 };

struct in_addr world_addr(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct in_addr){ htonl(a << 24 | b << 16 | c << 8 | d) };
}

struct in_addr world_home_of(int mn)
{
	return world_addr(10, 1, 0, 10 + (unsigned)(mn - MN0));
}

struct in_addr world_care_of(int fa)
{
	return world_addr(10, 0, 2 + (unsigned)(fa - FA0), 2);
}

struct in_addr world_own_care_of(int mn)
{
	return world_addr(10, 9, 0, 10 + (unsigned)(mn - MN0));
}

static struct in_addr visited_addr(int fa)
{
	return world_addr(10, 2 + (unsigned)(fa - FA0), 0, 1);
}

static struct in_addr home_agent(void)
{
	return world_addr(10, 1, 0, 1);
}

struct now world_now_of(const struct node *n)
{
	uint64_t clock = ntp64_add(n->w->ntp0, (duration_t){ n->w->now.ns });

	return (struct now){ .mono = n->w->now, .ntp = ntp64_add(clock, n->skew) };
}

/* The hash of the whole trace tells whether two runs were the same. */
void world_trace(struct world *w, const char *format, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	for (const char *c = line; *c; c++)
		w->hash = (w->hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	w->hash = (w->hash ^ (uint64_t)w->now.ns) * UINT64_C(0x100000001b3);
	if (w->verbose)
		printf("# %12.6f %s\n", (double)w->now.ns / 1e9, line);
}

void world_break(struct world *w, const char *format, ...)
{
	va_list ap;

	if (w->broken[0])
		return;
	va_start(ap, format);
	vsnprintf(w->broken, sizeof(w->broken), format, ap);
	va_end(ap);
	world_trace(w, "BROKEN %s", w->broken);
}

/* Configurations as in the laboratory; stories change them before the start. */

static void add_iface(struct node *n, int ifindex, const char *name, int segment,
		      struct in_addr addr)
{
	n->iface[n->ifaces++] = (struct iface){
		.ifindex = ifindex,
		.name = name,
		.segment = segment,
		.up = segment != SEG_NONE,
		.mac = { { 2, 0, 0, 0, (uint8_t)n->id, (uint8_t)ifindex } },
		.addr = { addr, addr.s_addr ? 24 : 0 },
	};
}

static void init_assoc(struct assoc_config *a, uint32_t spi, unsigned who)
{
	uint8_t key[16] = { 's', 'i', 'm', (uint8_t)spi, (uint8_t)who };

	*a = (struct assoc_config){ .spi = spi, .tolerance = duration_s(7) };
	if (secret_init(&a->key, key, sizeof(key)) != 0)
		abort();
}

/* The next free peer of a configuration, with one association. */
static struct peer_config *add_peer(struct node_config *c, struct in_addr addr,
				    uint32_t spi, unsigned who)
{
	unsigned i = 0;

	while (c->peer[i].assoc_count > 0)
		i++;
	assert(i < PEERS);
	init_assoc(&c->assoc[i], spi, who);
	c->peer[i] = (struct peer_config){ .addr = addr,
					   .assoc = &c->assoc[i],
					   .assoc_count = 1 };
	return &c->peer[i];
}

static struct advert_config advert_on(const char *interface)
{
	struct advert_config a = { .min_interval = duration_ms(750),
				   .max_interval = duration_s(1),
				   .lifetime = 3,
				   .registration_lifetime = 1800,
				   .prefix_lengths = true };

	snprintf(a.interface, sizeof(a.interface), "%s", interface);
	return a;
}

/* FA 0 shares keys with the home agent and with the first node; the others do not. */
static void init_ha(struct world *w)
{
	struct node *n = &w->node[HA];
	struct node_config *c = &n->config;

	add_iface(n, IF_LINK, "home", SEG_HOME, home_agent());
	add_iface(n, IF_CLOUD, "core", SEG_CLOUD, world_addr(10, 0, 1, 2));
	c->network = (struct home_network){ .prefix = { world_addr(10, 1, 0, 0), 24 },
					    .interface = "home",
					    .broadcasts = IPV4_BROADCAST_ALL };
	c->advert = advert_on("home");
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		add_peer(c, world_home_of(mn), 256, (unsigned)mn);
	add_peer(c, world_care_of(FA0), 500, FA0);
	c->ha = (struct ha_config){
		.address = home_agent(),
		.max_lifetime = 1800,
		.max_bindings = 100,
		.bindings_per_node = 4,
		.simultaneous = true,
		.reverse_tunnel = true,
		.gre = true,
		.minimal = true,
		.network = &c->network,
		.network_count = 1,
		.advert = &c->advert,
		.advert_count = 1,
		.node = c->peer,
		.node_count = w->mobile_nodes,
		.foreign_agent = &c->peer[w->mobile_nodes],
		.foreign_agent_count = 1,
	};
}

static void init_fa(struct world *w, int fa)
{
	struct node *n = &w->node[fa];
	struct node_config *c = &n->config;

	add_iface(n, IF_LINK, "visit", SEG_VISIT0 + fa - FA0, visited_addr(fa));
	add_iface(n, IF_CLOUD, "core", SEG_CLOUD, world_care_of(fa));
	c->advert = advert_on("visit");
	add_peer(c, home_agent(), 500, (unsigned)fa);
	add_peer(c, world_home_of(MN0), 300, (unsigned)fa);
	c->fa = (struct fa_config){
		.care_of = world_care_of(fa),
		.max_lifetime = 1800,
		.max_visitors = 100,
		.max_pending = 100,
		.pending_per_node = 5,
		.pending_timeout = duration_s(8),
		.reverse_tunnel = true,
		.gre = true,
		.minimal = true,
		.any_home_agent = true,
		.advert = &c->advert,
		.advert_count = 1,
		.home_agent = &c->peer[0],
		.home_agent_count = fa == FA0,
		.node = &c->peer[1],
		.node_count = fa == FA0,
	};
}

static void init_mn(struct world *w, int mn)
{
	struct node *n = &w->node[mn];
	struct node_config *c = &n->config;

	add_iface(n, IF_RADIO, "radio0", SEG_NONE, (struct in_addr){ 0 });
	add_peer(c, home_agent(), 256, (unsigned)mn);
	add_peer(c, visited_addr(FA0), 300, FA0);
	c->mn = (struct mn_config){
		.interface = "radio0",
		.home = { world_home_of(mn), 24 },
		.home_agent = home_agent(),
		.lifetime = 60,
		.reverse_tunnel = true,
		.colocated = { .addr = { world_own_care_of(mn), 24 },
			       .gateway = world_addr(10, 9, 0, 1) },
		.home_association = c->peer[0],
		.foreign_agent = &c->peer[1],
		.foreign_agent_count = mn == MN0,
	};
}

static void name_nodes(struct world *w)
{
	static const char *const fixed[] = {
		[HA] = "ha", [ROUTER] = "router", [CN] = "cn", [HOST] = "host"
	};

	for (int i = 0; i < NODES; i++) {
		struct node *n = &w->node[i];

		n->w = w;
		n->id = i;
		n->fail_next = -1;
		n->failed_at = (instant_t){ -1 };
		if (i >= MN0)
			snprintf(n->name, sizeof(n->name), "mn%d", i - MN0);
		else if (i >= FA0 && i < ROUTER)
			snprintf(n->name, sizeof(n->name), "fa%d", i - FA0);
		else
			snprintf(n->name, sizeof(n->name), "%s", fixed[i]);
	}
}

/* Where there is none yet. */
void world_share_key(struct world *w, int fa)
{
	if (w->node[fa].config.fa.home_agent_count > 0)
		return;
	add_peer(&w->node[HA].config, world_care_of(fa), 500, (unsigned)fa);
	w->node[HA].config.ha.foreign_agent_count++;
	w->node[fa].config.fa.home_agent_count = 1;
}

void world_init(struct world *w, uint64_t seed, unsigned mobile_nodes)
{
	const struct impairment calm = { .delay_min = duration_ms(1),
					 .delay_max = duration_ms(1),
					 0 };

	memset(w, 0, sizeof(*w));
	w->ntp0 = UINT64_C(0xea000000) << 32;
	w->hash = UINT64_C(0xcbf29ce484222325);
	w->rng = rng_seeded_init(&w->seed, seed);
	w->mobile_nodes = mobile_nodes;
	w->cloud = w->links = calm;
	w->cloud.delay_min = w->cloud.delay_max = duration_ms(5);
	timers_init(&w->events);
	keys_init_streams(w);
	if (pkt_pool_init(&w->pool, POOL) != 0)
		abort();
	name_nodes(w);
	init_ha(w);
	for (int fa = FA0; fa < ROUTER; fa++)
		init_fa(w, fa);
	add_iface(&w->node[ROUTER], IF_LINK, "lan", SEG_LAN, world_addr(10, 9, 0, 1));
	add_iface(&w->node[ROUTER], IF_CLOUD, "core", SEG_CLOUD,
		  world_addr(10, 0, 8, 2));
	add_iface(&w->node[CN], IF_CLOUD, "core", SEG_CLOUD, world_addr(10, 0, 9, 2));
	add_iface(&w->node[HOST], IF_LINK, "home", SEG_HOME, world_addr(10, 1, 0, 2));
	for (int mn = MN0; mn < MN0 + (int)mobile_nodes; mn++)
		init_mn(w, mn);
}

static bool lives(const struct world *w, int node)
{
	return node < MN0 + (int)w->mobile_nodes;
}

void world_start(struct world *w)
{
	for (int i = 0; i < NODES; i++)
		if (lives(w, i) && agent_has_core(&w->node[i]) &&
		    !agent_start(&w->node[i]))
			world_break(w, "%s does not start", w->node[i].name);
}

void world_fini(struct world *w)
{
	const instant_t end_of_time = { INT64_MAX - 1 };
	struct timer *t;

	for (int i = 0; i < NODES; i++) {
		agent_kill(&w->node[i]);
		for (unsigned p = 0; p < PEERS; p++)
			secret_fini(&w->node[i].config.assoc[p].key);
	}
	while ((t = timers_take_due(&w->events, end_of_time)) != NULL)
		network_forget(t);
	timers_fini(&w->events);
	invariants_esp_fini(w);
	pkt_pool_fini(&w->pool);
}

void world_stop(struct world *w)
{
	for (int i = NODES - 1; i >= 0; i--) {
		struct node *n = &w->node[i];

		if (!n->core)
			continue;
		n->fail_permille = 0;
		n->fail_next = -1;
		agent_stop(n);
		if (!kernel_is_clean(&n->kernel))
			world_break(w, "%s leaves something in the kernel", n->name);
		invariant_nothing_forwarded(n);
		agent_kill(n);
	}
	if (w->pool.used != 0)
		world_break(w, "%zu packet buffers were lost", w->pool.used);
}

/* Events and deadlines in the order of time. */

void world_schedule(struct world *w, instant_t at, struct timer *t)
{
	if (timers_set(&w->events, t, at) != 0)
		abort();
}

static struct node *next_deadline(struct world *w, instant_t *at)
{
	struct node *first = NULL;

	*at = INSTANT_NEVER;
	for (int i = 0; i < NODES; i++) {
		instant_t d = agent_next_deadline(&w->node[i]);

		if (instant_before(d, *at)) {
			*at = d;
			first = &w->node[i];
		}
	}
	return first;
}

static bool step(struct world *w, instant_t end)
{
	instant_t event = timers_next(&w->events), deadline;
	struct node *n = next_deadline(w, &deadline);
	instant_t stream = streams_next(&w->streams);
	instant_t next = instant_min(instant_min(event, deadline), stream);

	if (instant_is_never(next) || instant_before(end, next))
		return false;
	if (instant_before(w->now, next))
		w->now = next;
	if (instant_due(event, next))
		network_arrive(w, timers_take_due(&w->events, w->now));
	else if (instant_due(stream, next))
		streams_step(&w->streams, w->now);
	else
		agent_deadline(n);
	keys_after_step(w);
	w->steps++;
	invariants_check(w);
	return true;
}

void world_run(struct world *w, duration_t d)
{
	instant_t end = instant_add(w->now, d), then = w->now;
	unsigned busy = 0;

	while (!w->broken[0] && step(w, end)) {
		busy = then.ns == w->now.ns ? busy + 1 : 0;
		then = w->now;
		if (busy > BUSY)
			world_break(w, "time stands still");
	}
	w->now = end;
}

bool world_run_until(struct world *w, int mn, enum mn_state state, duration_t most)
{
	instant_t end = instant_add(w->now, most);

	while (!w->broken[0] && world_status(w, mn).state != state && step(w, end))
		;
	return world_status(w, mn).state == state;
}

void world_move(struct world *w, int mn, int segment)
{
	struct node *n = &w->node[mn];

	world_trace(w, "%s moves to %d", n->name, segment);
	n->iface[0].segment = SEG_NONE;
	n->iface[0].up = false;
	memset(n->arp, 0, sizeof(n->arp));
	agent_links(n);
	if (segment == SEG_NONE)
		return;
	n->iface[0].segment = segment;
	n->iface[0].up = true;
	agent_links(n);
}

void world_drift(struct world *w, int mn, int segment)
{
	world_trace(w, "%s drifts to %d", w->node[mn].name, segment);
	w->node[mn].iface[0].segment = segment;
}

void world_kill(struct world *w, int node)
{
	world_trace(w, "%s dies", w->node[node].name);
	agent_kill(&w->node[node]);
}

void world_restart(struct world *w, int node)
{
	world_kill(w, node);
	if (!agent_start(&w->node[node]))
		world_break(w, "%s does not start again", w->node[node].name);
}

/* Questions. */

struct mn_status world_status(struct world *w, int mn)
{
	if (!w->node[mn].core)
		return (struct mn_status){ .state = MN_SEARCHING };
	return mn_core_status(w->node[mn].core);
}

struct tally {
	struct in_addr home;
	size_t count;
};

static void count_binding(void *arg, const struct mobility_binding *b)
{
	struct tally *t = arg;

	t->count += b->home.s_addr == t->home.s_addr;
}

size_t world_bindings(struct world *w, int mn)
{
	struct tally t = { world_home_of(mn), 0 };

	if (w->node[HA].core)
		ha_core_each_binding(w->node[HA].core, count_binding, &t);
	return t.count;
}

size_t world_visitors(struct world *w, int fa)
{
	return w->node[fa].core ? fa_core_visitor_count(w->node[fa].core) : 0;
}

uint64_t world_counter(struct world *w, int node, const char *name)
{
	struct counter_set sets[16];
	unsigned count = agent_counters(&w->node[node], sets, 16);

	for (unsigned s = 0; s < count; s++)
		for (size_t i = 0; i < sets[s].count; i++)
			if (strcmp(sets[s].rows[i].name, name) == 0)
				return sets[s].values[i];
	world_break(w, "%s has no counter %s", w->node[node].name, name);
	return 0;
}

static struct in_addr source_of(const struct node *n)
{
	return n->id >= MN0 ? world_home_of(n->id) : n->iface[0].addr.addr;
}

static int owner_of(const struct world *w, struct in_addr a)
{
	for (int i = 0; i < NODES; i++)
		if (lives(w, i) && source_of(&w->node[i]).s_addr == a.s_addr)
			return i;
	return -1;
}

uint32_t world_send(struct world *w, int from, struct in_addr to)
{
	uint32_t number = w->packets++ % PACKETS;
	uint8_t payload[4 + sizeof(WORLD_WORDS)] = { (uint8_t)(number >> 24),
						     (uint8_t)(number >> 16),
						     (uint8_t)(number >> 8),
						     (uint8_t)number };
	const struct udp_packet udp = { .src = source_of(&w->node[from]),
					.dst = to,
					.src_port = TEST_PORT,
					.dst_port = TEST_PORT,
					.ttl = 64,
					.payload = payload,
					.len = sizeof(payload) };
	uint8_t bytes[128];
	size_t len;

	memcpy(payload + 4, WORLD_WORDS, sizeof(WORLD_WORDS));
	len = udp_build(bytes, sizeof(bytes), &udp, (uint16_t)number);
	w->packet[number] = (struct sent_packet){ .to = owner_of(w, to) };
	world_trace(w, "%s sends packet %u", w->node[from].name, number);
	network_ip_out(&w->node[from], bytes, len, EFFECT_DEV_LO);
	return number;
}

bool world_reaches(struct world *w, int mn)
{
	uint32_t there = world_send(w, CN, world_home_of(mn));
	uint32_t back = world_send(w, mn, w->node[CN].iface[0].addr.addr);

	world_run(w, duration_ms(SETTLE_MS));
	return w->packet[there].received == 1 && w->packet[back].received == 1;
}

unsigned world_arrives(struct world *w, int from, struct in_addr to)
{
	uint32_t number = world_send(w, from, to);

	world_run(w, duration_ms(SETTLE_MS));
	return w->packet[number].received;
}
