/* SPDX-License-Identifier: ISC */
/*
 * One thread's share of the data plane: sockets and a TUN queue of its own, packet
 * buffers and a pipeline, on the loop of that thread. The forwarding table is for all
 * lanes (fwd.h).
 *
 *     TUN --> pipeline_outbound --> raw socket (wire)
 *     raw 4, 47, 50, 55 --> pipeline_inbound --> TUN, or packet socket (visitors)
 *     UDP 4500, 4754, 434 --> the same, when asked for
 *     raw ICMP --> pipeline_icmp, or the control plane
 *
 * Each wake-up handles one vector, so that no source keeps the others waiting.
 */
#ifndef COMMON_IO_LANE_H
#define COMMON_IO_LANE_H

#include "common/agent/datagram.h"
#include "common/agent/links.h"
#include "common/io/io_count.h"
#include "common/io/loop.h"
#include "common/io/pktio.h"
#include "common/io/udp_runs.h"
#include "common/tunnel/pipeline.h"

#include <pthread.h>

/* The descriptors that packets come from. */
enum lane_source {
	FROM_TUN,
	FROM_IPIP,
	FROM_GRE,
	FROM_ESP,
	FROM_MINIMAL,
	FROM_ICMP,
	FROM_ESP_UDP,
	FROM_GRE_UDP,
	FROM_MIP_DATA,
	LANE_SOURCES
};

const char *lane_source_name(enum lane_source s); /* "raw socket for GRE", ... */

/* What all lanes have in common; borrowed by them. */
struct lane_world {
	struct fwd *fwd;
	const char *tun; /* name of the device */
	struct io_counts *counts;
	struct carrier_ports ports;

	/* What pipelines and sends go by; a lane holds `edge` to read meanwhile. */
	pthread_rwlock_t edge;
	struct links links;
	struct udp_runs runs;

	unsigned lanes; /* that share what comes */
	void (*icmp)(void *arg, const struct icmp_datagram *dg); /* of FROM_ICMP */
	void *icmp_arg;
	void (*news)(void *arg, const struct tunnel_news *news); /* on any thread */
	void *news_arg;
};

struct lane;

/* The lane of that number, with nothing open to receive; `what` of it failed. */
int lane_new(struct lane **out, struct lane_world *world, unsigned number,
	     const char **what);
void lane_free(struct lane *l); /* NULL is fine */

/* The loop must be set before anything is watched; it is borrowed. */
void lane_set_loop(struct lane *l, struct loop *loop);

/*
 * Open a source, the nth of those that share it. `tun` gets the index of the device.
 * 0 or -errno.  From lane_watch() on its packets are handled on the loop's thread.
 */
int lane_open(struct lane *l, enum lane_source s, struct pktio_share share, int *tun);
int lane_watch(struct lane *l, enum lane_source s); /* 0 or -ENOMEM; once is enough */
void lane_close(struct lane *l, enum lane_source s);

const struct pktio *lane_io(const struct lane *l, enum lane_source s);
struct pipeline *lane_pipeline(struct lane *l);
struct pkt_pool *lane_pool(struct lane *l);

/*
 * For packets that come from no source: between the two its pipeline may be called,
 * once; then what came out of it is sent, and given back.
 */
struct pipeline *lane_begin(struct lane *l);
void lane_end(struct lane *l, struct pipeline_out *out, struct now now);

#endif
