/* SPDX-License-Identifier: ISC */
/*
 * Pairs of ends with their policies and associations. An edit looks up what it
 * concerns and walks nothing but the associations of one pair.
 */
#include "common/tunnel/protect.h"
#include "common/tunnel/protect_private.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"
#include "common/tunnel/fwd_private.h"

#include <errno.h>

const char *protect_policy_name(enum protect_policy p)
{
	static const char *const names[PROTECT_POLICY_COUNT] = { [PROTECT_OFF] = "off",
								 [PROTECT_PREFERRED] =
									 "preferred",
								 [PROTECT_REQUIRED] =
									 "required" };

	return p < PROTECT_POLICY_COUNT ? names[p] : "unknown";
}

/* ---- lookups ---- */

struct protect_pair *protect_by_ends(const struct fwd *f, struct in_addr local,
				     struct in_addr remote)
{
	const struct pair_key key = { .local = local, .remote = remote };
	struct protect_pair *pair;

	HASH_FIND(hh, f->pairs, &key, sizeof(key), pair);
	return pair;
}

struct protect_sa *protect_by_spi(const struct fwd *f, struct in_addr local,
				  uint32_t spi)
{
	const struct spi_key key = { .local = local, .spi = spi };
	struct protect_sa *sa;

	HASH_FIND(hh, f->sas, &key, sizeof(key), sa);
	return sa;
}

size_t protect_carries(const struct protect_pair *pair, size_t header, size_t mtu)
{
	size_t around = carrier_overhead(pair->spec.carrier.kind) + header -
			(size_t)IPV4_HEADER;
	size_t payload = 0;

	if (mtu > around)
		payload = esp_payload_most(pair->out->algorithm, mtu - around);
	return payload ? header + payload : 0;
}

/* ---- paths ---- */

static void path_join(struct protect_pair *pair, struct tunnel_path *path)
{
	path->pair = pair;
	list_add_tail(&pair->paths, &path->of_pair);
	mtu_set_most(&pair->wire.mtu, path->mtu.most);
}

void protect_path_made(struct fwd *f, struct tunnel_path *path)
{
	struct protect_pair *pair =
		protect_by_ends(f, path->key.local, path->key.remote);

	if (pair)
		path_join(pair, path);
}

void protect_path_gone(struct tunnel_path *path)
{
	list_remove(&path->of_pair);
	path->pair = NULL;
}

/* The paths between two ends that there can be, by what makes them different. */
static void join_paths(struct fwd *f, struct protect_pair *pair)
{
	static const uint8_t protocols[] = { PROTO_IPIP, PROTO_GRE, PROTO_MINIMAL };
	struct path_key key = { .local = pair->key.local, .remote = pair->key.remote };
	struct tunnel_path *path;

	for (unsigned p = 0; p < sizeof(protocols); p++) {
		for (unsigned c = 0; c < CARRIER_KIND_COUNT; c++) {
			key.protocol = protocols[p];
			key.carrier = (uint16_t)c;
			path = fwd_by_path_key(f, &key);
			if (path)
				path_join(pair, path);
		}
	}
}

static void leave_paths(const struct fwd *f, struct protect_pair *pair)
{
	list_each(it, next, &pair->paths) {
		struct tunnel_path *path =
			container_of(it, struct tunnel_path, of_pair);

		protect_path_gone(path);
		fwd_path_changed(f, path);
	}
}

static void tell_paths(const struct fwd *f, const struct protect_pair *pair)
{
	list_each(it, next, &pair->paths)
		fwd_path_changed(f, container_of(it, struct tunnel_path, of_pair));
}

/* ---- pairs ---- */

static int full_or_out_of_memory(const struct pool *p)
{
	return p->used < p->capacity ? -ENOMEM : -ENOSPC;
}

static int pair_new(struct fwd *f, const struct protect_spec *spec,
		    struct protect_pair **out)
{
	struct protect_pair *pair = pool_take(&f->pair_pool);

