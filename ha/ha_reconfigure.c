/* SPDX-License-Identifier: ISC */
/*
 * From one configuration to another; the start is a change from an empty one.
 *
 * Everything that can fail for want of memory comes first and changes nothing
 * that is seen.  Then what the new configuration no longer allows is undone
 * under the old one, the new one takes its place, and what is new is done.
 * Bindings of nodes whose association and home network stay are left alone;
 * their tunnels follow a changed <tunnel> at the next renewal.
 */
#include "ha/ha_private.h"

#include "common/agent/associations.h"
#include "common/agent/sites.h"
#include "ha/ha_forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is prepared before anything changes. */
struct next_config {
	struct ha_config config;
	struct sa_store *associations;
	struct home_link *home_links;
	struct advertiser *adverts;
	unsigned advert_count;
};

/* -- Copies ----------------------------------------------------------------- */

/* A copy of an array; NULL with *ok still true when there is nothing to copy. */
static void *copy_of(const void *array, size_t count, size_t size, bool *ok)
{
	void *copy;

	if (count == 0)
		return NULL;
	copy = calloc(count, size);
	if (!copy)
		*ok = false;
	else
		memcpy(copy, array, count * size);
	return copy;
}

static bool copy_config(struct ha_config *to, const struct ha_config *from)
{
	struct common_config *c = &to->common;
	bool ok = true;

	*to = *from;
	c->tunnel = copy_of(c->tunnel, c->tunnel_count, sizeof(*c->tunnel), &ok);
	c->site = copy_of(c->site, c->site_count, sizeof(*c->site), &ok);
	to->network =
		copy_of(to->network, to->network_count, sizeof(*to->network), &ok);
	to->advert = copy_of(to->advert, to->advert_count, sizeof(*to->advert), &ok);
	/* Their keys live on in the associations alone. */
	to->node = NULL;
	to->foreign_agent = NULL;
	to->node_count = to->foreign_agent_count = 0;
	c->esp = NULL;
	c->manual = NULL;
	c->esp_count = c->manual_count = 0;
	return ok;
}

static void free_config(struct ha_config *c)
{
	free(c->common.tunnel);
	free(c->common.site);
	free(c->network);
	free(c->advert);
}

static struct sa_store *associations_of(const struct ha_config *c)
{
	struct sa_store *store = sa_store_new();

	if (!store)
		return NULL;
	if (associations_add(store, SA_MN_HA, c->node, c->node_count) < 0 ||
	    associations_add(store, SA_FA_HA, c->foreign_agent,
			     c->foreign_agent_count) < 0) {
		sa_store_free(store);
		return NULL;
	}
	return store;
}

static const struct home_network *network_by_interface(const struct ha_config *c,
						       const char *interface)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (c->network[i].interface[0] != '\0' &&
		    strcmp(c->network[i].interface, interface) == 0)
			return &c->network[i];
	return NULL;
}

/* The network that `home` is in, the longest prefix if there are several; or -1. */
static int network_of(const struct ha_config *c, struct in_addr home)
{
	int best = -1;

	for (unsigned i = 0; i < c->network_count; i++)
		if (ipv4_prefix_has(c->network[i].prefix, home) &&
		    (best < 0 ||
		     c->network[i].prefix.len > c->network[best].prefix.len))
			best = (int)i;
	return best;
}

static struct advertiser *advertiser_on(struct advertiser *list, unsigned count,
					const char *interface)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(list[i].config.interface, interface) == 0)
			return &list[i];
	return NULL;
}

/*
 * One advertiser a home link.  A home agent has nothing to say on other links:
 * there H would be clear, and F is not ours (RFC 5944 2.1.1, 2.3).
 */
