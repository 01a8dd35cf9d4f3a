/* SPDX-License-Identifier: ISC */
/*
 * The bench of ha_bench.h.  It asserts nothing: tests and the fuzzer do.
 */
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct mac hb_home_mac = { { 2, 0, 0, 0, 0, 1 } };
const struct mac hb_node_mac = { { 2, 0, 0, 0, 0, 10 } };
static const struct mac router_mac = { { 2, 0, 0, 0, 0, 99 } };

struct in_addr hb_addr(uint32_t host_order)
{
	return (struct in_addr){ htonl(host_order) };
}

/* -- Configuration ---------------------------------------------------------- */

static void set_assoc(struct ha_bench *b, unsigned i, uint32_t spi)
{
	memset(b->key[i], (int)(i + 1), sizeof(b->key[i]));
	b->assoc[i] = (struct assoc_config){
		.spi = spi,
		.algorithm = AUTH_HMAC_MD5,
		.key = { b->key[i], sizeof(b->key[i]) },
		.tolerance = duration_s(7),
	};
}

static void set_peers(struct ha_bench *b)
{
	static const uint32_t homes[HB_NODES] = { HB_NODE, HB_NODE2, HB_FAR, HB_STRAY };

	set_assoc(b, 0, HB_SPI);
	set_assoc(b, 1, HB_SPI_NEW);
	b->node[0] = (struct peer_config){ .addr = hb_addr(homes[0]),
					   .assoc = &b->assoc[0],
					   .assoc_count = 2 };
	for (unsigned i = 1; i < HB_NODES; i++) {
		set_assoc(b, i + 1, HB_SPI);
		b->node[i] = (struct peer_config){ .addr = hb_addr(homes[i]),
						   .assoc = &b->assoc[i + 1],
						   .assoc_count = 1 };
	}
	set_assoc(b, HB_NODES + 1, HB_FA_SPI);
	b->agent[0] = (struct peer_config){ .addr = hb_addr(HB_FA),
					    .assoc = &b->assoc[HB_NODES + 1],
					    .assoc_count = 1 };
}

static void set_link(struct ha_bench *b, int ifindex, const char *name, uint32_t addr,
		     bool up)
{
	struct link link = {
		.ifindex = ifindex,
		.up = up,
		.mac = hb_home_mac,
		.mtu = 1500,
		.addr_count = 1,
		.addr = { { hb_addr(addr), 24 } },
	};

	strncpy(link.name, name, sizeof(link.name) - 1);
	links_set(&b->links, &link);
}

static void set_networks(struct ha_bench *b)
{
	b->network[0] = (struct home_network){ .prefix = { hb_addr(0x0a010000), 24 },
					       .interface = "home",
					       .broadcasts = IPV4_BROADCAST_ALL };
	b->network[1] = (struct home_network){ .prefix = { hb_addr(0x0a070000), 16 } };
	b->advert[0] = (struct advert_config){ .interface = "home",
					       .min_interval = duration_s(450),
					       .max_interval = duration_s(600),
					       .lifetime = 1800 };
	set_link(b, HB_CORE_IF, "core", 0x0a000102, true);
	set_link(b, HB_HOME_IF, "home", HB_HA, true);
}

void hb_init(struct ha_bench *b)
{
	*b = (struct ha_bench){ .fail = -1 };
	b->now = (struct now){ { INT64_C(1000000000000) }, UINT64_C(0xe0000000) << 32 };
	b->last_ident = b->now.ntp;
	set_peers(b);
	set_networks(b);
	b->config = (struct ha_config){
		.common = { .source_rate = 0 },
		.address = hb_addr(HB_HA),
		.max_lifetime = 1800,
		.max_bindings = 100,
		.bindings_per_node = 3,
		.simultaneous = true,
		.reverse_tunnel = true,
		.gre = true,
		.minimal = true,
		.has_store = true,
		.network = b->network,
		.network_count = 2,
		.advert = b->advert,
		.advert_count = 1,
		.node = b->node,
		.node_count = HB_NODES,
		.foreign_agent = b->agent,
		.foreign_agent_count = 1,
	};
}

static void add_peers(struct sa_store *s, enum sa_kind kind,
		      const struct peer_config *peers, unsigned count)
{
	for (unsigned p = 0; p < count; p++) {
		for (unsigned i = 0; i < peers[p].assoc_count; i++) {
			const struct assoc_config *a = &peers[p].assoc[i];

			(void)sa_add(s, &(struct sa_spec){ .kind = kind,
							   .peer = peers[p].addr,
							   .spi = a->spi,
							   .algorithm = a->algorithm,
							   .key = &a->key,
							   .tolerance = a->tolerance });
		}
	}
}

