/* SPDX-License-Identifier: ISC */
/*
 * A client of an agent's control socket on the loop: sends request lines, hands
 * over every row that comes back.
 */
#ifndef MN_SIM_CTL_CLIENT_H
#define MN_SIM_CTL_CLIENT_H

#include "common/io/loop.h"

#include <jansson.h>

struct ctl_client;

typedef void ctl_row_fn(void *arg, const json_t *row);

/* Connect to `path`.  0 or -errno. */
int ctl_client_open(struct ctl_client **out, struct loop *loop, const char *path,
		    ctl_row_fn *on_row, void *arg);
void ctl_client_close(struct ctl_client *c);

/* One request; "\n" is added.  0 or -errno. */
int ctl_client_ask(struct ctl_client *c, const char *request);

#endif
