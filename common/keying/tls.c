/* SPDX-License-Identifier: ISC */
/*
 * TLS 1.3 by OpenSSL over two memory BIOs: what came in one, what is to be sent in
 * the other.  The library never sees a descriptor; it reads no clock either, because
 * certificates are judged by the time that is handed in.
 *
 * Everything that would let a connection borrow from another one is turned off, here
 * and not by the system's configuration of the library: RFC 8446 4.6.1 (tickets),
 * 4.2.10 (early data), 4.2.9 (psk_ke).
 */
#include "common/keying/tls.h"

#include "common/base/ntp64.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SUITES                                                 \
	"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:" \
	"TLS_AES_128_GCM_SHA256"
/* An external PSK belongs to one hash (RFC 8446 4.2.11): ours to SHA-256. */
#define PSK_SUITES "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS     "X25519:P-256:P-384"

/* To the library an external PSK is a session, and must belong somewhere. */
static const unsigned char belonging[] = { 'e', 's', 'p' };

enum { CHAIN_MAX = 32768, SECURITY_LEVEL = 2 };

struct tls_credentials {
	SSL_CTX *ctx;
	bool by_psk;
	struct psk *keys;
	size_t key_count;
	unsigned holders;
};

struct tls {
	SSL *ssl;
	BIO *in, *out; /* the SSL's */
	struct tls_credentials *credentials;
	const char *identity; /* of the PSK in use */
	bool open;
	bool unknown_identity; /* the peer named a key that we do not have */
	bool alerted;          /* the peer said that it refuses */
	size_t taken;          /* octets before it was open */
	enum key_fault fault;
	const char *detail;
};

/* Credentials. */

/* The library passes ours as `arg`; a passphrase would be asked for on a terminal. */
static int no_passphrase(char *text, int room, int writing, void *arg)
{
	(void)text;
	(void)room;
	(void)writing;
	(void)arg;
	return 0;
}

static void on_progress(const SSL *ssl, int where, int what)
{
	struct tls *t = SSL_get_app_data(ssl);

	if (!(where & SSL_CB_ALERT) || !(where & SSL_CB_READ) || !t)
		return;
	if ((what & 0xff) == SSL_AD_CLOSE_NOTIFY)
		return;
	t->alerted = true;
	t->detail = SSL_alert_desc_string_long(what);
}

static bool restrict_protocol(SSL_CTX *ctx, const char *suites)
{
	SSL_CTX_clear_options(ctx, SSL_OP_ALLOW_NO_DHE_KEX);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) &&
	       SSL_CTX_set_num_tickets(ctx, 0) && SSL_CTX_set_max_early_data(ctx, 0) &&
	       SSL_CTX_set_recv_max_early_data(ctx, 0) &&
	       SSL_CTX_set_session_id_context(ctx, belonging, sizeof(belonging)) &&
	       SSL_CTX_set_ciphersuites(ctx, suites) &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS);
}

/* Nobody gets in without a certificate from our authorities, or else a PSK. */
static struct tls_credentials *credentials_new(const char *suites)
{
	struct tls_credentials *c = calloc(1, sizeof(*c));

	ERR_clear_error();
	if (!c)
		return NULL;
	c->holders = 1;
	c->ctx = SSL_CTX_new(TLS_method());
	if (!c->ctx || !restrict_protocol(c->ctx, suites)) {
		tls_credentials_free(c);
		return NULL;
	}
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_set_info_callback(c->ctx, on_progress);
	return c;
}

void tls_credentials_free(struct tls_credentials *c)
{
	if (!c || --c->holders > 0)
		return;
	SSL_CTX_free(c->ctx);
	if (c->keys)
		secret_wipe(c->keys, c->key_count * sizeof(c->keys[0]));
	free(c->keys);
	free(c);
}

/* Pre-shared keys. */

static SSL_SESSION *session_of(SSL *ssl, const struct psk *key)
{
	static const unsigned char aes_128_gcm_sha256[] = { 0x13, 0x01 };
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
	SSL_SESSION *s = SSL_SESSION_new();

	if (s && cipher && SSL_SESSION_set1_master_key(s, key->key, PSK_LEN) &&
	    SSL_SESSION_set1_id_context(s, belonging, sizeof(belonging)) &&
	    SSL_SESSION_set_cipher(s, cipher) &&
	    SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION))
		return s;
	SSL_SESSION_free(s);
	return NULL;
}