/* -- The edge --------------------------------------------------------------- */

static void check_reply(struct ha_bench *b, const uint8_t *bytes, size_t len,
			struct in_addr fa)
{
	struct mip_ext_index ix;
	struct reader message = reader_over(bytes, len);

	if (mip_reply_decode(message, &b->reply) != MIP_FAULT_NONE ||
	    mip_ext_index(b->reply.extensions, &ix) != MIP_FAULT_NONE)
		return;
	b->replied = true;
	b->reply_has_fa = ix.fa_ha_count != 0;
	b->reply_authentic =
		auth_verify(b->peers, SA_MN_HA, b->reply.home, message, &ix, NULL) ==
			AUTH_OK &&
		(!b->reply_has_fa ||
		 auth_verify(b->peers, SA_FA_HA, fa, message, &ix, NULL) == AUTH_OK);
	/* The view ends with the effect. */
	b->reply.extensions = reader_over(NULL, 0);
}

static int carry_out(struct ha_bench *b, const struct effect *e)
{
	struct udp_packet p;

	switch (e->kind) {
	case EFFECT_FORWARD:
		return hw_forward(&b->world, &e->forward);
	case EFFECT_ROUTE:
		return hw_route(&b->world, &e->route);
	case EFFECT_REMEMBER:
		return hw_remember(&b->world, e->home, e->record.bytes, e->record.len);
	case EFFECT_SEND_UDP:
		b->reply_effect = *e;
		check_reply(b, e->udp.bytes, e->udp.len, e->udp.dst);
		return 0;
	case EFFECT_SEND_LINK:
		if (udp_open(e->frame.bytes, e->frame.len, false, &p) != UDP_OK)
			return 0; /* an advertisement */
		b->reply_effect = *e;
		check_reply(b, p.payload, p.len, p.dst);
		return 0;
	default:
		return 0;
	}
}

static bool is_to_fail(struct ha_bench *b, const struct effect *e)
{
	if (b->fail < 0 || e->kind != (enum effect_kind)b->fail)
		return false;
	if (b->fail_after > 0) {
		b->fail_after--;
		return false;
	}
	b->fail = -1;
	return true;
}

static void run(struct ha_bench *b, struct effect_list *fx);

static void report(struct ha_bench *b, const struct effect *e, int error)
{
	struct effect failed = *e;
	struct effect_list more;

	b->failed = true;
	effect_list_init(&more);
	ha_core_failed(b->ha, &failed, error, b->now, &more);
	run(b, &more);
	effect_list_fini(&more);
}

/* In order; after a failure the rest of that transaction is left out. */
static void run(struct ha_bench *b, struct effect_list *fx)
{
	uint32_t failed_txn = 0;

	for (size_t i = 0; i < fx->count; i++) {
		const struct effect *e = &fx->at[i];
		int error;

		if (e->txn != 0 && e->txn == failed_txn)
			continue;
		error = is_to_fail(b, e) ? ENOMEM : carry_out(b, e);
		if (error == 0) {
			*effect_add(&b->log, e->kind, e->txn, e->home) = *e;
			continue;
		}
		failed_txn = e->txn;
		report(b, e, error);
	}
	effect_list_clear(fx);
}

static void begin(struct ha_bench *b)
{
	effect_list_clear(&b->log);
	b->replied = false;
	b->reply_authentic = false;
	b->reply_has_fa = false;
}

/* -- Life ------------------------------------------------------------------- */

void hb_start(struct ha_bench *b)
{
	struct effect_list fx;
	struct rng rng = rng_seeded_init(&b->seed, 1);

	effect_list_init(&fx);
	effect_list_init(&b->log);
	b->peers = sa_store_new();
	add_peers(b->peers, SA_MN_HA, b->config.node, b->config.node_count);
	add_peers(b->peers, SA_FA_HA, b->config.foreign_agent,
		  b->config.foreign_agent_count);
	b->ha = ha_core_new(&b->config, &b->links, rng, b->now, &fx);
	if (b->ha)
		run(b, &fx);
	effect_list_fini(&fx);
}

void hb_open(struct ha_bench *b)
{
	hb_init(b);
	hb_start(b);
}

void hb_stop(struct ha_bench *b)
{
	ha_core_free(b->ha);
	sa_store_free(b->peers);
	effect_list_fini(&b->log);
	b->ha = NULL;
}

static void put_record(void *arg, struct in_addr home, const uint8_t *bytes, size_t len)
{
	(void)hw_remember(arg, home, bytes, len);
}

