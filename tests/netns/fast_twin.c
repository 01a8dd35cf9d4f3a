/* SPDX-License-Identifier: ISC */
/*
 * The same packets through both data paths: the fast path's programme, run by the
 * kernel on frames of ours (BPF_PROG_TEST_RUN), and the pipeline of user space with the
 * same forwarding table.  fast_twin.sh makes the links and routes that the programme
 * asks about, and lists what must hold; here is
 *
 *     what the fast path takes, the pipeline takes too: the same octets come out, and
 *     the same is counted; only the identification of outer headers is each path's own
 *     what it leaves alone is as it was
 *     what is marked FAST, it takes
 *
 * for a table of packets, all their truncations and single flipped bits, and random
 * ones by seed.  And when routing or links change, it keeps to the old for no longer
 * than it says.
 */
#include "common/base/bytes.h"
#include "common/io/fastpath.h"
#include "common/io/host.h"
#include "common/io/rtnl.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/pipeline.h"
#include "tests/netns/fast_packets.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERNET = 14,
	TTL_AT = 8,
	ENTRIES = 64,
	FUZZ_AT_ONCE = 4,
	FAULTS_SHOWN = 20,
};

static const char *const link_names[LINKS] = { "in", "out", "visit" };
static const struct mac visitor_mac = { { 2, 0, 0, 0, 7, 1 } };

struct twin {
	struct links links;
	const struct link *link[LINKS];
	struct fastpath *fast;
	struct fwd *fwd;
	struct pipeline *pipeline;
	struct pkt_pool pool;
	unsigned long packets, taken, faults;
};

