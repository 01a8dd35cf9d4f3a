/* SPDX-License-Identifier: ISC */
/*
 * Record what passes an interface, in a namespace, into a pcap file (libpcap).
 */
#ifndef MN_SIM_CAPTURE_H
#define MN_SIM_CAPTURE_H

#include "common/io/loop.h"
#include "mn-sim/scenario_config.h"

#include <stddef.h>
#include <stdint.h>

struct capture;

/*
 * Start recording into DIR/config->file.  Returns 0 or -errno; libpcap's own
 * words about a failure go into `error`.
 */
int capture_open(struct capture **out, struct loop *loop,
		 const struct scenario_capture *config, const char *dir, char *error,
		 size_t error_size);

/* Ends the file.  NULL is fine. */
void capture_close(struct capture *c);

uint64_t capture_packets(const struct capture *c);

#endif
