/* SPDX-License-Identifier: ISC */
/* Two ends of TLS over memory: who gets in, who does not, and why. */
#include "common/keying/tls.h"

#include "common/base/ntp64.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/key_certificates.h"
#include "tests/unit/suites.h"

static struct psk psk_of(const char *identity, uint8_t byte)
{
	struct psk p = { 0 };

	strcpy(p.identity, identity);
	memset(p.key, byte, sizeof(p.key));
	return p;
}

/* A stream between two ends: octets that one has sent and the other has not seen. */
struct ends {
	struct tls *tls[2]; /* client, server */
	enum key_fault fault[2];
	size_t piece;  /* octets handed over at once */
	size_t passed; /* in all */
	size_t alter;  /* the octet that is changed on its way, from 1; 0: none */
};

static void hand_over(struct ends *e, int from, const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len && e->fault[!from] == KEY_OK;) {
		uint8_t piece[4096];
		size_t n = len - at < e->piece ? len - at : e->piece;

		memcpy(piece, bytes + at, n);
		if (e->alter > e->passed && e->alter <= e->passed + n)
			piece[e->alter - e->passed - 1] ^= 0x20;
		e->passed += n;
		at += n;
		e->fault[!from] = tls_receive(e->tls[!from], piece, n);
	}
}

static bool exchange(struct ends *e, int from)
{
	const uint8_t *bytes;
	size_t len = tls_to_send(e->tls[from], &bytes);
	uint8_t *copy = malloc(len + 1);

	memcpy(copy, bytes ? bytes : (const uint8_t *)"", len);
	tls_sent(e->tls[from]);
	hand_over(e, from, copy, len);
	free(copy);
	return len > 0;
}

static void talk(struct ends *e)
{
	for (int quiet = 0, from = 0; quiet < 2; from = !from)
		quiet = exchange(e, from) ? 0 : quiet + 1;
}

static void ends_init(struct ends *e, struct tls_credentials *client,
		      struct tls_credentials *server)
{
	*e = (struct ends){ .piece = 1024 };
	e->tls[0] = tls_new(client, TLS_CLIENT, CERTIFICATE_NTP);
	e->tls[1] = tls_new(server, TLS_SERVER, CERTIFICATE_NTP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->tls[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->tls[1]);
}

static void ends_fini(struct ends *e)
{
	tls_free(e->tls[0]);
	tls_free(e->tls[1]);
}

static bool both_open(const struct ends *e)
{
	return tls_is_open(e->tls[0]) && tls_is_open(e->tls[1]);
}

static void check_message(struct ends *e, int from)
{
	char text[16];
	size_t len;

	CU_ASSERT_EQUAL(tls_write(e->tls[from], "a word", 6), KEY_OK);
	talk(e);
	CU_ASSERT_EQUAL(tls_read(e->tls[!from], text, sizeof(text), &len), KEY_OK);
	CU_ASSERT_EQUAL(len, 6);
	CU_ASSERT_EQUAL(memcmp(text, "a word", 6), 0);
	CU_ASSERT_EQUAL(tls_read(e->tls[!from], text, sizeof(text), &len), KEY_OK);
	CU_ASSERT_EQUAL(len, 0);
}

static void check_exporter(struct ends *e)
{
	uint8_t a[36], b[36], c[36];

	CU_ASSERT_EQUAL(tls_export(e->tls[0], "EXPORTER-x", "one", 3, a, 36), 0);
	CU_ASSERT_EQUAL(tls_export(e->tls[1], "EXPORTER-x", "one", 3, b, 36), 0);
	CU_ASSERT_EQUAL(tls_export(e->tls[1], "EXPORTER-x", "two", 3, c, 36), 0);
	CU_ASSERT_EQUAL(memcmp(a, b, 36), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a, c, 36), 0);
}