static void fill_store(struct ha_bench *b)
{
	b->world.stored_count = 0;
	ha_core_each_record(b->ha, b->now, put_record, &b->world);
}

void hb_restart(struct ha_bench *b, duration_t after)
{
	const struct ha_world old = b->world;
	struct effect_list fx;

	hb_stop(b);
	b->world = (struct ha_world){ 0 };
	b->now.mono = instant_add(b->now.mono, after);
	b->now.ntp = ntp64_add(b->now.ntp, after);
	hb_start(b);
	effect_list_init(&fx);
	for (unsigned i = 0; i < old.stored_count; i++) {
		const struct effect_record *r = &old.stored[i].record;

		(void)ha_core_restore(b->ha, reader_over(r->bytes, r->len), b->now,
				      &fx);
		run(b, &fx);
	}
	effect_list_fini(&fx);
	fill_store(b);
}

void hb_forget_orphans(struct ha_bench *b)
{
	if (!b->failed)
		return;
	b->failed = false;
	hw_forget_orphans(b);
	fill_store(b);
}

/* -- Requests --------------------------------------------------------------- */

/* A little ahead of the clock, and later than every one before. */
static uint64_t next_ident(struct ha_bench *b)
{
	uint64_t ident = ntp64_add(b->now.ntp, duration_ms(1));

	if (!ntp64_after(ident, b->last_ident))
		ident = b->last_ident + 1;
	b->last_ident = ident;
	return ident;
}

struct ha_ask hb_ask(struct ha_bench *b, uint32_t home, uint32_t care_of)
{
	return (struct ha_ask){
		.rq = { .flags = MIP_FLAG_G,
			.lifetime = 300,
			.home = hb_addr(home),
			.home_agent = hb_addr(HB_HA),
			.care_of = hb_addr(care_of),
			.ident = next_ident(b) },
		.spi = HB_SPI,
		.times = 1,
		.fa_times = 1,
		.src = hb_addr(HB_FA2),
		.dst = hb_addr(HB_HA),
		.src_port = 1234,
		.ifindex = HB_CORE_IF,
	};
}

struct ha_ask hb_ask_home(struct ha_bench *b, uint32_t home)
{
	struct ha_ask a = hb_ask(b, home, home);

	a.rq.lifetime = 0;
	a.rq.flags = 0;
	a.src = hb_addr(home);
	a.ifindex = HB_HOME_IF;
	a.on_link = true;
	return a;
}

static void sign(struct ha_bench *b, struct writer *w, enum sa_kind kind,
		 struct in_addr peer, uint32_t spi, bool forged)
{
	struct mip_sa stranger = { .kind = kind,
				   .algorithm = AUTH_HMAC_MD5,
				   .spi = spi };
	const struct secret key = { b->key[0], sizeof(b->key[0]) };
	struct mip_sa *sa = sa_find(b->peers, kind, peer, spi);

	if (sa) {
		auth_append(w, sa);
	} else {
		stranger.mac = crypto_mac_new(AUTH_HMAC_MD5, &key);
		auth_append(w, &stranger);
		crypto_mac_free(stranger.mac);
	}
	if (forged && !w->bad)
		w->at[-1] ^= 1;
}

size_t hb_encode(struct ha_bench *b, const struct ha_ask *a,
		 uint8_t bytes[MIP_MESSAGE_MAX])
{
	struct writer w = writer_over(bytes, MIP_MESSAGE_MAX);

	mip_request_encode(&w, &a->rq);
	write_bytes(&w, a->extra, a->extra_len);
	for (unsigned i = 0; a->spi && i < a->times; i++)
		sign(b, &w, SA_MN_HA, a->rq.home, a->spi, a->forged);
	for (unsigned i = 0; a->fa_spi && i < a->fa_times; i++)
		sign(b, &w, SA_FA_HA, a->src, a->fa_spi, a->fa_forged);
	return w.bad ? 0 : writer_len(&w);
}