static int offer_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
		     SSL_SESSION **session)
{
	struct tls *t = SSL_get_app_data(ssl);
	const struct psk *key = &t->credentials->keys[0];

	(void)md; /* all our suites have the same */
	*session = session_of(ssl, key);
	*id = (const unsigned char *)key->identity;
	*len = strlen(key->identity);
	t->identity = key->identity;
	return *session != NULL;
}

static const struct psk *psk_named(const struct tls_credentials *c,
				   const unsigned char *id, size_t len)
{
	for (size_t i = 0; i < c->key_count; i++)
		if (strlen(c->keys[i].identity) == len &&
		    memcmp(c->keys[i].identity, id, len) == 0)
			return &c->keys[i];
	return NULL;
}

/* An unknown one is left to the library, which finds no other way in and refuses. */
static int find_psk(SSL *ssl, const unsigned char *id, size_t len,
		    SSL_SESSION **session)
{
	struct tls *t = SSL_get_app_data(ssl);
	const struct psk *key = psk_named(t->credentials, id, len);

	*session = NULL;
	if (!key) {
		t->unknown_identity = true;
		return 1;
	}
	t->identity = key->identity;
	*session = session_of(ssl, key);
	return *session != NULL;
}

struct tls_credentials *tls_credentials_psk(const struct psk *keys, size_t count)
{
	struct tls_credentials *c = credentials_new(PSK_SUITES);

	if (!c)
		return NULL;
	c->by_psk = true;
	c->keys = calloc(count, sizeof(keys[0]));
	if (!c->keys || count == 0) {
		tls_credentials_free(c);
		return NULL;
	}
	memcpy(c->keys, keys, count * sizeof(keys[0]));
	c->key_count = count;
	SSL_CTX_set_psk_use_session_callback(c->ctx, offer_psk);
	SSL_CTX_set_psk_find_session_callback(c->ctx, find_psk);
	return c;
}

/* Certificates. */

static BIO *bio_over(const void *bytes, size_t len)
{
	return len <= INT_MAX ? BIO_new_mem_buf(bytes, (int)len) : NULL;
}

static X509 *next_certificate(BIO *pem)
{
	return PEM_read_bio_X509(pem, NULL, no_passphrase, NULL);
}

static bool use_chain(SSL_CTX *ctx, const char *text)
{
	BIO *pem = bio_over(text, strlen(text));
	X509 *x = pem ? next_certificate(pem) : NULL;
	bool good = x && SSL_CTX_use_certificate(ctx, x) == 1;

	X509_free(x);
	while (good && (x = next_certificate(pem)) != NULL) {
		good = SSL_CTX_add1_chain_cert(ctx, x) == 1;
		X509_free(x);
	}
	BIO_free(pem);
	return good;
}

static bool use_private_key(SSL_CTX *ctx, const struct secret *key)
{
	BIO *pem = bio_over(key->bytes, key->len);
	EVP_PKEY *k =
		pem ? PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL) : NULL;
	bool good = k && SSL_CTX_use_PrivateKey(ctx, k) == 1 &&
		    SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(k);
	BIO_free(pem);
	return good;
}

/* At least one. */
static bool trust(SSL_CTX *ctx, const char *text)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *pem = bio_over(text, strlen(text));
	X509 *x = pem ? next_certificate(pem) : NULL;
	bool good = x && X509_STORE_add_cert(store, x) == 1;

	X509_free(x);
	while (good && (x = next_certificate(pem)) != NULL) {
		good = X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	BIO_free(pem);
	return good;
}

/* Never by the subject's common name (RFC 9525 2). */
static bool expect(SSL_CTX *ctx, struct in_addr peer, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_CTX_get0_param(ctx);
	const unsigned char *ip = (const unsigned char *)&peer.s_addr;

	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
						   X509_CHECK_FLAG_NO_WILDCARDS);
	if (name)
		return X509_VERIFY_PARAM_set1_host(p, name, 0) == 1;
	return X509_VERIFY_PARAM_set1_ip(p, ip, sizeof(peer.s_addr)) == 1;
}

struct tls_credentials *tls_credentials_x509(const struct tls_certificates *c,
					     struct in_addr peer, const char *name,
					     enum key_fault *fault)
{
	struct tls_credentials *made = credentials_new(SUITES);
	bool good;

	*fault = KEY_FAULT_MEMORY;
	if (!made)
		return NULL;
	good = use_chain(made->ctx, c->chain) &&
	       use_private_key(made->ctx, c->private_key) &&
	       trust(made->ctx, c->authorities) && expect(made->ctx, peer, name);
	ERR_clear_error();
	if (good) {
		*fault = KEY_OK;
		return made;
	}
	*fault = KEY_FAULT_OWN_CERTIFICATE;
	tls_credentials_free(made);
	return NULL;
}

