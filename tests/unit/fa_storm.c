/* SPDX-License-Identifier: ISC */
/*
 * One event is a kind and as many octets as it needs; where there are none left
 * they are zero.  Replies are signed as their home agents would, so that the
 * storm gets past authentication, and spoilt now and then.  Effects are carried
 * out on a model of the data plane, as the edge carries them out.
 *
 * Promises, after every event:
 *   - an active visitor was accepted by a Reply that came in and was in order,
 *     and does not outlive what that granted
 *   - the forwarding table and the rules hold what the visitors need, no more
 *   - no Reply accepts before the path of its visitor stands
 *   - no node is denied more than once a second
 *   - what goes to a home agent comes from the care-of address and goes to the
 *     agent that the Request names
 *   - tables stay within their limits; a deadline is never in the past
 *   - after stopping nothing is left
 */
#include "tests/unit/fa_storm.h"

#include "common/security/auth.h"
#include "common/wire/checksum.h"
#include "common/wire/mip_code.h"
#include "tests/unit/fa_world.h"

enum { HOMES = 64, EVENTS_MAX = 1000, MAX_VISITORS = 4, MAX_PENDING = 8 };

enum event {
	EVENT_ASK,
	EVENT_ASK_PLAIN,
	EVENT_ANSWER,
	EVENT_ANSWER_PLAIN,
	EVENT_BYTES_FROM_LINK,
	EVENT_BYTES_FROM_CORE,
	EVENT_ICMP,
	EVENT_TIME,
	EVENT_FAIL_NEXT,
	EVENT_LINK,
	EVENT_RELOAD,
	EVENT_CLEAR,
};

/* What happens often in life happens often here. */
static const enum event happenings[] = {
	EVENT_ASK,
	EVENT_ASK_PLAIN,
	EVENT_ASK_PLAIN,
	EVENT_ASK_PLAIN,
	EVENT_ANSWER,
	EVENT_ANSWER_PLAIN,
	EVENT_ANSWER_PLAIN,
	EVENT_ANSWER_PLAIN,
	EVENT_BYTES_FROM_LINK,
	EVENT_BYTES_FROM_CORE,
	EVENT_ICMP,
	EVENT_TIME,
	EVENT_TIME,
	EVENT_FAIL_NEXT,
	EVENT_LINK,
	EVENT_RELOAD,
	EVENT_CLEAR,
};

enum { HAPPENINGS = sizeof(happenings) / sizeof(happenings[0]) };

/* What is known of one home address from outside. */
struct home {
	struct in_addr addr;
	bool path; /* an entry of the forwarding table stands */
	struct fwd_edit entry;
	int rule;          /* the link its rule names; 0: no rule */
	bool answers;      /* what our machine says to it comes to us */
	instant_t granted; /* the latest that any Reply allowed */
	instant_t denied;
	struct mac denied_mac;
	bool ever_denied;
};

struct storm {
	struct fa_world w;
	struct reader in;
	struct home homes[HOMES];
	unsigned home_count;
	bool fail_next;
	struct links whole; /* with every link there and up */
	struct fa_storm_report *report;
	const char *broken;
};

#define PROMISED(s, condition)                    \
	do {                                      \
		if (!(condition) && !(s)->broken) \
			(s)->broken = #condition; \
	} while (0)

static struct home *home_of(struct storm *s, struct in_addr addr)
{
	for (unsigned i = 0; i < s->home_count; i++)
		if (s->homes[i].addr.s_addr == addr.s_addr)
			return &s->homes[i];
	if (s->home_count == HOMES)
		return NULL;
	s->homes[s->home_count].addr = addr;
	return &s->homes[s->home_count++];
}

/* --- the model of the data plane --- */

static void apply_forward(struct storm *s, const struct fwd_edit *e)
{
	struct home *h = home_of(s, e->home);

	if (!h)
		return;
	if (e->kind == FWD_VISITOR_CLEAR)
		PROMISED(s, h->path);
	h->path = e->kind == FWD_VISITOR_SET;
	h->entry = *e;
}

