/* SPDX-License-Identifier: ISC */
/*
 * What a core asks the edge to do, as values, in the order it must happen.
 *
 * Effects belonging together carry the same non-zero `txn`: if one of them
 * fails, the edge leaves out those of the same txn that follow and tells the
 * core (`x_core_failed`), so that no reply accepts what was not done.
 *
 * The kernel effects are a closed list of plain values.
 */
#ifndef COMMON_AGENT_EFFECT_H
#define COMMON_AGENT_EFFECT_H

#include "common/base/counters.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/protect.h"
#include "common/wire/arp.h"
#include "common/wire/mip_msg.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Events that a log line, `mipctl watch` and a report are made from. */
enum note_kind {
#define NOTE(symbol, name, level, text) symbol,
#include "common/agent/note.def"
#undef NOTE
	NOTE_COUNT
};

enum note_level { NOTE_DEBUG, NOTE_INFO, NOTE_WARN };

const char *note_name(enum note_kind k);
enum note_level note_level(enum note_kind k);
const char *note_text(enum note_kind k);

/* Fields that do not apply are zero and are not shown. */
struct note {
	enum note_kind kind;
	struct in_addr home;
	struct in_addr care_of;
	struct in_addr agent;  /* the home or foreign agent concerned */
	struct in_addr source; /* of the datagram concerned */
	int ifindex;
	bool has_code;
	uint8_t code;      /* of a Reply */
	uint32_t lifetime; /* seconds */
	uint32_t spi;
	uint64_t ident;
	const char *reason;  /* static text */
	const char *detail;  /* of the reason; static text */
	uint32_t generation; /* of keys */
	uint64_t packets;    /* concerned */

	/* Of a tunnel, which the edge tells of: a site's name, ends, encap_name(). */
	const char *name;
	struct in_addr local, remote;
	const char *encapsulation;
};

/*
 * Instead of an interface: the daemon's own TUN device, or, where packets come from,
 * this machine itself.
 */
enum { EFFECT_DEV_TUN = -1, EFFECT_DEV_LO = -2 };

/*
 * Of a route that leads nowhere: behind one of ours for the same destination, which has
 * none, and before all others, since it is for when ours is gone.
 */
enum { EFFECT_METRIC_STOP = 1 };

struct effect_route {
	bool add;
	struct ipv4_prefix dst;
	struct in_addr via;        /* 0: on link */
	struct in_addr prefer_src; /* 0: none */
	int ifindex;               /* or EFFECT_DEV_TUN; 0: from `via` */
	uint32_t table;            /* 0: main */
	uint32_t metric;
	uint16_t mtu;     /* 0: the device's; else locked */
	bool unreachable; /* it leads nowhere: packets that take it are refused */
	bool silent;      /* and their senders do not hear of it */
};

/*
 * `ip rule`: packets from `src` to `dst` that come in on `iif`, or that this machine
 * itself sends (EFFECT_DEV_LO), use `table`.
 */
struct effect_rule {
	bool add;
	struct ipv4_prefix src, dst; /* of length 0: any */
	int iif;
	uint32_t table;
	uint32_t priority;
};

/* A permanent neighbour entry. */
struct effect_neighbour {
	bool add;
	struct in_addr addr;
	int ifindex;
	struct mac mac;
};

/* An address of our own on a link. */
struct effect_address {
	bool add;
	struct ipv4_prefix addr;
	struct in_addr broadcast; /* zero: that of the prefix, if it has one */
	int ifindex;              /* or EFFECT_DEV_TUN */
};

/*
 * Whether the kernel answers ARP Requests on a link: on that of a node that is away
 * it does not, nor does it ask in the name of the home address (RFC 5944 4.6) or
 * follow redirects (4.2.1).
 */
struct effect_arp_policy {
	int ifindex;
	bool answer;
};

struct effect_arp {
	int ifindex;
	struct mac to; /* Ethernet destination */
	struct arp_message arp;
};

/* A datagram through the UDP socket. */
struct effect_udp {
	struct in_addr src, dst; /* src 0: the kernel's choice */
	uint16_t src_port, dst_port;
	uint8_t ttl; /* 0: default */
	uint16_t len;
	uint8_t bytes[MIP_MESSAGE_MAX];
};

/* A whole IPv4 packet straight onto a link. */
struct effect_frame {
	int ifindex;
	struct mac to;
	uint16_t len;
	uint8_t bytes[MIP_MESSAGE_MAX + 28];
};

enum { EFFECT_RECORD_MAX = 512 };

/*
 * What must not be forgotten of `home`, instead of what was to be remembered of it
 * before.  On disk before the messages that follow are sent, if there is a store.
 */
struct effect_record {
	uint16_t len; /* 0: forget it */
	uint8_t bytes[EFFECT_RECORD_MAX];
};

/*
 * ESP with a node that has an address of its own, proved by the associations of
 * `home`; PROTECT_OFF: no more.
 */
struct effect_protect {
	struct in_addr local, remote;
	enum protect_policy policy;
};

enum effect_kind {
	EFFECT_FORWARD,
	EFFECT_ROUTE,
	EFFECT_RULE,
	EFFECT_NEIGHBOUR,
	EFFECT_ADDRESS,
	EFFECT_ARP_POLICY,
	EFFECT_REMEMBER,
	EFFECT_PROTECT,
	EFFECT_SEND_ARP,
	EFFECT_SEND_UDP,
	EFFECT_SEND_LINK,
	EFFECT_NOTE,
	EFFECT_KIND_COUNT
};

struct effect {
	enum effect_kind kind;
	uint32_t txn;
	struct in_addr home; /* whom it concerns, for x_core_failed; may be 0 */
	union {
		struct fwd_edit forward;
		struct effect_route route;
		struct effect_rule rule;
		struct effect_neighbour neighbour;
		struct effect_address address;
		struct effect_arp_policy arp_policy;
		struct effect_record record;
		struct effect_protect protect;
		struct effect_arp arp;
		struct effect_udp udp;
		struct effect_frame frame;
		struct note note;
	};
};

/*
 * A list that grows as needed and is used again and again.  When memory runs
 * out `overflow` is set and the effect is lost; cores check it before they
 * promise anything.
 */
struct effect_list {
	struct effect *at;
	size_t count;
	size_t room;
	bool overflow;
	struct effect scratch; /* what effect_add hands out when there is no memory */
};

void effect_list_init(struct effect_list *fx);
void effect_list_fini(struct effect_list *fx);
void effect_list_clear(struct effect_list *fx);

/*
 * A zeroed effect at the end to fill in; never NULL (a scratch one on overflow).
 * Octets of a message or a record are as they were.
 */
struct effect *effect_add(struct effect_list *fx, enum effect_kind kind, uint32_t txn,
			  struct in_addr home);

const char *effect_name(enum effect_kind k);

/* One effect as one line, for traces and tests. */
const char *effect_describe(const struct effect *e, char *text, size_t size);

/* Shorthands. */
void effect_note(struct effect_list *fx, struct note note);
void effect_forward(struct effect_list *fx, uint32_t txn, const struct fwd_edit *edit);

#endif