/* Since 1970; without the carry of 2036, as ntp64.h has it. */
static time_t seconds_of(uint64_t ntp)
{
	return (time_t)(uint32_t)(ntp64_high(ntp) - 2208988800U);
}

static const char *lapse_of(const X509 *x, time_t now)
{
	if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0)
		return "is not valid yet";
	return X509_cmp_time(X509_get0_notAfter(x), &now) < 0 ? "has expired" : NULL;
}

const char *tls_chain_lapse(const char *chain, uint64_t ntp)
{
	BIO *pem = bio_over(chain, strlen(chain));
	const char *lapse = NULL;
	X509 *x;

	while (pem && !lapse && (x = next_certificate(pem)) != NULL) {
		lapse = lapse_of(x, seconds_of(ntp));
		X509_free(x);
	}
	BIO_free(pem);
	ERR_clear_error();
	return lapse;
}

/* Faults. */

struct fault_row {
	int reason; /* the library's */
	enum key_fault fault;
};

static const struct fault_row reasons[] = {
	{ SSL_R_BINDER_DOES_NOT_VERIFY, KEY_FAULT_WRONG_KEY },
	{ SSL_R_CERTIFICATE_VERIFY_FAILED, KEY_FAULT_CERTIFICATE },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, KEY_FAULT_CERTIFICATE },
	{ SSL_R_EE_KEY_TOO_SMALL, KEY_FAULT_CERTIFICATE },
	{ SSL_R_UNSUPPORTED_PROTOCOL, KEY_FAULT_VERSION },
	{ SSL_R_UNKNOWN_PROTOCOL, KEY_FAULT_VERSION },
	{ SSL_R_VERSION_TOO_LOW, KEY_FAULT_VERSION },
	{ SSL_R_WRONG_SSL_VERSION, KEY_FAULT_VERSION },
	{ SSL_R_NO_SHARED_CIPHER, KEY_FAULT_NO_COMMON },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, KEY_FAULT_NO_COMMON },
	{ SSL_R_NO_SUITABLE_GROUPS, KEY_FAULT_NO_COMMON },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, KEY_FAULT_NO_COMMON },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, KEY_FAULT_NO_COMMON },
	{ SSL_R_MISSING_SIGALGS_EXTENSION, KEY_FAULT_NO_COMMON },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, KEY_FAULT_RECORD },
	{ SSL_R_DIGEST_CHECK_FAILED, KEY_FAULT_RECORD },
	{ ERR_R_MALLOC_FAILURE, KEY_FAULT_MEMORY },
};

/* A peer that offered only an unknown key had nothing in common with us, either. */
static enum key_fault fault_of(const struct tls *t, unsigned long error)
{
	const int reason = ERR_GET_REASON(error);

	/* With a PSK nothing is verified, and the result says nothing. */
	if (!t->credentials->by_psk && SSL_get_verify_result(t->ssl) != X509_V_OK)
		return KEY_FAULT_CERTIFICATE;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason != reason)
			continue;
		if (reasons[i].fault == KEY_FAULT_NO_COMMON && t->unknown_identity)
			return KEY_FAULT_IDENTITY;
		return reasons[i].fault;
	}
	return t->open ? KEY_FAULT_RECORD : KEY_FAULT_NOT_TLS;
}

/* "unspecified" says nothing; the library's static texts say the rest. */
static const char *detail_of(const struct tls *t, enum key_fault fault,
			     unsigned long error)
{
	long verified = SSL_get_verify_result(t->ssl);

	if (fault == KEY_FAULT_CERTIFICATE && verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return ERR_reason_error_string(error);
}

static enum key_fault fail(struct tls *t, enum key_fault fault, const char *detail)
{
	t->fault = fault;
	t->detail = detail;
	return fault;
}

/* What stopped the library: KEY_OK when it only wants more bytes. */
static enum key_fault judge(struct tls *t, int result)
{
	unsigned long error = ERR_peek_error();
	enum key_fault fault;

	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return KEY_OK;
	case SSL_ERROR_ZERO_RETURN:
		return fail(t, KEY_FAULT_CUT, NULL);
	default:
		break;
	}
	if (t->alerted)
		return fail(t, KEY_FAULT_REFUSED, t->detail);
	fault = fault_of(t, error);
	return fail(t, fault, detail_of(t, fault, error));
}

/* One end. */

static bool open_bios(struct tls *t)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	BIO_set_mem_eof_return(t->in, -1); /* "not yet", never "the end" */
	SSL_set_bio(t->ssl, t->in, t->out);
	return true;
}

