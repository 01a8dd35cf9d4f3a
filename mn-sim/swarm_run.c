/* SPDX-License-Identifier: ISC */
/*
 * The loop of a swarm.  It sleeps only when nothing is due soon: to fall asleep and
 * wake up takes longer than the time between two Requests at a high rate.
 */
#define _GNU_SOURCE
#include "mn-sim/swarm_run.h"

#include "common/io/host.h"
#include "common/wire/mip_msg.h"
#include "mn-sim/swarm_flow.h"
#include "mn-sim/swarm_socket.h"
#include "mn-sim/swarm_visit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	NS_PER_S = 1000000000,
	NAP_MIN_NS = 60000, /* what falling asleep and waking up costs */
	TTL_REVERSE = 255,  /* RFC 3024 4.1.1 */
	TTL_USUAL = 64,
};

struct swarm_run {
	const struct swarm_options *options;
	struct sa_store *associations;
	struct swarm *swarm;
	struct swarm_socket *socket; /* NULL: nodes visit links */
	struct swarm_visit *visit[SWARM_LINKS_MAX];
	struct swarm_agent agent[SWARM_LINKS_MAX];
	struct swarm_flow *flow;                /* NULL: no handovers are timed */
	struct pollfd fds[SWARM_LINKS_MAX + 1]; /* signals first */
	unsigned fd_count;
	int signals;
	bool over;
	struct swarm_batch batch;
	unsigned sent; /* of the batch */
	instant_t started;

	const char *text; /* of the step */
	instant_t line;   /* when the last one was printed */
	struct swarm_sum line_sum;
};

