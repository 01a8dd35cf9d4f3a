/* SPDX-License-Identifier: ISC */
/*
 * Doing something inside a named network namespace: a socket opened there stays
 * there, so one process can be both ends of a flow and read one clock.
 */
#ifndef MN_SIM_NETNS_H
#define MN_SIM_NETNS_H

enum { NETNS_NAME_MAX = 64 };

/*
 * Enter the namespace `name` ("" stays where we are).  *home is what
 * netns_leave needs to come back.  Returns 0 or -errno.
 */
int netns_enter(const char *name, int *home);
void netns_leave(int home);

#endif
