/* SPDX-License-Identifier: ISC */
/*
 * What keying asks the edge to do, as values, in the order it must happen.
 *
 * The edge carries out the effects of one call and reports on them (keying_done)
 * before it goes on with the next event.  Keys and bytes belong to the list, which
 * wipes them when it is cleared.
 */
#ifndef COMMON_KEYING_KEYING_EFFECT_H
#define COMMON_KEYING_KEYING_EFFECT_H

#include "common/base/secret.h"
#include "common/keying/key_fault.h"
#include "common/keying/key_msg.h"
#include "common/security/esp_cipher.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ends of the outer packets: ours and the peer's. */
struct keying_pair {
	struct in_addr local, remote;
};

enum keying_effect_kind {
	KEYING_CONNECT,      /* pair, stream: open it; keying_connected or _closed */
	KEYING_SEND,         /* stream, bytes: in this order; none may be left out */
	KEYING_CLOSE,        /* stream: after what was to be sent; no event follows */
	KEYING_SA_IN_ADD,    /* pair, sa: report by keying_done */
	KEYING_SA_IN_DEL,    /* pair, sa.spi */
	KEYING_SA_OUT_SET,   /* pair, sa: send by it from now on; keying_done */
	KEYING_SA_OUT_CLEAR, /* pair: nothing to send by */
	KEYING_PEER_UP,      /* pair: associations stand both ways */
	KEYING_PEER_DOWN, /* pair, fault: they are gone, or about to be in this list */
	KEYING_NOTE,      /* for the log, already bounded in number */
	KEYING_EFFECT_COUNT
};

/* Of KEYING_SA_IN_ADD and KEYING_SA_OUT_SET. */
struct keying_sa {
	uint32_t spi;
	enum esp_algorithm algorithm;
	bool esn;
	struct secret material; /* for this direction and this SPI alone */
	uint32_t generation;
	enum key_carrier carrier;
	uint16_t port; /* the peer's, of KEY_CARRIER_UDP */

	/* Outbound: tell keying_soft_limit() when one is passed; 0: none. */
	uint64_t soft_octets, soft_packets;
};

enum keying_note_kind {
	KEYING_NOTE_UP,      /* info: associations with the peer stand */
	KEYING_NOTE_DOWN,    /* warn: they are gone; fault */
	KEYING_NOTE_REKEYED, /* debug: a new generation is used both ways */
	KEYING_NOTE_FAILED,  /* warn: no agreement; fault, detail */
	KEYING_NOTE_REFUSED, /* warn: a connection from `pair` was not taken; fault */
	KEYING_NOTE_COUNT
};

/* Holds no byte of any key. */
struct keying_note {
	enum keying_note_kind kind;
	enum key_fault fault;
	const char *detail; /* static text or NULL */
	uint32_t generation;
};

struct keying_effect {
	enum keying_effect_kind kind;
	struct keying_pair pair;
	uint32_t stream; /* a number of keying's own, never 0 */
	union {
		struct {
			uint8_t *at; /* owned by the list */
			size_t len;
		} bytes;
		struct keying_sa sa;
		enum key_fault fault; /* of KEYING_PEER_DOWN and KEYING_CLOSE */
		struct keying_note note;
	};
};

/*
 * Grows as needed and is used again and again.  When memory runs out the effect is
 * lost and `overflow` is set: keying_overflow() then starts all over, because a
 * stream of TLS cannot go on with a hole in it.
 */
struct keying_effects {
	struct keying_effect *at;
	size_t count;
	size_t room;
	bool overflow;
};

void keying_effects_init(struct keying_effects *fx);
void keying_effects_clear(struct keying_effects *fx);
void keying_effects_fini(struct keying_effects *fx);

const char *keying_effect_name(enum keying_effect_kind k);
const char *keying_note_name(enum keying_note_kind k);

/* One effect as one line, without any byte of a key, for traces and tests. */
const char *keying_effect_describe(const struct keying_effect *e, char *text,
				   size_t size);

#endif
