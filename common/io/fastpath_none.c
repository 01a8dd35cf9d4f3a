/* SPDX-License-Identifier: ISC */
/*
 * The fast path of builds without it.
 */
#include "common/io/fastpath.h"

#include <errno.h>

int fastpath_open(struct fastpath **out, const struct fastpath_sizes *sizes)
{
	(void)out;
	(void)sizes;
	return -ENOTSUP;
}

int fastpath_reserve(struct fastpath *fp, const struct fastpath_sizes *sizes)
{
	(void)fp;
	(void)sizes;
	return -ENOTSUP;
}

void fastpath_close(struct fastpath *fp)
{
	(void)fp;
}

void fastpath_mirror(struct fastpath *fp, struct fwd *fwd)
{
	(void)fp;
	(void)fwd;
}

void fastpath_see_links(struct fastpath *fp, const struct links *links, int tun,
			void (*refused)(void *arg, const struct link *link, int error),
			void *arg)
{
	(void)fp;
	(void)links;
	(void)tun;
	(void)refused;
	(void)arg;
}

bool fastpath_is_on(const struct fastpath *fp, int ifindex)
{
	(void)fp;
	(void)ifindex;
	return false;
}

bool fastpath_counts(const struct fastpath *fp, const struct tunnel *t,
		     struct tunnel_counts *out)
{
	(void)fp;
	(void)t;
	(void)out;
	return false;
}

struct counter_set fastpath_counters(struct fastpath *fp)
{
	(void)fp;
	return (struct counter_set){ .group = "fast" };
}

int fastpath_programme(const struct fastpath *fp)
{
	(void)fp;
	return -1;
}
