/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent's surroundings, played by hand.
 */
#include "tests/unit/fa_world.h"

#include "common/security/auth.h"
#include "common/wire/icmp.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t mn_ha_key[16] = { 1, 2, 3 };
static uint8_t mn_fa_key[16] = { 4, 5, 6 };
static uint8_t fa_ha_key[16] = { 7, 8, 9 };

static void add_link(struct fa_world *w, int ifindex, const char *name,
		     struct in_addr addr)
{
	struct link link = {
		.ifindex = ifindex,
		.up = true,
		.mac = { { 2, 0xfa, 0, 0, 0, (uint8_t)ifindex } },
		.mtu = 1500,
		.addr_count = 1,
		.addr = { { addr, 24 } },
	};

	snprintf(link.name, sizeof(link.name), "%s", name);
	links_set(&w->links, &link);
}

static void set_advert(struct advert_config *a, const char *interface)
{
	*a = (struct advert_config){
		.min_interval = duration_ms(750),
		.max_interval = duration_s(1),
		.lifetime = 3,
		.registration_lifetime = 1800,
	};
	snprintf(a->interface, sizeof(a->interface), "%s", interface);
}

static void share(struct fa_world *w, enum sa_kind kind, struct in_addr peer,
		  uint32_t spi, uint8_t key[16])
{
	const struct secret secret = { .bytes = key, .len = 16 };
	const struct sa_spec spec = {
		.kind = kind, .peer = peer, .spi = spi, .key = &secret
	};

	if (sa_add(w->keys, &spec) != 0)
		abort();
}

static void set_associations(struct fa_world *w)
{
	w->assocs[0] =
		(struct assoc_config){ .spi = SPI_FA_HA,
				       .key = { .bytes = fa_ha_key, .len = 16 } };
	w->assocs[1] =
		(struct assoc_config){ .spi = SPI_MN_FA,
				       .key = { .bytes = mn_fa_key, .len = 16 } };
	w->home_agents[0] = (struct peer_config){ .addr = HOME_AGENT,
						  .assoc = &w->assocs[0],
						  .assoc_count = 1 };
	w->nodes[0] = (struct peer_config){ .addr = SIGNING_NODE,
					    .assoc = &w->assocs[1],
					    .assoc_count = 1 };

	w->keys = sa_store_new();
	if (!w->keys)
		abort();
	share(w, SA_MN_HA, NODE, SPI_MN_HA, mn_ha_key);
	share(w, SA_MN_HA, SIGNING_NODE, SPI_MN_HA, mn_ha_key);
	share(w, SA_MN_FA, SIGNING_NODE, SPI_MN_FA, mn_fa_key);
	share(w, SA_FA_HA, HOME_AGENT, SPI_FA_HA, fa_ha_key);
}

void fa_world_config(struct fa_world *w)
{
	*w = (struct fa_world){ .now = { .mono = { 1000000000 }, .ntp = 1 } };
	effect_list_init(&w->fx);
	add_link(w, VISIT1, "visit1", OUR_ADDRESS);
	add_link(w, VISIT2, "visit2", OUR_ADDRESS2);
	add_link(w, CORE, "core", CARE_OF);
	set_advert(&w->adverts[0], "visit1");
	set_advert(&w->adverts[1], "visit2");
	set_associations(w);
	w->config = (struct fa_config){
		.care_of = CARE_OF,
		.max_lifetime = 1800,
		.max_visitors = 8,
		.max_pending = 16,
		.pending_per_node = 5,
		.pending_timeout = duration_s(8),
		.reverse_tunnel = true,
		.gre = true,
		.minimal = true,
		.any_home_agent = true,
		.advert = w->adverts,
		.advert_count = 2,
		.home_agent = w->home_agents,
		.home_agent_count = 1,
		.node = w->nodes,
		.node_count = 1,
	};
}

void fa_world_start(struct fa_world *w)
{
	w->fa = fa_core_new(&w->config, &w->links, rng_seeded_init(&w->seed, 1), w->now,
			    &w->fx);
	if (!w->fa)
		abort();
}

void fa_world_open(struct fa_world *w)
{
	fa_world_config(w);
	fa_world_start(w);
}

void fa_world_end(struct fa_world *w)
{
	fa_core_free(w->fa);
	sa_store_free(w->keys);
	effect_list_fini(&w->fx);
}

struct ask usual_ask(void)
{
	return (struct ask){
		.flags = MIP_FLAG_G,
		.lifetime = 600,
		.home = NODE,
		.home_agent = OTHER_AGENT,
		.care_of = CARE_OF,
		.ident = UINT64_C(0xe8fe6f8040000001),
		.mn_ha = 1,
		.mac = NODE_MAC,
		.ifindex = VISIT1,
		.src = NODE,
		.dst = OUR_ADDRESS,
		.src_port = 4321,
		.ttl = 64,
	};
}

