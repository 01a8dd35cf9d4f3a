/* SPDX-License-Identifier: ISC */
/*
 * The pairs of ends that the configuration protects, and those that nodes bring
 * along: what they are to be, and telling the forwarding table of it.
 */
#include "common/shell/agent_keys.h"

#include <errno.h>
#include <stdlib.h>

/* RFC 3948 4. */
enum { KEEPALIVE_S = 20 };

struct keyed_pair *agent_keys_pair(struct agent_keys *k, struct keying_pair ends)
{
	struct keyed_pair *p;

	HASH_FIND(hh, k->pairs, &ends, sizeof(ends), p);
	return p;
}

static struct carrier_spec carrier_of(const struct keyed_pair *p)
{
	enum carrier_kind kind = p->manual ? p->manual->carrier : p->esp.carrier;
	uint16_t port = p->manual ? p->manual->port : p->esp.port;

	if (kind == CARRIER_NONE)
		return (struct carrier_spec){ .kind = CARRIER_NONE };
	return (struct carrier_spec){ kind, port, port };
}

/* A way through a translator is kept open as long as somebody comes that way. */
int agent_keys_shield(struct agent_shell *s, const struct keyed_pair *p)
{
	const bool keeps = p->carrier.kind == CARRIER_UDP && (p->agreed || p->manual);
	const struct protect_spec spec = {
		.local = p->ends.local,
		.remote = p->ends.remote,
		.policy = p->policy,
		.carrier = p->carrier,
		.keepalive_s = keeps ? KEEPALIVE_S : 0,
	};

	return fwd_protect_set(datapath_fwd(s->data), &spec);
}

static struct keyed_pair *pair_new(struct agent_keys *k, struct keying_pair ends)
{
	struct keyed_pair *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ends = ends;
	HASH_ADD(hh, k->pairs, ends, sizeof(p->ends), p);
	if (hashmap_added(p, hh))
		return p;
	free(p);
	return NULL;
}

void agent_keys_pair_free(struct agent_shell *s, struct keyed_pair *p)
{
	(void)fwd_protect_clear(datapath_fwd(s->data), p->ends.local, p->ends.remote);
	HASH_DELETE(hh, s->keys->pairs, p);
	free(p);
}

/* -- What is configured ----------------------------------------------------- */

/* The pair, new or as it was, with what it is to be now; NULL: no memory. */
static struct keyed_pair *name_pair(struct agent_shell *s, struct in_addr local,
				    struct in_addr remote)
{
	const struct keying_pair ends = { local, remote };
	struct keyed_pair *p = agent_keys_pair(s->keys, ends);

	if (!p)
		p = pair_new(s->keys, ends);
	if (p)
		p->stale = false;
	return p;
}

static int receive_udp(struct agent_shell *s, const struct keyed_pair *p)
{
	if (carrier_of(p).kind != CARRIER_UDP)
		return 0;
	return datapath_receive(s->data, s->loop, DATAPATH_ESP_UDP);
}

/* Associations by keys given by hand end with the configuration that had them. */
static void forget_manual(struct agent_shell *s, struct keyed_pair *p)
{
	struct fwd *f = datapath_fwd(s->data);

	if (!p->manual)
		return;
	(void)fwd_sa_in_del(f, p->ends.local, p->manual->spi_in);
	(void)fwd_sa_out_clear(f, p->ends.local, p->ends.remote);
	p->manual = NULL;
}

static int protect_peer(struct agent_shell *s, struct in_addr local, enum sa_kind kind,
			struct in_addr remote, struct in_addr home,
			const struct peer_config *peer)
{
	struct keyed_pair *p = name_pair(s, local, remote);
	int error;

	if (!p)
		return -ENOMEM;
	forget_manual(s, p);
	p->policy = peer->protection.policy;
	p->kind = kind;
	p->peer = peer;
	p->home = home;
	p->esp = config_esp_for(agent_common(s), remote);
	if (!p->agreed)
		p->carrier = carrier_of(p);
	error = agent_keys_shield(s, p);
	return error ? error : receive_udp(s, p);
}

static bool same_manual(const struct manual_esp_config *a,
			const struct manual_esp_config *b)
{
	return a && a->spi_in == b->spi_in && a->spi_out == b->spi_out &&
	       a->algorithm == b->algorithm && a->carrier == b->carrier &&
	       a->port == b->port && secret_equal(&a->key_in, &b->key_in) &&
	       secret_equal(&a->key_out, &b->key_out) &&
	       secret_equal(&a->integrity_in, &b->integrity_in) &&
	       secret_equal(&a->integrity_out, &b->integrity_out);
}