static void apply_rule(struct storm *s, const struct effect_rule *r)
{
	const bool answers = r->iif == EFFECT_DEV_LO;
	struct home *h = home_of(s, answers ? r->dst.addr : r->src.addr);

	PROMISED(s, r->src.len + r->dst.len == 32 && r->table == FA_REVERSE_TABLE);
	if (!h)
		return;
	if (answers)
		h->answers = r->add;
	else if (r->add)
		h->rule = r->iif;
	else if (h->rule == r->iif)
		h->rule = 0;
}

static void look_at_denial(struct storm *s, struct home *h, const struct effect *e)
{
	const duration_t since = instant_diff(s->w.now.mono, h->denied);

	PROMISED(s, !h->ever_denied || since.ns >= 1000000000 ||
			    !mac_equal(h->denied_mac, e->frame.to));
	h->ever_denied = true;
	h->denied = s->w.now.mono;
	h->denied_mac = e->frame.to;
	s->report->denied++;
}

static void look_at_frame(struct storm *s, const struct effect *e)
{
	const struct visitor_entry *v;
	struct mip_ext_index ix;
	struct udp_packet udp;
	struct mip_reply rp;
	struct home *h;

	PROMISED(s, e->frame.len > 0 && e->frame.len <= sizeof(e->frame.bytes));
	if (udp_open(e->frame.bytes, e->frame.len, false, &udp) != UDP_OK)
		return; /* an advertisement */
	PROMISED(s, udp.src_port == MIP_PORT);
	PROMISED(s, mip_reply_decode(reader_over(udp.payload, udp.len), &rp) ==
			    MIP_FAULT_NONE);
	PROMISED(s, mip_ext_index(rp.extensions, &ix) == MIP_FAULT_NONE);
	h = home_of(s, rp.home);
	if (h && ix.mn_ha_count == 0)
		look_at_denial(s, h, e);
	v = fa_world_visitor(&s->w, rp.home);
	if (h && v && v->txn == e->txn && e->txn != 0)
		PROMISED(s, h->path == v->visit.path.tunnelled);
}

static void look_at_relayed(struct storm *s, const struct effect_udp *udp)
{
	struct mip_request rq;

	PROMISED(s, mip_request_decode(reader_over(udp->bytes, udp->len), &rq) ==
			    MIP_FAULT_NONE);
	PROMISED(s, udp->src.s_addr == CARE_OF.s_addr);
	PROMISED(s, udp->dst.s_addr == rq.home_agent.s_addr);
	PROMISED(s, udp->dst_port == MIP_PORT);
	s->report->relayed++;
}

/* False: the system refuses. */
static bool carry_out(struct storm *s, const struct effect *e)
{
	const bool can_fail = e->txn != 0 && e->kind != EFFECT_NOTE;

	if (s->fail_next && can_fail && !(e->kind == EFFECT_RULE && !e->rule.add)) {
		s->fail_next = false;
		s->report->failed++;
		return false;
	}
	if (e->kind == EFFECT_FORWARD)
		apply_forward(s, &e->forward);
	else if (e->kind == EFFECT_RULE)
		apply_rule(s, &e->rule);
	else if (e->kind == EFFECT_SEND_LINK)
		look_at_frame(s, e);
	else if (e->kind == EFFECT_SEND_UDP)
		look_at_relayed(s, &e->udp);
	else if (e->kind == EFFECT_NOTE && e->note.kind == NOTE_VISITOR_NEW)
		s->report->admitted++;
	else if (e->kind == EFFECT_NOTE && e->note.kind == NOTE_VISITOR_EXPIRED)
		s->report->expired++;
	return true;
}

static void perform(struct storm *s)
{
	struct effect_list *fx = &s->w.fx;
	uint32_t failed = 0;

	PROMISED(s, !fx->overflow);
	for (size_t i = 0; i < fx->count; i++) {
		const struct effect e = fx->at[i];

		if ((e.txn != 0 && e.txn == failed) || carry_out(s, &e))
			continue;
		failed = e.txn;
		fa_core_failed(s->w.fa, &e, 12, s->w.now, fx);
	}
	effect_list_clear(fx);
}

/* --- the promises --- */

