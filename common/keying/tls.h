/* SPDX-License-Identifier: ISC */
/*
 * One end of a TLS 1.3 connection (RFC 8446) as a value: bytes of the stream in,
 * bytes of the stream out.  tls.c is the only file that knows libssl.
 *
 * What is allowed is less than TLS allows.  Version 1.3 only; both ends prove who
 * they are, by an external PSK with an ephemeral exchange (psk_dhe_ke) or by X.509
 * certificates; no tickets, no resumption, no early data, no renegotiation.  So
 * every connection has secrets of its own, which die with it, and nothing that was
 * recorded can be played again.
 */
#ifndef COMMON_KEYING_TLS_H
#define COMMON_KEYING_TLS_H

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/keying/key_fault.h"
#include "common/keying/psk.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TLS_HANDSHAKE_MAX = 65536, /* octets taken before the peer is authenticated */
	TLS_MESSAGE_MAX = 512,     /* longest plaintext of one tls_write() */
};

/* In PEM.  The chain starts with our own certificate. */
struct tls_certificates {
	const char *chain;
	const struct secret *private_key;
	const char *authorities; /* whom we trust to name peers */
};

/* How we prove who we are, and whom we expect; serves both ends. */
struct tls_credentials;

/* The first key is the one that we offer; the peer may offer any.  NULL: no memory. */
struct tls_credentials *tls_credentials_psk(const struct psk *keys, size_t count);

/*
 * The peer's certificate must name `peer` among its alternative names, or `name`
 * (a DNS name) if that is not NULL.  NULL and *fault: what cannot be used.
 */
struct tls_credentials *tls_credentials_x509(const struct tls_certificates *c,
					     struct in_addr peer, const char *name,
					     enum key_fault *fault);
void tls_credentials_free(struct tls_credentials *c);

/*
 * Whether each certificate of a chain is valid at this time (RFC 5280 4.1.2.5): NULL,
 * or static text, what the first is not.  No reason to refuse it: clocks are set, and
 * only the peer's judgement counts.
 */
const char *tls_chain_lapse(const char *chain, uint64_t ntp);

enum tls_role { TLS_CLIENT, TLS_SERVER };

struct tls;

/*
 * The credentials may be freed before it.  A client's first flight is there to be
 * sent at once.  `ntp` is the time that certificates are judged by.  NULL: no
 * memory.
 */
struct tls *tls_new(struct tls_credentials *c, enum tls_role role, uint64_t ntp);
void tls_free(struct tls *t);

/*
 * Take bytes of the stream in; then tls_read() until nothing is left.  A fault, of
 * any of these calls, is final.  KEY_FAULT_CUT: the peer ended the connection in
 * good order.
 */
enum key_fault tls_receive(struct tls *t, const void *bytes, size_t len);

/* Static text: what the library or the peer said of a fault; NULL: nothing. */
const char *tls_detail(const struct tls *t);

/* Whether both ends are authenticated: only then is anything read or written. */
bool tls_is_open(const struct tls *t);

/* Plaintext that came, at most `room` octets; *len is 0 when there is no more. */
enum key_fault tls_read(struct tls *t, void *bytes, size_t room, size_t *len);

/* At most TLS_MESSAGE_MAX octets. */
enum key_fault tls_write(struct tls *t, const void *bytes, size_t len);

/* Say that no more will be sent (close_notify); to be sent like the rest. */
void tls_close(struct tls *t);

/* What is to be sent now, valid until the next call; tls_sent drops it. */
size_t tls_to_send(struct tls *t, const uint8_t **bytes);
void tls_sent(struct tls *t);

/*
 * Key material that only the two ends have (RFC 8446 7.5), when open.  0 or -EIO.
 */
int tls_export(struct tls *t, const char *label, const void *context,
	       size_t context_len, uint8_t *out, size_t len);

/* That of the PSK which authenticates this connection, "" if none does. */
const char *tls_identity(const struct tls *t);

/* For the operator: name of the cipher suite, "" before it is chosen. */
const char *tls_suite(const struct tls *t);

#endif
