/* SPDX-License-Identifier: ISC */
/*
 * Nodes wait in two queues, with a binding and without one; whose turn it is has
 * waited longest, so every node has its turn.  Requests in flight wait in a queue for
 * each number of tries: all in one have the same patience, so they stand in the order
 * of their deadlines and nothing has to be sorted.
 */
#include "mn-sim/swarm_private.h"

#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/wire/mip_msg.h"

#include <stdlib.h>

static struct swarm_link *node_link(struct swarm *s, uint32_t i)
{
	return &s->node[i].link;
}

static struct swarm_link *request_link(struct swarm *s, uint32_t i)
{
	return &s->request[i].link;
}

typedef struct swarm_link *link_fn(struct swarm *s, uint32_t i);

static void queue_add(struct swarm *s, link_fn *link, struct swarm_queue *q, uint32_t i)
{
	*link(s, i) = (struct swarm_link){ .next = SWARM_NOBODY, .prev = q->last };
	if (q->last == SWARM_NOBODY)
		q->first = i;
	else
		link(s, q->last)->next = i;
	q->last = i;
	q->count++;
}

static void queue_remove(struct swarm *s, link_fn *link, struct swarm_queue *q,
			 uint32_t i)
{
	struct swarm_link at = *link(s, i);

	if (at.prev == SWARM_NOBODY)
		q->first = at.next;
	else
		link(s, at.prev)->next = at.next;
	if (at.next == SWARM_NOBODY)
		q->last = at.prev;
	else
		link(s, at.next)->prev = at.prev;
	q->count--;
}

static const struct swarm_queue empty = { .first = SWARM_NOBODY, .last = SWARM_NOBODY };

static uint32_t places(const struct swarm *s)
{
	return s->config.agents ? s->config.agents : s->config.care_ofs;
}

/* The least power of two that numbers all requests, less one. */
static uint32_t mask_for(uint32_t in_flight)
{
	uint32_t mask = 1;

	while (mask < in_flight - 1)
		mask = mask << 1 | 1;
	return mask;
}

static void fill_queues(struct swarm *s)
{
	s->free = empty;
	for (unsigned i = 0; i < SWARM_LISTS; i++)
		s->list[i] = empty;
	for (unsigned i = 0; i < SWARM_TRIES; i++)
		s->waiting[i] = empty;
	for (uint32_t i = 0; i < s->config.nodes; i++) {
		/* In blocks: neighbours in time go out together. */
		s->node[i].place =
			(uint32_t)((uint64_t)i * places(s) / s->config.nodes);
		queue_add(s, node_link, &s->list[SWARM_IDLE], i);
	}
	for (uint32_t i = 0; i < s->config.in_flight; i++)
		queue_add(s, request_link, &s->free, i);
	for (unsigned i = 0; i < SWARM_OPS; i++)
		swarm_pace_end(&s->pace[i]);
}

struct swarm *swarm_new(const struct swarm_config *config, struct rng rng)
{
	struct swarm *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	s->rng = rng;
	s->request_mask = mask_for(config->in_flight);
	s->node = calloc(config->nodes, sizeof(*s->node));
	s->request = calloc(config->in_flight, sizeof(*s->request));
	s->home_sa = sa_for_sending(config->associations, SA_MN_HA, config->home_agent);
	if (!s->node || !s->request || !s->home_sa) {
		swarm_free(s);
		return NULL;
	}
	fill_queues(s);
	return s;
}

void swarm_free(struct swarm *s)
{
	if (!s)
		return;
	free(s->node);
	free(s->request);
	free(s);
}

static struct in_addr addr_plus(struct in_addr a, uint32_t n)
{
	return (struct in_addr){ htonl(ntohl(a.s_addr) + n) };
}

struct in_addr swarm_home(const struct swarm *s, uint32_t node)
{
	return addr_plus(s->config.home, node);
}

struct in_addr swarm_care_of(const struct swarm *s, uint32_t place)
{
	return s->config.agents ? s->config.agent[place].care_of
				: addr_plus(s->config.care_of, place);
}

bool swarm_is_reverse(const struct swarm *s)
{
	return s->config.flags & MIP_FLAG_T;
}

/* ---- what is due ---- */

static enum swarm_list list_of(enum swarm_op op)
{
	return op == SWARM_REGISTER ? SWARM_IDLE : SWARM_BOUND;
}

