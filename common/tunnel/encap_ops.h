/* SPDX-License-Identifier: ISC */
/*
 * What an encapsulation is made of, for the files of common/tunnel and their
 * tests.  The contract of push and pull is in encap.h.
 */
#ifndef COMMON_TUNNEL_ENCAP_OPS_H
#define COMMON_TUNNEL_ENCAP_OPS_H

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/tunnel/drop.h"
#include "common/tunnel/encap.h"
#include "common/tunnel/outer.h"
#include "common/tunnel/pkt_vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers that GRE puts and has seen (RFC 2890 2.2); see gre_sequence_accept. */
struct gre_sequence {
	uint32_t next_out;
	uint32_t last_in; /* 2^32-1 at first */
	bool heard;       /* any yet */
	uint32_t last_late;
	unsigned late_run;  /* late packets in a row, each after the one before */
	instant_t accepted; /* when the last one was in order */
	uint64_t gaps;
	uint64_t restarts;
};

/* One end of one encapsulation. */
struct encap {
	const struct encap_ops *ops;
	struct encap_spec spec;
	struct in_addr local;
	struct in_addr remote;
	struct outer outer;
	struct gre_sequence sequence;
};

struct encap_ops {
	const char *name;
	uint8_t protocol;
	size_t (*overhead)(const struct encap_spec *spec);
	void (*push)(struct encap *e, struct pkt_vec *v);
	void (*pull)(struct encap *e, struct pkt_vec *v);

	/*
	 * Whether an ICMP error that quotes `shim` behind the outer header can be
	 * about a packet that this end sent.  NULL: the addresses say all there is.
	 */
	bool (*is_quoted)(const struct encap *e, struct reader shim);
};

const struct encap_ops *encap_ipip_ops(void);
const struct encap_ops *encap_minimal_ops(void);
const struct encap_ops *encap_gre_ops(void);
const struct encap_ops *encap_ops_of(enum encap_kind kind);

void encap_init(struct encap *e, struct in_addr local, struct in_addr remote,
		const struct encap_spec *spec);

/* Other parameters; numbers go on. */
void encap_reconfigure(struct encap *e, const struct encap_spec *spec);

/*
 * The end of every pull: `p` has just lost its outer header, whose type of
 * service was `outer_tos`.  Judge the inner packet and carry the mark over.
 */
void encap_unwrapped(struct encap *e, uint8_t outer_tos, struct pkt *p);

static inline void encap_push(struct encap *e, struct pkt_vec *v)
{
	e->ops->push(e, v);
}

static inline bool encap_is_quoted(const struct encap *e, struct reader shim)
{
	return !e->ops->is_quoted || e->ops->is_quoted(e, shim);
}

static inline void encap_pull(struct encap *e, struct pkt_vec *v)
{
	e->ops->pull(e, v);
}

/* A GRE header as it stands in front of its payload. */
struct gre_header {
	uint16_t flags;
	uint16_t protocol;
	uint16_t checksum;
	uint32_t key;
	uint32_t sequence;
	size_t len;
};

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ROUTING = 0x4800, /* bits 1 and 4 of RFC 1701: refused (erratum 3719) */
	GRE_VERSION = 0x0007,
	GRE_PROTO_IPV4 = 0x0800,
};

/*
 * Read a GRE header, its form judged but not its checksum.  `in` is a view of
 * what follows the outer IPv4 header, at least the header.
 */
enum drop_reason gre_decode(struct reader in, struct gre_header *out);

/*
 * Judge a received number and remember it.  RFC 2890 2.2 drops what lies in the
 * 2^31-1 numbers before the last one, and the last one.  Taken literally, a peer
 * that starts again at 0 is deaf for as long as it ran before.  So a late number
 * is taken as a restart when nothing in order has come for GRE_QUIET_S seconds,
 * longer than a network reorders, or when it is the last of GRE_LATE_RUN late
 * ones in a row that rise by themselves, which reordering does not give.
 */
enum { GRE_QUIET_S = 3, GRE_LATE_RUN = 16 };
bool gre_sequence_accept(struct gre_sequence *s, uint32_t number, instant_t now);
void gre_sequence_init(struct gre_sequence *s);

/* A minimal forwarding header (RFC 2004 3). */
struct minimal_header {
	uint8_t protocol;
	bool has_source;
	struct in_addr dst;
	struct in_addr src; /* if has_source */
	size_t len;
};

enum { MINIMAL_SHORT = 8, MINIMAL_LONG = 12, MINIMAL_SOURCE = 0x80 };

/* Read one, its checksum included in what is judged. */
enum drop_reason minimal_decode(struct reader in, struct minimal_header *out);

#endif
