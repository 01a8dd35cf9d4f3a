/* SPDX-License-Identifier: ISC */
/*
 * Whether the other end of a site tunnel lives (after RFC 3706: what comes through
 * says so, and it is asked only when nothing does).  No packet, clock or log is in
 * here: it is told what came and what the time is, and says when to ask and what has
 * changed.
 *
 * It is asked with an echo (RFC 792), whose answer any system gives that has an
 * address to name; see pipeline_probe.c.  An address that is named must answer. A peer
 * that is asked by itself need not know how: then its silence says nothing, until it
 * has answered once, and it is asked rarely, until it has answered or asks itself.
 *
 *     something came since the last look      up
 *     asked three times, and nothing came     down; unknown where silence says nothing
 *     ESP is required, and not there          down
 */
#ifndef COMMON_TUNNEL_PROBE_H
#define COMMON_TUNNEL_PROBE_H

#include "common/base/clock.h"
#include "common/base/rng.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum probe_kind {
	PROBE_PEER,    /* the other end itself, if it is of our kind */
	PROBE_ADDRESS, /* somebody behind it, or its own address inside */
	PROBE_OFF,     /* nobody: what comes by itself is all that is known */
};

struct probe_spec {
	enum probe_kind kind;
	struct in_addr address; /* of PROBE_ADDRESS; else 0 */
	duration_t dead_after;  /* silence of so long, asked about: down */
};

bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b);

enum probe_state { PROBE_UNKNOWN, PROBE_UP, PROBE_DOWN, PROBE_STATES };

const char *probe_state_name(enum probe_state s); /* "unknown", "up", "down" */

enum { PROBE_MISSES = 3 }; /* in a row, and the other end is dead */

struct probe_counts {
	uint64_t sent, answered;
	uint64_t missed; /* a look later nothing had come */
	uint64_t late;   /* answers that came twice, or after so many others were due */
};

struct probe {
	struct probe_spec spec;
	enum probe_state state;
	enum probe_state told; /* the last change that was told; unknown is none */
	bool blocked;          /* at the last look: nothing could be sent */
	bool mute;             /* then: no address of ours to ask from */
	bool answers;          /* it has, so that its silence says something */
	unsigned in_vain;      /* questions to a peer that may not know how to answer */
	unsigned rested;       /* looks since the last of them */
	bool life;             /* something came since the last look */
	bool waiting;          /* it was asked at the last look */
	unsigned misses;
	instant_t next;          /* look; 0: not begun */
	instant_t heard;         /* when something was last seen to have come; or 0 */
	uint64_t seen;           /* packets at the last look */
	uint64_t cookie;         /* in every question, known to who gets it alone */
	uint16_t sent, answered; /* the last numbers */
	struct in_addr from, to; /* of the last question */
	struct probe_counts counts;
};

/* Begin, or go on if it was begun like this.  What is known of the state stays. */
void probe_set(struct probe *p, const struct probe_spec *spec, const struct rng *rng,
	       instant_t now);

/* What is found when it is time to look. */
struct probe_look {
	uint64_t packets; /* that ever came through, answers aside */
	bool blocked, mute;
};

/* What is to be told: a change, once. */
enum probe_change { PROBE_SAME, PROBE_ALIVE, PROBE_DEAD };

/*
 * It is p->next: look.  With *ask, send question number p->sent.  Looks are a fifth of
 * dead_after apart, shortened at random by up to a tenth.
 */
enum probe_change probe_due(struct probe *p, const struct probe_look *look,
			    const struct rng *rng, instant_t now, bool *ask);

/* The answer to that question came; one that is late or comes twice is no life. */
enum probe_change probe_answered(struct probe *p, uint16_t number, instant_t now);

/* The peer itself has asked, so it knows how; `packets` does not count that. */
void probe_heard(struct probe *p, instant_t now);

#endif
