/* SPDX-License-Identifier: ISC */
/*
 * The one way to use uthash here: with a keyed hash (SipHash-1-3) and without
 * ending the program when memory runs out.
 *
 * Addresses and SPIs are chosen by strangers, so an unkeyed hash could be
 * driven into one bucket.  The key is set once at start, before any table is
 * filled (hashmap_set_key); tests and simulations leave it at zero so that
 * they repeat.
 *
 * After HASH_ADD, check `hashmap_added(obj, hh)`: uthash leaves the object out
 * of the table when it cannot allocate, and marks that by a NULL in the handle.
 */
#ifndef COMMON_BASE_HASHMAP_H
#define COMMON_BASE_HASHMAP_H

#include <stddef.h>
#include <stdint.h>

void hashmap_set_key(const uint8_t key[16]);

/* The low half of SipHash-1-3 of `len` bytes under the key. */
unsigned hashmap_hash(const void *key, size_t len);

#define HASH_FUNCTION(keyptr, keylen, hashv) \
	((hashv) = hashmap_hash((keyptr), (size_t)(keylen)))
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#define hashmap_added(obj, hh_) ((obj)->hh_.tbl != NULL)

#endif
