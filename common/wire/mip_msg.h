/* SPDX-License-Identifier: ISC */
/*
 * Registration Request and Registration Reply: the fixed part (RFC 5944 3.3,
 * 3.4).  Extensions are in mip_ext.h; these functions leave them as a view.
 *
 *   Request  0 type=1 | 1 flags | 2 lifetime | 4 home | 8 home agent
 *            12 care-of | 16 identification(8) | 24 extensions
 *   Reply    0 type=3 | 1 code  | 2 lifetime | 4 home | 8 home agent
 *            12 identification(8) | 20 extensions
 */
#ifndef COMMON_WIRE_MIP_MSG_H
#define COMMON_WIRE_MIP_MSG_H

#include "common/base/bytes.h"

#include <netinet/in.h>
#include <stdint.h>

enum {
	MIP_PORT = 434,

	MIP_TYPE_REQUEST = 1,
	MIP_TYPE_REPLY = 3,

	MIP_REQUEST_LEN = 24, /* fixed parts */
	MIP_REPLY_LEN = 20,
	MIP_MESSAGE_MAX = 1400, /* longest message that we build or accept */

	MIP_LIFETIME_INFINITE = 0xffff,
};

/* Flags of a Request (RFC 5944 3.3, RFC 3024 3.2). */
enum {
	MIP_FLAG_S = 0x80, /* keep my earlier bindings */
	MIP_FLAG_B = 0x40, /* send me broadcasts of the home network */
	MIP_FLAG_D = 0x20, /* I decapsulate myself: co-located care-of address */
	MIP_FLAG_M = 0x10, /* minimal encapsulation */
	MIP_FLAG_G = 0x08, /* GRE */
	MIP_FLAG_r = 0x04, /* sent as zero, ignored on reception */
	MIP_FLAG_T = 0x02, /* reverse tunnel */
	MIP_FLAG_x = 0x01, /* sent as zero, ignored on reception */
};

/* All values in host order but for addresses. */
struct mip_request {
	uint8_t flags;
	uint16_t lifetime; /* seconds; 0 deregisters, 0xffff is for ever */
	struct in_addr home;
	struct in_addr home_agent;
	struct in_addr care_of;
	uint64_t ident;
	struct reader extensions; /* view: lives as long as the datagram */
};

struct mip_reply {
	uint8_t code; /* see mip_code.h */
	uint16_t lifetime;
	struct in_addr home;
	struct in_addr home_agent;
	uint64_t ident;
	struct reader extensions;
};

enum mip_fault {
	MIP_FAULT_NONE,
	MIP_FAULT_SHORT,     /* fixed part or an extension cut off */
	MIP_FAULT_TYPE,      /* not this message */
	MIP_FAULT_EXTENSION, /* an unknown extension that may not be skipped */
	MIP_FAULT_LENGTH,    /* an extension of a length its type cannot have */
	MIP_FAULT_MANY,      /* more extensions than we look at */
	MIP_FAULT_LONG,      /* longer than MIP_MESSAGE_MAX */
	MIP_FAULT_COUNT
};

const char *mip_fault_text(enum mip_fault f);

/* The type of a message, 0 if it is empty. */
uint8_t mip_message_type(struct reader in);

enum mip_fault mip_request_decode(struct reader in, struct mip_request *out);
enum mip_fault mip_reply_decode(struct reader in, struct mip_reply *out);

/* Write the fixed part; `extensions` is not looked at. */
void mip_request_encode(struct writer *w, const struct mip_request *rq);
void mip_reply_encode(struct writer *w, const struct mip_reply *rp);

#endif
