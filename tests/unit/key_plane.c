/* SPDX-License-Identifier: ISC */
/* What the data planes of a made-up world hold, and the judgement over them. */
#include "tests/unit/key_plane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void key_world_break(struct key_world *w, const char *what, int node)
{
	if (!w->broken[0])
		snprintf(w->broken, sizeof(w->broken), "at %lld ms, node %d: %s",
			 (long long)(w->now.mono.ns / 1000000), node, what);
}

static void fill(struct world_sa *to, const struct keying_sa *from)
{
	*to = (struct world_sa){ .used = true,
				 .spi = from->spi,
				 .algorithm = from->algorithm,
				 .esn = from->esn,
				 .key_len = from->material.len };
	memcpy(to->key, from->material.bytes, from->material.len);
}

static struct world_sa *inbound(struct world_node *n, uint32_t spi)
{
	for (size_t i = 0; i < WORLD_INBOUND; i++)
		if (n->in[i].used && n->in[i].spi == spi)
			return &n->in[i];
	return NULL;
}

static bool happens(struct key_world *w, unsigned part, uint32_t of)
{
	return part > 0 && rng_below(&w->chance, of) < part;
}

int key_plane_add(struct key_world *w, int node, const struct keying_sa *sa)
{
	struct world_node *n = &w->node[node];

	if (happens(w, w->taken_in, 100))
		return EEXIST;
	if (happens(w, w->broken_in, 1000))
		return ENOMEM;
	if (sa->spi < 256 || inbound(n, sa->spi))
		key_world_break(w, "an SPI is reserved or chosen twice", node);
	for (size_t i = 0; i < WORLD_INBOUND; i++) {
		if (n->in[i].used)
			continue;
		fill(&n->in[i], sa);
		return 0;
	}
	key_world_break(w, "too many inbound associations", node);
	return ENOMEM;
}

static void remember_key(struct key_world *w, int node, const struct keying_sa *sa)
{
	struct world_key *key = calloc(1, sizeof(*key)), *old;

	if (!key)
		abort();
	memcpy(key->bytes, sa->material.bytes, sa->material.len);
	key->sender = node;
	HASH_FIND(hh, w->keys, key->bytes, sizeof(key->bytes), old);
	if (old)
		key_world_break(w, "a key is used for sending twice", node);
	HASH_ADD(hh, w->keys, bytes, sizeof(key->bytes), key);
	w->key_count++;
}

int key_plane_set(struct key_world *w, int node, const struct keying_sa *sa,
		  unsigned life)
{
	struct world_node *n = &w->node[node], *to = &w->node[!node];

	if (happens(w, w->broken_in, 1000))
		return ENOMEM;
	if (sa->material.len != esp_key_material_len(sa->algorithm))
		key_world_break(w, "key material has a wrong length", node);
	remember_key(w, node, sa);
	fill(&n->out, sa);
	n->out.life = life;
	n->out.downs = to->downs;
	return 0;
}

void key_plane_delete(struct key_world *w, int node, uint32_t spi)
{
	struct world_sa *sa = inbound(&w->node[node], spi);

	if (!sa)
		key_world_break(w, "an association is deleted that is not there", node);
	else
		sa->used = false;
}

/* Judgement. */

static bool is_same(const struct world_sa *a, const struct world_sa *b)
{
	return a->algorithm == b->algorithm && a->esn == b->esn &&
	       a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
}

bool key_plane_receives(const struct key_world *w, int node)
{
	const struct world_sa *out = &w->node[node].out;
	const struct world_sa *in =
		inbound((struct world_node *)&w->node[!node], out->spi);

	return in && is_same(in, out);
}

void key_plane_judge(struct key_world *w, int node)
{
	const struct world_node *n = &w->node[node], *to = &w->node[!node];

	if (!n->k)
		return;
	if (n->up && !n->out.used)
		key_world_break(w, "up, with nothing to send by", node);
	for (size_t i = 0; i < WORLD_INBOUND; i++)
		if (n->in[i].used && n->out.used &&
		    memcmp(n->in[i].key, n->out.key, n->out.key_len) == 0)
			key_world_break(w, "one key for both directions", node);
	if (n->out.used && to->up && n->out.life == to->life &&
	    n->out.downs == to->downs && !key_plane_receives(w, node))
		key_world_break(w, "what is sent cannot be received", node);
}
