/* SPDX-License-Identifier: ISC */
/*
 * Lanes and their threads. The first lane is that of the control plane: it has the
 * timers, broadcasts and ICMP. Without workers it has everything else, too.
 */
#include "common/io/datapath.h"

#include "common/io/host.h"
#include "common/io/lane.h"
#include "common/io/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Pairs of ends come and go: how long at most until their keepalives are noticed. */
enum { KEEPALIVE_LOOK_S = 5 };

/* Of one protocol: each raw socket gets a copy of every packet, if only to refuse. */
enum { RAW_MAX = 4 };

/* Told of tunnels and not yet read; what is more is a flood of it. */
enum { NEWS_MAX = 256 };

enum { COUNTERS_MAX = 128 };

struct datapath {
	struct datapath_config config;
	struct lane_world world;
	unsigned workers;
	struct worker *worker[DATAPATH_WORKERS_MAX];
	struct lane *control;
	struct lane *lane[DATAPATH_WORKERS_MAX]; /* of the workers, or that one */
	unsigned lanes;
	struct loop *loop; /* of the control plane, once started */
	struct loop_watch *keepalives, *probes, *reader;
	bool receives[LANE_SOURCES];
	int tun;
	char tun_name[IF_NAMESIZE];
	uint64_t sums[DATAPATH_COUNTERS][COUNTERS_MAX];

	pthread_mutex_t news_mutex;
	int news_wake;
	unsigned news_count;
	struct tunnel_news news[NEWS_MAX];
};

/* ---- news of tunnels, from any thread to the control plane's ---- */

static void put_news(void *arg, const struct tunnel_news *news)
{
	struct datapath *dp = arg;
	const uint64_t once = 1;

	pthread_mutex_lock(&dp->news_mutex);
	if (dp->news_count < NEWS_MAX)
		dp->news[dp->news_count++] = *news;
	pthread_mutex_unlock(&dp->news_mutex);
	(void)!write(dp->news_wake, &once, sizeof(once));
}

static unsigned take_news(struct datapath *dp, struct tunnel_news *news, unsigned room)
{
	unsigned n;

	pthread_mutex_lock(&dp->news_mutex);
	n = dp->news_count < room ? dp->news_count : room;
	memcpy(news, dp->news, n * sizeof(*news));
	dp->news_count -= n;
	memmove(dp->news, dp->news + n, dp->news_count * sizeof(*news));
	pthread_mutex_unlock(&dp->news_mutex);
	return n;
}

static void on_news(void *arg)
{
	struct datapath *dp = arg;
	struct tunnel_news news[16];
	uint64_t times;
	unsigned n;

	(void)!read(dp->news_wake, &times, sizeof(times));
	while ((n = take_news(dp, news, sizeof(news) / sizeof(news[0]))) > 0)
		for (unsigned i = 0; i < n; i++)
			dp->config.news(dp->config.arg, &news[i]);
}

/* ---- what the control plane's lane does by itself ---- */

static void on_keepalives(void *arg)
{
	struct datapath *dp = arg;
	struct now now = host_now();
	struct pipeline_out out = { 0 };
	instant_t look = instant_add(now.mono, duration_s(KEEPALIVE_LOOK_S));
	instant_t next = pipeline_keepalives(lane_begin(dp->control), now, &out);

	lane_end(dp->control, &out, now);
	loop_set_timer(dp->keepalives, instant_min(next, look), now.mono);
}

static void on_probes(void *arg)
{
	struct datapath *dp = arg;
	struct now now = host_now();
	struct pipeline_out out = { 0 };
	instant_t next = pipeline_probes(lane_begin(dp->control), now, &out);

	lane_end(dp->control, &out, now);
	loop_set_timer(dp->probes, next, now.mono);
}

void datapath_probe(struct datapath *dp)
{
	if (dp->probes)
		on_probes(dp);
}

void datapath_broadcast(struct datapath *dp, struct ipv4_prefix home_network,
			const uint8_t *packet, size_t len)
{
	struct pipeline_out out = { 0 };
	struct pkt_vec v = { .now = host_now() };
	struct pkt *p = pkt_take(lane_pool(dp->control));

	if (!p) {
		counter_add(&dp->config.counts->by[IO_NO_BUFFER], 1);
		return;
	}
	p->len = len < pkt_room(p) ? len : pkt_room(p);
	memcpy(p->data, packet, p->len);
	pkt_vec_add(&v, p);
	pipeline_broadcast(lane_begin(dp->control), &v, home_network, &out);
	lane_end(dp->control, &out, v.now);
}

/* ---- opening ---- */

static unsigned sharers(const struct datapath *dp, enum lane_source s)
{
	switch (s) {
	case FROM_ICMP:
		return 1;
	case FROM_TUN:
	case FROM_ESP_UDP:
	case FROM_GRE_UDP:
		return dp->lanes;
	default:
		return dp->lanes < RAW_MAX ? dp->lanes : RAW_MAX;
	}
}

