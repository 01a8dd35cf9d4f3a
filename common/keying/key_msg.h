/* SPDX-License-Identifier: ISC */
/*
 * What two agents say to each other inside TLS: five small messages of fixed size.
 *
 *      0               1               2
 *     +---------------+---------------+------------------ - -
 *     |     type      |    length     |  body: `length` octets
 *     +---------------+---------------+------------------ - -
 *
 *     HELLO  1  version 1, flags 1, carrier 1, reserved 1, UDP port 2,
 *               algorithms 2 (a bit each), instance 8
 *     READY  2  generation 4, SPI 4, algorithm 1, flags 1
 *     USING  3  generation 4
 *     ALIVE  4  kind 1: a probe or its answer
 *     BYE    5  reason 1
 *
 * The stream is cut anywhere: a decoder asks for more until a message is whole.
 * Numbers on the wire are our own; an unknown algorithm in HELLO is passed over,
 * anything else unknown is malformed.
 */
#ifndef COMMON_KEYING_KEY_MSG_H
#define COMMON_KEYING_KEY_MSG_H

#include "common/base/bytes.h"
#include "common/keying/key_fault.h"
#include "common/security/esp_cipher.h"

enum {
	KEY_MSG_VERSION = 1,
	KEY_MSG_HEADER = 2,
	KEY_MSG_BODY_MAX = 16,
	KEY_MSG_MAX = KEY_MSG_HEADER + KEY_MSG_BODY_MAX,
};

enum key_msg_type {
	KEY_MSG_HELLO = 1,
	KEY_MSG_READY,
	KEY_MSG_USING,
	KEY_MSG_ALIVE,
	KEY_MSG_BYE,
};

/* How ESP travels: by itself, or in UDP (RFC 3948). */
enum key_carrier { KEY_CARRIER_RAW, KEY_CARRIER_UDP, KEY_CARRIER_COUNT };

enum key_alive { KEY_ALIVE_PROBE, KEY_ALIVE_ANSWER, KEY_ALIVE_COUNT };

enum key_bye {
	KEY_BYE_STOPPING = 1,  /* forget my associations now */
	KEY_BYE_SUPERSEDED,    /* another connection goes on */
	KEY_BYE_CHANGED,       /* my configuration is another now */
	KEY_BYE_PROTOCOL,      /* you speak another version, or out of turn */
	KEY_BYE_NO_ALGORITHM,  /* nothing that we both allow */
	KEY_BYE_NOT_INSTALLED, /* my data plane failed */
	KEY_BYE_REASONS,
};

/* A set of enum esp_algorithm, as bits. */
typedef uint16_t key_algorithms_t;

static inline key_algorithms_t key_algorithm_bit(enum esp_algorithm a)
{
	return (key_algorithms_t)(1U << a);
}

struct key_hello {
	uint8_t version;
	bool esn;
	enum key_carrier carrier;
	uint16_t port; /* where we take ESP in UDP */
	key_algorithms_t algorithms;
	/* Drawn at each start: tells a restart, and which end leads (the lower one). */
	uint64_t instance;
};

/* "I receive this generation, under this SPI and algorithm." */
struct key_ready {
	uint32_t generation;
	uint32_t spi;
	enum esp_algorithm algorithm;
	bool esn;
};

struct key_msg {
	enum key_msg_type type;
	union {
		struct key_hello hello;
		struct key_ready ready;
		uint32_t using_generation; /* "this is what I send by from now on" */
		enum key_alive alive;
		enum key_bye bye;
	};
};

/*
 * One message from the start of `in`, which moves behind it.  KEY_OK; KEY_FAULT_CUT:
 * the bytes so far are sound, but more are needed; KEY_FAULT_MESSAGE;
 * KEY_FAULT_PROTOCOL: a HELLO of another version (only `version` is set).
 */
enum key_fault key_msg_decode(struct reader *in, struct key_msg *out);
void key_msg_encode(struct writer *w, const struct key_msg *m);

/* The number of an algorithm on the wire and in what keys are derived from. */
uint8_t key_algorithm_number(enum esp_algorithm a);

const char *key_msg_name(enum key_msg_type t);

#endif