struct tls *tls_new(struct tls_credentials *c, enum tls_role role, uint64_t ntp)
{
	struct tls *t = calloc(1, sizeof(*t));

	ERR_clear_error();
	if (!t)
		return NULL;
	t->credentials = c;
	c->holders++;
	t->ssl = SSL_new(c->ctx);
	if (!t->ssl || !SSL_set_app_data(t->ssl, t) || !open_bios(t)) {
		tls_free(t);
		return NULL;
	}
	X509_VERIFY_PARAM_set_time(SSL_get0_param(t->ssl), seconds_of(ntp));
	if (role == TLS_SERVER) {
		SSL_set_accept_state(t->ssl);
		return t;
	}
	SSL_set_connect_state(t->ssl);
	if (judge(t, SSL_do_handshake(t->ssl)) == KEY_OK)
		return t;
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_credentials_free(t->credentials);
	free(t);
}

/* The library has judged already; here stands in our words what must hold. */
static bool is_authenticated(const struct tls *t)
{
	if (SSL_version(t->ssl) != TLS1_3_VERSION)
		return false;
	if (t->credentials->by_psk)
		return SSL_session_reused(t->ssl) ==
		       1; /* the library's word for a PSK */
	return SSL_session_reused(t->ssl) == 0 && SSL_get0_peer_certificate(t->ssl) &&
	       SSL_get_verify_result(t->ssl) == X509_V_OK;
}

static enum key_fault go_on(struct tls *t)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(t->ssl);
	if (result != 1)
		return judge(t, result);
	if (!is_authenticated(t))
		return fail(t, KEY_FAULT_NO_COMMON, "nobody was authenticated");
	t->open = true;
	return KEY_OK;
}

enum key_fault tls_receive(struct tls *t, const void *bytes, size_t len)
{
	if (t->fault != KEY_OK)
		return t->fault;
	if (!t->open) {
		t->taken += len;
		if (t->taken > TLS_HANDSHAKE_MAX)
			return fail(t, KEY_FAULT_FLOOD, NULL);
	}
	if (len > INT_MAX || (len > 0 && BIO_write(t->in, bytes, (int)len) != (int)len))
		return fail(t, KEY_FAULT_MEMORY, NULL);
	return t->open ? KEY_OK : go_on(t);
}

const char *tls_detail(const struct tls *t)
{
	return t->detail;
}

bool tls_is_open(const struct tls *t)
{
	return t->open && t->fault == KEY_OK;
}

enum key_fault tls_read(struct tls *t, void *bytes, size_t room, size_t *len)
{
	int result;

	*len = 0;
	if (t->fault != KEY_OK || !t->open)
		return t->fault;
	ERR_clear_error();
	result = SSL_read_ex(t->ssl, bytes, room, len);
	return result == 1 ? KEY_OK : judge(t, result);
}

enum key_fault tls_write(struct tls *t, const void *bytes, size_t len)
{
	size_t written;

	if (!tls_is_open(t) || len > TLS_MESSAGE_MAX)
		return t->fault != KEY_OK ? t->fault : KEY_FAULT_UNEXPECTED;
	ERR_clear_error();
	/* A memory BIO takes everything at once or fails for want of memory. */
	if (SSL_write_ex(t->ssl, bytes, len, &written) != 1 || written != len)
		return fail(t, KEY_FAULT_MEMORY, NULL);
	return KEY_OK;
}

void tls_close(struct tls *t)
{
	ERR_clear_error();
	if (tls_is_open(t))
		SSL_shutdown(t->ssl);
}

size_t tls_to_send(struct tls *t, const uint8_t **bytes)
{
	char *at = NULL;
	long len = BIO_get_mem_data(t->out, &at);

	*bytes = (const uint8_t *)at;
	return len > 0 ? (size_t)len : 0;
}

void tls_sent(struct tls *t)
{
	(void)BIO_reset(t->out);
}

int tls_export(struct tls *t, const char *label, const void *context,
	       size_t context_len, uint8_t *out, size_t len)
{
	ERR_clear_error();
	if (!tls_is_open(t))
		return -EIO;
	return SSL_export_keying_material(t->ssl, out, len, label, strlen(label),
					  context, context_len, 1) == 1
		       ? 0
		       : -EIO;
}

const char *tls_identity(const struct tls *t)
{
	return t->open && t->identity ? t->identity : "";
}

const char *tls_suite(const struct tls *t)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(t->ssl);

	return c ? SSL_CIPHER_get_name(c) : "";
}