static struct lane *sharer(struct datapath *dp, enum lane_source s, unsigned nth)
{
	return s == FROM_ICMP ? dp->control : dp->lane[nth];
}

/* On no lane, or on all that share it. */
static int open_source(struct datapath *dp, enum lane_source s)
{
	struct pktio_share share = { 0, sharers(dp, s) };
	int error = 0;

	dp->world.tun = dp->config.tun;
	for (; error == 0 && share.nth < share.of; share.nth++) {
		error = lane_open(sharer(dp, s, share.nth), s, share, &dp->tun);
		if (s == FROM_TUN && error == 0)
			dp->world.tun = if_indextoname((unsigned)dp->tun, dp->tun_name);
		if (s == FROM_TUN && error == 0 && !dp->world.tun)
			error = -errno;
	}
	for (; error != 0 && share.nth > 0; share.nth--)
		lane_close(sharer(dp, s, share.nth - 1), s);
	return error;
}

/* For the thread of the lane. */
struct order {
	struct lane *lane;
	enum lane_source source;
	int error;
};

static void watch(void *arg)
{
	struct order *o = arg;

	o->error = lane_watch(o->lane, o->source);
}

static void leave(void *arg)
{
	struct order *o = arg;

	lane_close(o->lane, o->source);
}

/* Every lane that shares the source; 0 or the first error. */
static int order(struct datapath *dp, enum lane_source s, loop_fn *what)
{
	int error = 0;

	for (unsigned i = 0; i < sharers(dp, s); i++) {
		struct order o = { sharer(dp, s, i), s, 0 };

		if (o.lane == dp->control)
			what(&o);
		else
			worker_do(dp->worker[i], what, &o);
		if (error == 0)
			error = o.error;
	}
	return error;
}

static int open_lanes(struct datapath *dp, struct datapath_fault *fault)
{
	int error = lane_new(&dp->control, &dp->world, 0, &fault->what);

	dp->lanes = dp->workers > 0 ? dp->workers : 1;
	dp->lane[0] = dp->control;
	for (unsigned i = 0; error == 0 && i < dp->workers; i++) {
		dp->lane[i] = NULL;
		error = lane_new(&dp->lane[i], &dp->world, 1 + i, &fault->what);
	}
	for (enum lane_source s = 0; error == 0 && s < LANE_SOURCES; s++) {
		if (s == FROM_ESP_UDP || s == FROM_GRE_UDP || s == FROM_MIP_DATA)
			continue; /* only when asked for */
		fault->what = lane_source_name(s);
		error = open_source(dp, s);
	}
	return error;
}

static int open_workers(struct datapath *dp, struct datapath_fault *fault)
{
	fault->what = "threads";
	for (unsigned i = 0; i < dp->workers; i++) {
		int error = worker_start(&dp->worker[i]);

		if (error != 0)
			return error;
		lane_set_loop(dp->lane[i], worker_loop(dp->worker[i]));
	}
	return 0;
}

static int open_world(struct datapath *dp, struct datapath_fault *fault)
{
	const struct datapath_config *c = &dp->config;

	fault->what = "tables";
	dp->world = (struct lane_world){
		.fwd = fwd_new(c->max_entries, c->max_tunnels),
		.tun = c->tun,
		.counts = c->counts,
		.ports = carrier_ports(c->ports),
		.links = *c->links,
		.lanes = 1 + dp->workers,
		.icmp = c->icmp,
		.icmp_arg = c->arg,
		.news = c->news ? put_news : NULL,
		.news_arg = dp,
	};
	if (dp->world.fwd)
		fwd_set_lanes(dp->world.fwd, 1 + dp->workers);
	udp_runs_init(&dp->world.runs);
	pthread_rwlock_init(&dp->world.edge, NULL);
	pthread_mutex_init(&dp->news_mutex, NULL);
	dp->news_wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (dp->news_wake < 0)
		return -errno;
	return dp->world.fwd ? 0 : -ENOMEM;
}

static unsigned workers_of(const struct datapath_config *c)
{
	unsigned workers = c->workers;

	if (workers == DATAPATH_WORKERS_AUTO)
		workers = worker_processors();
	return workers < DATAPATH_WORKERS_MAX ? workers : DATAPATH_WORKERS_MAX;
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
	dp->workers = workers_of(config);
	dp->news_wake = -1;
	error = open_world(dp, fault);
	if (error == 0)
		error = open_lanes(dp, fault);
	if (error == 0)
		error = open_workers(dp, fault);
	if (error != 0) {
		datapath_close(dp);
		return error;
	}
	*out = dp;
	return 0;
}

