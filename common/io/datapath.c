/* SPDX-License-Identifier: ISC */
/*
 * Packets between the kernel and the pipeline, a vector at a time.
 */
#include "common/io/datapath.h"

#include "common/io/host.h"
#include "common/io/outer_way.h"
#include "common/io/pktio.h"
#include "common/io/udp_runs.h"
#include "common/tunnel/pipeline.h"
#include "common/wire/icmp.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Twice a vector on every way through, and room for copies and fragments. */
enum { POOL_PACKETS = 1024 };

/* So many packets at once are part of a stream: more will come. */
enum { STREAM = 2 };

/* Pairs of ends come and go: how long at most until their keepalives are noticed. */
enum { KEEPALIVE_LOOK_S = 5 };

/* The descriptors that packets come from; those after FROM_ICMP only when asked for. */
enum source {
	FROM_TUN,
	FROM_IPIP,
	FROM_GRE,
	FROM_ESP,
	FROM_MINIMAL,
	FROM_ICMP,
	FROM_ESP_UDP,
	FROM_GRE_UDP,
	FROM_MIP_DATA,
	SOURCE_COUNT,
	SOURCES_AT_START = FROM_ESP_UDP
};

struct datapath {
	struct datapath_config config;
	struct loop *loop; /* once started */
	struct pkt_pool pool;
	struct fwd *fwd;
	struct pipeline *pipeline;
	struct pktio in[SOURCE_COUNT]; /* FROM_TUN also takes packets */
	struct pktio wire;
	struct udp_runs runs; /* of what goes out on the wire */
	struct outer_ways *ways;
	struct pktio link;
	struct loop_watch *watch[SOURCE_COUNT];
	struct loop_watch *keepalives;
	struct loop_watch *probes;
	int tun;

	/* While what came out of the pipeline is being sent. */
	struct now now;
	struct pipeline_out again; /* what refusals lead to */
};

static bool owns(const void *arg, struct in_addr addr)
{
	const struct datapath *dp = arg;

	return links_owns(dp->config.links, addr);
}

static uint16_t link_mtu(const void *arg, int ifindex)
{
	const struct datapath *dp = arg;
	const struct link *link = links_by_index(dp->config.links, ifindex);

	return link ? link->mtu : 0;
}

static struct in_addr inside(const void *arg, const struct ipv4_prefix *nets,
			     unsigned count)
{
	const struct datapath *dp = arg;
	struct in_addr own = { 0 };

	for (unsigned i = 0; own.s_addr == 0 && i < count; i++)
		own = links_own_in(dp->config.links, nets[i]);
	return own;
}

/* The way out of the wire was too narrow: the pipeline learns and tells senders. */
static void wire_refused(void *arg, struct pkt *p, int error)
{
	struct datapath *dp = arg;

	if (error == EMSGSIZE)
		pipeline_too_big(dp->pipeline, p, pktio_path_mtu(pkt_ipv4(p)->dst),
				 dp->now, &dp->again);
	else
		pipeline_drop(dp->pipeline, p, DROP_SEND);
}

static void refused(void *arg, struct pkt *p, int error)
{
	struct datapath *dp = arg;

	(void)error;
	pipeline_drop(dp->pipeline, p, DROP_SEND);
}

static void send_queues(struct datapath *dp, struct pipeline_out *out)
{
	const struct pktio_refusal on_wire = { wire_refused, dp };
	const struct pktio_refusal on_other = { refused, dp };

	dp->wire.ops->send(&dp->wire, &out->wire, &on_wire);
	dp->in[FROM_TUN].ops->send(&dp->in[FROM_TUN], &out->kernel, &on_other);
	dp->link.ops->send(&dp->link, &out->link, &on_other);
}

/* Send what came out; what refusals lead to is sent too, but leads no further. */
static void send_out(struct datapath *dp, struct pipeline_out *out, struct now now)
{
	struct pipeline_out again;

	dp->now = now;
	send_queues(dp, out);
	again = dp->again;
	dp->again = (struct pipeline_out){ 0 };
	send_queues(dp, &again);
	pipeline_out_give(dp->pipeline, &dp->again);
	dp->again = (struct pipeline_out){ 0 };
}

static void read_from(struct datapath *dp, enum source s, struct pkt_vec *v)
{
	v->count = 0;
	v->now = host_now();
	dp->in[s].ops->recv(&dp->in[s], v);
	if (v->count >= STREAM)
		loop_gather(dp->loop);
	if (dp->in[s].more)
		loop_again(dp->watch[s]);
}