static void prepare_adverts(const struct ha_core *ha, struct next_config *next,
			    instant_t now)
{
	for (unsigned i = 0; i < next->config.advert_count; i++) {
		const struct advert_config *c = &next->config.advert[i];
		struct advertiser *a = &next->adverts[next->advert_count];
		const struct advertiser *old =
			advertiser_on(ha->adverts, ha->advert_count, c->interface);

		if (!network_by_interface(&next->config, c->interface))
			continue;
		if (old) {
			*a = *old;
			advertiser_configure(a, c, &ha->links, now);
		} else {
			advertiser_init(a, c, ha->rng, &ha->links, now);
		}
		next->advert_count++;
	}
}

static void free_next(struct next_config *next)
{
	free_config(&next->config);
	sa_store_free(next->associations);
	free(next->home_links);
	free(next->adverts);
}

static bool prepare(const struct ha_core *ha, const struct ha_config *config,
		    struct next_config *next, instant_t now)
{
	bool copied = copy_config(&next->config, config);

	next->associations = associations_of(config);
	/* One more than needed, so that none at all is no lack of memory. */
	next->home_links =
		calloc(config->network_count + 1u, sizeof(*next->home_links));
	next->adverts = calloc(config->advert_count + 1u, sizeof(*next->adverts));
	if (!copied || !next->associations || !next->home_links || !next->adverts)
		return false;
	for (unsigned i = 0; i < config->network_count; i++)
		home_link_init(&next->home_links[i], &config->network[i], &ha->links);
	prepare_adverts(ha, next, now);
	return true;
}

/* -- Nodes ------------------------------------------------------------------ */

/* Nodes that no association belongs to are not ours. */
static void drop_strangers(struct ha_core *ha, struct effect_list *fx)
{
	addr_table_each(it, nx, &ha->table.nodes) {
		struct home_node *n = home_node_of(it);

		if (ha->associations && sa_shared(ha->associations, SA_MN_HA, n->home))
			continue;
		ha_forget(ha, n, fx);
		ha_protect_forget(ha, n, fx);
		home_node_remove(&ha->table, n);
	}
}

static bool is_at_link(const struct ha_config *c, struct in_addr home)
{
	int network = network_of(c, home);

	return network >= 0 && c->network[network].interface[0] != '\0';
}

/* Their Identifications count from now on, so that nothing old can be replayed. */
static bool add_nodes(struct ha_core *ha, const struct ha_config *c, struct now now)
{
	for (unsigned i = 0; i < c->node_count; i++) {
		struct in_addr home = c->node[i].addr;
		struct home_node *n = home_node_find(&ha->table, home);

		if (!n)
			n = home_node_add(&ha->table, home, -1, now.ntp);
		if (!n || (is_at_link(c, home) && home_node_settle(n) < 0))
			return false;
	}
	return true;
}

/* The same interface, or virtual before and after. */
static bool keeps_network(const struct ha_core *ha, const struct home_node *n,
			  const struct next_config *next)
{
	int to = network_of(&next->config, n->home);

	return n->network >= 0 && to >= 0 &&
	       strcmp(ha->home_links[n->network].interface,
		      next->home_links[to].interface) == 0;
}

static void end_disallowed(struct ha_core *ha, struct home_node *n,
			   const struct next_config *next, struct now now,
			   struct effect_list *fx)
{
	bool network = keeps_network(ha, n, next);
	unsigned before = n->binding_count;

	list_each(it, nx, &n->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (network && sa_find(next->associations, SA_MN_HA, n->home, b->spi))
			continue;
		ha_count(ha, HA_CLEARED);
		ha_end_binding(ha, n, b, NOTE_BINDING_CLEARED, fx);
	}
	if (n->binding_count < before)
		ha_remember(ha, n, 0, now, fx);
}

static void end_all_disallowed(struct ha_core *ha, const struct next_config *next,
			       struct now now, struct effect_list *fx)
{
	addr_table_each(it, nx, &ha->table.nodes)
		end_disallowed(ha, home_node_of(it), next, now, fx);
}

static void place_nodes(struct ha_core *ha)
{
	addr_table_each(it, nx, &ha->table.nodes) {
		struct home_node *n = home_node_of(it);

		n->network = network_of(&ha->config, n->home);
	}
}

