/* SPDX-License-Identifier: ISC */
/*
 * Links and addresses as the kernel has them: read once, then followed.
 */
#ifndef COMMON_IO_RTNL_H
#define COMMON_IO_RTNL_H

#include "common/agent/links.h"

struct rtnl;

int rtnl_open(struct rtnl **out); /* 0 or -errno */
void rtnl_close(struct rtnl *r);

/* Readable when something has changed. */
int rtnl_fd(const struct rtnl *r);

/* Fill `links` from scratch.  0 or -errno. */
int rtnl_load(struct rtnl *r, struct links *links);

/*
 * Carry what has changed into `links`, calling `changed` after each change: a
 * cable that is out and in again between two reads is seen to have been out.
 * 0 or -errno.
 */
int rtnl_follow(struct rtnl *r, struct links *links, void (*changed)(void *arg),
		void *arg);

#endif
