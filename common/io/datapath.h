/* SPDX-License-Identifier: ISC */
/*
 * The data plane of one daemon: its TUN device and its sockets, dealt out to worker
 * threads, each with a lane of its own (lane.h), and the forwarding table by which all
 * of them go. It is used by the control plane's thread alone.
 */
#ifndef COMMON_IO_DATAPATH_H
#define COMMON_IO_DATAPATH_H

#include "common/agent/datagram.h"
#include "common/agent/links.h"
#include "common/base/counters.h"
#include "common/io/io_count.h"
#include "common/io/loop.h"
#include "common/tunnel/encap_udp.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/pipeline.h"

#include <limits.h>

#include <stddef.h>

struct datapath;

enum {
	DATAPATH_WORKERS_MAX = 16,
	DATAPATH_WORKERS_AUTO = UINT_MAX >> 1, /* as many as processors */
};

struct datapath_config {
	const char *tun;    /* name of the device */
	size_t max_entries; /* bindings or visitors, and site tunnels */
	size_t max_tunnels;
	const struct links *links; /* borrowed; read by datapath_see_links() */
	unsigned workers; /* 0: packets are handled on the control plane's loop */
	struct io_counts *counts;
	struct carrier_ports ports; /* where carriers come in; 0: as usual */

	/* ICMP errors about UDP datagrams of port 434 are the control plane's. */
	void (*icmp)(void *arg, const struct icmp_datagram *dg);

	/* What operators want to hear of tunnels (pipeline.h). */
	void (*news)(void *arg, const struct tunnel_news *news);
	void *arg;
};

/* UDP that carries tunnels, of which a program takes what its tunnels need. */
enum datapath_carrier {
	DATAPATH_ESP_UDP,
	DATAPATH_GRE_UDP,
	DATAPATH_MIP_DATA,
	DATAPATH_CARRIERS
};

/* What of it failed: static text, for a message. */
struct datapath_fault {
	const char *what;
};

/* 0 or -errno. */
int datapath_open(struct datapath **out, const struct datapath_config *config,
		  struct datapath_fault *fault);
void datapath_close(struct datapath *dp);

/* Begin to handle packets; `loop` is the control plane's.  0 or -ENOMEM. */
int datapath_start(struct datapath *dp, struct loop *loop);

/*
 * Take that carrier's packets too, from now on; asking again does nothing.  0 or
 * -errno; -EADDRINUSE when somebody has the port, as an IKE daemon has that of ESP.
 */
int datapath_receive(struct datapath *dp, struct loop *loop, enum datapath_carrier c);

/* A site tunnel has been set: see whether its other end lives, from now on. */
void datapath_probe(struct datapath *dp);

/* The TUN device was removed: make it again, under another index.  0 or -errno. */
int datapath_reopen(struct datapath *dp);

/* Links have changed. */
void datapath_see_links(struct datapath *dp);

/* Tables of at least these sizes from now on. */
void datapath_reserve(struct datapath *dp, size_t max_entries, size_t max_tunnels);

int datapath_tun(const struct datapath *dp); /* ifindex of the TUN device */
unsigned datapath_workers(const struct datapath *dp);
struct fwd *datapath_fwd(struct datapath *dp);

/* A broadcast heard on the link of `home_network`, as a whole IPv4 packet. */
void datapath_broadcast(struct datapath *dp, struct ipv4_prefix home_network,
			const uint8_t *packet, size_t len);

enum { DATAPATH_COUNTERS = 2 };

/* "drop" and "packet", of all lanes; until asked for again. */
void datapath_counters(struct datapath *dp, struct counter_set sets[DATAPATH_COUNTERS]);

#endif
