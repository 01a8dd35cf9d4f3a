/* SPDX-License-Identifier: ISC */
/*
 * Streams between made-up machines, as TCP would be: they keep the order of octets,
 * but neither their pieces nor their time, and they can be cut.
 */
#ifndef TESTS_SIM_STREAMS_H
#define TESTS_SIM_STREAMS_H

#include "common/base/clock.h"
#include "common/base/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAMS = 64, STREAM_FLIGHT = 8192 };

/* Who is at the ends; each machine numbers its streams itself, from 1. */
struct stream_users {
	bool (*listens)(void *arg, int machine);
	void (*connected)(void *arg, int machine, uint32_t number);
	/* *number: what it is called from now on; 0: not taken. */
	void (*accepted)(void *arg, int machine, int from, uint32_t *number);
	void (*received)(void *arg, int machine, uint32_t number, const uint8_t *bytes,
			 size_t len);
	/* It ended or was not to be had; a positive errno. */
	void (*closed)(void *arg, int machine, uint32_t number, int error);
	void *arg;
};

/* What is on its way to one end. */
struct stream_flight {
	uint8_t bytes[STREAM_FLIGHT];
	size_t len;
	instant_t ready; /* of the next piece */
	bool fin;        /* no more after these */
	bool told;       /* that end knows, or is no more */
};

struct stream {
	bool used;
	int machine[2]; /* that connected, that was connected to */
	uint32_t number[2];
	instant_t connect_at, accept_at;
	struct stream_flight to[2];
};

struct streams {
	struct stream_users users;
	struct rng *chance;
	uint32_t delay_ms; /* of each piece, at most */
	bool whole;        /* pieces are what was sent */
	bool parted;       /* nothing gets through */
	bool full;         /* there were more than there is room for */
	struct stream at[STREAMS];
};

void streams_init(struct streams *s, const struct stream_users *users,
		  struct rng *chance);

void streams_connect(struct streams *s, int from, int to, uint32_t number,
		     instant_t now);
void streams_send(struct streams *s, int machine, uint32_t number, const uint8_t *bytes,
		  size_t len, instant_t now);
/* After what was sent; nothing more is heard of it.  False: there is none. */
bool streams_close(struct streams *s, int machine, uint32_t number, instant_t now);

/* Every stream ends at both sides, and what was on its way is lost. */
void streams_cut(struct streams *s, instant_t now);

/* A machine died: of its streams the other ends hear `reset`, or nothing ever. */
void streams_leave(struct streams *s, int machine, bool reset, instant_t now);

/* The next event; carry out one that is due. */
instant_t streams_next(const struct streams *s);
void streams_step(struct streams *s, instant_t now);

/* Whether the other end still has it, too. */
bool streams_reach(struct streams *s, int machine, uint32_t number);

/* How many stand or are being opened between two machines. */
unsigned streams_between(const struct streams *s, int a, int b);

#endif