/* Where ESP is required now but cannot be, such as at another address of ours. */
static void end_unprotected(struct ha_core *ha, struct now now, struct effect_list *fx)
{
	addr_table_each(node, after, &ha->table.nodes) {
		struct home_node *n = home_node_of(node);
		unsigned before = n->binding_count;

		list_each(it, nx, &n->bindings) {
			struct mobility_binding *b =
				container_of(it, struct mobility_binding, in_node);

			if (ha_protect_reaches(ha, n, b->tunnel.local, b->care_of,
					       b->flags))
				continue;
			ha_count(ha, HA_CLEARED);
			ha_end_binding(ha, n, b, NOTE_BINDING_CLEARED, fx);
		}
		if (n->binding_count < before)
			ha_remember(ha, n, 0, now, fx);
	}
}

/* -- Virtual networks ------------------------------------------------------- */

static bool is_virtual(const struct home_network *n)
{
	return n->interface[0] == '\0';
}

static bool has_virtual(const struct ha_config *c, struct ipv4_prefix p)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (is_virtual(&c->network[i]) && c->network[i].prefix.len == p.len &&
		    c->network[i].prefix.addr.s_addr == p.addr.s_addr)
			return true;
	return false;
}

/* Add or remove the routes of virtual networks that `c` has and `other` has not. */
static void change_routes(const struct ha_config *c, const struct ha_config *other,
			  bool add, struct effect_list *fx)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (is_virtual(&c->network[i]) &&
		    !has_virtual(other, c->network[i].prefix))
			ha_forward_network_route(c->network[i].prefix, add, fx);
}

void ha_config_withdraw(const struct ha_config *c, struct effect_list *fx)
{
	const struct ha_config nothing = { 0 };

	change_routes(c, &nothing, false, fx);
	sites_change(&c->common, NULL, fx);
}

/* -- The change ------------------------------------------------------------- */

static void stop_old_adverts(struct ha_core *ha, const struct next_config *next,
			     struct effect_list *fx)
{
	const struct advert_service service = ha_advert_service(ha);

	for (unsigned i = 0; i < ha->advert_count; i++)
		if (!advertiser_on(next->adverts, next->advert_count,
				   ha->adverts[i].config.interface))
			advertiser_stop(&ha->adverts[i], &service, &ha->links, fx);
}

void ha_config_release(struct ha_core *ha)
{
	free_config(&ha->config);
	sa_store_free(ha->associations);
	free(ha->home_links);
	free(ha->adverts);
}

static void take_over(struct ha_core *ha, const struct next_config *next, instant_t now)
{
	const struct admit_limits limits = admit_limits_of(&next->config.common);

	ha_config_release(ha);
	ha->config = next->config;
	ha->associations = next->associations;
	ha->home_links = next->home_links;
	ha->adverts = next->adverts;
	ha->advert_count = next->advert_count;
	binding_table_limit(&ha->table, ha->config.max_bindings);
	admit_configure(ha->admit, &limits, now);
}

int ha_core_reconfigure(struct ha_core *ha, const struct ha_config *config,
			struct now now, struct effect_list *fx)
{
	const struct protected_config ends = ha_config_protected(config);
	struct next_config next = { 0 };

	if (!prepare(ha, config, &next, now.mono) || !add_nodes(ha, config, now) ||
	    guard_configure(ha->guard, &ends) != 0) {
		free_next(&next);
		drop_strangers(ha, fx);
		return -ENOMEM;
	}
	end_all_disallowed(ha, &next, now, fx);
	stop_old_adverts(ha, &next, fx);
	change_routes(&ha->config, &next.config, false, fx);
	sites_change(&ha->config.common, &next.config.common, fx);
	change_routes(&next.config, &ha->config, true, fx);
	take_over(ha, &next, now.mono);
	drop_strangers(ha, fx);
	place_nodes(ha);
	ha_protect_configure(ha, config, fx);
	end_unprotected(ha, now, fx);
	return 0;
}