	if (!pair)
		return full_or_out_of_memory(&f->pair_pool);
	pair->key = (struct pair_key){ .local = spec->local, .remote = spec->remote };
	pair->next_id = 1;
	list_init(&pair->paths);
	pair->wire.key = (struct path_key){ .local = spec->local,
					    .remote = spec->remote,
					    .protocol = PROTO_ESP };
	list_init(&pair->wire.tunnels);
	list_init(&pair->wire.of_pair);
	mtu_init(&pair->wire.mtu, 0);
	HASH_ADD(hh, f->pairs, key, sizeof(pair->key), pair);
	if (!hashmap_added(pair, hh)) {
		pool_give(&f->pair_pool, pair);
		return -ENOMEM;
	}
	join_paths(f, pair);
	*out = pair;
	return 0;
}

static int protect_set(struct fwd *f, const struct protect_spec *spec)
{
	struct protect_pair *pair = protect_by_ends(f, spec->local, spec->remote);
	int error = 0;

	if (spec->carrier.kind != CARRIER_NONE && spec->carrier.kind != CARRIER_UDP)
		return -EINVAL;
	if (!pair)
		error = pair_new(f, spec, &pair);
	if (error)
		return error;
	pair->spec = *spec;
	tell_paths(f, pair);
	return 0;
}

static void remove_sa(struct fwd *f, struct protect_sa *sa)
{
	struct protect_pair *pair = sa->pair;
	unsigned kept = 0;

	for (unsigned i = 0; i < pair->in_count; i++)
		if (pair->in[i] != sa)
			pair->in[kept++] = pair->in[i];
	pair->in_count = kept;
	HASH_DELETE(hh, f->sas, sa);
	esp_sa_in_free(sa->sa);
	pool_give(&f->sa_pool, sa);
}

static void free_associations(struct fwd *f, struct protect_pair *pair)
{
	while (pair->in_count > 0)
		remove_sa(f, pair->in[0]);
	esp_sa_out_free(pair->out);
	pair->out = NULL;
}

static int protect_clear(struct fwd *f, struct in_addr local, struct in_addr remote)
{
	struct protect_pair *pair = protect_by_ends(f, local, remote);

	if (!pair)
		return -ENOENT;
	free_associations(f, pair);
	leave_paths(f, pair);
	HASH_DELETE(hh, f->pairs, pair);
	pool_give(&f->pair_pool, pair);
	return 0;
}

void protect_fini(struct fwd *f)
{
	for (struct protect_pair *pair = f->pairs; pair; pair = pair->hh.next)
		free_associations(f, pair);
	HASH_CLEAR(hh, f->pairs);
	HASH_CLEAR(hh, f->sas);
	pool_fini(&f->pair_pool);
	pool_fini(&f->sa_pool);
}

/* ---- associations ---- */

static int sa_insert(struct fwd *f, struct protect_pair *pair, struct esp_sa_in *made)
{
	struct protect_sa *sa = pool_take(&f->sa_pool);

	if (!sa)
		return full_or_out_of_memory(&f->sa_pool);
	sa->key = (struct spi_key){ .local = made->local, .spi = made->spi };
	sa->pair = pair;
	sa->sa = made;
	HASH_ADD(hh, f->sas, key, sizeof(sa->key), sa);
	if (!hashmap_added(sa, hh)) {
		pool_give(&f->sa_pool, sa);
		return -ENOMEM;
	}
	pair->in[pair->in_count++] = sa;
	return 0;
}

/* With a cipher for each thread. */
static struct esp_sa_spec for_lanes(const struct fwd *f, const struct esp_sa_spec *spec)
{
	struct esp_sa_spec like = *spec;

	like.lanes = f->lanes;
	return like;
}

static int sa_in_add(struct fwd *f, const struct esp_sa_spec *spec)
{
	struct protect_pair *pair = protect_by_ends(f, spec->local, spec->remote);
	struct esp_sa_spec like;
	struct esp_sa_in *made;
	int error;

	if (!pair)
		return -ENOENT;
	if (esp_sa_in_fault(spec))
		return -EINVAL;
	if (protect_by_spi(f, spec->local, spec->spi))
		return -EEXIST;
	if (pair->in_count == PROTECT_SAS_IN)
		return -ENOSPC;
	like = for_lanes(f, spec);
	made = esp_sa_in_new(&like);
	if (!made)
		return -ENOMEM;
	error = sa_insert(f, pair, made);
	if (error)
		esp_sa_in_free(made);
	return error;
}