/* What came of a packet, on either path. */
struct outcome {
	bool taken;
	bool to_link; /* else by routing */
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static struct in_addr addr(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		die(text);
	return a;
}

static void fault(struct twin *t, const char *name, const char *what,
		  const uint8_t *packet, size_t len)
{
	if (t->faults++ >= FAULTS_SHOWN)
		return;
	printf("# %s: %s:", name, what);
	for (size_t i = 0; i < len && i < 100; i++)
		printf(" %02x", packet[i]);
	printf("\n");
}

/* ---- the table of both ---- */

static struct tunnel_spec spec(const char *local, const char *remote,
			       enum encap_kind kind, uint32_t key)
{
	return (struct tunnel_spec){ .local = addr(local),
				     .remote = addr(remote),
				     .encap = { .kind = kind,
						.gre_key = key != 0,
						.gre_key_out = key + 1,
						.gre_key_in = key,
						.fast_path = FAST_PATH_REQUIRED } };
}

static void apply(struct twin *t, struct fwd_edit edit)
{
	if (fwd_apply(t->fwd, &edit) != 0)
		die("an edit failed");
}

static void bind_node(struct twin *t, const char *home, struct tunnel_spec tunnel)
{
	apply(t, (struct fwd_edit){ .kind = FWD_BINDING_SET,
				    .home = addr(home),
				    .tunnel = tunnel,
				    .reverse = true });
}

static void visit(struct twin *t, const char *home, struct tunnel_spec tunnel)
{
	apply(t, (struct fwd_edit){ .kind = FWD_VISITOR_SET,
				    .home = addr(home),
				    .tunnel = tunnel,
				    .reverse = true,
				    .ifindex = t->link[LINK_VISIT]->ifindex,
				    .mac = visitor_mac });
}

/* 10.1.0.x are at home here and away, 10.7.0.x visit; the last digit says by what. */
static void fill(struct twin *t)
{
	struct tunnel_spec odd = spec("10.0.1.2", "10.0.2.6", ENCAP_GRE, 0);

	bind_node(t, "10.1.0.1", spec("10.0.1.2", "10.0.2.1", ENCAP_GRE, 0));
	bind_node(t, "10.1.0.2", spec("10.0.1.2", "10.0.2.2", ENCAP_GRE, 7));
	bind_node(t, "10.1.0.3", spec("10.0.1.2", "10.0.2.3", ENCAP_IPIP, 0));
	odd.encap.dscp = DSCP_PIPE;
	odd.encap.dscp_value = 10;
	odd.encap.ttl = 33;
	odd.encap.mtu = 1400;
	bind_node(t, "10.1.0.6", odd);
	/* Not for the fast path: each must be left alone, whatever comes. */
	odd = spec("10.0.1.2", "10.0.2.4", ENCAP_GRE, 0);
	odd.encap.gre_sequence = true;
	bind_node(t, "10.1.0.4", odd);
	odd = spec("10.0.1.2", "10.0.2.7", ENCAP_GRE, 0);
	odd.encap.fast_path = FAST_PATH_AUTO;
	bind_node(t, "10.1.0.7", odd);
	bind_node(t, "10.1.0.5", spec("10.0.1.2", "10.0.2.1", ENCAP_GRE, 0));
	bind_node(t, "10.1.0.5", spec("10.0.1.2", "10.0.2.5", ENCAP_IPIP, 0));
	bind_node(t, "10.1.0.8", spec("10.0.1.2", "10.0.2.8", ENCAP_MINIMAL, 0));

	bind_node(t, "10.1.0.10", spec("10.0.1.2", "10.0.4.1", ENCAP_GRE, 0));

	visit(t, "10.7.0.1", spec("10.0.1.2", "10.0.3.1", ENCAP_GRE, 0));
	visit(t, "10.7.0.2", spec("10.0.1.2", "10.0.3.2", ENCAP_GRE, 9));
	visit(t, "10.7.0.3", spec("10.0.1.2", "10.0.3.3", ENCAP_IPIP, 0));
}

/* ---- the fast path ---- */

static size_t frame(const struct twin *t, const struct fast_row *row,
		    const uint8_t *packet, size_t len, uint8_t to[FRAME_MAX])
{
	static const struct mac stranger = { { 2, 0, 0, 0, 9, 9 } };
	const struct mac *src = row->from_visitor ? &visitor_mac : &stranger;

	memcpy(to, t->link[row->link]->mac.octet, MAC_LEN);
	memcpy(to + MAC_LEN, src->octet, MAC_LEN);
	to[12] = 8;
	to[13] = 0;
	memcpy(to + ETHERNET, packet, len);
	return ETHERNET + len;
}

static struct outcome run_fast(struct twin *t, const struct fast_row *row,
			       const uint8_t *packet, size_t len)
{
	uint8_t in[FRAME_MAX + ETHERNET], out[2 * FRAME_MAX];
	struct __sk_buff context = {
		.ifindex = (uint32_t)t->link[row->link]->ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in, .data_out = out,
		    .data_size_in = (uint32_t)frame(t, row, packet, len, in),
		    .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);
	struct outcome o = { 0 };

	/* Some it will not even make into a packet: those never come to it either. */
	if (bpf_prog_test_run_opts(fastpath_programme(t->fast), &run) != 0)
		return o;
	o.taken = run.retval == TC_ACT_REDIRECT;
	o.len = run.data_size_out - ETHERNET;
	memcpy(o.bytes, out + ETHERNET, o.len);
	if (!o.taken && run.retval != (uint32_t)TC_ACT_UNSPEC)
		fault(t, row->name, "neither taken nor left alone", packet, len);
	if (!o.taken && memcmp(out + ETHERNET, packet, o.len) != 0)
		fault(t, row->name, "left alone, but changed", packet, len);
	o.to_link = memcmp(out, visitor_mac.octet, MAC_LEN) == 0 &&
		    memcmp(out + MAC_LEN, t->link[LINK_VISIT]->mac.octet, MAC_LEN) == 0;
	return o;
}

/* ---- user space, and what the kernel does around it ---- */

/* Routing to or from the device counts the hop; false when that was the last. */
static bool route(struct pkt *p)
{
	if (pkt_check(p) != DROP_NONE || pkt_ipv4(p)->ttl <= 1)
		return false;
	ipv4_set_ttl(pkt_ipv4(p), (uint8_t)(pkt_ipv4(p)->ttl - 1));
	return true;
}

/* What went through, if it was one packet; an error to its sender is no way. */
static bool is_through(struct pkt *p, bool to_kernel, bool to_link)
{
	if (to_kernel)
		return route(p);
	return p->len <= FRAME_MAX && (to_link || pkt_ipv4(p)->protocol != PROTO_ICMP);
}

static struct outcome outcome_of(struct twin *t, struct pipeline_out *out)
{
	bool to_link = out->link.count > 0, to_kernel = out->kernel.count > 0;
	struct pkt_queue *q = to_link     ? &out->link
			      : to_kernel ? &out->kernel
					  : &out->wire;
	struct pkt *p = q->count == 1 ? pkt_queue_pop(q) : NULL;
	struct outcome o = { .to_link = to_link };