/* Frees the credentials before the ends, as a change of configuration does. */
static void check_pair(struct tls_credentials *client, struct tls_credentials *server,
		       size_t piece)
{
	struct ends e;

	ends_init(&e, client, server);
	tls_credentials_free(client);
	tls_credentials_free(server);
	e.piece = piece;
	talk(&e);
	CU_ASSERT_TRUE(both_open(&e));
	if (both_open(&e)) {
		check_message(&e, 0);
		check_message(&e, 1);
		check_exporter(&e);
		tls_close(e.tls[0]);
		talk(&e);
		CU_ASSERT_EQUAL(tls_read(e.tls[1], &(char){ 0 }, 1, &(size_t){ 0 }),
				KEY_FAULT_CUT);
	}
	ends_fini(&e);
}

static void a_shared_key_opens(void)
{
	const struct psk keys[2] = { psk_of("one", 1), psk_of("two", 2) };
	const struct psk turned[2] = { keys[1], keys[0] };
	struct tls_credentials *client, *server;
	struct ends e;

	check_pair(tls_credentials_psk(keys, 2), tls_credentials_psk(keys, 2), 1024);
	check_pair(tls_credentials_psk(keys, 1), tls_credentials_psk(turned, 2), 1);
	check_pair(tls_credentials_psk(turned, 2), tls_credentials_psk(keys, 2), 7);
	client = tls_credentials_psk(turned, 2);
	server = tls_credentials_psk(keys, 2);
	ends_init(&e, client, server);
	tls_credentials_free(client);
	tls_credentials_free(server);
	CU_ASSERT_STRING_EQUAL(tls_identity(e.tls[1]), "");
	talk(&e);
	CU_ASSERT_STRING_EQUAL(tls_identity(e.tls[0]), "two");
	CU_ASSERT_STRING_EQUAL(tls_identity(e.tls[1]), "two");
	CU_ASSERT_STRING_EQUAL(tls_suite(e.tls[1]), "TLS_AES_128_GCM_SHA256");
	ends_fini(&e);
}

/* Client and server, what each finds, and whether the server says why. */
static void check_refusal(struct tls_credentials *client,
			  struct tls_credentials *server, enum key_fault at_client,
			  enum key_fault at_server)
{
	struct ends e;

	ends_init(&e, client, server);
	tls_credentials_free(client);
	tls_credentials_free(server);
	talk(&e);
	CU_ASSERT_FALSE(tls_is_open(e.tls[1]));
	CU_ASSERT_EQUAL(e.fault[0], at_client);
	CU_ASSERT_EQUAL(e.fault[1], at_server);
	CU_ASSERT_PTR_NOT_NULL(tls_detail(e.tls[1]));
	ends_fini(&e);
}

static struct tls_credentials *by_key(const char *identity, uint8_t byte)
{
	const struct psk p = psk_of(identity, byte);

	return tls_credentials_psk(&p, 1);
}

static void another_key_does_not(void)
{
	check_refusal(by_key("one", 1), by_key("one", 2), KEY_FAULT_REFUSED,
		      KEY_FAULT_WRONG_KEY);
	check_refusal(by_key("one", 1), by_key("two", 1), KEY_FAULT_REFUSED,
		      KEY_FAULT_IDENTITY);
}