static void on_tun(void *arg)
{
	struct datapath *dp = arg;
	struct pipeline_out out = { 0 };
	struct pkt_vec v;

	read_from(dp, FROM_TUN, &v);
	pipeline_outbound(dp->pipeline, &v, &out);
	send_out(dp, &out, v.now);
}

static void on_tunnelled(struct datapath *dp, enum source s)
{
	struct pipeline_out out = { 0 };
	struct pkt_vec v;

	read_from(dp, s, &v);
	pipeline_inbound(dp->pipeline, &v, &out);
	send_out(dp, &out, v.now);
}

static void on_ipip(void *arg)
{
	on_tunnelled(arg, FROM_IPIP);
}

static void on_gre(void *arg)
{
	on_tunnelled(arg, FROM_GRE);
}

static void on_esp(void *arg)
{
	on_tunnelled(arg, FROM_ESP);
}

static void on_minimal(void *arg)
{
	on_tunnelled(arg, FROM_MINIMAL);
}

static void on_esp_udp(void *arg)
{
	on_tunnelled(arg, FROM_ESP_UDP);
}

static void on_gre_udp(void *arg)
{
	on_tunnelled(arg, FROM_GRE_UDP);
}

static void on_mip_data(void *arg)
{
	on_tunnelled(arg, FROM_MIP_DATA);
}

static void on_keepalives(void *arg)
{
	struct datapath *dp = arg;
	struct now now = host_now();
	struct pipeline_out out = { 0 };
	instant_t look = instant_add(now.mono, duration_s(KEEPALIVE_LOOK_S));
	instant_t next = pipeline_keepalives(dp->pipeline, now, &out);

	send_out(dp, &out, now);
	loop_set_timer(dp->keepalives, instant_min(next, look), now.mono);
}

static void on_probes(void *arg)
{
	struct datapath *dp = arg;
	struct now now = host_now();
	struct pipeline_out out = { 0 };
	instant_t next = pipeline_probes(dp->pipeline, now, &out);

	send_out(dp, &out, now);
	loop_set_timer(dp->probes, next, now.mono);
}

void datapath_probe(struct datapath *dp)
{
	if (dp->probes)
		on_probes(dp);
}

/* Whether an error quotes a datagram to or from the registration port. */
static bool is_about_registration(const struct icmp_message *m)
{
	struct reader r = reader_over(m->body, m->body_len);
	uint8_t header = (uint8_t)((read_u8(&r) & 15) * 4), protocol;
	uint16_t src_port, dst_port;

	read_skip(&r, 8);
	protocol = read_u8(&r);
	read_skip(&r, (size_t)(header >= IPV4_HEADER ? header : IPV4_HEADER) - 10);
	src_port = read_u16(&r);
	dst_port = read_u16(&r);
	return !r.bad && protocol == PROTO_UDP &&
	       (src_port == MIP_PORT || dst_port == MIP_PORT);
}

/* Hands an error about a registration to the control plane; true if it was one. */
static bool take_registration_error(struct datapath *dp, const struct pkt *p)
{
	struct icmp_message m;
	struct icmp_datagram dg;

	if (!icmp_open(p->data, p->len, &m) || !is_about_registration(&m))
		return false;
	dg = (struct icmp_datagram){ .message = reader_over(p->data, p->len),
				     .src = m.src,
				     .dst = m.dst };
	read_skip(&dg.message, ipv4_header_len(pkt_ipv4_of(p)));
	dp->config.icmp(dp->config.arg, &dg);
	return true;
}

static void on_icmp(void *arg)
{
	struct datapath *dp = arg;
	struct pipeline_out out = { 0 };
	struct pkt_vec v, rest;

	read_from(dp, FROM_ICMP, &v);
	rest.now = v.now;
	rest.count = 0;
	for (unsigned i = 0; i < v.count; i++) {
		if (take_registration_error(dp, v.pkt[i]))
			pkt_give(&dp->pool, v.pkt[i]);
		else
			pkt_vec_add(&rest, v.pkt[i]);
	}
	pipeline_icmp(dp->pipeline, &rest, &out);
	send_out(dp, &out, v.now);
}

