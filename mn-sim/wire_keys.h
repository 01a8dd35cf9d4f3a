/* SPDX-License-Identifier: ISC */
/*
 * The key log of a run (common/io/key_log.h), read back, to open packets of ESP that
 * were recorded.
 */
#ifndef MN_SIM_WIRE_KEYS_H
#define MN_SIM_WIRE_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct wire_keys;

/* Lines that are no keys are passed over.  0 or -errno. */
int wire_keys_read(struct wire_keys **out, const char *path);
void wire_keys_free(struct wire_keys *k); /* NULL is fine */

/*
 * Open a sound packet of ESP, with or without UDP around it.  Returns the packet that
 * was protected, which stays until the next call, or NULL: no key opens it.
 */
const uint8_t *wire_keys_open(struct wire_keys *k, const uint8_t *packet, size_t len,
			      size_t *opened_len);

#endif
