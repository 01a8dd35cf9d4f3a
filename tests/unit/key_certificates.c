/* SPDX-License-Identifier: ISC */
/* Certificates by OpenSSL's own hand, with Ed25519: quick, and always of one length. */
#include "tests/unit/key_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

enum { YEAR = 365 * 24 * 3600 };

static const time_t middle = 1800000000;

static void must(int good)
{
	if (!good)
		abort();
}

static void to_text(BIO *bio, char text[CERTIFICATE_TEXT])
{
	int len = BIO_read(bio, text, CERTIFICATE_TEXT - 1);

	must(len > 0);
	text[len] = '\0';
	BIO_free(bio);
}

static X509 *unsigned_certificate(EVP_PKEY *key, const char *name, int years)
{
	X509 *x = X509_new();

	must(x != NULL);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1 + (long)strlen(name));
	ASN1_TIME_set(X509_getm_notBefore(x), middle + (time_t)(years - 1) * YEAR);
	ASN1_TIME_set(X509_getm_notAfter(x), middle + (time_t)(years + 1) * YEAR);
	must(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
					(const unsigned char *)name, -1, -1, 0));
	must(X509_set_pubkey(x, key));
	return x;
}

static void extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e && X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
}

void authority_init(struct authority *a)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = unsigned_certificate(key, "authority", 0);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_issuer_name(x, X509_get_subject_name(x));
	extend(x, NID_basic_constraints, "critical,CA:TRUE");
	extend(x, NID_key_usage, "critical,keyCertSign");
	must(X509_sign(x, key, NULL) > 0 && PEM_write_bio_X509(bio, x));
	a->key = key;
	a->certificate = x;
	to_text(bio, a->text);
}

void authority_fini(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->certificate);
}

void certificate_init(struct certificate *c, const struct authority *a,
		      const char *names, int years)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = unsigned_certificate(key, "agent", years);
	BIO *bio = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());

	X509_set_issuer_name(x, X509_get_subject_name(a->certificate));
	extend(x, NID_subject_alt_name, names);
	must(X509_sign(x, a->key, NULL) > 0 && PEM_write_bio_X509(bio, x));
	must(PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL));
	to_text(bio, c->chain);
	to_text(secret, c->key_text);
	c->key = (struct secret){ (uint8_t *)c->key_text, strlen(c->key_text) };
	X509_free(x);
	EVP_PKEY_free(key);
}

struct tls_certificates certificates_of(const struct certificate *c,
					const struct authority *trusted)
{
	return (struct tls_certificates){ c->chain, &c->key, trusted->text };
}
