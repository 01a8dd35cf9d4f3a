/* SPDX-License-Identifier: ISC */
/*
 * A change of visitors as edits of the forwarding table and rules of the
 * kernel.
 */
#ifndef FA_FA_FORWARD_H
#define FA_FA_FORWARD_H

#include "common/agent/effect.h"
#include "fa/fa_config.h"
#include "fa/visitor.h"

/*
 * How packets reach the node that registered by `rq`, with `home_agent` as the
 * Reply names it (RFC 3024 5.1.2: both directions use the same tunnel); `required` says
 * that ESP is, with that agent.
 */
struct visitor_path fa_path_of(const struct fa_config *config,
			       const struct registration *rq, struct in_addr home_agent,
			       bool required);

/*
 * What turns the path `from` into the path `to`; NULL is no path.  Packets are
 * led into the tunnel only while its entry stands, so a new entry comes before
 * its rule and an old one goes after it.
 */
void fa_forward_change(struct in_addr home, const struct visitor_path *from,
		       const struct visitor_path *to, uint32_t txn,
		       struct effect_list *fx);

#endif
