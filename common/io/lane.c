/* SPDX-License-Identifier: ISC */
/*
 * Packets between the kernel and the pipeline, a vector at a time.
 */
#include "common/io/lane.h"

#include "common/io/host.h"
#include "common/io/outer_way.h"
#include "common/wire/icmp.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <stdlib.h>

/* Twice a vector on every way through, and room for copies and fragments. */
enum { POOL_PACKETS = 1024 };

/* So many packets at once are part of a stream: more will come. */
enum { STREAM = 2 };

struct lane {
	struct lane_world *world;
	struct loop *loop;
	struct pkt_pool pool;
	struct pipeline *pipeline;
	struct pktio in[LANE_SOURCES]; /* FROM_TUN also takes packets */
	struct loop_watch *watch[LANE_SOURCES];
	struct pktio wire;
	struct pktio link;
	struct outer_ways *ways;
	struct pkt_queue too_big; /* that the wire has refused */
	struct pkt_queue unsent;  /* that it, or another, has refused otherwise */
};

/* ---- what the pipeline asks ---- */

static bool owns(const void *arg, struct in_addr addr)
{
	const struct lane_world *world = arg;

	return links_owns(&world->links, addr);
}

static uint16_t link_mtu(const void *arg, int ifindex)
{
	const struct lane_world *world = arg;
	const struct link *link = links_by_index(&world->links, ifindex);

	return link ? link->mtu : 0;
}

static struct in_addr inside(const void *arg, const struct ipv4_prefix *nets,
			     unsigned count)
{
	const struct lane_world *world = arg;
	struct in_addr own = { 0 };

	for (unsigned i = 0; own.s_addr == 0 && i < count; i++)
		own = links_own_in(&world->links, nets[i]);
	return own;
}

/* ---- sending ---- */

static void wire_refused(void *arg, struct pkt *p, int error)
{
	struct lane *l = arg;

	pkt_queue_add(error == EMSGSIZE ? &l->too_big : &l->unsent, p);
}

static void refused(void *arg, struct pkt *p, int error)
{
	struct lane *l = arg;

	(void)error;
	pkt_queue_add(&l->unsent, p);
}

static void send_to(struct lane *l, struct pktio *io, struct pkt_queue *q,
		    void (*on_refused)(void *arg, struct pkt *p, int error))
{
	const struct pktio_refusal r = { on_refused, l };
	struct pkt *p;

	if (io->ops)
		io->ops->send(io, q, &r);
	while ((p = pkt_queue_pop(q)))
		on_refused(l, p, EBADF);
}

static void send_queues(struct lane *l, struct pipeline_out *out)
{
	send_to(l, &l->wire, &out->wire, wire_refused);
	send_to(l, &l->in[FROM_TUN], &out->kernel, refused);
	send_to(l, &l->link, &out->link, refused);
}

/* Out of the table again, so that it may be changed: the pipeline learns. */
static void settle_refused(struct lane *l, struct now now, struct pipeline_out *more)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(&l->too_big)))
		pipeline_too_big(l->pipeline, p, pktio_path_mtu(pkt_ipv4(p)->dst), now,
				 more);
	pipeline_drop_all(l->pipeline, &l->unsent, DROP_SEND);
}

/* What refusals lead to is sent too, but leads no further. */
static void send_out(struct lane *l, struct pipeline_out *out, struct now now)
{
	struct pipeline_out more = { 0 };

	send_queues(l, out);
	pipeline_sent(l->pipeline);
	if (l->too_big.count == 0 && l->unsent.count == 0)
		return;
	settle_refused(l, now, &more);
	send_queues(l, &more);
	pipeline_sent(l->pipeline);
	pipeline_drop_all(l->pipeline, &l->too_big, DROP_TOO_BIG);
	pipeline_drop_all(l->pipeline, &l->unsent, DROP_SEND);
}

struct pipeline *lane_begin(struct lane *l)
{
	pthread_rwlock_rdlock(&l->world->edge);
	return l->pipeline;
}

void lane_end(struct lane *l, struct pipeline_out *out, struct now now)
{
	send_out(l, out, now);
	pthread_rwlock_unlock(&l->world->edge);
}

/* ---- a vector ---- */

static void read_from(struct lane *l, enum lane_source s, struct pkt_vec *v)
{
	v->count = 0;
	v->now = host_now();
	l->in[s].ops->recv(&l->in[s], v);
	if (v->count >= STREAM)
		loop_gather(l->loop);
	if (l->in[s].more)
		loop_again(l->watch[s]);
}

typedef void stage_fn(struct pipeline *pl, struct pkt_vec *v, struct pipeline_out *out);

static void pass_through(struct lane *l, struct pkt_vec *v, stage_fn *stage)
{
	struct pipeline_out out = { 0 };

	if (v->count == 0)
		return;
	stage(lane_begin(l), v, &out);
	lane_end(l, &out, v->now);
}

static void on_tun(void *arg)
{
	struct lane *l = arg;
	struct pkt_vec v;

	read_from(l, FROM_TUN, &v);
	pass_through(l, &v, pipeline_outbound);
}