static const struct {
	loop_fn *fn;
	uint8_t protocol;
	const char *what;
} sources[SOURCE_COUNT] = {
	[FROM_TUN] = { on_tun, 0, "TUN device" },
	[FROM_IPIP] = { on_ipip, PROTO_IPIP, "raw socket for IP-in-IP" },
	[FROM_GRE] = { on_gre, PROTO_GRE, "raw socket for GRE" },
	[FROM_MINIMAL] = { on_minimal, PROTO_MINIMAL,
			   "raw socket for minimal encapsulation" },
	[FROM_ESP] = { on_esp, PROTO_ESP, "raw socket for ESP" },
	[FROM_ICMP] = { on_icmp, PROTO_ICMP, "raw socket for ICMP" },
	[FROM_ESP_UDP] = { on_esp_udp, 0, "UDP socket for ESP" },
	[FROM_GRE_UDP] = { on_gre_udp, 0, "UDP socket for GRE" },
	[FROM_MIP_DATA] = { on_mip_data, 0, "raw socket for tunnel data" },
};

static int open_source(struct datapath *dp, enum source s)
{
	switch (s) {
	case FROM_TUN:
		return pktio_tun_open(&dp->in[s], dp->config.tun, &dp->tun);
	case FROM_ICMP:
		return pktio_icmp_open(&dp->in[s]);
	case FROM_ESP_UDP:
		return pktio_udp_open(&dp->in[s], dp->config.ports.esp);
	case FROM_GRE_UDP:
		return pktio_udp_open(&dp->in[s], dp->config.ports.gre);
	case FROM_MIP_DATA:
		return pktio_mip_data_open(&dp->in[s], dp->config.ports.mip);
	default:
		return pktio_raw_open(&dp->in[s], sources[s].protocol);
	}
}

static int open_sockets(struct datapath *dp, struct datapath_fault *fault)
{
	int error;

	for (enum source s = 0; s < SOURCES_AT_START; s++) {
		fault->what = sources[s].what;
		error = open_source(dp, s);
		if (error != 0)
			return error;
	}
	fault->what = "ways of outer packets";
	error = outer_ways_open(&dp->ways, dp->config.links);
	if (error != 0)
		return error;
	fault->what = "raw socket for outer packets";
	error = pktio_wire_open(&dp->wire, &dp->runs, dp->ways);
	if (error != 0)
		return error;
	fault->what = "packet socket for visitors";
	return pktio_packet_open(&dp->link, dp->config.links);
}

static int open_tables(struct datapath *dp, struct datapath_fault *fault)
{
	const struct pipeline_config config = { .pool = &dp->pool,
						.owns = owns,
						.link_mtu = link_mtu,
						.tell = dp->config.news,
						.tell_arg = dp->config.arg,
						.inside = inside,
						.rng = host_rng(),
						.arg = dp,
						.ports = dp->config.ports,
						.leave_unsummed = true };

	fault->what = "packet buffers and tables";
	if (pkt_pool_init(&dp->pool, POOL_PACKETS) != 0)
		return -ENOMEM;
	dp->fwd = fwd_new(dp->config.max_entries, dp->config.max_tunnels);
	if (!dp->fwd)
		return -ENOMEM;
	dp->pipeline = pipeline_new(dp->fwd, &config);
	return dp->pipeline ? 0 : -ENOMEM;
}

int datapath_open(struct datapath **out, const struct datapath_config *config,
		  struct datapath_fault *fault)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	int error;

	fault->what = "data path";
	if (!dp)
		return -ENOMEM;
	dp->config = *config;
	dp->config.ports = carrier_ports(config->ports);
	for (enum source s = 0; s < SOURCE_COUNT; s++)
		pktio_init(&dp->in[s], &dp->pool, config->counts);
	udp_runs_init(&dp->runs, config->counts);
	pktio_init(&dp->wire, &dp->pool, config->counts);
	pktio_init(&dp->link, &dp->pool, config->counts);

	error = open_tables(dp, fault);
	if (error == 0)
		error = open_sockets(dp, fault);
	if (error != 0) {
		datapath_close(dp);
		return error;
	}
	*out = dp;
	return 0;
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	loop_unwatch(dp->keepalives);
	loop_unwatch(dp->probes);
	udp_runs_fini(&dp->runs);
	for (enum source s = 0; s < SOURCE_COUNT; s++) {
		loop_unwatch(dp->watch[s]);
		pktio_close(&dp->in[s]);
	}
	pktio_close(&dp->wire);
	outer_ways_close(dp->ways);
	pktio_close(&dp->link);
	if (dp->pipeline)
		pipeline_free(dp->pipeline);
	if (dp->fwd)
		fwd_free(dp->fwd);
	pkt_pool_fini(&dp->pool);
	free(dp);
}

