/* SPDX-License-Identifier: ISC */
/*
 * The inside of the mobile node's core, for the files of this folder only.
 *
 *   mn_core.c     life and events: links, deadlines, failures, configuration
 *   mn_roam.c     where to be: agents heard, searching, attaching, leaving
 *   mn_request.c  Registration Requests and their pace
 *   mn_reply.c    Registration Replies: judge, then act
 *   mn_gateway.c  the router where we are on our own
 *   mn_forward.c  what each place needs from the kernel
 */
#ifndef MN_SIM_MN_PRIVATE_H
#define MN_SIM_MN_PRIVATE_H

#include "common/base/bucket.h"
#include "common/base/counters.h"
#include "common/security/sa.h"
#include "mn-sim/mn_core.h"
#include "mn-sim/move.h"

enum mn_counter {
#define COUNTER(symbol, name, help) symbol,
#include "mn-sim/mn_counters.def"
#undef COUNTER
	MN_COUNTER_COUNT
};

enum mn_timer {
	MN_TIMER_SOLICIT,
	MN_TIMER_COLOCATED,  /* no agent was heard: use our own address here */
	MN_TIMER_REQUEST,    /* first try, retransmission, retry or renewal */
	MN_TIMER_GATEWAY,    /* is the router still the same? */
	MN_TIMER_EXPIRE,     /* the registration runs out */
	MN_TIMER_GRATUITOUS, /* say again that the home address is ours */
	MN_TIMER_REPAIR,     /* tell the kernel again, in case something is missing */
	MN_TIMER_COUNT
};

/* What a Request asks for (RFC 5944 3.6.1.2). */
enum mn_wish {
	MN_REGISTER,
	MN_DEREGISTER, /* all bindings: lifetime 0, care-of is the home address */
	MN_WITHDRAW,   /* one binding: lifetime 0 and its care-of address */
};

/* The latest Request; older ones do not count (RFC 5944 3.6.2.1). */
struct mn_asked {
	bool open; /* not answered yet */
	enum mn_wish wish;
	struct mip_request rq;
	instant_t sent_at;
	struct in_addr through; /* foreign agent, 0: directly */
};

/* What denials here have made us change; forgotten when we move. */
struct mn_terms {
	uint16_t lifetime_max; /* code 69; 0: none */
	bool plain;            /* 72, 139: neither M nor G */
	bool no_reverse;       /* 74, 137, or 70, 134 to a T: without T */
	bool reverse;          /* 75, 138: T is mandatory */
};

/* Something kept in the kernel or the forwarding table while at a place. */
struct mn_fixture {
	enum effect_kind kind;
	union {
		struct effect_route route;
		struct effect_neighbour neighbour;
		struct effect_address address;
		struct effect_arp_policy arp_policy;
		struct fwd_edit forward;
	};
};

enum { MN_FIXTURES_MAX = 16 };

struct mn_fixtures {
	unsigned count;
	struct mn_fixture at[MN_FIXTURES_MAX];
	bool sure; /* false: something failed or the link was down, so say all again */
};

struct mn_core {
	struct mn_config config; /* what it points at is ours too */
	struct sa_store *associations;
	struct rng rng;
	uint64_t counters[MN_COUNTER_COUNT];

	/* the link */
	struct links links;
	int ifindex; /* 0: there is no such interface */
	bool up;
	struct mac mac;
	instant_t link_up_at;

	/* agents */
	struct agents agents;
	struct solicitor solicitor;
	struct agent_heard *agent; /* in use, one of `agents`; NULL if none */
	bool lost;                 /* ... but it has fallen silent */

	/* where we are */
	enum mn_place place;
	struct in_addr care_of;    /* 0 at home and nowhere */
	struct in_addr home_agent; /* configured or learned; 0: not known */
	bool gateway_known;        /* co-located: the router has answered */
	struct mac gateway_mac;
	unsigned gateway_asked; /* times since it was heard */
	struct mn_fixtures fixtures;

	/* registration */
	bool bound;   /* away: a registration here has not run out */
	bool reverse; /* ... and grants the reverse tunnel */
	bool cleared; /* at home: the home agent has taken note */
	uint16_t granted;
	instant_t registered_at;
	instant_t expires_at;
	struct mn_asked asked;
	struct mn_terms terms;
	duration_t patience; /* until the next try, doubled each time */
	unsigned hasty;      /* tries at once, because a denial told us how */
	struct bucket pace;
	uint8_t last_code;
	unsigned requests_sent;
	unsigned gratuitous_left;

	/* identification (RFC 5944 5.7.1) */
	duration_t clock_offset;
	uint64_t last_ident;

	instant_t due[MN_TIMER_COUNT];
	uint32_t txn;
	bool stopped;
};

static inline void mn_count(struct mn_core *mn, enum mn_counter c)
{
	mn->counters[c]++;
}

/* A transaction of its own for what follows (never 0). */
uint32_t mn_new_txn(struct mn_core *mn);

/* A note about us where we are; fill in the rest. */
struct note mn_note(const struct mn_core *mn, enum note_kind kind);

/* mn_roam.c */
void mn_search(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_look_around(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_solicit(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_use_colocated(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_stop_searching(struct mn_core *mn);
void mn_forget_registration(struct mn_core *mn);
void mn_detach(struct mn_core *mn, struct effect_list *fx);
void mn_on_silence(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_on_advert(struct mn_core *mn, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx);
bool mn_try_elsewhere(struct mn_core *mn, instant_t avoid_until, struct now now,
		      struct effect_list *fx);

/* mn_request.c */
void mn_ask(struct mn_core *mn, enum mn_wish wish, struct now now,
	    struct effect_list *fx);
void mn_ask_here(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_take_leave(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_on_request_timer(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_ask_later(struct mn_core *mn, duration_t at_least, struct now now);
uint16_t mn_lifetime_wanted(const struct mn_core *mn);
bool mn_reverse_wanted(const struct mn_core *mn);
enum encap_kind mn_encap_wanted(const struct mn_core *mn);
struct in_addr mn_home_agent_field(const struct mn_core *mn);
void mn_gratuitous(struct mn_core *mn, uint32_t txn, struct effect_list *fx);
void mn_on_gratuitous_timer(struct mn_core *mn, struct now now, struct effect_list *fx);

/* mn_reply.c */
void mn_on_reply(struct mn_core *mn, const struct datagram *dg, struct now now,
		 struct effect_list *fx);

/* mn_gateway.c */
void mn_ask_gateway(struct mn_core *mn, struct now now, struct effect_list *fx);
void mn_on_gateway_timer(struct mn_core *mn, struct now now, struct effect_list *fx);
/* An ARP message may be the router's: then we know it, and can register. */
void mn_hear_gateway(struct mn_core *mn, const struct arp_frame *frame, struct now now,
		     struct effect_list *fx);

/* mn_forward.c */
void mn_settle(struct mn_core *mn, uint32_t txn, struct effect_list *fx);
void mn_unsettle(struct mn_core *mn, struct effect_list *fx);
/* The kernel is not ours alone: what is needed here is said again. */
void mn_reassert(struct mn_core *mn, uint32_t txn, struct effect_list *fx);
bool mn_is_undoing(const struct effect *e);
/* What was to be undone could not be: try with the next change. */
void mn_remains(struct mn_core *mn, const struct effect *undoing);

#endif