	if (p && is_through(p, to_kernel, to_link)) {
		o.taken = true;
		o.len = p->len;
		memcpy(o.bytes, p->data, o.len);
	}
	pkt_give(&t->pool, p);
	return o;
}

static bool is_tunnelled(const struct pkt *p)
{
	return p->len >= IPV4_HEADER && (pkt_ipv4_of(p)->protocol == PROTO_GRE ||
					 pkt_ipv4_of(p)->protocol == PROTO_IPIP);
}

static void run_pipeline(struct twin *t, struct pkt *p, struct pipeline_out *out)
{
	struct pkt_vec v = { .now = host_now() };

	if (is_tunnelled(p)) {
		pkt_vec_add(&v, p);
		pipeline_inbound(t->pipeline, &v, out);
	} else if (route(p)) {
		pkt_vec_add(&v, p);
		pipeline_outbound(t->pipeline, &v, out);
	} else {
		pkt_give(&t->pool, p);
	}
}

static struct outcome run_user(struct twin *t, const uint8_t *packet, size_t len)
{
	struct pipeline_out out = { 0 };
	struct pkt *p = pkt_take(&t->pool);
	struct outcome o;

	if (!p)
		die("no buffer");
	memcpy(p->data, packet, len);
	p->len = len;
	run_pipeline(t, p, &out);
	o = outcome_of(t, &out);
	pipeline_out_give(t->pipeline, &out);
	return o;
}

/* ---- comparing ---- */

/* The identification of an outer header is out of the comparison. */
static void normalise(struct outcome *o)
{
	struct ipv4 ip;

	memcpy(&ip, o->bytes, sizeof(ip));
	if (ip.src.s_addr != addr("10.0.1.2").s_addr)
		return;
	ip.id = 0;
	ipv4_seal(&ip);
	memcpy(o->bytes, &ip, sizeof(ip));
}

struct sums {
	struct tunnel_counts user, fast;
};

static void add_counts(struct tunnel_counts *to, const struct tunnel_counts *c)
{
	to->in_packets += c->in_packets;
	to->in_octets += c->in_octets;
	to->out_packets += c->out_packets;
	to->out_octets += c->out_octets;
}

static struct sums count_all(const struct twin *t)
{
	struct sums s = { 0 };