struct say say_to(const struct ask *a)
{
	return (struct say){
		.lifetime = a->lifetime,
		.home = a->home,
		.home_agent = a->home_agent,
		.ident = a->ident,
		.mn_ha = 1,
		.fa_ha = a->home_agent.s_addr == HOME_AGENT.s_addr,
		.src = a->home_agent,
		.dst = CARE_OF,
	};
}

struct ask reverse_ask(void)
{
	struct ask a = usual_ask();

	a.flags |= MIP_FLAG_T;
	a.ttl = 255;
	return a;
}

struct ask signing_ask(void)
{
	struct ask a = usual_ask();

	a.home = a.src = SIGNING_NODE;
	a.mn_fa = 1;
	return a;
}

struct say usual_say(void)
{
	const struct ask a = usual_ask();

	return say_to(&a);
}

/* Sign `times` times; where no association is shared, with a key of nobody. */
static void sign(struct writer *wr, struct fa_world *w, enum sa_kind kind,
		 struct in_addr peer, unsigned times)
{
	static const uint8_t types[] = { MIP_EXT_MN_HA, MIP_EXT_MN_FA, MIP_EXT_FA_HA };
	static const uint8_t strange[20] = { 0, 0, 0x12, 0x34 };
	struct mip_sa *sa = sa_for_sending(w->keys, kind, peer);

	for (; times > 0; times--) {
		if (sa)
			auth_append(wr, sa);
		else
			mip_ext_write(wr, types[kind], strange, sizeof(strange));
	}
}

size_t fa_build_ask(struct fa_world *w, const struct ask *a, uint8_t *to, size_t room)
{
	struct writer wr = writer_over(to, room);
	const struct mip_request rq = {
		.flags = a->flags,
		.lifetime = a->lifetime,
		.home = a->home,
		.home_agent = a->home_agent,
		.care_of = a->care_of,
		.ident = a->ident,
	};

	mip_request_encode(&wr, &rq);
	write_bytes(&wr, a->covered, a->covered_len);
	sign(&wr, w, SA_MN_HA, a->home, a->mn_ha);
	if (a->delivery)
		mip_ext_write(&wr, MIP_EXT_DELIVERY, NULL, 0);
	write_bytes(&wr, a->loose, a->loose_len);
	sign(&wr, w, SA_MN_FA, a->home, a->mn_fa);
	if (a->spoil_mn_fa)
		wr.at[-1] ^= 1;
	return writer_len(&wr);
}

size_t fa_build_say(struct fa_world *w, const struct say *s, uint8_t *to, size_t room)
{
	struct writer wr = writer_over(to, room);
	const struct mip_reply rp = {
		.code = s->code,
		.lifetime = s->lifetime,
		.home = s->home,
		.home_agent = s->home_agent,
		.ident = s->ident,
	};

	mip_reply_encode(&wr, &rp);
	write_bytes(&wr, s->covered, s->covered_len);
	sign(&wr, w, SA_MN_HA, s->home, s->mn_ha);
	write_bytes(&wr, s->loose, s->loose_len);
	sign(&wr, w, SA_FA_HA, s->home_agent, s->fa_ha);
	if (s->spoil_fa_ha)
		wr.at[-1] ^= 1;
	return writer_len(&wr);
}

void fa_world_bytes(struct fa_world *w, const struct ask *way, const void *bytes,
		    size_t len)
{
	const struct datagram dg = {
		.payload = reader_over(bytes, len),
		.src = way->src,
		.dst = way->dst,
		.src_port = way->src_port,
		.dst_port = MIP_PORT,
		.ttl = way->ttl,
		.ifindex = way->ifindex,
		.has_mac = !way->no_mac,
		.mac = way->mac,
	};

	effect_list_clear(&w->fx);
	fa_core_datagram(w->fa, &dg, w->now, &w->fx);
}

void fa_world_ask(struct fa_world *w, const struct ask *a)
{
	uint8_t bytes[2048];
	size_t len = fa_build_ask(w, a, bytes, sizeof(bytes));

	fa_world_bytes(w, a, bytes, len);
}

void fa_world_say(struct fa_world *w, const struct say *s)
{
	const struct ask way = { .src = s->src,
				 .dst = s->dst,
				 .src_port = MIP_PORT,
				 .ifindex = CORE,
				 .no_mac = true };
	uint8_t bytes[2048];
	size_t len = fa_build_say(w, s, bytes, sizeof(bytes));

	fa_world_bytes(w, &way, bytes, len);
}

void fa_world_icmp(struct fa_world *w, int ifindex, const void *bytes, size_t len)
{
	const struct icmp_datagram dg = {
		.message = reader_over(bytes, len),
		.src = IP(10, 1, 0, 10),
		.ttl = 1,
		.ifindex = ifindex,
		.has_mac = true,
		.mac = NODE_MAC,
	};

	effect_list_clear(&w->fx);
	fa_core_icmp(w->fa, &dg, w->now, &w->fx);
}

void fa_world_register(struct fa_world *w, const struct ask *a)
{
	const struct say s = say_to(a);

	fa_world_ask(w, a);
	fa_world_say(w, &s);
}