static void check_visitor(void *arg, const struct visitor_entry *v)
{
	struct storm *s = arg;
	struct home *h = home_of(s, v->home);
	const struct visitor_path *p = &v->visit.path;

	if (!h)
		return;
	PROMISED(s, h->granted.ns >= v->visit.expires.ns);
	PROMISED(s, instant_before(s->w.now.mono, v->visit.expires));
	PROMISED(s, h->path == p->tunnelled);
	PROMISED(s, h->rule == (p->reverse ? p->ifindex : 0));
	PROMISED(s, h->answers == p->answers);
	if (h->path) {
		PROMISED(s, h->entry.ifindex == p->ifindex);
		PROMISED(s, mac_equal(h->entry.mac, p->mac));
		PROMISED(s, h->entry.reverse == p->reverse);
		PROMISED(s, h->entry.tunnel.local.s_addr == p->tunnel.local.s_addr);
		PROMISED(s, h->entry.tunnel.remote.s_addr == p->tunnel.remote.s_addr);
		PROMISED(s, h->entry.tunnel.encap.kind == p->tunnel.encap.kind);
	}
}

static void check(struct storm *s)
{
	const struct fa_world *w = &s->w;

	PROMISED(s, fa_core_visitor_count(w->fa) <= MAX_VISITORS);
	PROMISED(s, fa_world_pending(w) <= MAX_PENDING);
	fa_core_each_visitor(w->fa, check_visitor, s);
	for (unsigned i = 0; i < s->home_count; i++)
		if (s->homes[i].path || s->homes[i].rule || s->homes[i].answers)
			PROMISED(s, fa_world_visitor(w, s->homes[i].addr) != NULL);
}

/* --- what happens --- */

/* Remember what the Reply in `message` would grant if the agent believed it. */
static void see_reply(struct storm *s, struct reader message)
{
	struct mip_ext_index ix;
	struct mip_reply rp;
	struct home *h;
	instant_t until;

	if (mip_reply_decode(message, &rp) || mip_ext_index(rp.extensions, &ix) ||
	    !mip_code_is_success(rp.code))
		return;
	if (rp.home_agent.s_addr == HOME_AGENT.s_addr &&
	    auth_verify(s->w.keys, SA_FA_HA, HOME_AGENT, message, &ix, NULL) != AUTH_OK)
		return;
	h = home_of(s, rp.home);
	until = instant_add(s->w.now.mono, duration_s(rp.lifetime));
	if (h && h->granted.ns < until.ns)
		h->granted = until;
}

static uint8_t pick(struct storm *s, uint8_t bound)
{
	return (uint8_t)(read_u8(&s->in) % bound);
}

static struct ask random_ask(struct storm *s)
{
	static const uint16_t lifetimes[] = { 600, 0, 5, 1800, 1801, 0xffff };
	const struct in_addr homes[] = { NODE,
					 SIGNING_NODE,
					 IP(10, 1, 0, 20),
					 IP(10, 1, 0, 21),
					 IP(10, 1, 0, 22),
					 IP(0, 0, 0, 0) };
	const struct in_addr agents[] = { OTHER_AGENT, HOME_AGENT, CARE_OF,
					  IP(10, 5, 0, 255) };
	const struct in_addr ways[] = { OUR_ADDRESS, OUR_ADDRESS2, ALL_AGENTS_IP,
					OTHER_AGENT };
	struct ask a = usual_ask();

	a.home = a.src = homes[pick(s, 6)];
	a.home_agent = agents[pick(s, 4)];
	a.flags = read_u8(&s->in);
	a.care_of = pick(s, 4) ? CARE_OF : a.home;
	a.lifetime = lifetimes[pick(s, 6)];
	a.ident += read_u8(&s->in) % 32u;
	a.mac.octet[5] = pick(s, 3);
	a.ifindex = VISIT1 + pick(s, 3);
	a.dst = ways[pick(s, 4)];
	a.ttl = pick(s, 4) ? 255 : 64;
	a.mn_ha = pick(s, 8) ? 1 : 2u * pick(s, 2);
	a.mn_fa = a.home.s_addr == SIGNING_NODE.s_addr ? 1 : 0;
	a.spoil_mn_fa = a.mn_fa && pick(s, 8) == 1;
	a.delivery = pick(s, 8) == 1;
	return a;
}