void swarm_start(struct swarm *s, const struct swarm_step *step, instant_t now)
{
	bool ends = step->length.ns != 0;

	s->until = ends ? instant_add(now, step->length) : INSTANT_NEVER;
	for (unsigned op = 0; op < SWARM_OPS; op++) {
		s->turns[op] = ends ? UINT32_MAX : s->list[list_of(op)].count;
		if (s->config.poisson)
			swarm_pace_start_poisson(&s->pace[op], step->rate[op], now,
						 s->rng);
		else
			swarm_pace_start(&s->pace[op], step->rate[op], now);
		if (s->turns[op] == 0)
			swarm_pace_end(&s->pace[op]);
	}
}

void swarm_stop(struct swarm *s)
{
	for (unsigned op = 0; op < SWARM_OPS; op++)
		swarm_pace_end(&s->pace[op]);
}

static instant_t next_new(const struct swarm *s)
{
	instant_t next = INSTANT_NEVER;

	for (unsigned op = 0; op < SWARM_OPS; op++)
		next = instant_min(next, s->pace[op].next);
	return next;
}

bool swarm_is_done(const struct swarm *s)
{
	return s->in_flight == 0 && instant_is_never(next_new(s));
}

instant_t swarm_next(const struct swarm *s)
{
	instant_t next = next_new(s);

	for (unsigned i = 0; i < SWARM_TRIES; i++)
		if (s->waiting[i].first != SWARM_NOBODY)
			next = instant_min(next,
					   s->request[s->waiting[i].first].deadline);
	return next;
}

/* ---- Requests ---- */

/*
 * A timestamp with the request's number in its low bits, and later than the node's
 * last one (RFC 5944 5.7.1).
 */
static uint64_t next_ident(const struct swarm *s, uint64_t last, uint32_t number,
			   uint64_t clock)
{
	const uint64_t mask = s->request_mask;
	uint64_t ident = (ntp64_add(clock, s->clock_offset) & ~mask) | number;

	if (last != 0 && !ntp64_after(ident, last))
		ident = ((last & ~mask) + mask + 1) | number;
	return ident;
}

static struct mip_request request_for(const struct swarm *s,
				      const struct swarm_request *rq)
{
	struct mip_request m = {
		.home = swarm_home(s, rq->node),
		.home_agent = s->config.home_agent,
		.care_of = swarm_care_of(s, rq->place),
		.ident = rq->ident,
	};

	if (rq->op == SWARM_DEREGISTER)
		return m;
	m.lifetime = s->config.lifetime;
	m.flags = s->config.flags;
	if (!s->config.agents)
		m.flags |= MIP_FLAG_D;
	return m;
}

static void encode(struct swarm *s, const struct swarm_request *rq,
		   struct swarm_message *out)
{
	const struct mip_request m = request_for(s, rq);
	struct writer w = writer_over(out->bytes, sizeof(out->bytes));
	struct mip_sa *visited = NULL;

	if (s->config.agents)
		visited = sa_for_sending(s->config.associations, SA_MN_FA,
					 s->config.agent[rq->place].addr);
	mip_request_encode(&w, &m);
	auth_append(&w, s->home_sa);
	if (visited)
		auth_append(&w, visited);
	out->node = rq->node;
	out->place = rq->place;
	out->len = (uint16_t)writer_len(&w);
}

/* One more try; it waits for its answer from now on. */
static void transmit(struct swarm *s, struct swarm_request *rq, struct now now,
		     struct swarm_batch *batch)
{
	struct swarm_node *node = &s->node[rq->node];
	const uint32_t number = (uint32_t)(rq - s->request);
	const duration_t patience = { s->config.timeout.ns << rq->tries };

	rq->ident = node->ident = next_ident(s, node->ident, number, now.ntp);
	rq->deadline = instant_add(now.mono, patience);
	queue_add(s, request_link, &s->waiting[rq->tries], number);
	rq->tries++;
	encode(s, rq, &batch->at[batch->count++]);
	s->stats.requests++;
}

void swarm_close(struct swarm *s, struct swarm_request *rq, enum swarm_list list)
{
	struct swarm_node *node = &s->node[rq->node];
	const uint32_t number = (uint32_t)(rq - s->request);
	const bool listed = s->config.overlap;

	queue_remove(s, request_link, &s->waiting[rq->tries - 1], number);
	queue_add(s, request_link, &s->free, number);
	rq->tries = 0;
	s->in_flight--;
	node->in_flight--;
	if (listed && node->list != list)
		queue_remove(s, node_link, &s->list[node->list], rq->node);
	if (!listed || node->list != list)
		queue_add(s, node_link, &s->list[list], rq->node);
	node->list = (uint8_t)list;
}