static int watch_source(struct datapath *dp, struct loop *loop, enum source s)
{
	dp->watch[s] = loop_watch_fd(loop, dp->in[s].fd, sources[s].fn, dp);
	return dp->watch[s] ? 0 : -ENOMEM;
}

int datapath_start(struct datapath *dp, struct loop *loop)
{
	int error = 0;

	dp->loop = loop;
	for (enum source s = 0; s < SOURCES_AT_START && error == 0; s++)
		error = watch_source(dp, loop, s);
	if (error != 0)
		return error;
	dp->probes = loop_watch_timer(loop, on_probes, dp);
	if (!dp->probes)
		return -ENOMEM;
	datapath_probe(dp);
	return 0;
}

static int start_keepalives(struct datapath *dp, struct loop *loop)
{
	if (!dp->keepalives)
		dp->keepalives = loop_watch_timer(loop, on_keepalives, dp);
	if (!dp->keepalives)
		return -ENOMEM;
	on_keepalives(dp);
	return 0;
}

/*
 * What leaves from the port of a carrier may do so in runs. That of GRE leaves from
 * others, too; of those that somebody has, packets go one by one.
 */
static void send_in_runs(struct datapath *dp, enum source s)
{
	if (s == FROM_MIP_DATA)
		return;
	udp_runs_lend(&dp->runs, dp->in[s].fd, dp->in[s].port);
	for (unsigned n = 0; s == FROM_GRE_UDP && n < CARRIER_FLOW_PORTS; n++)
		(void)udp_runs_bind(&dp->runs, carrier_flow_port(n));
}

int datapath_receive(struct datapath *dp, struct loop *loop, enum datapath_carrier c)
{
	static const enum source source_of[DATAPATH_CARRIERS] = {
		[DATAPATH_ESP_UDP] = FROM_ESP_UDP,
		[DATAPATH_GRE_UDP] = FROM_GRE_UDP,
		[DATAPATH_MIP_DATA] = FROM_MIP_DATA
	};
	enum source s = source_of[c];
	int error;

	if (dp->watch[s])
		return 0;
	error = open_source(dp, s);
	if (error == 0)
		error = watch_source(dp, loop, s);
	if (error == 0 && c == DATAPATH_ESP_UDP)
		error = start_keepalives(dp, loop);
	if (error == 0) {
		send_in_runs(dp, s);
		return 0;
	}
	loop_unwatch(dp->watch[s]);
	dp->watch[s] = NULL;
	pktio_close(&dp->in[s]);
	return error;
}

int datapath_reopen(struct datapath *dp, struct loop *loop)
{
	int error;

	loop_unwatch(dp->watch[FROM_TUN]);
	dp->watch[FROM_TUN] = NULL;
	pktio_close(&dp->in[FROM_TUN]);
	error = open_source(dp, FROM_TUN);
	return error ? error : watch_source(dp, loop, FROM_TUN);
}

void datapath_reserve(struct datapath *dp, size_t max_entries, size_t max_tunnels)
{
	fwd_reserve(dp->fwd, max_entries, max_tunnels);
}

int datapath_tun(const struct datapath *dp)
{
	return dp->tun;
}

struct fwd *datapath_fwd(struct datapath *dp)
{
	return dp->fwd;
}

void datapath_broadcast(struct datapath *dp, struct ipv4_prefix home_network,
			const uint8_t *packet, size_t len)
{
	struct pipeline_out out = { 0 };
	struct pkt_vec v = { .now = host_now() };
	struct pkt *p = pkt_take(&dp->pool);

	if (!p) {
		dp->config.counts->by[IO_NO_BUFFER]++;
		return;
	}
	p->len = len < pkt_room(p) ? len : pkt_room(p);
	memcpy(p->data, packet, p->len);
	pkt_vec_add(&v, p);
	pipeline_broadcast(dp->pipeline, &v, home_network, &out);
	send_out(dp, &out, v.now);
}

void datapath_counters(struct datapath *dp, struct counter_set sets[DATAPATH_COUNTERS])
{
	sets[0] = pipeline_drops(dp->pipeline);
	sets[1] = pipeline_packets(dp->pipeline);
}
