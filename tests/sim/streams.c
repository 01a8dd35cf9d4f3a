/* SPDX-License-Identifier: ISC */
/*
 * Streams between made-up machines: two buffers each, a time for the next piece, and
 * whether the end was told.
 */
#include "tests/sim/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_MS = 10 };

void streams_init(struct streams *s, const struct stream_users *users,
		  struct rng *chance)
{
	memset(s, 0, sizeof(*s));
	s->users = *users;
	s->chance = chance;
	s->delay_ms = DELAY_MS;
}

static instant_t later(const struct streams *s, instant_t now)
{
	return instant_add(now, duration_ms(1 + rng_below(s->chance, s->delay_ms)));
}

/* The stream and which end of it that machine is; NULL: none. */
static struct stream *find(struct streams *s, int machine, uint32_t number,
			   unsigned *end)
{
	for (unsigned i = 0; i < STREAMS; i++)
		for (unsigned e = 0; e < 2; e++)
			if (s->at[i].used && s->at[i].machine[e] == machine &&
			    s->at[i].number[e] == number) {
				*end = e;
				return &s->at[i];
			}
	return NULL;
}

void streams_connect(struct streams *s, int from, int to, uint32_t number,
		     instant_t now)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *t = &s->at[i];

		if (t->used)
			continue;
		*t = (struct stream){ .used = true,
				      .machine = { from, to },
				      .number = { number, 0 },
				      .connect_at = later(s, now),
				      .accept_at = INSTANT_NEVER };
		t->to[0].ready = t->to[1].ready = INSTANT_NEVER;
		return;
	}
	s->full = true;
}

void streams_send(struct streams *s, int machine, uint32_t number, const uint8_t *bytes,
		  size_t len, instant_t now)
{
	unsigned end;
	struct stream *t = find(s, machine, number, &end);
	struct stream_flight *f = t ? &t->to[!end] : NULL;

	if (!f || f->fin)
		return;
	if (len > STREAM_FLIGHT - f->len) {
		s->full = true;
		return;
	}
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
	if (instant_is_never(f->ready))
		f->ready = later(s, now);
}

/* That end hears no more; the other one does, after what is in flight. */
static void end_stream(struct streams *s, struct stream *t, unsigned end, instant_t now)
{
	t->to[end].told = true;
	t->to[!end].fin = true;
	if (instant_is_never(t->to[!end].ready))
		t->to[!end].ready = later(s, now);
}

bool streams_close(struct streams *s, int machine, uint32_t number, instant_t now)
{
	unsigned end;
	struct stream *t = find(s, machine, number, &end);

	if (t)
		end_stream(s, t, end, now);
	return t;
}

bool streams_reach(struct streams *s, int machine, uint32_t number)
{
	unsigned end;
	const struct stream *t = find(s, machine, number, &end);

	return t && !t->to[!end].told;
}

void streams_cut(struct streams *s, instant_t now)
{
	for (unsigned i = 0; i < STREAMS; i++)
		for (unsigned e = 0; s->at[i].used && e < 2; e++) {
			s->at[i].to[e].fin = true;
			s->at[i].to[e].len = 0;
			s->at[i].to[e].ready = now;
		}
}

void streams_leave(struct streams *s, int machine, bool reset, instant_t now)
{
	for (unsigned i = 0; i < STREAMS; i++)
		for (unsigned e = 0; s->at[i].used && e < 2; e++) {
			struct stream *t = &s->at[i];

			if (t->machine[e] != machine || t->number[e] == 0)
				continue;
			t->number[e] = 0; /* its next life counts anew */
			t->to[e].told = true;
			if (reset)
				end_stream(s, t, e, now);
			else if (t->to[!e].told)
				t->used = false;
		}
}

/* Events. */

static void tell_closed(struct streams *s, struct stream *t, unsigned end, int error)
{
	t->to[end].told = true;
	t->to[end].ready = INSTANT_NEVER;
	if (t->number[end] != 0)
		s->users.closed(s->users.arg, t->machine[end], t->number[end], error);
}