static struct tls_credentials *by_name(const struct certificate *c,
				       const struct authority *trusted,
				       const char *peer, const char *name)
{
	const struct tls_certificates all = certificates_of(c, trusted);
	struct tls_credentials *made;
	struct in_addr address;
	enum key_fault fault;

	inet_pton(AF_INET, peer, &address);
	made = tls_credentials_x509(&all, address, name, &fault);
	CU_ASSERT_EQUAL(fault, KEY_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	return made;
}

static struct authority ours, theirs;
static struct certificate alice, bob, stranger, old, young;

#define ALICE "192.0.2.1"
#define BOB   "198.51.100.7"

static int make_certificates(void)
{
	authority_init(&ours);
	authority_init(&theirs);
	certificate_init(&alice, &ours, "IP:" ALICE, 0);
	certificate_init(&bob, &ours, "IP:" BOB ",DNS:bob.example", 0);
	certificate_init(&stranger, &theirs, "IP:" BOB, 0);
	certificate_init(&old, &ours, "IP:" BOB, -5);
	certificate_init(&young, &ours, "IP:" BOB, 5);
	return 0;
}

static int free_certificates(void)
{
	authority_fini(&ours);
	authority_fini(&theirs);
	return 0;
}

static void certificates_open(void)
{
	check_pair(by_name(&alice, &ours, BOB, NULL), by_name(&bob, &ours, ALICE, NULL),
		   1024);
	check_pair(by_name(&bob, &ours, ALICE, NULL), by_name(&alice, &ours, BOB, NULL),
		   3);
	check_pair(by_name(&alice, &ours, "203.0.113.1", "bob.example"),
		   by_name(&bob, &ours, ALICE, NULL), 1024);
}

/* The client finds the fault first; the server hears of it. */
static void wrong_certificates_of_servers_do_not(void)
{
	check_refusal(by_name(&alice, &ours, BOB, NULL),
		      by_name(&stranger, &theirs, ALICE, NULL), KEY_FAULT_CERTIFICATE,
		      KEY_FAULT_REFUSED);
	check_refusal(by_name(&alice, &ours, BOB, NULL),
		      by_name(&old, &ours, ALICE, NULL), KEY_FAULT_CERTIFICATE,
		      KEY_FAULT_REFUSED);
	check_refusal(by_name(&alice, &ours, BOB, NULL),
		      by_name(&young, &ours, ALICE, NULL), KEY_FAULT_CERTIFICATE,
		      KEY_FAULT_REFUSED);
	check_refusal(by_name(&alice, &ours, "203.0.113.1", NULL),
		      by_name(&bob, &ours, ALICE, NULL), KEY_FAULT_CERTIFICATE,
		      KEY_FAULT_REFUSED);
	check_refusal(by_name(&alice, &ours, BOB, "agent"), /* the common name */
		      by_name(&bob, &ours, ALICE, NULL), KEY_FAULT_CERTIFICATE,
		      KEY_FAULT_REFUSED);
}

/* The client thinks that it is open, until it hears otherwise. */
static void check_late(struct tls_credentials *client, struct tls_credentials *server,
		       const char *detail)
{
	struct ends e;
	size_t len;

	ends_init(&e, client, server);
	tls_credentials_free(client);
	tls_credentials_free(server);
	talk(&e);
	CU_ASSERT_FALSE(tls_is_open(e.tls[1]));
	CU_ASSERT_EQUAL(e.fault[1], KEY_FAULT_CERTIFICATE);
	CU_ASSERT_STRING_EQUAL(tls_detail(e.tls[1]), detail);
	CU_ASSERT_EQUAL(tls_read(e.tls[0], &(char){ 0 }, 1, &len), KEY_FAULT_REFUSED);
	ends_fini(&e);
}

static void wrong_certificates_of_clients_do_not(void)
{
	check_late(by_name(&stranger, &ours, ALICE, NULL),
		   by_name(&alice, &ours, BOB, NULL), "certificate signature failure");
	check_late(by_name(&old, &ours, ALICE, NULL), by_name(&alice, &ours, BOB, NULL),
		   "certificate has expired");
	check_late(by_name(&bob, &ours, ALICE, NULL),
		   by_name(&alice, &ours, "203.0.113.1", NULL), "IP address mismatch");
}

static void key_and_certificate_do_not_mix(void)
{
	check_refusal(by_key("one", 1), by_name(&alice, &ours, BOB, NULL),
		      KEY_FAULT_CERTIFICATE, KEY_FAULT_REFUSED);
	check_refusal(by_name(&alice, &ours, BOB, NULL), by_key("one", 1),
		      KEY_FAULT_REFUSED, KEY_FAULT_NO_COMMON);
}

static enum key_fault fault_of(const char *chain, const struct secret *key,
			       const char *authorities)
{
	const struct tls_certificates c = { chain, key, authorities };
	struct in_addr peer = { 0 };
	enum key_fault fault;

	CU_ASSERT_PTR_NULL(tls_credentials_x509(&c, peer, NULL, &fault));
	return fault;
}

static void what_cannot_be_used_is_refused_at_once(void)
{
	static uint8_t rubbish[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n";
	const struct secret bad = { rubbish, sizeof(rubbish) - 1 };

	CU_ASSERT_EQUAL(fault_of("", &alice.key, ours.text), KEY_FAULT_OWN_CERTIFICATE);
	CU_ASSERT_EQUAL(fault_of(alice.chain, &bob.key, ours.text),
			KEY_FAULT_OWN_CERTIFICATE);
	CU_ASSERT_EQUAL(fault_of(alice.chain, &bad, ours.text),
			KEY_FAULT_OWN_CERTIFICATE);
	CU_ASSERT_EQUAL(fault_of(alice.chain, &alice.key, "none"),
			KEY_FAULT_OWN_CERTIFICATE);
}

static const char *lapse_after(const char *chain, int years)
{
	return tls_chain_lapse(
		chain, ntp64_add(CERTIFICATE_NTP, duration_s(years * 365LL * 86400)));
}

/* One that is signed by another: what the second lacks is lacking as well. */
static void a_chain_holds_for_a_time(void)
{
	char both[2 * CERTIFICATE_TEXT];

	CU_ASSERT_PTR_NULL(lapse_after(alice.chain, 0));
	CU_ASSERT_STRING_EQUAL(lapse_after(alice.chain, 2), "has expired");
	CU_ASSERT_STRING_EQUAL(lapse_after(alice.chain, -2), "is not valid yet");
	CU_ASSERT_PTR_NULL(lapse_after("none", 2));
	snprintf(both, sizeof(both), "%s%s", alice.chain, old.chain);
	CU_ASSERT_STRING_EQUAL(lapse_after(both, 0), "has expired");
}

/* Octets on the way to an open connection, both directions. */
static size_t octets_of_a_handshake(void)
{
	struct ends e;
	struct tls_credentials *c = by_key("one", 1);
	size_t passed;

	ends_init(&e, c, c);
	tls_credentials_free(c);
	talk(&e);
	passed = e.passed;
	ends_fini(&e);
	return passed;
}

/*
 * Whatever octet is changed: nobody is let in who should not be, and both ends never
 * come to different secrets while both believe that they are open.
 */
static void every_altered_octet_is_noticed(void)
{
	const size_t octets = octets_of_a_handshake();
	unsigned open = 0;

	for (size_t i = 1; i <= octets; i++) {
		struct tls_credentials *c = by_key("one", 1);
		struct ends e;

		ends_init(&e, c, c);
		tls_credentials_free(c);
		e.alter = i;
		talk(&e);
		if (both_open(&e)) {
			open++;
			check_exporter(&e);
		}
		ends_fini(&e);
	}
	/* What no one authenticates: versions in record heads, a dummy message. */
	CU_ASSERT_TRUE(open < 12);
}

static void every_cut_leaves_both_waiting(void)
{
	struct tls_credentials *c = by_key("one", 1);
	struct ends e;
	const uint8_t *bytes;
	size_t len;

	ends_init(&e, c, c);
	len = tls_to_send(e.tls[0], &bytes);
	for (size_t n = 0; n < len; n++) {
		struct tls *server = tls_new(c, TLS_SERVER, CERTIFICATE_NTP);
		const uint8_t *answer;

		CU_ASSERT_EQUAL(tls_receive(server, bytes, n), KEY_OK);
		CU_ASSERT_FALSE(tls_is_open(server));
		CU_ASSERT_EQUAL(tls_to_send(server, &answer), 0);
		CU_ASSERT_EQUAL(tls_receive(server, bytes + n, len - n), KEY_OK);
		CU_ASSERT_TRUE(tls_to_send(server, &answer) > 0);
		tls_free(server);
	}
	ends_fini(&e);
	tls_credentials_free(c);
}

struct garbage_row {
	const char *bytes;
	size_t len;
	enum key_fault fault;
};

static void garbage_is_named(void)
{
	static const struct garbage_row rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18, KEY_FAULT_NOT_TLS },
		{ "SSH-2.0-OpenSSH_9.2\r\n", 21, KEY_FAULT_NOT_TLS },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0", 12, KEY_FAULT_NOT_TLS },
		{ "\x16\x03\x01\xff\xff\x01\x00\x00\x00\x00\x00\x00", 12,
		  KEY_FAULT_NOT_TLS },
		{ "\x15\x03\x03\x00\x02\x02\x28\x00\x00\x00\x00\x00", 7,
		  KEY_FAULT_NOT_TLS },
	};
	struct tls_credentials *c = by_key("one", 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls *t = tls_new(c, TLS_SERVER, CERTIFICATE_NTP);

		CU_ASSERT_EQUAL(tls_receive(t, rows[i].bytes, rows[i].len),
				rows[i].fault);
		/* It is final. */
		CU_ASSERT_EQUAL(tls_receive(t, "", 0), rows[i].fault);
		tls_free(t);
	}
	tls_credentials_free(c);
}

