/* SPDX-License-Identifier: ISC */
/*
 * Clears away what a predecessor left in the kernel when it crashed.
 */
#ifndef COMMON_IO_RTNL_SWEEP_H
#define COMMON_IO_RTNL_SWEEP_H

/*
 * Remove what carries our protocol number (rtnl_edit.h) and concerns link
 * `ifindex`: routes, neighbours and addresses on it, routes that lead nowhere, and
 * rules for packets that come in there or on a link that is no more.  What other
 * agents of ours did on other links stays; what concerns packets that this machine
 * itself sends is on the loopback link.  Returns how many were removed, or -errno.
 */
int rtnl_sweep(int ifindex);

/*
 * The same, but leave rules and routes that lead nowhere: what they keep back must
 * not go its own way meanwhile.  rtnl_edit.h takes them over.
 */
int rtnl_sweep_but_barrier(int ifindex);

#endif