static void on_connect(struct streams *s, struct stream *t, instant_t now)
{
	t->connect_at = INSTANT_NEVER;
	if (t->to[0].told) {
		t->used = false;
	} else if (s->parted || !s->users.listens(s->users.arg, t->machine[1])) {
		tell_closed(s, t, 0, ECONNREFUSED);
		t->used = false;
	} else {
		t->accept_at = later(s, now);
		s->users.connected(s->users.arg, t->machine[0], t->number[0]);
	}
}

static void on_accept(struct streams *s, struct stream *t, instant_t now)
{
	t->accept_at = INSTANT_NEVER;
	if (s->users.listens(s->users.arg, t->machine[1]))
		s->users.accepted(s->users.arg, t->machine[1], t->machine[0],
				  &t->number[1]);
	if (t->number[1] == 0)
		end_stream(s, t, 1, now);
}

/* Some of it, as it happens to come; what reads past its end is seen to. */
static void on_piece(struct streams *s, struct stream *t, unsigned end, instant_t now)
{
	struct stream_flight *f = &t->to[end];
	size_t len = s->whole ? f->len : 1 + rng_below(s->chance, (uint32_t)f->len);
	uint8_t *piece = malloc(len);

	if (!piece)
		abort();
	memcpy(piece, f->bytes, len);
	f->len -= len;
	memmove(f->bytes, f->bytes + len, f->len);
	f->ready = f->len > 0 || f->fin ? later(s, now) : INSTANT_NEVER;
	s->users.received(s->users.arg, t->machine[end], t->number[end], piece, len);
	free(piece);
}

static void on_flight(struct streams *s, struct stream *t, unsigned end, instant_t now)
{
	struct stream_flight *f = &t->to[end];

	if (f->len > 0 && !f->told)
		on_piece(s, t, end, now);
	else if (f->fin && !f->told)
		tell_closed(s, t, end, ECONNRESET);
	else
		f->ready = INSTANT_NEVER;
	if (t->to[0].told && t->to[1].told)
		t->used = false;
}

/* Nothing moves while machines are parted, nor towards one that has not accepted. */
static instant_t flight_at(const struct streams *s, const struct stream *t,
			   unsigned end)
{
	if (s->parted || (end == 1 && t->number[1] == 0 && !t->to[1].told))
		return INSTANT_NEVER;
	return t->to[end].ready;
}

static instant_t stream_next(const struct streams *s, const struct stream *t)
{
	instant_t next = instant_min(t->connect_at, t->accept_at);

	return instant_min(next, instant_min(flight_at(s, t, 0), flight_at(s, t, 1)));
}

instant_t streams_next(const struct streams *s)
{
	instant_t next = INSTANT_NEVER;

	for (unsigned i = 0; i < STREAMS; i++)
		if (s->at[i].used)
			next = instant_min(next, stream_next(s, &s->at[i]));
	return next;
}

static void stream_step(struct streams *s, struct stream *t, instant_t now)
{
	if (instant_due(t->connect_at, now))
		on_connect(s, t, now);
	else if (instant_due(t->accept_at, now))
		on_accept(s, t, now);
	else
		on_flight(s, t, instant_due(flight_at(s, t, 0), now) ? 0 : 1, now);
}

void streams_step(struct streams *s, instant_t now)
{
	struct stream *first = NULL;

	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *t = &s->at[i];

		if (t->used && instant_due(stream_next(s, t), now) &&
		    (!first ||
		     instant_before(stream_next(s, t), stream_next(s, first))))
			first = t;
	}
	if (first)
		stream_step(s, first, now);
}

unsigned streams_between(const struct streams *s, int a, int b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *t = &s->at[i];

		n += t->used && !t->to[0].told && !t->to[1].told &&
		     ((t->machine[0] == a && t->machine[1] == b) ||
		      (t->machine[0] == b && t->machine[1] == a));
	}
	return n;
}