static void watch(struct swarm_run *r, int fd)
{
	r->fds[r->fd_count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static int open_signals(struct swarm_run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (r->signals < 0)
		return -errno;
	watch(r, r->signals);
	return 0;
}

static uint8_t flags_of(const struct swarm_options *o)
{
	const uint8_t encap = o->encap == ENCAP_GRE       ? MIP_FLAG_G
			      : o->encap == ENCAP_MINIMAL ? MIP_FLAG_M
							  : 0;

	return encap | (o->reverse_tunnel ? MIP_FLAG_T : 0);
}

static int add_associations(struct swarm_run *r)
{
	const struct swarm_options *o = r->options;
	const struct sa_spec home = { .kind = SA_MN_HA,
				      .peer = o->home_agent,
				      .spi = o->association.spi,
				      .algorithm = o->association.algorithm,
				      .key = &o->association.key };
	struct sa_spec visited = { .kind = SA_MN_FA,
				   .spi = o->visited_spi,
				   .algorithm = o->association.algorithm,
				   .key = &o->visited_key };
	int error;

	r->associations = sa_store_new();
	if (!r->associations)
		return -ENOMEM;
	error = sa_add(r->associations, &home);
	for (unsigned i = 0; error == 0 && o->visited_spi && i < o->links.count; i++) {
		visited.peer = r->agent[i].addr;
		error = sa_add(r->associations, &visited);
		if (error == -EEXIST) /* one agent on two links */
			error = 0;
	}
	return error;
}

static int open_swarm(struct swarm_run *r)
{
	const struct swarm_options *o = r->options;
	const struct swarm_config config = {
		.home = o->home,
		.nodes = o->nodes,
		.home_agent = o->home_agent,
		.care_of = o->care_of.addr,
		.care_ofs = o->links.count ? 0 : UINT32_C(1) << (32 - o->care_of.len),
		.agent = r->agent,
		.agents = o->links.count,
		.lifetime = o->lifetime,
		.flags = flags_of(o),
		.timeout = o->timeout,
		.retries = o->find == SWARM_OPS ? o->retries : 0,
		.in_flight = o->in_flight,
		.overlap = o->overlap,
		.poisson = o->poisson,
		.associations = r->associations,
	};

	r->swarm = swarm_new(&config, host_rng());
	if (!r->swarm)
		return -ENOMEM;
	if (r->flow)
		swarm_watch(r->swarm)->state = SWARM_WATCH_READY;
	return 0;
}

static int open_visit(struct swarm_run *r, uint32_t i)
{
	const struct swarm_options *o = r->options;
	char agent[INET_ADDRSTRLEN], care_of[INET_ADDRSTRLEN];
	int error = swarm_visit_open(&r->visit[i], o->links.name[i], i);

	if (error == 0)
		error = swarm_visit_find_agent(r->visit[i], o->home, &r->agent[i]);
	if (error < 0) {
		fprintf(stderr, "mn-sim swarm: %s: %s\n", o->links.name[i],
			error == -ETIMEDOUT ? "no foreign agent is heard"
					    : strerror(-error));
		return error;
	}
	watch(r, swarm_visit_fd(r->visit[i]));
	if (!o->quiet)
		fprintf(stderr, "%s: foreign agent %s, care-of address %s\n",
			o->links.name[i], ipv4_text(r->agent[i].addr, agent),
			ipv4_text(r->agent[i].care_of, care_of));
	return 0;
}

/* Fixed part and MN-HA authentication. */
static uint16_t request_len(const struct swarm_options *o)
{
	enum { EXTENSION = 2 + 4 }; /* Type, Length, SPI */

	return (uint16_t)(MIP_REQUEST_LEN + EXTENSION +
			  auth_algorithm_len(o->association.algorithm));
}

/* Where the nodes are. */
static int open_places(struct swarm_run *r)
{
	const struct swarm_options *o = r->options;
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < o->links.count; i++)
		error = open_visit(r, i);
	if (error < 0 || o->links.count > 0)
		return error;
	error = swarm_socket_open(&r->socket, o->home_agent,
				  o->reverse_tunnel ? TTL_REVERSE : TTL_USUAL);
	if (error == 0)
		watch(r, swarm_socket_fd(r->socket));
	if (error == 0 && o->segments)
		error = swarm_socket_segments(r->socket, request_len(o));
	if (error == 0 && o->handover)
		error = swarm_flow_open(&r->flow, o->encap);
	return error;
}

int swarm_run_open(struct swarm_run **out, const struct swarm_options *o)
{
	struct swarm_run *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	r->options = o;
	r->signals = -1;
	host_seed_tables();
	prctl(PR_SET_TIMERSLACK, 1UL);
	error = open_signals(r);
	if (error == 0)
		error = open_places(r);
	if (error == 0)
		error = add_associations(r);
	if (error == 0)
		error = open_swarm(r);
	if (error < 0) {
		swarm_run_close(r);
		return error;
	}
	r->started = r->line = host_now().mono;
	*out = r;
	return 0;
}

void swarm_run_close(struct swarm_run *r)
{
	if (!r)
		return;
	swarm_flow_close(r->flow);
	swarm_socket_close(r->socket);
	for (unsigned i = 0; i < SWARM_LINKS_MAX; i++)
		swarm_visit_close(r->visit[i]);
	swarm_free(r->swarm);
	sa_store_free(r->associations);
	if (r->signals >= 0)
		close(r->signals);
	free(r);
}

/* ---- the loop ---- */

/* The first one ends what is new, the next one the waiting too. */
static void take_signal(struct swarm_run *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	swarm_stop(r->swarm);
	r->over = true;
}

static void on_received(void *arg, struct reader message, struct in_addr from,
			instant_t stamp)
{
	struct swarm_run *r = arg;
	const struct swarm_watch *w = swarm_watch(r->swarm);
	const enum swarm_watch_state before = w->state;
	const struct now now = host_now();

	swarm_on_reply(r->swarm, message, from, 0, now);
	if (before == SWARM_WATCH_ASKED && w->state == SWARM_WATCH_ANSWERED)
		swarm_flow_answered(r->flow, stamp, now.mono);
}

static void on_heard(void *arg, uint32_t place, struct reader message,
		     struct in_addr from)
{
	struct swarm_run *r = arg;

	swarm_on_reply(r->swarm, message, from, place, host_now());
}

/* From the batch, as much as goes at once. */
static void send_some(struct swarm_run *r)
{
	const uint32_t place = r->batch.at[r->sent].place;

	if (r->socket)
		r->sent = swarm_socket_send(r->socket, r->swarm, &r->batch, r->sent);
	else
		r->sent =
			swarm_visit_send(r->visit[place], r->swarm, &r->batch, r->sent);
}

static bool receive(struct swarm_run *r)
{
	unsigned n = 0;

	if (r->socket)
		n = swarm_socket_recv(r->socket, on_received, r);
	for (unsigned i = 0; i < r->options->links.count; i++)
		n += swarm_visit_recv(r->visit[i], on_heard, r);
	return n > 0;
}

/* What is due, out; true if there was anything. */
static bool send_due(struct swarm_run *r, struct now now)
{
	if (r->sent == r->batch.count) {
		r->batch.count = r->sent = 0;
		swarm_take(r->swarm, now, &r->batch);
	}
	if (r->batch.count == 0)
		return false;
	send_some(r);
	return true;
}

static instant_t next_line(const struct swarm_run *r)
{
	return instant_add(r->line, duration_s(1));
}

/* A line every second, and a look at signals, which a busy loop never polls for. */
static void every_second(struct swarm_run *r, instant_t now)
{
	struct swarm_stats *stats = swarm_stats(r->swarm);

	if (instant_before(now, next_line(r)))
		return;
	take_signal(r);
	if (!r->options->quiet)
		swarm_report_line(stderr, r->text, instant_diff(now, r->started),
				  instant_diff(now, r->line), r->swarm, &r->line_sum);
	stats->second = (struct swarm_histogram){ 0 };
	r->line_sum = swarm_sum(stats);
	r->line = now;
}

/* Until something comes or is due; not at all if that is soon. */
static void nap(struct swarm_run *r, instant_t now)
{
	const instant_t until = instant_min(swarm_next(r->swarm), next_line(r));
	const int64_t ns = instant_diff(until, now).ns - NAP_MIN_NS;
	struct timespec ts = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	if (ns > 0 && ppoll(r->fds, r->fd_count, &ts, NULL) > 0 && r->fds[0].revents)
		take_signal(r);
}

/* A packet of the watched node's flow; true while there is one to watch. */
static bool follow_move(struct swarm_run *r, instant_t now)
{
	struct swarm_watch *w = r->flow ? swarm_watch(r->swarm) : NULL;

	if (!w || w->state < SWARM_WATCH_ASKED)
		return false;
	swarm_flow_send(r->flow, swarm_home(r->swarm, w->node),
			swarm_care_of(r->swarm, w->place), now);
	if (w->state == SWARM_WATCH_ANSWERED && swarm_flow_is_over(r->flow, now))
		w->state = SWARM_WATCH_READY;
	return true;
}

static void turn(struct swarm_run *r)
{
	const struct now now = host_now();
	bool busy = send_due(r, now);

	busy |= receive(r);
	busy |= follow_move(r, now.mono);
	every_second(r, now.mono);
	if (!busy)
		nap(r, now.mono);
}

static struct swarm_lap account(struct swarm_run *r, const struct swarm_sum *before,
				duration_t within)
{
	const struct swarm_stats *stats = swarm_stats(r->swarm);
	const struct swarm_sum sum = swarm_sum(stats);
	struct swarm_lap lap = {
		.text = r->text,
		.due = sum.due - before->due,
		.accepted = sum.accepted - before->accepted,
		.median = swarm_histogram_at(&stats->lap, 5000),
		.p99 = swarm_histogram_at(&stats->lap, 9900),
		.behind = swarm_histogram_at(&stats->lap_behind, 9900),
	};

	lap.failed = lap.due - (within.ns ? swarm_histogram_within(&stats->lap, within)
					  : lap.accepted);
	return lap;
}

struct swarm_lap swarm_run_lap(struct swarm_run *r, const char *text,
			       const struct swarm_step *step, duration_t within)
{
	struct swarm_stats *stats = swarm_stats(r->swarm);
	const struct swarm_sum before = swarm_sum(stats);
	const instant_t start = host_now().mono;
	struct swarm_lap lap;

	r->text = text;
	stats->lap = stats->lap_behind = (struct swarm_histogram){ 0 };
	swarm_start(r->swarm, step, start);
	while (!swarm_is_done(r->swarm) || r->sent < r->batch.count)
		turn(r);
	lap = account(r, &before, within);
	lap.took = instant_diff(host_now().mono, start);
	return lap;
}

const struct swarm_histogram *swarm_run_handover(const struct swarm_run *r,
						 uint64_t *lost)
{
	return r->flow ? swarm_flow_handovers(r->flow, lost) : NULL;
}

bool swarm_run_is_over(const struct swarm_run *r)
{
	return r->over;
}

struct swarm *swarm_run_swarm(struct swarm_run *r)
{
	return r->swarm;
}

uint64_t swarm_run_refused(const struct swarm_run *r, int *error)
{
	uint64_t refused = r->socket ? swarm_socket_refused(r->socket, error) : 0;

	for (unsigned i = 0; i < r->options->links.count; i++)
		refused += swarm_visit_refused(r->visit[i], error);
	return refused;
}

duration_t swarm_run_took(const struct swarm_run *r)
{
	return instant_diff(host_now().mono, r->started);
}