static int protect_manual(struct agent_shell *s, struct in_addr local,
			  const struct manual_esp_config *m)
{
	struct keyed_pair *p = name_pair(s, local, m->peer);
	bool same;
	int error;

	if (!p)
		return -ENOMEM;
	same = same_manual(p->manual, m);
	if (!same)
		forget_manual(s, p);
	p->policy = PROTECT_REQUIRED;
	p->peer = NULL;
	p->manual = m;
	p->home.s_addr = 0;
	p->agreed = false;
	p->carrier = carrier_of(p);
	error = agent_keys_shield(s, p);
	if (error == 0)
		error = receive_udp(s, p);
	return error || same ? error : agent_keys_manual(s, p);
}

static int rename_node(struct agent_shell *s, struct keyed_pair *p)
{
	const struct peer_config *node = peer_index_find(&s->keys->nodes, p->home);

	if (!node)
		return 0;
	return protect_peer(s, p->ends.local, SA_MN_HA, p->ends.remote, p->home, node);
}

/* Nodes come and go by themselves, but the configuration may know them no more. */
static int rename_nodes(struct agent_shell *s, const struct protected_config *c)
{
	struct peer_index *nodes = &s->keys->nodes;
	struct keyed_pair *p, *next;
	int error;

	peer_index_fini(nodes);
	error = peer_index_init(nodes, c->node, c->node_count);
	HASH_ITER(hh, s->keys->pairs, p, next)
		if (error == 0 && p->home.s_addr != 0 &&
		    p->ends.local.s_addr == c->local.s_addr)
			error = rename_node(s, p);
	return error;
}

static void keep_first(int *error, int next)
{
	if (*error == 0)
		*error = next;
}

/* Also when one fails: an end that is left out would be in clear. */
static int name_all(struct agent_shell *s, const struct protected_config *c)
{
	const struct common_config *common = agent_common(s);
	const struct in_addr nobody = { 0 };
	int error = rename_nodes(s, c);

	for (unsigned i = 0; i < c->agent_count; i++)
		if (peer_is_protected(&c->agent[i]))
			keep_first(&error,
				   protect_peer(s, c->local, c->kind, c->agent[i].addr,
						nobody, &c->agent[i]));
	for (unsigned i = 0; i < common->manual_count; i++)
		keep_first(&error, protect_manual(s, c->local, &common->manual[i]));
	return error;
}

/* What the configuration says is protected, and nothing else. */
int agent_keys_protect_all(struct agent_shell *s)
{
	const struct protected_config c = s->program->config.protects(s->config);
	struct keyed_pair *p, *next;
	int error;

	HASH_ITER(hh, s->keys->pairs, p, next)
		p->stale = true;
	error = name_all(s, &c);
	HASH_ITER(hh, s->keys->pairs, p, next) {
		if (p->stale && error == 0) {
			agent_keys_pair_free(s, p);
		} else if (p->stale) { /* what it was is about to be freed */
			p->peer = NULL;
			p->manual = NULL;
		}
	}
	s->keys->here = links_owns(&s->links, c.local);
	return error;
}

/* -- Nodes ------------------------------------------------------------------ */

/* An end that an agent of the configuration has is not a node's to take. */
static bool may_be_nodes(struct agent_keys *k, struct keying_pair ends)
{
	const struct keyed_pair *p = agent_keys_pair(k, ends);

	return !p || p->home.s_addr != 0;
}

static int node_gone(struct agent_shell *s, struct keying_pair ends,
		     struct in_addr home)
{
	struct keyed_pair *p = agent_keys_pair(s->keys, ends);

	if (!p || p->home.s_addr != home.s_addr)
		return 0;
	if (s->keys->keying)
		keying_peer_drop(s->keys->keying, ends, s->now, &s->keys->fx);
	agent_keys_pair_free(s, p);
	return 0;
}

int agent_keys_node(struct agent_shell *s, const struct effect_protect *e,
		    struct in_addr home)
{
	const struct peer_index *nodes = &s->keys->nodes;
	const struct keying_pair ends = { e->local, e->remote };
	const struct peer_config *node;
	struct keying_peer_spec spec;
	int error;

	if (e->policy == PROTECT_OFF)
		return node_gone(s, ends, home);
	if (!nodes->at)
		return -ENOMEM; /* or else it would be in clear */
	node = peer_index_find(nodes, home);
	if (!node || !may_be_nodes(s->keys, ends))
		return 0;
	error = protect_peer(s, e->local, SA_MN_HA, e->remote, home, node);
	if (error != 0 || !s->keys->keying || !s->keys->here)
		return error;
	spec = agent_keys_spec(agent_keys_pair(s->keys, ends),
			       &agent_common(s)->keying);
	return keying_peer_set(s->keys->keying, &spec, s->now, &s->keys->fx);
}
