/* SPDX-License-Identifier: ISC */
/*
 * A home agent's life from any bytes: Requests signed with the right keys, so that
 * they get past authentication, and not; raw datagrams; ARP; time; links; refusals
 * of the kernel; other configurations.  After every event the bench's invariants
 * hold, and no Reply accepts what was not done.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"

#include <string.h>

enum { EVENTS_MAX = 200, EXTRA_MAX = 64 };

static const uint32_t homes[8] = { HB_NODE, HB_NODE,  HB_NODE2, HB_FAR,
				   HB_FAR,  HB_STRAY, 0,        0x0a010002 };
static const uint32_t coas[8] = { HB_FA,    HB_FA2,  HB_COLOCATED, 0x0a000402,
				  HB_NODE2, HB_NODE, HB_HA,        0xe0000001 };
static const uint32_t dsts[4] = { HB_HA, HB_HA, 0x0a0100ff, 0xffffffff };

enum { /* bits of the octet that says how a Request is to be wrong */
       FORGED = 1,
       NO_SPI = 2,
       TWICE = 4,
       FA_SIGNS = 8,
       FA_FORGED = 16,
       AT_HOME = 32,
       REPEATED = 64,
       OLD = 128,
};

static struct ha_ask read_ask(struct ha_bench *b, struct reader *in)
{
	uint8_t who = read_u8(in), how = read_u8(in);
	uint32_t home = homes[who & 7], coa = coas[who >> 3 & 7];
	struct ha_ask a = how & AT_HOME ? hb_ask_home(b, home) : hb_ask(b, home, coa);

	a.rq.flags = read_u8(in);
	a.rq.lifetime = read_u16(in);
	a.dst = hb_addr(dsts[who >> 6]);
	if (!(how & AT_HOME))
		a.src = hb_addr(coas[read_u8(in) & 7]);
	a.forged = how & FORGED;
	a.spi = how & NO_SPI ? read_u16(in) : HB_SPI;
	a.times = how & TWICE ? 2 : 1;
	a.fa_spi = how & FA_SIGNS ? HB_FA_SPI : 0;
	a.fa_forged = how & FA_FORGED;
	if (how & OLD)
		a.rq.ident = ntp64_add(a.rq.ident, duration_ms((int16_t)read_u16(in)));
	return a;
}

/* A good answer has come with good authenticators, after all it promises. */
static void check_reply(const struct ha_bench *b, const struct ha_ask *a, int code)
{
	if (code < 0)
		return;
	PROMISE(b->reply_authentic);
	PROMISE(ntp64_low(b->reply.ident) == ntp64_low(a->rq.ident));
	PROMISE(b->reply.home.s_addr == a->rq.home.s_addr);
	if (mip_code_is_success((uint8_t)code)) {
		PROMISE(!a->forged && a->spi != 0 && a->times == 1);
		PROMISE(b->reply.lifetime <= a->rq.lifetime);
		PROMISE((a->rq.lifetime != 0) ==
			(hb_binding(b, ntohl(a->rq.home.s_addr),
				    ntohl(a->rq.care_of.s_addr)) != NULL));
	}
}

static void on_request(struct ha_bench *b, struct reader *in)
{
	struct ha_ask a = read_ask(b, in);

	check_reply(b, &a, hb_send(b, &a));
	if (read_u8(in) & REPEATED)
		check_reply(b, &a, hb_send(b, &a));
}

/* Anything in front of the authenticator, which covers it. */
static void on_extensions(struct ha_bench *b, struct reader *in)
{
	struct ha_ask a = hb_ask(b, HB_NODE, HB_FA2);
	size_t len = read_u8(in) % EXTRA_MAX;
	struct reader extra = reader_split(in, len);

	if (extra.bad)
		return;
	a.extra = extra.at;
	a.extra_len = len;
	check_reply(b, &a, hb_send(b, &a));
}

static void on_bytes(struct ha_bench *b, struct reader *in)
{
	struct ha_ask a = hb_ask(b, HB_NODE, HB_FA2);
	struct reader raw = reader_split(in, read_u8(in));

	a.on_link = read_u8(in) & 1;
	if (raw.bad)
		return;
	PROMISE(hb_send_bytes(b, &a, raw.at, reader_left(&raw)) != MIP_ACCEPTED);
}

static void on_icmp(struct ha_bench *b, struct reader *in)
{
	struct reader raw = reader_split(in, read_u8(in) & 31);

	if (!raw.bad)
		hb_icmp(b, raw.at, reader_left(&raw));
}

static void on_arp(struct ha_bench *b, struct reader *in)
{
	uint8_t who = read_u8(in);
	struct mac from = read_u8(in) & 1 ? hb_node_mac : (struct mac){ { 2, 2, 2 } };

	hb_arp(b, who & 64 ? ARP_REPLY : ARP_REQUEST, from, homes[who & 7],
	       homes[who >> 3 & 7]);
}

static void on_change(struct ha_bench *b, struct reader *in)
{
	uint8_t what = read_u8(in);

	b->config.node_count = 1 + (what & 3);
	b->config.network_count = (what >> 2) % 3;
	b->config.simultaneous = what & 16;
	b->config.max_bindings = what & 32 ? 100 : 2;
	b->config.gre = what & 64;
	b->config.max_lifetime = what & 128 ? MIP_LIFETIME_INFINITE : 200;
	PROMISE(hb_reconfigure(b) == 0);
}

/* The first effect of a kind that the next event brings is refused. */
static void plan_failure(struct ha_bench *b, struct reader *in)
{
	b->fail = read_u8(in) % EFFECT_KIND_COUNT;
	b->fail_after = read_u8(in) & 3;
}

static void one_event(struct ha_bench *b, struct reader *in)
{
	switch (read_u8(in) % 10) {
	case 0:
		on_extensions(b, in);
		break;
	case 1:
		on_bytes(b, in);
		break;
	case 2:
		on_arp(b, in);
		break;
	case 3:
		hb_wait(b, duration_ms(read_u16(in) * 7));
		break;
	case 4:
		hb_link(b, read_u8(in) & 2 ? HB_HOME_IF : HB_CORE_IF, read_u8(in) & 1);
		break;
	case 5:
		on_change(b, in);
		break;
	case 6:
		hb_clear(b, homes[read_u8(in) & 7]);
		break;
	case 7:
		on_icmp(b, in);
		break;
	case 8:
		plan_failure(b, in);
		/* fall through */
	default:
		on_request(b, in);
		b->fail = -1;
		break;
	}
}

void fuzz_ha(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	struct ha_bench b;

	hb_open(&b);
	PROMISE(b.ha);
	for (unsigned i = 0; i < EVENTS_MAX && reader_left(&in) > 0; i++) {
		const char *fault;

		one_event(&b, &in);
		hb_forget_orphans(&b);
		fault = hb_fault(&b);
		if (fault)
			fprintf(stderr, "event %u: %s\n", i, fault);
		PROMISE(!fault);
	}
	hb_stop(&b);
}
