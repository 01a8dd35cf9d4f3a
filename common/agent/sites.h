/* SPDX-License-Identifier: ISC */
/*
 * Site tunnels as effects: the entry in the forwarding table and a route to our
 * TUN device for each remote subnet.  Either daemon may have them; they have no
 * state beyond the configuration.
 */
#ifndef COMMON_AGENT_SITES_H
#define COMMON_AGENT_SITES_H

#include "common/agent/config.h"
#include "common/agent/effect.h"

/*
 * What turns the site tunnels of `from` into those of `to`; NULL has none.
 * Tunnels that both have are left alone.
 */
void sites_change(const struct common_config *from, const struct common_config *to,
		  struct effect_list *fx);

#endif