	for (const struct tunnel *at = t->fwd->tunnels; at; at = at->hh.next) {
		struct tunnel_counts c;

		add_counts(&s.user, &at->counts);
		if (fastpath_counts(t->fast, at, &c))
			add_counts(&s.fast, &c);
	}
	return s;
}

static bool same_steps(const struct sums *a, const struct sums *b)
{
	return b->user.in_packets - a->user.in_packets ==
		       b->fast.in_packets - a->fast.in_packets &&
	       b->user.in_octets - a->user.in_octets ==
		       b->fast.in_octets - a->fast.in_octets &&
	       b->user.out_packets - a->user.out_packets ==
		       b->fast.out_packets - a->fast.out_packets &&
	       b->user.out_octets - a->user.out_octets ==
		       b->fast.out_octets - a->fast.out_octets;
}

static const char *difference(struct outcome *fast, struct outcome *user,
			      const struct sums *before, const struct sums *after)
{
	if (!user->taken)
		return "taken, though user space would not";
	if (fast->to_link != user->to_link)
		return "sent another way";
	normalise(fast);
	normalise(user);
	if (fast->len != user->len || memcmp(fast->bytes, user->bytes, fast->len) != 0)
		return "other octets";
	return same_steps(before, after) ? NULL : "other counts";
}

/* One packet through both; whether the fast path took it. */
static bool both(struct twin *t, const struct fast_row *row, const uint8_t *packet,
		 size_t len)
{
	struct sums before = count_all(t), after;
	struct outcome fast = run_fast(t, row, packet, len), user;
	const char *what = NULL;

	t->packets++;
	user = run_user(t, packet, len);
	after = count_all(t);
	if (fast.taken)
		what = difference(&fast, &user, &before, &after);
	else if (memcmp(&before.fast, &after.fast, sizeof(before.fast)) != 0)
		what = "counted, though left alone";
	if (what)
		fault(t, row->name, what, packet, len);
	t->taken += fast.taken;
	return fast.taken;
}

/* ---- the rounds ---- */

static void result(struct twin *t, const char *what)
{
	printf("%s - %s (%lu packets, %lu taken)\n", t->faults ? "not ok" : "ok", what,
	       t->packets, t->taken);
	t->packets = t->taken = t->faults = 0;
}

static void try_table(struct twin *t)
{
	uint8_t packet[FRAME_MAX];

	for (size_t i = 0; i < fast_rows(); i++) {
		size_t len = fast_packet(fast_row(i), packet);
		bool taken = both(t, fast_row(i), packet, len);

		if (taken != fast_row(i)->fast)
			fault(t, fast_row(i)->name, taken ? "taken" : "not taken",
			      packet, len);
	}
	result(t, "each packet of the table goes its way");
}

static void try_truncations(struct twin *t)
{
	uint8_t packet[FRAME_MAX];

	for (size_t i = 0; i < fast_rows(); i++)
		for (size_t n = fast_packet(fast_row(i), packet); n-- > 0;)
			both(t, fast_row(i), packet, n);
	result(t, "truncated packets go like user space, or there");
}

static void try_flips(struct twin *t)
{
	uint8_t packet[FRAME_MAX];

	for (size_t i = 0; i < fast_rows(); i++) {
		size_t len = fast_packet(fast_row(i), packet);

		for (size_t bit = 0; bit < 8 * len; bit++) {
			packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
			both(t, fast_row(i), packet, len);
			fast_seal(packet, len);
			both(t, fast_row(i), packet, len);
			len = fast_packet(fast_row(i), packet);
		}
	}
	result(t, "packets with a flipped bit, checksums right and wrong");
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

static void try_random(struct twin *t, uint64_t seed, unsigned count)
{
	uint8_t packet[FRAME_MAX];
	uint64_t state = seed;

	for (unsigned n = 0; n < count; n++) {
		const struct fast_row *row =
			fast_row(draw(&state, (uint32_t)fast_rows()));
		struct fast_row from = *row;
		size_t len = fast_packet(row, packet);

		from.link = (int)draw(&state, LINKS);
		from.from_visitor = draw(&state, 2);
		for (uint32_t i = draw(&state, FUZZ_AT_ONCE); i-- > 0;)
			packet[draw(&state, (uint32_t)len)] =
				(uint8_t)draw(&state, 256);
		if (draw(&state, 4) == 0)
			len += draw(&state, 1400);
		packet[2] = (uint8_t)(draw(&state, 2) ? packet[2] : len >> 8);
		packet[3] = (uint8_t)(draw(&state, 2) ? packet[3] : len);
		fast_seal(packet, len);
		both(t, draw(&state, 2) ? row : &from, packet, len);
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	result(t, "random packets");
}

/* ---- changes of routing ---- */

/* A command that changes the kernel's mind about a packet, and one that undoes it. */
struct change {
	const char *what, *packet, *off, *on;
};

static const struct change changes[] = {
#define CHANGE(what, packet, off, on) { what, packet, off, on },
#include "tests/netns/fast_changes.def"
#undef CHANGE
};

static const struct fast_row *row_of(const char *name)
{
	for (size_t i = 0; i < fast_rows(); i++)
		if (strcmp(fast_row(i)->name, name) == 0)
			return fast_row(i);
	die(name);
	return NULL;
}

static void command(const char *text)
{
	if (system(text) != 0)
		die(text);
}

/*
 * Ask until it answers so.  No question that was put more than `age` after the change
 * may be answered otherwise, however long each takes.
 */
static void settle(struct twin *t, const struct change *c, bool taken, duration_t age)
{
	const struct fast_row *row = row_of(c->packet);
	uint8_t packet[FRAME_MAX];
	size_t len = fast_packet(row, packet);
	instant_t last = instant_add(host_now().mono, age);
	bool late = false, as_asked = false;

	while (!as_asked && !late) {
		late = instant_due(last, host_now().mono);
		as_asked = run_fast(t, row, packet, len).taken == taken;
		t->packets++;
	}
	if (!as_asked)
		fault(t, c->what, taken ? "not taken again" : "still taken", packet,
		      len);
}

static void try_changes(struct twin *t)
{
	const duration_t remembered = duration_ms(30), seconds = duration_ms(10000);

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		settle(t, &changes[i], true, seconds);
		command(changes[i].off);
		settle(t, &changes[i], false, remembered);
		command(changes[i].on);
		settle(t, &changes[i], true, seconds);
	}
	result(t, "what changes in the kernel's routing is followed");
}

/* ---- life ---- */

static bool owns(const void *arg, struct in_addr a)
{
	const struct twin *t = arg;

	return links_owns(&t->links, a);
}

static void say_refused(void *arg, const struct link *link, int error)
{
	(void)arg;
	printf("# %s: %s\n", link->name, strerror(-error));
	die("a link refused");
}

static void open_links(struct twin *t, const char *tun)
{
	const struct link *device;
	struct rtnl *rtnl;

	if (rtnl_open(&rtnl) != 0 || rtnl_load(rtnl, &t->links) != 0)
		die("cannot read links");
	rtnl_close(rtnl);
	for (int i = 0; i < LINKS; i++) {
		t->link[i] = links_by_name(&t->links, link_names[i]);
		if (!t->link[i])
			die(link_names[i]);
	}
	device = links_by_name(&t->links, tun);
	if (!device)
		die(tun);
	fastpath_see_links(t->fast, &t->links, device->ifindex, say_refused, NULL);
}

int main(int argc, char **argv)
{
	static struct twin t;
	const struct fastpath_sizes sizes = { ENTRIES, ENTRIES, ENTRIES };
	/* Errors to senders are of no interest here, but must not hide the rest. */
	const struct pipeline_config config = { .pool = &t.pool,
						.owns = owns,
						.arg = &t,
						.guard_sources = true,
						.icmp_rate = 1,
						.icmp_burst = 1 };
	int error = fastpath_open(&t.fast, &sizes);

	if (argc != 4)
		die("usage: fast_twin TUN SEED COUNT");
	if (error != 0) {
		printf("1..0 # SKIP no fast path: %s\n", strerror(-error));
		return 77;
	}
	open_links(&t, argv[1]);
	t.fwd = fwd_new(ENTRIES, ENTRIES);
	if (!t.fwd || pkt_pool_init(&t.pool, ENTRIES) != 0)
		die("out of memory");
	t.pipeline = pipeline_new(t.fwd, &config);
	if (!t.pipeline)
		die("out of memory");
	fastpath_mirror(t.fast, t.fwd);
	fill(&t);

	try_table(&t);
	try_truncations(&t);
	try_flips(&t);
	try_random(&t, strtoull(argv[2], NULL, 10),
		   (unsigned)strtoul(argv[3], NULL, 10));
	try_changes(&t);

	fastpath_close(t.fast);
	pipeline_free(t.pipeline);
	fwd_free(t.fwd);
	pkt_pool_fini(&t.pool);
	return 0;
}
