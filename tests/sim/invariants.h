/* SPDX-License-Identifier: ISC */
/*
 * What must hold in the made-up world after every step, whatever happened.
 */
#ifndef TESTS_SIM_INVARIANTS_H
#define TESTS_SIM_INVARIANTS_H

#include "tests/sim/world.h"

void invariants_check(struct world *w);

/* Before the home agent sends a Reply: none accepts what is not set up. */
void invariant_reply(struct node *ha, const uint8_t *payload, size_t len);

/* Before a node broadcasts ARP: none does away from home (RFC 5944 4.6). */
void invariant_arp(struct node *n, struct mac to);

/* A numbered packet came to an application of this node. */
void invariant_received(struct node *n, uint32_t number);

/* After a node was stopped. */
void invariant_nothing_forwarded(struct node *n);

#endif