static int sa_in_del(struct fwd *f, struct in_addr local, uint32_t spi)
{
	struct protect_sa *sa = protect_by_spi(f, local, spi);

	if (!sa)
		return -ENOENT;
	remove_sa(f, sa);
	return 0;
}

static void forget_out(struct protect_pair *pair)
{
	if (pair->out)
		pair->last_spi = pair->out->spi;
	esp_sa_out_free(pair->out);
	pair->out = NULL;
}

static int sa_out_set(struct fwd *f, const struct esp_sa_spec *spec,
		      const struct rng *rng)
{
	struct protect_pair *pair = protect_by_ends(f, spec->local, spec->remote);
	struct esp_sa_spec like;
	struct esp_sa_out *made;

	if (!pair)
		return -ENOENT;
	if (esp_sa_out_fault(spec))
		return -EINVAL;
	like = for_lanes(f, spec);
	made = esp_sa_out_new(&like, rng);
	if (!made)
		return -ENOMEM;
	forget_out(pair);
	pair->out = made;
	return 0;
}

static int sa_out_clear(struct fwd *f, struct in_addr local, struct in_addr remote)
{
	struct protect_pair *pair = protect_by_ends(f, local, remote);

	if (!pair || !pair->out)
		return -ENOENT;
	forget_out(pair);
	return 0;
}

/* ---- edits, each with the table to itself ---- */

int fwd_protect_set(struct fwd *f, const struct protect_spec *spec)
{
	int error;

	fwd_hold(f);
	error = protect_set(f, spec);
	fwd_release(f);
	return error;
}

int fwd_protect_clear(struct fwd *f, struct in_addr local, struct in_addr remote)
{
	int error;

	fwd_hold(f);
	error = protect_clear(f, local, remote);
	fwd_release(f);
	return error;
}

int fwd_sa_in_add(struct fwd *f, const struct esp_sa_spec *spec)
{
	int error;

	fwd_hold(f);
	error = sa_in_add(f, spec);
	fwd_release(f);
	return error;
}

int fwd_sa_in_del(struct fwd *f, struct in_addr local, uint32_t spi)
{
	int error;

	fwd_hold(f);
	error = sa_in_del(f, local, spi);
	fwd_release(f);
	return error;
}

int fwd_sa_out_set(struct fwd *f, const struct esp_sa_spec *spec, const struct rng *rng)
{
	int error;

	fwd_hold(f);
	error = sa_out_set(f, spec, rng);
	fwd_release(f);
	return error;
}

int fwd_sa_out_clear(struct fwd *f, struct in_addr local, struct in_addr remote)
{
	int error;

	fwd_hold(f);
	error = sa_out_clear(f, local, remote);
	fwd_release(f);
	return error;
}

/* ---- to look at ---- */

static struct protect_view view_of(const struct protect_pair *pair)
{
	struct protect_view v = { .spec = &pair->spec,
				  .counts = &pair->counts,
				  .mtu = pair->wire.mtu.mtu,
				  .out = pair->out,
				  .in_count = pair->in_count };

	for (unsigned i = 0; i < pair->in_count; i++)
		v.in[i] = pair->in[i]->sa;
	return v;
}

bool fwd_protect_view(const struct fwd *f, struct in_addr local, struct in_addr remote,
		      struct protect_view *out)
{
	const struct protect_pair *pair = protect_by_ends(f, local, remote);

	if (!pair)
		return false;
	*out = view_of(pair);
	return true;
}

void fwd_each_protect(const struct fwd *f,
		      void (*visit)(void *arg, const struct protect_view *v), void *arg)
{
	for (const struct protect_pair *pair = f->pairs; pair; pair = pair->hh.next) {
		const struct protect_view v = view_of(pair);

		visit(arg, &v);
	}
}