/* Whoever waited longest; with overlap it stays in line, behind all others. */
static uint32_t next_node(struct swarm *s, enum swarm_op op)
{
	struct swarm_queue *q = &s->list[list_of(op)];
	uint32_t i = q->first;

	if (i == SWARM_NOBODY || s->free.first == SWARM_NOBODY ||
	    s->node[i].in_flight == UINT16_MAX)
		return SWARM_NOBODY;
	queue_remove(s, node_link, q, i);
	if (s->config.overlap)
		queue_add(s, node_link, q, i);
	return i;
}

static struct swarm_request *open_request(struct swarm *s, enum swarm_op op,
					  uint32_t node, instant_t due)
{
	const uint32_t number = s->free.first;
	struct swarm_request *rq = &s->request[number];

	queue_remove(s, request_link, &s->free, number);
	rq->due = due;
	rq->node = node;
	rq->op = (uint8_t)op;
	rq->place = s->node[node].place;
	if (op == SWARM_ROAM)
		rq->place = (rq->place + 1) % places(s);
	s->node[node].in_flight++;
	s->in_flight++;
	if (op == SWARM_ROAM && s->watch.state == SWARM_WATCH_READY &&
	    s->node[node].sure)
		s->watch = (struct swarm_watch){ SWARM_WATCH_ASKED, node, rq->place };
	return rq;
}

static void on_due(struct swarm *s, enum swarm_op op, struct now now,
		   struct swarm_batch *batch)
{
	const instant_t due = s->pace[op].next;
	const uint32_t node = next_node(s, op);

	s->stats.op[op].due++;
	swarm_pace_step(&s->pace[op]);
	if (--s->turns[op] == 0 || !instant_before(s->pace[op].next, s->until))
		swarm_pace_end(&s->pace[op]);
	if (node == SWARM_NOBODY) {
		s->stats.op[op].unsent++;
		return;
	}
	swarm_histogram_add(&s->stats.behind, instant_diff(now.mono, due));
	swarm_histogram_add(&s->stats.lap_behind, instant_diff(now.mono, due));
	transmit(s, open_request(s, op, node, due), now, batch);
}

void swarm_watch_close(struct swarm *s, const struct swarm_request *rq,
		       enum swarm_watch_state state)
{
	if (s->watch.state == SWARM_WATCH_ASKED && rq->op == SWARM_ROAM &&
	    rq->node == s->watch.node)
		s->watch.state = state;
}

/* Nobody answers: the home agent may have a binding, or not. */
static void give_up(struct swarm *s, struct swarm_request *rq)
{
	struct swarm_node *node = &s->node[rq->node];

	s->stats.op[rq->op].lost++;
	swarm_watch_close(s, rq, SWARM_WATCH_READY);
	s->registered -= node->sure;
	node->sure = false;
	swarm_close(s, rq, SWARM_BOUND);
}

static void on_deadline(struct swarm *s, struct swarm_request *rq, struct now now,
			struct swarm_batch *batch)
{
	if (rq->tries > s->config.retries) {
		give_up(s, rq);
		return;
	}
	queue_remove(s, request_link, &s->waiting[rq->tries - 1],
		     (uint32_t)(rq - s->request));
	s->stats.retransmitted++;
	transmit(s, rq, now, batch);
}

void swarm_take(struct swarm *s, struct now now, struct swarm_batch *batch)
{
	for (unsigned i = 0; i < SWARM_TRIES; i++)
		while (batch->count < SWARM_BATCH &&
		       s->waiting[i].first != SWARM_NOBODY &&
		       instant_due(s->request[s->waiting[i].first].deadline, now.mono))
			on_deadline(s, &s->request[s->waiting[i].first], now, batch);
	for (unsigned op = 0; op < SWARM_OPS; op++)
		while (batch->count < SWARM_BATCH &&
		       instant_due(s->pace[op].next, now.mono))
			on_due(s, op, now, batch);
}

struct swarm_stats *swarm_stats(struct swarm *s)
{
	return &s->stats;
}

struct swarm_watch *swarm_watch(struct swarm *s)
{
	return &s->watch;
}

uint32_t swarm_registered(const struct swarm *s)
{
	return s->registered;
}

uint32_t swarm_in_flight(const struct swarm *s)
{
	return s->in_flight;
}
