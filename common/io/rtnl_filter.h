/* SPDX-License-Identifier: ISC */
/*
 * Our programme among the filters at the ingress of a link (tc(8), clsact).
 *
 * It stands behind the filters of others: at a preference after those that tc gives
 * out, so that what they drop, police or take never comes to it.  Filters of others
 * are never touched, nor is a queueing discipline that was there before us; whether
 * we made it is kept in the filter's handle, for a successor after a crash.
 */
#ifndef COMMON_IO_RTNL_FILTER_H
#define COMMON_IO_RTNL_FILTER_H

/* What tc filter show calls it. */
#define RTNL_FILTER_NAME "mip_fast"

enum {
	RTNL_FILTER_PREFERENCE = 60434,
	RTNL_FILTER_BESIDE = 1, /* handle: clsact was there */
	RTNL_FILTER_ALONE = 2,  /* we made it, and remove it if nobody else uses it */
};

/* Attach that programme; a predecessor's is replaced.  0 or -errno. */
int rtnl_filter_attach(int ifindex, int programme);

/* Remove ours, also a predecessor's: 1, or 0 if there was none, or -errno. */
int rtnl_filter_detach(int ifindex);

#endif
