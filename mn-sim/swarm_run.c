/* SPDX-License-Identifier: ISC */
/*
 * The loop of a swarm.  It sleeps only when nothing is due soon: to fall asleep and
 * wake up takes longer than the time between two Requests at a high rate.
 */
#define _GNU_SOURCE
#include "mn-sim/swarm_run.h"

#include "common/io/host.h"
#include "common/wire/mip_msg.h"
#include "mn-sim/swarm_socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	NS_PER_S = 1000000000,
	NAP_MIN_NS = 60000, /* what falling asleep and waking up costs */
};

struct swarm_run {
	const struct swarm_options *options;
	struct sa_store *associations;
	struct swarm *swarm;
	struct swarm_socket *socket;
	int signals;
	bool over;
	struct swarm_batch batch;
	unsigned sent; /* of the batch */
	instant_t started;

	const char *text; /* of the step */
	instant_t line;   /* when the last one was printed */
	struct swarm_sum line_sum;
};

static int open_signals(struct swarm_run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return r->signals < 0 ? -errno : 0;
}

static uint8_t flags_of(const struct swarm_options *o)
{
	const uint8_t encap = o->encap == ENCAP_GRE       ? MIP_FLAG_G
			      : o->encap == ENCAP_MINIMAL ? MIP_FLAG_M
							  : 0;

	return encap | (o->reverse_tunnel ? MIP_FLAG_T : 0);
}

static int add_association(struct swarm_run *r)
{
	const struct assoc_config *a = &r->options->association;

	r->associations = sa_store_new();
	if (!r->associations)
		return -ENOMEM;
	return sa_add(r->associations, &(struct sa_spec){
					       .kind = SA_MN_HA,
					       .peer = r->options->home_agent,
					       .spi = a->spi,
					       .algorithm = a->algorithm,
					       .key = &a->key,
				       });
}

static int open_swarm(struct swarm_run *r)
{
	const struct swarm_options *o = r->options;
	const struct swarm_config config = {
		.home = o->home,
		.nodes = o->nodes,
		.home_agent = o->home_agent,
		.care_of = o->care_of.addr,
		.care_ofs = UINT32_C(1) << (32 - o->care_of.len),
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
	return r->swarm ? 0 : -ENOMEM;
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
		error = add_association(r);
	if (error == 0)
		error = open_swarm(r);
	if (error == 0)
		error = swarm_socket_open(&r->socket, o->home_agent);
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
	swarm_socket_close(r->socket);
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

static void on_received(void *arg, struct reader message, struct in_addr from)
{
	struct swarm_run *r = arg;

	swarm_on_reply(r->swarm, message, from, 0, host_now());
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
	r->sent = swarm_socket_send(r->socket, r->swarm, &r->batch, r->sent);
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
	struct pollfd fds[] = {
		{ .fd = swarm_socket_fd(r->socket), .events = POLLIN },
		{ .fd = r->signals, .events = POLLIN },
	};

	if (ns > 0 && ppoll(fds, 2, &ts, NULL) > 0 && fds[1].revents)
		take_signal(r);
}

static void turn(struct swarm_run *r)
{
	const struct now now = host_now();
	bool busy = send_due(r, now);

	busy |= swarm_socket_recv(r->socket, on_received, r) > 0;
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
	return swarm_socket_refused(r->socket, error);
}

duration_t swarm_run_took(const struct swarm_run *r)
{
	return instant_diff(host_now().mono, r->started);
}