static struct ask plain_ask(struct storm *s)
{
	struct ask a = usual_ask();

	a.home.s_addr = a.src.s_addr = htonl(0x0a01000a + pick(s, 8));
	a.mn_fa = a.home.s_addr == SIGNING_NODE.s_addr;
	a.home_agent = pick(s, 2) ? OTHER_AGENT : HOME_AGENT;
	a.ident += read_u8(&s->in) % 64u;
	a.mac.octet[5] = (uint8_t)ntohl(a.home.s_addr);
	a.flags = pick(s, 2) ? MIP_FLAG_G | MIP_FLAG_T : 0;
	a.ttl = 255;
	a.ifindex = VISIT1 + pick(s, 2);
	a.lifetime = pick(s, 4) ? 60 : 0;
	return a;
}

struct nth {
	unsigned left;
	struct registration rq;
	bool found;
};

static void look(void *arg, const struct pending_registration *p)
{
	struct nth *n = arg;

	if (n->left-- == 0) {
		n->rq = p->rq;
		n->found = true;
	}
}

/* The answer of the home agent of some pending registration. */
static bool answer(struct storm *s, struct say *say)
{
	struct nth n = { .left = pick(s, MAX_PENDING) };
	const unsigned count = fa_world_pending(&s->w);
	struct ask a = usual_ask();

	if (count == 0)
		return false;
	n.left %= count;
	fa_core_each_pending(s->w.fa, look, &n);
	a.home = n.rq.home;
	a.home_agent = n.rq.home_agent;
	a.lifetime = n.rq.lifetime;
	a.ident = n.rq.ident;
	*say = say_to(&a);
	return n.found;
}

static void say(struct storm *s, const struct say *what)
{
	uint8_t bytes[512];
	size_t len = fa_build_say(&s->w, what, bytes, sizeof(bytes));

	see_reply(s, reader_over(bytes, len));
	fa_world_say(&s->w, what);
}

static void random_answer(struct storm *s)
{
	static const uint8_t codes[] = { 0, 1, 128, 133, 136, 70, 200 };
	struct say what;

	if (!answer(s, &what))
		return;
	what.code = codes[pick(s, 7)];
	if (pick(s, 4) == 1)
		what.lifetime = (uint16_t)(read_u8(&s->in) << 3);
	if (pick(s, 8) == 1)
		what.home_agent = pick(s, 2) ? OTHER_AGENT : HOME_AGENT;
	what.spoil_fa_ha = what.fa_ha && pick(s, 8) == 1;
	what.mn_ha = pick(s, 8) == 1 ? 0 : 1;
	what.fa_ha = pick(s, 8) == 1 ? pick(s, 3) : what.fa_ha;
	if (what.spoil_fa_ha && !what.fa_ha)
		what.spoil_fa_ha = false;
	say(s, &what);
}

static void plain_answer(struct storm *s)
{
	struct say what;

	if (answer(s, &what))
		say(s, &what);
}

static void raw_datagram(struct storm *s, bool from_link)
{
	const size_t len = read_u8(&s->in) & 63;
	struct ask way = usual_ask();
	struct reader bytes;

	way.no_mac = !from_link;
	way.dst = from_link ? OUR_ADDRESS : CARE_OF;
	bytes = reader_split(&s->in,
			     len < reader_left(&s->in) ? len : reader_left(&s->in));
	see_reply(s, bytes);
	fa_world_bytes(&s->w, &way, bytes.at, reader_left(&bytes));
}

static void raw_icmp(struct storm *s)
{
	const size_t len = read_u8(&s->in) & 63;
	uint8_t bytes[256] = { 0 };
	struct reader from = reader_split(
		&s->in, len < reader_left(&s->in) ? len : reader_left(&s->in));
	size_t n = reader_left(&from);
	uint16_t sum;

	if (n < 4)
		return;
	memcpy(bytes, from.at, n);
	bytes[2] = bytes[3] = 0;
	sum = checksum_of(bytes, n);
	bytes[2] = (uint8_t)(sum >> 8);
	bytes[3] = (uint8_t)sum;
	fa_world_icmp(&s->w, bytes[0] == 10 ? VISIT1 : CORE, bytes, n);
}

