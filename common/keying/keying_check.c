/* SPDX-License-Identifier: ISC */
/*
 * Judging what a peer is configured with, turning it into credentials, and telling
 * whether a change of it lets standing keys go on.
 */
#include "common/keying/keying_private.h"

#include <string.h>

static bool is_bad_pair(struct keying_pair p)
{
	return p.local.s_addr == 0 || p.remote.s_addr == 0 ||
	       p.local.s_addr == p.remote.s_addr;
}

enum key_fault key_spec_check(const struct keying_peer_spec *s, bool certificates)
{
	if (is_bad_pair(s->pair))
		return KEY_FAULT_ADDRESS;
	if (s->algorithm_count == 0)
		return KEY_FAULT_NO_ALGORITHM;
	if (s->dead_after.ns <= 0)
		return KEY_FAULT_LIMITS;
	if (s->key_count == 0 && !certificates)
		return KEY_FAULT_NO_CREDENTIALS;
	for (size_t i = 0; i < s->key_count; i++)
		if (s->keys[i].key->len < PSK_ASSOCIATION_KEY_MIN)
			return KEY_FAULT_SHORT_KEY;
	return KEY_OK;
}

static bool is_twice(const struct keying_config *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(&c->peers[i].pair, &c->peers[n].pair,
			   sizeof(struct keying_pair)) == 0)
			return true;
	return false;
}

/* Whether ours can be used at all; whom they are for does not matter here. */
static enum key_fault check_certificates(const struct tls_certificates *c)
{
	const struct in_addr anybody = { 0 };
	enum key_fault fault;

	tls_credentials_free(tls_credentials_x509(c, anybody, "peer.invalid", &fault));
	return fault;
}

enum key_fault keying_check(const struct keying_config *c, int *which)
{
	const bool certificates = c->certificates.chain != NULL;
	enum key_fault fault = KEY_OK;

	*which = -1;
	if (certificates)
		fault = check_certificates(&c->certificates);
	for (size_t i = 0; fault == KEY_OK && i < c->peer_count; i++) {
		*which = (int)i;
		fault = key_spec_check(&c->peers[i], certificates);
		if (fault == KEY_OK && is_twice(c, i))
			fault = KEY_FAULT_ADDRESS;
	}
	return fault;
}

static enum key_fault derive_psks(struct key_peer *p, const struct keying_peer_spec *s)
{
	enum key_fault fault = KEY_OK;

	for (size_t i = 0; fault == KEY_OK && i < s->key_count; i++) {
		const struct psk_source from = {
			.kind = s->keys[i].kind,
			.spi = s->keys[i].spi,
			.key = s->keys[i].key,
			.ends = { s->pair.local, s->pair.remote },
		};

		fault = psk_derive(&from, &p->psks[i]);
	}
	return fault;
}

static void from_psks(struct key_peer *p, const struct keying_peer_spec *s)
{
	p->unusable = derive_psks(p, s);
	if (p->unusable != KEY_OK)
		return;
	p->credentials = tls_credentials_psk(p->psks, s->key_count);
	if (!p->credentials)
		p->unusable = KEY_FAULT_MEMORY;
}

void key_peer_credentials(const struct keying *k, struct key_peer *p,
			  const struct keying_peer_spec *s)
{
	const struct tls_certificates c = { k->chain, &k->private_key, k->authorities };

	p->unusable = key_spec_check(s, k->chain != NULL);
	if (p->unusable != KEY_OK)
		return;
	if (s->key_count > 0)
		from_psks(p, s);
	else
		p->credentials =
			tls_credentials_x509(&c, s->pair.remote, s->name, &p->unusable);
}

static bool is_same_name(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The key by which the peer is authenticated now is still shared with it. */
static bool has_key_of(const struct key_peer *p, const struct key_session *s)
{
	for (size_t i = 0; i < p->spec.key_count; i++)
		if (strcmp(p->psks[i].identity, tls_identity(s->tls)) == 0)
			return true;
	return false;
}

static bool is_same_key(const struct key_peer *a, const struct key_peer *b)
{
	for (size_t i = 0; i < a->spec.key_count; i++)
		for (size_t j = 0; j < b->spec.key_count; j++)
			if (strcmp(a->psks[i].identity, b->psks[j].identity) == 0 &&
			    !secret_bytes_equal(a->psks[i].key, b->psks[j].key,
						PSK_LEN))
				return false;
	return true;
}

static bool credentials_agree(const struct key_peer *a, const struct key_peer *b)
{
	if ((a->spec.key_count == 0) != (b->spec.key_count == 0))
		return false;
	if (a->spec.key_count == 0)
		return is_same_name(a->spec.name, b->spec.name);
	return is_same_key(a, b) && (!a->current || has_key_of(b, a->current));
}

bool key_spec_agrees(const struct key_peer *a, const struct key_peer *b)
{
	const struct keying_peer_spec *x = &a->spec, *y = &b->spec;

	if (a->unusable != KEY_OK || b->unusable != KEY_OK)
		return false;
	if (x->algorithm_count != y->algorithm_count ||
	    memcmp(x->algorithms, y->algorithms,
		   x->algorithm_count * sizeof(x->algorithms[0])) != 0)
		return false;
	return x->esn == y->esn && x->carrier == y->carrier && x->port == y->port &&
	       credentials_agree(a, b);
}