int hb_send_bytes(struct ha_bench *b, const struct ha_ask *a, const uint8_t *bytes,
		  size_t len)
{
	bool is_node = a->on_link && a->src.s_addr == a->rq.home.s_addr;
	struct effect_list fx;
	struct datagram dg = {
		.payload = reader_over(bytes, len),
		.src = a->src,
		.dst = a->dst,
		.src_port = a->src_port,
		.dst_port = MIP_PORT,
		.ifindex = a->ifindex,
		.has_mac = a->on_link,
		.mac = is_node ? hb_node_mac : router_mac,
	};

	effect_list_init(&fx);
	begin(b);
	ha_core_datagram(b->ha, &dg, b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
	return b->replied ? b->reply.code : -1;
}

int hb_send(struct ha_bench *b, const struct ha_ask *a)
{
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len = hb_encode(b, a, bytes);

	return hb_send_bytes(b, a, bytes, len);
}

/* -- Other events ----------------------------------------------------------- */

static void go_to(struct ha_bench *b, instant_t when)
{
	b->now.ntp = ntp64_add(b->now.ntp, instant_diff(when, b->now.mono));
	b->now.mono = when;
}

int hb_register(struct ha_bench *b, uint32_t home, uint32_t care_of, uint8_t flags)
{
	struct ha_ask a = hb_ask(b, home, care_of);

	a.rq.flags = flags;
	return hb_send(b, &a);
}

void hb_wait(struct ha_bench *b, duration_t d)
{
	instant_t end = instant_add(b->now.mono, d);
	struct effect_list fx;

	effect_list_init(&fx);
	begin(b);
	while (!instant_before(end, ha_core_next_deadline(b->ha))) {
		instant_t next = ha_core_next_deadline(b->ha);

		if (instant_before(b->now.mono, next))
			go_to(b, next);
		ha_core_deadline(b->ha, b->now, &fx);
		run(b, &fx);
	}
	go_to(b, end);
	effect_list_fini(&fx);
}

void hb_arp(struct ha_bench *b, uint16_t op, struct mac from, uint32_t sender,
	    uint32_t target)
{
	const struct arp_frame frame = {
		.arp = { .op = op,
			 .sender_mac = from,
			 .sender = hb_addr(sender),
			 .target = hb_addr(target) },
		.from = from,
		.ifindex = HB_HOME_IF,
	};
	struct effect_list fx;

	effect_list_init(&fx);
	begin(b);
	ha_core_arp(b->ha, &frame, b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
}

void hb_icmp(struct ha_bench *b, const uint8_t *bytes, size_t len)
{
	const struct icmp_datagram dg = { .message = reader_over(bytes, len),
					  .ifindex = HB_HOME_IF,
					  .has_mac = true,
					  .mac = hb_node_mac };
	struct effect_list fx;

	effect_list_init(&fx);
	begin(b);
	ha_core_icmp(b->ha, &dg, b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
}

void hb_link(struct ha_bench *b, int ifindex, bool up)
{
	struct link link = *links_by_index(&b->links, ifindex);
	struct effect_list fx;

	effect_list_init(&fx);
	begin(b);
	link.up = up;
	links_set(&b->links, &link);
	ha_core_links(b->ha, &b->links, b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
}

int hb_reconfigure(struct ha_bench *b)
{
	struct effect_list fx;
	int r;

	effect_list_init(&fx);
	begin(b);
	r = ha_core_reconfigure(b->ha, &b->config, b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
	return r;
}

unsigned hb_clear(struct ha_bench *b, uint32_t home)
{
	struct effect_list fx;
	unsigned count;

	effect_list_init(&fx);
	begin(b);
	count = ha_core_clear_binding(b->ha, hb_addr(home), b->now, &fx);
	run(b, &fx);
	effect_list_fini(&fx);
	return count;
}

/* -- Questions -------------------------------------------------------------- */

unsigned hb_count(const struct ha_bench *b, enum effect_kind kind)
{
	unsigned count = 0;

	for (size_t i = 0; i < b->log.count; i++)
		count += b->log.at[i].kind == kind;
	return count;
}

const struct effect *hb_effect(const struct ha_bench *b, enum effect_kind kind,
			       unsigned nth)
{
	for (size_t i = 0; i < b->log.count; i++)
		if (b->log.at[i].kind == kind && nth-- == 0)
			return &b->log.at[i];
	return NULL;
}

const struct note *hb_note(const struct ha_bench *b, enum note_kind kind)
{
	for (size_t i = 0; i < b->log.count; i++)
		if (b->log.at[i].kind == EFFECT_NOTE && b->log.at[i].note.kind == kind)
			return &b->log.at[i].note;
	return NULL;
}

struct home_node *hb_node_of(const struct ha_bench *b, uint32_t home)
{
	return home_node_find(&b->ha->table, hb_addr(home));
}

struct mobility_binding *hb_binding(const struct ha_bench *b, uint32_t home,
				    uint32_t care_of)
{
	struct home_node *n = hb_node_of(b, home);

	return n ? binding_find(n, hb_addr(care_of)) : NULL;
}

uint64_t hb_counter(const struct ha_bench *b, enum ha_counter c)
{
	return b->ha->counters[c];
}