/* A hello that never ends: sound so far, but too much. */
static void an_endless_handshake_ends(void)
{
	struct tls_credentials *c = by_key("one", 1);
	struct tls *t = tls_new(c, TLS_SERVER, CERTIFICATE_NTP);
	static uint8_t record[16384];
	enum key_fault fault = KEY_OK;
	size_t sent = 0;

	memcpy(record, "\x16\x03\x01\x40\x00\x01\xff\xff\xf0", 9);
	while (fault == KEY_OK && sent < 10 * TLS_HANDSHAKE_MAX) {
		fault = tls_receive(t, record, sizeof(record));
		sent += sizeof(record);
	}
	CU_ASSERT_TRUE(fault == KEY_FAULT_FLOOD || fault == KEY_FAULT_NOT_TLS);
	CU_ASSERT_TRUE(sent <= TLS_HANDSHAKE_MAX + sizeof(record));
	tls_free(t);
	tls_credentials_free(c);
}

/* No ticket is sent, and what was recorded opens nothing again. */
static void nothing_is_played_again(void)
{
	struct tls_credentials *c = by_key("one", 1);
	struct ends e;
	uint8_t recorded[4096];
	const uint8_t *bytes;
	size_t len, first;
	struct tls *again;

	ends_init(&e, c, c);
	first = tls_to_send(e.tls[0], &bytes);
	memcpy(recorded, bytes, first);
	exchange(&e, 0);
	exchange(&e, 1);
	len = tls_to_send(e.tls[0], &bytes);
	memcpy(recorded + first, bytes, len);
	exchange(&e, 0);
	CU_ASSERT_TRUE(both_open(&e));
	CU_ASSERT_EQUAL(tls_to_send(e.tls[1], &bytes), 0); /* no ticket */

	again = tls_new(c, TLS_SERVER, CERTIFICATE_NTP);
	CU_ASSERT_EQUAL(tls_receive(again, recorded, first), KEY_OK);
	CU_ASSERT_EQUAL(tls_receive(again, recorded + first, len), KEY_FAULT_RECORD);
	CU_ASSERT_FALSE(tls_is_open(again));
	tls_free(again);
	ends_fini(&e);
	tls_credentials_free(c);
}

void suite_tls(void)
{
	CU_pSuite s = CU_add_suite("tls", make_certificates, free_certificates);

	CU_add_test(s, "a shared key opens", a_shared_key_opens);
	CU_add_test(s, "another key does not", another_key_does_not);
	CU_add_test(s, "certificates open", certificates_open);
	CU_add_test(s, "wrong certificates of servers do not",
		    wrong_certificates_of_servers_do_not);
	CU_add_test(s, "wrong certificates of clients do not",
		    wrong_certificates_of_clients_do_not);
	CU_add_test(s, "key and certificate do not mix",
		    key_and_certificate_do_not_mix);
	CU_add_test(s, "what cannot be used is refused at once",
		    what_cannot_be_used_is_refused_at_once);
	CU_add_test(s, "a chain holds for a time", a_chain_holds_for_a_time);
	CU_add_test(s, "every altered octet is noticed",
		    every_altered_octet_is_noticed);
	CU_add_test(s, "every cut leaves both waiting", every_cut_leaves_both_waiting);
	CU_add_test(s, "garbage is named", garbage_is_named);
	CU_add_test(s, "an endless handshake ends", an_endless_handshake_ends);
	CU_add_test(s, "nothing is played again", nothing_is_played_again);
}