void fa_world_pass(struct fa_world *w, duration_t time)
{
	effect_list_clear(&w->fx);
	w->now.mono = instant_add(w->now.mono, time);
	fa_core_deadline(w->fa, w->now, &w->fx);
}

void fa_world_fail(struct fa_world *w, enum effect_kind kind, unsigned nth, int error)
{
	const struct effect *e = fa_world_effect(w, kind, nth);
	struct effect failed;

	if (!e)
		abort();
	failed = *e;
	effect_list_clear(&w->fx);
	fa_core_failed(w->fa, &failed, error, w->now, &w->fx);
}

int fa_world_place(const struct fa_world *w, enum effect_kind kind, unsigned nth)
{
	for (size_t i = 0; i < w->fx.count; i++)
		if (w->fx.at[i].kind == kind && nth-- == 0)
			return (int)i;
	return -1;
}

const struct effect *fa_world_effect(const struct fa_world *w, enum effect_kind kind,
				     unsigned nth)
{
	int place = fa_world_place(w, kind, nth);

	return place < 0 ? NULL : &w->fx.at[place];
}

const struct fwd_edit *fa_world_edit(const struct fa_world *w, unsigned nth)
{
	const struct effect *e = fa_world_effect(w, EFFECT_FORWARD, nth);

	return e ? &e->forward : NULL;
}

unsigned fa_world_effects(const struct fa_world *w, enum effect_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->fx.count; i++)
		n += w->fx.at[i].kind == kind;
	return n;
}

struct heard fa_world_heard(const struct fa_world *w)
{
	struct heard h = { .code = 255 };

	for (size_t i = 0; i < w->fx.count; i++) {
		const struct effect *e = &w->fx.at[i];
		struct udp_packet udp;

		if (e->kind != EFFECT_SEND_LINK ||
		    udp_open(e->frame.bytes, e->frame.len, false, &udp) != UDP_OK)
			continue;
		h.any = true;
		h.udp = udp;
		h.ifindex = e->frame.ifindex;
		h.mac = e->frame.to;
		h.message = reader_over(udp.payload, udp.len);
		if (mip_reply_decode(h.message, &h.rp) != MIP_FAULT_NONE)
			abort();
		if (mip_ext_index(h.rp.extensions, &h.ix) != MIP_FAULT_NONE)
			abort();
		h.code = h.rp.code;
	}
	return h;
}

uint64_t fa_world_counter(const struct fa_world *w, const char *name)
{
	struct counter_set set;

	if (fa_core_counters(w->fa, &set, 1) != 1)
		abort();
	for (size_t i = 0; i < set.count; i++)
		if (strcmp(set.rows[i].name, name) == 0)
			return set.values[i];
	fprintf(stderr, "no counter is called %s\n", name);
	abort();
}

struct find {
	struct in_addr home;
	const struct visitor_entry *found;
};

static void look(void *arg, const struct visitor_entry *v)
{
	struct find *f = arg;

	if (v->home.s_addr == f->home.s_addr)
		f->found = v;
}

const struct visitor_entry *fa_world_visitor(const struct fa_world *w,
					     struct in_addr home)
{
	struct find f = { .home = home };

	fa_core_each_visitor(w->fa, look, &f);
	return f.found;
}

static void count(void *arg, const struct pending_registration *p)
{
	unsigned *n = arg;

	(void)p;
	(*n)++;
}

unsigned fa_world_pending(const struct fa_world *w)
{
	unsigned n = 0;

	fa_core_each_pending(w->fa, count, &n);
	return n;
}

unsigned fa_world_notes(const struct fa_world *w, enum note_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->fx.count; i++)
		n += w->fx.at[i].kind == EFFECT_NOTE && w->fx.at[i].note.kind == kind;
	return n;
}

void fa_world_fill(uint8_t *to, size_t len)
{
	static const uint8_t zeros[255];
	struct writer wr = writer_over(to, len);

	while (writer_left(&wr) >= 2) {
		size_t data = writer_left(&wr) - 2;

		if (data > sizeof(zeros))
			data = writer_left(&wr) > 259 ? sizeof(zeros) : 200;
		mip_ext_write(&wr, 200, zeros, data);
	}
}

struct mip_advert fa_world_advert(const struct fa_world *w, int ifindex)
{
	struct mip_advert none = { .code = 255 };

	for (size_t i = 0; i < w->fx.count; i++) {
		const struct effect *e = &w->fx.at[i];
		struct mip_advert m;
		struct icmp_message icmp;

		if (e->kind != EFFECT_SEND_LINK || e->frame.ifindex != ifindex ||
		    !icmp_open(e->frame.bytes, e->frame.len, &icmp))
			continue;
		if (mip_advert_decode(
			    reader_over(e->frame.bytes + 20, e->frame.len - 20u), &m) ==
		    ADVERT_OK)
			return m;
	}
	return none;
}

bool fa_world_is_last_word(const struct fa_world *w, int ifindex)
{
	const struct mip_advert m = fa_world_advert(w, ifindex);

	return m.code != 255 && m.lifetime == 0;
}
