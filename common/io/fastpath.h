/* SPDX-License-Identifier: ISC */
/*
 * The fast path: simple tunnels are forwarded by a programme in the kernel
 * (common/bpf), which is loaded and attached to links here, and whose tables are kept
 * like the forwarding table.  It may be left out of the build (fastpath_none.c), and
 * the kernel may refuse it; user space does everything then.
 */
#ifndef COMMON_IO_FASTPATH_H
#define COMMON_IO_FASTPATH_H

#include "common/agent/links.h"
#include "common/base/counters.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/tunnel.h"

#include <stdbool.h>
#include <stddef.h>

struct fastpath;

/* How many entries its tables may have, each at least 1. */
struct fastpath_sizes {
	size_t bindings, visitors, tunnels;
};

/* Load it.  0; -ENOTSUP: not built; else -errno. */
int fastpath_open(struct fastpath **out, const struct fastpath_sizes *sizes);

/* Let its tables have at least that many entries.  0, or -errno: they are as before. */
int fastpath_reserve(struct fastpath *fp, const struct fastpath_sizes *sizes);

/* Detach it from every link, and unload it. */
void fastpath_close(struct fastpath *fp);

/* Keep the kernel's tables like this one, from now on; NULL ends it. */
void fastpath_mirror(struct fastpath *fp, struct fwd *fwd);

/*
 * Attach it to the Ethernet-like links that are new among these; `tun` is the
 * daemon's own device.  Each that cannot be attached is told to `refused`, once.
 */
void fastpath_see_links(struct fastpath *fp, const struct links *links, int tun,
			void (*refused)(void *arg, const struct link *link, int error),
			void *arg);
bool fastpath_is_on(const struct fastpath *fp, int ifindex);

/* What passed a tunnel there; false if the tunnel is not there. */
bool fastpath_counts(const struct fastpath *fp, const struct tunnel *t,
		     struct tunnel_counts *out);

/* Group "fast".  The values last until the next call. */
struct counter_set fastpath_counters(struct fastpath *fp);

/* The loaded programme's descriptor: for tests that run it on packets of theirs. */
int fastpath_programme(const struct fastpath *fp);

#endif
