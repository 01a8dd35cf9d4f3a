/* SPDX-License-Identifier: ISC */
/*
 * Reverse tunnelling at the foreign agent (RFC 3024), direct delivery: the
 * node's packets come to us as to any router and go into the tunnel to its home
 * agent.
 *
 * The kernel brings them to our TUN device: one rule for each such visitor,
 * from its home address and the link it is on, to a table that holds one
 * default route.  The link in the rule is the ingress filter of RFC 3024 5.2.1.
 * Where ESP is required a second rule leads there what our machine says to the visitor.
 */
#ifndef FA_REVERSE_H
#define FA_REVERSE_H

#include "common/agent/effect.h"
#include "fa/fa_config.h"
#include "fa/registration.h"

/*
 * The checks of RFC 3024 4.2.1 on a Request, in its order; `ttl` is that of the
 * packet that it came in, `delivery` says that extension 130 was there.  A
 * denial code, or 0.
 */
uint8_t reverse_judge(const struct fa_config *config, const struct registration *rq,
		      uint8_t ttl, bool delivery);

/* The default route of the table, made at start and removed at stop. */
void reverse_route(bool add, struct effect_list *fx);

/*
 * Where ESP is required: packets of visitors are refused when that route is not there,
 * since we were killed and our TUN device is gone, instead of going in clear. Nobody
 * is told: an error goes to where the sender is at home, in clear, and quotes it.
 */
void reverse_stop(bool add, struct effect_list *fx);

void reverse_rule(bool add, struct in_addr home, int ifindex, uint32_t txn,
		  struct effect_list *fx);

/*
 * What our own machine says to that visitor, answers and ICMP errors that quote its
 * packets, comes to us too: its routing knows no way but the one by the visitor's home.
 */
void reverse_answers(bool add, struct in_addr home, uint32_t txn,
		     struct effect_list *fx);

#endif