static void on_tunnelled(struct lane *l, enum lane_source s)
{
	struct pkt_vec v;

	read_from(l, s, &v);
	pass_through(l, &v, pipeline_inbound);
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

/* ---- ICMP ---- */

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
static bool take_registration_error(const struct lane *l, const struct pkt *p)
{
	struct icmp_message m;
	struct icmp_datagram dg;

	if (!icmp_open(p->data, p->len, &m) || !is_about_registration(&m))
		return false;
	dg = (struct icmp_datagram){ .message = reader_over(p->data, p->len),
				     .src = m.src,
				     .dst = m.dst };
	read_skip(&dg.message, ipv4_header_len(pkt_ipv4_of(p)));
	l->world->icmp(l->world->icmp_arg, &dg);
	return true;
}

static void on_icmp(void *arg)
{
	struct lane *l = arg;
	struct pkt_vec v, rest;

	read_from(l, FROM_ICMP, &v);
	rest.now = v.now;
	rest.count = 0;
	for (unsigned i = 0; i < v.count; i++) {
		if (take_registration_error(l, v.pkt[i]))
			pkt_give(&l->pool, v.pkt[i]);
		else
			pkt_vec_add(&rest, v.pkt[i]);
	}
	pass_through(l, &rest, pipeline_icmp);
}

/* ---- sources ---- */

static const struct {
	loop_fn *fn;
	uint8_t protocol;
	const char *name;
} sources[LANE_SOURCES] = {
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

const char *lane_source_name(enum lane_source s)
{
	return sources[s].name;
}

int lane_open(struct lane *l, enum lane_source s, struct pktio_share share, int *tun)
{
	struct pktio *io = &l->in[s];

	switch (s) {
	case FROM_TUN:
		return pktio_tun_open(io, l->world->tun, share, tun);
	case FROM_ICMP:
		return pktio_icmp_open(io);
	case FROM_ESP_UDP:
		return pktio_udp_open(io, l->world->ports.esp, share);
	case FROM_GRE_UDP:
		return pktio_udp_open(io, l->world->ports.gre, share);
	case FROM_MIP_DATA:
		return pktio_mip_data_open(io, l->world->ports.mip, share);
	default:
		return pktio_raw_open(io, sources[s].protocol, share);
	}
}

int lane_watch(struct lane *l, enum lane_source s)
{
	if (l->watch[s])
		return 0;
	l->watch[s] = loop_watch_fd(l->loop, l->in[s].fd, sources[s].fn, l);
	return l->watch[s] ? 0 : -ENOMEM;
}

void lane_close(struct lane *l, enum lane_source s)
{
	loop_unwatch(l->watch[s]);
	l->watch[s] = NULL;
	pktio_close(&l->in[s]);
}

/* ---- the lane ---- */

enum { ICMP_RATE = 100, ICMP_BURST = 50 };

/* Of what all lanes may send together. */
static uint32_t part_of(uint32_t whole, unsigned lanes)
{
	return lanes < whole ? whole / lanes : 1;
}

static int make_pipeline(struct lane *l, unsigned number)
{
	struct lane_world *world = l->world;
	const struct pipeline_config config = {
		.pool = &l->pool,
		.owns = owns,
		.link_mtu = link_mtu,
		.tell = world->news,
		.tell_arg = world->news_arg,
		.inside = inside,
		.rng = host_rng(),
		.arg = world,
		.ports = world->ports,
		.leave_unsummed = true,
		.icmp_rate = part_of(ICMP_RATE, world->lanes),
		.icmp_burst = part_of(ICMP_BURST, world->lanes),
		.ordered = true,
		.lane = number,
	};

	if (pkt_pool_init(&l->pool, POOL_PACKETS) != 0)
		return -ENOMEM;
	l->pipeline = pipeline_new(world->fwd, &config);
	return l->pipeline ? 0 : -ENOMEM;
}

static int open_ways_out(struct lane *l, const char **what)
{
	struct lane_world *world = l->world;
	int error;

	*what = "ways of outer packets";
	error = outer_ways_open(&l->ways, &world->links);
	if (error != 0)
		return error;
	*what = "raw socket for outer packets";
	error = pktio_wire_open(&l->wire, &world->runs, l->ways);
	if (error != 0)
		return error;
	*what = "packet socket for visitors";
	return pktio_packet_open(&l->link, &world->links);
}

int lane_new(struct lane **out, struct lane_world *world, unsigned number,
	     const char **what)
{
	struct lane *l = calloc(1, sizeof(*l));
	int error;

	*what = "packet buffers";
	if (!l)
		return -ENOMEM;
	l->world = world;
	for (enum lane_source s = 0; s < LANE_SOURCES; s++)
		pktio_init(&l->in[s], &l->pool, world->counts);
	pktio_init(&l->wire, &l->pool, world->counts);
	pktio_init(&l->link, &l->pool, world->counts);
	error = make_pipeline(l, number);
	if (error == 0)
		error = open_ways_out(l, what);
	if (error == 0)
		*out = l;
	else
		lane_free(l);
	return error;
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	for (enum lane_source s = 0; s < LANE_SOURCES; s++)
		lane_close(l, s);
	pktio_close(&l->wire);
	pktio_close(&l->link);
	outer_ways_close(l->ways);
	if (l->pipeline)
		pipeline_free(l->pipeline);
	pkt_pool_fini(&l->pool);
	free(l);
}

void lane_set_loop(struct lane *l, struct loop *loop)
{
	l->loop = loop;
}

const struct pktio *lane_io(const struct lane *l, enum lane_source s)
{
	return &l->in[s];
}

struct pipeline *lane_pipeline(struct lane *l)
{
	return l->pipeline;
}

struct pkt_pool *lane_pool(struct lane *l)
{
	return &l->pool;
}