/* Threads first, then what they used. */
void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	for (unsigned i = 0; i < dp->workers; i++)
		if (dp->worker[i])
			worker_rest(dp->worker[i]);
	for (unsigned i = 0; i < dp->workers; i++)
		lane_free(dp->lane[i] == dp->control ? NULL : dp->lane[i]);
	for (unsigned i = 0; i < dp->workers; i++)
		worker_free(dp->worker[i]);
	loop_unwatch(dp->keepalives);
	loop_unwatch(dp->probes);
	loop_unwatch(dp->reader);
	lane_free(dp->control);
	udp_runs_fini(&dp->world.runs);
	fwd_free(dp->world.fwd);
	pthread_rwlock_destroy(&dp->world.edge);
	pthread_mutex_destroy(&dp->news_mutex);
	if (dp->news_wake >= 0)
		close(dp->news_wake);
	free(dp);
}

/* ---- starting ---- */

static int start_lanes(struct datapath *dp, struct loop *loop)
{
	int error = 0;

	lane_set_loop(dp->control, loop);
	datapath_see_links(dp);
	for (enum lane_source s = 0; error == 0 && s < LANE_SOURCES; s++)
		if (lane_io(sharer(dp, s, 0), s)->fd >= 0)
			error = order(dp, s, watch);
	return error;
}

int datapath_start(struct datapath *dp, struct loop *loop)
{
	int error = start_lanes(dp, loop);

	if (error != 0)
		return error;
	dp->probes = loop_watch_timer(loop, on_probes, dp);
	dp->reader = loop_watch_fd(loop, dp->news_wake, on_news, dp);
	if (!dp->probes || !dp->reader)
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
static void send_in_runs(struct datapath *dp, enum lane_source s)
{
	struct udp_runs *runs = &dp->world.runs;
	const struct pktio *io = lane_io(sharer(dp, s, 0), s);

	if (s == FROM_MIP_DATA)
		return;
	pthread_rwlock_wrlock(&dp->world.edge);
	udp_runs_lend(runs, io->fd, io->port);
	for (unsigned n = 0; s == FROM_GRE_UDP && n < CARRIER_FLOW_PORTS; n++)
		(void)udp_runs_bind(runs, carrier_flow_port(n));
	pthread_rwlock_unlock(&dp->world.edge);
}

int datapath_receive(struct datapath *dp, struct loop *loop, enum datapath_carrier c)
{
	static const enum lane_source source_of[DATAPATH_CARRIERS] = {
		[DATAPATH_ESP_UDP] = FROM_ESP_UDP,
		[DATAPATH_GRE_UDP] = FROM_GRE_UDP,
		[DATAPATH_MIP_DATA] = FROM_MIP_DATA
	};
	enum lane_source s = source_of[c];
	int error;

	if (dp->receives[s])
		return 0;
	lane_set_loop(dp->control, loop); /* it may not have started yet */
	error = open_source(dp, s);
	if (error != 0)
		return error;
	error = order(dp, s, watch);
	if (error == 0 && c == DATAPATH_ESP_UDP)
		error = start_keepalives(dp, loop);
	if (error != 0) {
		order(dp, s, leave);
		return error;
	}
	send_in_runs(dp, s);
	dp->receives[s] = true;
	return 0;
}

int datapath_reopen(struct datapath *dp)
{
	int error;

	(void)order(dp, FROM_TUN, leave);
	error = open_source(dp, FROM_TUN);
	return error ? error : order(dp, FROM_TUN, watch);
}

void datapath_see_links(struct datapath *dp)
{
	pthread_rwlock_wrlock(&dp->world.edge);
	dp->world.links = *dp->config.links;
	pthread_rwlock_unlock(&dp->world.edge);
}

void datapath_reserve(struct datapath *dp, size_t max_entries, size_t max_tunnels)
{
	fwd_reserve(dp->world.fwd, max_entries, max_tunnels);
}

int datapath_tun(const struct datapath *dp)
{
	return dp->tun;
}

unsigned datapath_workers(const struct datapath *dp)
{
	return dp->workers;
}

struct fwd *datapath_fwd(struct datapath *dp)
{
	return dp->world.fwd;
}

/* ---- counters ---- */

static void add_up(uint64_t *sums, const struct counter_set *set)
{
	assert(set->count <= COUNTERS_MAX);
	for (size_t i = 0; i < set->count; i++)
		sums[i] += set->values[i];
}

/* Nobody counts while the table is held. */
static struct counter_set sum_up(struct datapath *dp, uint64_t sums[COUNTERS_MAX],
				 struct counter_set (*of)(struct pipeline *pl))
{
	struct counter_set set = of(lane_pipeline(dp->control));

	memset(sums, 0, COUNTERS_MAX * sizeof(*sums));
	fwd_hold(dp->world.fwd);
	add_up(sums, &set);
	for (unsigned i = 0; i < dp->workers; i++) {
		set = of(lane_pipeline(dp->lane[i]));
		add_up(sums, &set);
	}
	fwd_release(dp->world.fwd);
	set.values = sums;
	return set;
}

void datapath_counters(struct datapath *dp, struct counter_set sets[DATAPATH_COUNTERS])
{
	sets[0] = sum_up(dp, dp->sums[0], pipeline_drops);
	sets[1] = sum_up(dp, dp->sums[1], pipeline_packets);
}
