/* SPDX-License-Identifier: ISC */
/*
 * Security associations from a configuration into a core's store.
 */
#include "common/agent/associations.h"

static int add_one(struct sa_store *store, enum sa_kind kind, struct in_addr peer,
		   const struct assoc_config *a)
{
	const struct sa_spec spec = {
		.kind = kind,
		.peer = peer,
		.spi = a->spi,
		.algorithm = a->algorithm,
		.key = &a->key,
		.tolerance = a->tolerance,
		.accept_only = a->accept_only,
		.spi_not_covered = a->spi_not_covered,
	};

	return sa_add(store, &spec);
}

int associations_add(struct sa_store *store, enum sa_kind kind,
		     const struct peer_config *peers, unsigned count)
{
	int error = 0;

	for (unsigned p = 0; p < count; p++)
		for (unsigned i = 0; i < peers[p].assoc_count && error == 0; i++)
			error = add_one(store, kind, peers[p].addr, &peers[p].assoc[i]);
	return error;
}