static void change_links(struct storm *s)
{
	const uint8_t what = pick(s, 4);
	const unsigned which = pick(s, 3);
	struct links *links = &s->w.links;

	*links = s->whole;
	if (what == 1)
		links->link[which].up = false;
	if (what == 2)
		links_remove(links, links->link[which].ifindex);
	fa_core_links(s->w.fa, links, s->w.now, &s->w.fx);
}

static void reload(struct storm *s)
{
	struct fa_config *c = &s->w.config;
	const uint8_t bits = read_u8(&s->in) & read_u8(&s->in);

	c->gre = !(bits & 1);
	c->reverse_tunnel = !(bits & 2);
	c->any_home_agent = !(bits & 4);
	c->reverse_tunnel_required = bits & 8;
	c->max_visitors = bits & 16 ? 2 : MAX_VISITORS;
	c->advert_count = bits & 32 ? 1 : 2;
	c->max_lifetime = bits & 64 ? 30 : 1800;
	PROMISED(s, fa_core_reconfigure(s->w.fa, c, s->w.now, &s->w.fx) == 0);
}

static void pass(struct storm *s)
{
	const uint8_t amount = read_u8(&s->in);
	struct fa_world *w = &s->w;

	fa_world_pass(w, amount & 1 ? duration_s(amount) : duration_ms(amount * 8));
	PROMISED(s, instant_before(w->now.mono, fa_core_next_deadline(w->fa)));
}

static void clear_visitor(struct storm *s)
{
	struct fa_world *w = &s->w;
	const struct in_addr home = { htonl(0x0a01000a + pick(s, 8)) };

	fa_core_clear_visitor(w->fa, home, w->now, &w->fx);
	PROMISED(s, fa_world_visitor(w, home) == NULL);
}

static void happen(struct storm *s)
{
	struct ask a;

	switch (happenings[pick(s, HAPPENINGS)]) {
	case EVENT_ASK:
		a = random_ask(s);
		fa_world_ask(&s->w, &a);
		break;
	case EVENT_ASK_PLAIN:
		a = plain_ask(s);
		fa_world_ask(&s->w, &a);
		break;
	case EVENT_ANSWER:
		random_answer(s);
		break;
	case EVENT_ANSWER_PLAIN:
		plain_answer(s);
		break;
	case EVENT_BYTES_FROM_LINK:
		raw_datagram(s, true);
		break;
	case EVENT_BYTES_FROM_CORE:
		raw_datagram(s, false);
		break;
	case EVENT_ICMP:
		raw_icmp(s);
		break;
	case EVENT_TIME:
		pass(s);
		break;
	case EVENT_FAIL_NEXT:
		s->fail_next = true;
		break;
	case EVENT_LINK:
		change_links(s);
		break;
	case EVENT_RELOAD:
		reload(s);
		break;
	case EVENT_CLEAR:
		clear_visitor(s);
		break;
	}
}

static void stop(struct storm *s)
{
	struct fa_world *w = &s->w;

	s->fail_next = false;
	fa_core_stop(w->fa, w->now, &w->fx);
	perform(s);
	PROMISED(s, fa_core_visitor_count(w->fa) == 0 && fa_world_pending(w) == 0);
	for (unsigned i = 0; i < s->home_count; i++)
		PROMISED(s, !s->homes[i].path && !s->homes[i].rule);
}

const char *fa_storm(const uint8_t *octets, size_t len, struct fa_storm_report *report)
{
	struct storm s = { .in = reader_over(octets, len), .report = report };

	*report = (struct fa_storm_report){ 0 };
	fa_world_config(&s.w);
	s.w.config.max_visitors = MAX_VISITORS;
	s.w.config.max_pending = MAX_PENDING;
	s.whole = s.w.links;
	fa_world_start(&s.w);
	perform(&s);
	for (unsigned i = 0; i < EVENTS_MAX && reader_left(&s.in) && !s.broken; i++) {
		happen(&s);
		perform(&s);
		check(&s);
	}
	stop(&s);
	fa_world_end(&s.w);
	return s.broken;
}
