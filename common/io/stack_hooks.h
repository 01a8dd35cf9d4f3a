/* SPDX-License-Identifier: ISC */
/*
 * Whether the kernel's IP layer has anything to do to packets that it sends besides
 * sending them.
 */
#ifndef COMMON_IO_STACK_HOOKS_H
#define COMMON_IO_STACK_HOOKS_H

#include <stdbool.h>

/*
 * True when in this network namespace there is neither a table of nftables for IPv4,
 * nor one of iptables, nor a policy of IPsec; false also where that cannot be known.
 */
bool stack_hooks_none(void);

#endif
