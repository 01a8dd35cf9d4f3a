/* SPDX-License-Identifier: ISC */
/*
 * Copying a configuration: its arrays, and its keys into the store of
 * associations, the only place that they live in.
 */
#include "fa/fa_settings.h"

#include "common/agent/associations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A copy of an array, NULL for an empty one; *err is set when memory runs out. */
static void *array_dup(const void *from, unsigned count, size_t size, int *err)
{
	void *copy;

	if (count == 0)
		return NULL;
	copy = calloc(count, size);
	if (copy)
		memcpy(copy, from, count * size);
	else
		*err = -ENOMEM;
	return copy;
}

static int add_peers(struct sa_store *store, const struct fa_config *config)
{
	int err = associations_add(store, SA_FA_HA, config->home_agent,
				   config->home_agent_count);

	if (err == 0)
		err = associations_add(store, SA_MN_FA, config->node,
				       config->node_count);
	return err;
}

static int copy_arrays(struct fa_config *to, const struct fa_config *from)
{
	const struct common_config *c = &from->common;
	int err = 0;

	to->advert = array_dup(from->advert, from->advert_count, sizeof(*from->advert),
			       &err);
	to->common.tunnel =
		array_dup(c->tunnel, c->tunnel_count, sizeof(*c->tunnel), &err);
	to->common.site = array_dup(c->site, c->site_count, sizeof(*c->site), &err);
	return err;
}

int fa_settings_init(struct fa_settings *s, const struct fa_config *config)
{
	int err;

	*s = (struct fa_settings){ .config = *config };
	s->config.home_agent = s->config.node = NULL;
	s->config.home_agent_count = s->config.node_count = 0;
	s->config.common.esp = NULL;
	s->config.common.manual = NULL;
	s->config.common.esp_count = s->config.common.manual_count = 0;
	err = copy_arrays(&s->config, config);
	if (err == 0) {
		s->associations = sa_store_new();
		err = s->associations ? add_peers(s->associations, config) : -ENOMEM;
	}
	if (err < 0)
		fa_settings_fini(s);
	return err;
}

void fa_settings_fini(struct fa_settings *s)
{
	free(s->config.advert);
	free(s->config.common.tunnel);
	free(s->config.common.site);
	sa_store_free(s->associations);
	*s = (struct fa_settings){ 0 };
}
