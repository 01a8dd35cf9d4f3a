/* SPDX-License-Identifier: ISC */
/*
 * What a configuration says of ESP: one attribute is enough, every field arrives,
 * and what cannot be, or contradicts itself, is refused with its line and reason.
 */
#include "common/conf/protect.h"

#include "fa/fa_conf.h"
#include "ha/ha_conf.h"
#include "mn-sim/mn_conf.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/conf_docs.h"
#include "tests/unit/suites.h"

#define KEY16      "hex:00112233445566778899aabbccddeeff"
#define KEY32      KEY16 "00112233445566778899aabbccddeeff"
#define SA(key)    "<association spi='300' key='" key "'/>"
#define HA(inside) "<home-agent address='10.1.0.1'>\n" inside "</home-agent>"
#define PEER(addr, attrs) \
	"<peer-agent address='" addr "' " attrs ">" SA(KEY16) "</peer-agent>\n"
#define NET "<home-network prefix='10.1.0.0/24'/>"

#define SITE                                                        \
	"<site-tunnel name='a' local='10.1.0.2' remote='10.0.2.2'>" \
	"<local subnet='10.8.0.0/24'/><remote subnet='10.9.0.0/24'/></site-tunnel>"

static struct ha_config taken(const char *text)
{
	struct ha_config c;
	struct conf_doc doc = conf_doc_read(&ha_config_schema, text, &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_STRING_EQUAL(doc.lines, "");
	return c;
}

static void refused(const char *text, const char *want)
{
	conf_doc_refused(&ha_config_schema, text, want);
}

static void refused_once(const char *text, const char *want)
{
	conf_doc_refused_once(&ha_config_schema, text, want);
}

static void warned(const char *text, const char *want)
{
	conf_doc_warned(&ha_config_schema, text, want);
}

/* What has no row of <esp> or <tunnel> is as an empty row makes it. */
static void without_a_row_all_is_as_with_an_empty_one(void)
{
	const struct in_addr here = { htonl(0x0a010001) },
			     there = { htonl(0x0a000202) };
	struct ha_config c = taken(HA("<esp/><tunnel/>"));
	const struct common_config none = { .log_level = 0 };
	struct esp_config a = config_esp_for(&c.common, there);
	struct esp_config b = config_esp_for(&none, there);
	struct tunnel_spec t = config_tunnel_for(&c.common, here, there, ENCAP_GRE);
	struct tunnel_spec u = config_tunnel_for(&none, here, there, ENCAP_GRE);

	CU_ASSERT(a.algorithm == b.algorithm && a.carrier == b.carrier);
	CU_ASSERT(a.port == b.port && a.esn == b.esn && a.window == b.window);
	CU_ASSERT(a.rekey_seconds == b.rekey_seconds && a.tfc == b.tfc);
	CU_ASSERT(a.rekey_octets == b.rekey_octets);
	CU_ASSERT(a.rekey_packets == b.rekey_packets);
	CU_ASSERT(a.reauthenticate_seconds == b.reauthenticate_seconds);
	CU_ASSERT(a.dead_after.ns == b.dead_after.ns);
	CU_ASSERT(t.carrier.kind == u.carrier.kind);
	CU_ASSERT(t.encap.gre_key == u.encap.gre_key);
	CU_ASSERT(t.encap.gre_sequence == u.encap.gre_sequence);
	CU_ASSERT(t.encap.gre_checksum == u.encap.gre_checksum);
	CU_ASSERT(t.encap.minimal_fallback == u.encap.minimal_fallback);
	CU_ASSERT(t.encap.dscp == u.encap.dscp);
	CU_ASSERT((t.encap.ttl ? t.encap.ttl : 64) == (u.encap.ttl ? u.encap.ttl : 64));
	CU_ASSERT(t.encap.no_outer_df == u.encap.no_outer_df);
	CU_ASSERT(t.encap.mss_clamp == u.encap.mss_clamp);
	CU_ASSERT(t.encap.fast_path == u.encap.fast_path);
	conf_release(&ha_config_schema, &c);
}

static void one_attribute_is_enough(void)
{
	struct ha_config c =
		taken(HA(PEER("10.0.2.2", "protection='esp'") PEER("10.0.3.2", "")));
	struct fa_config f;
	struct conf_doc doc;
	struct esp_config e;

	CU_ASSERT_EQUAL(c.foreign_agent[0].protection.policy, PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(c.foreign_agent[1].protection.policy, PROTECT_OFF);
	e = config_esp_for(&c.common, c.foreign_agent[0].addr);
	CU_ASSERT(e.algorithm == ESP_AES_128_GCM && e.carrier == CARRIER_UDP);
	CU_ASSERT(e.port == 4500 && e.esn && e.window == 1024 && e.tfc == 0);
	CU_ASSERT(e.rekey_seconds == 3600 && e.dead_after.ns == 30000000000);
	CU_ASSERT_EQUAL(c.common.keying.port, 434);
	conf_release(&ha_config_schema, &c);

	doc = conf_doc_read(
		&fa_config_schema,
		"<foreign-agent care-of-address='10.0.2.2'>"
		"<advertise interface='v'/>" PEER(
			"10.1.0.1",
			"protection='esp' policy='preferred'") "</foreign-agent>",
		&f);
	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_EQUAL(f.home_agent[0].protection.policy, PROTECT_PREFERRED);
	conf_release(&fa_config_schema, &f);
}

/* Without a row for a peer, it is as with <esp/>. */
static void no_row_is_a_plain_row(void)
{
	struct ha_config c = taken(HA("<esp/>"));
	struct common_config none = { 0 };
	struct esp_config a = config_esp_for(&none, (struct in_addr){ 1 });
	struct esp_config b = config_esp_for(&c.common, (struct in_addr){ 1 });

	CU_ASSERT(a.algorithm == b.algorithm && a.carrier == b.carrier);
	CU_ASSERT(a.port == b.port && a.esn == b.esn && a.window == b.window);
	CU_ASSERT(a.rekey_seconds == b.rekey_seconds &&
		  a.rekey_octets == b.rekey_octets &&
		  a.rekey_packets == b.rekey_packets);
	CU_ASSERT(a.reauthenticate_seconds == b.reauthenticate_seconds &&
		  a.dead_after.ns == b.dead_after.ns && a.tfc == b.tfc);
	conf_release(&ha_config_schema, &c);
}

static void every_field_arrives(void)
{
	struct ha_config c =
		taken(HA("<keying port='435'/><esp/><esp peer='10.0.2.2' "
			 "algorithm='chacha20-poly1305' carrier='raw' esn='no' "
			 "window='64' rekey-seconds='1' rekey-octets='99999999999' "
			 "rekey-packets='4000' reauthenticate-seconds='10' "
			 "dead-after='0.5' tfc='256'/>"
			 "<manual-esp peer='192.0.2.1' spi-in='0x100' spi-out='257' "
			 "algorithm='aes-128-cbc-hmac-sha-256' key-in='" KEY16
			 "' key-out='" KEY16 "' integrity-key-in='" KEY32
			 "' integrity-key-out='" KEY32
			 "'/>" PEER("10.0.2.2", "protection='esp' policy='required'")));
	struct esp_config e =
		config_esp_for(&c.common, (struct in_addr){ htonl(0x0a000202) });
	const struct manual_esp_config *m = c.common.manual;

	CU_ASSERT(c.common.keying.port == 435 && c.common.esp_count == 2);
	CU_ASSERT(e.algorithm == ESP_CHACHA20_POLY1305 && e.carrier == CARRIER_NONE);
	CU_ASSERT(!e.esn && e.window == 64 && e.rekey_seconds == 1 && e.tfc == 256);
	CU_ASSERT(e.rekey_octets == 99999999999 && e.rekey_packets == 4000);
	CU_ASSERT(e.reauthenticate_seconds == 10 && e.dead_after.ns == 500000000);
	CU_ASSERT_EQUAL_FATAL(c.common.manual_count, 1);
	CU_ASSERT(m->spi_in == 256 && m->spi_out == 257);
	CU_ASSERT_EQUAL(m->algorithm, ESP_AES_128_CBC_SHA256);
	CU_ASSERT(m->key_in.len == 16 && m->integrity_out.len == 32);
	CU_ASSERT(m->carrier == CARRIER_NONE && m->port == 4500);
	conf_release(&ha_config_schema, &c);
}

static void who_is_protected_has_keys(void)
{
	refused(HA("<peer-agent address='10.0.2.2' protection='esp'>" SA(
			"text:short") "</peer-agent>"),
		":2: peer-agent/@protection: its association has a key of 5 octets; "
		"16 at least");
	refused(HA("<peer-agent address='10.0.2.2' protection='esp'>"
		   "<association spi='300' accept-only='yes' key='" KEY16
		   "'/></peer-agent>"),
		"peer-agent/@protection: there is no key to prove who it is");
	refused_once(HA("<peer-agent address='10.0.2.2' protection='esp'>"
			"<association spi='300' key-file='/nowhere'/></peer-agent>"),
		     "association/@key-file: /nowhere: No such file");
	refused_once(HA("<peer-agent address='10.0.2.2' protection='esp'>"
			"<association spi='300'/></peer-agent>"),
		     "association/@key: is missing");
	refused(HA(NET "<node home-address='10.1.0.9' protection='esp'>" SA(
			"text:short") "</node>"),
		"node/@protection: its association has a key of 5 octets");
	refused(HA(PEER("10.1.0.1", "protection='esp'")),
		"peer-agent/@address: is our own end");
	refused(HA(PEER("10.0.2.2", "protection='esp' certificate-name='a.b'")),
		"peer-agent/@certificate-name: goes with certificates only");
}

static void policies_agree(void)
{
	struct ha_config c =
		taken(HA(PEER("10.0.2.2", "protection='none' policy='off'")
				 PEER("10.0.3.2", "protection='esp' policy='off'")));

	CU_ASSERT_EQUAL(c.foreign_agent[1].protection.policy, PROTECT_OFF);
	conf_release(&ha_config_schema, &c);
	refused(HA(PEER("10.0.2.2", "policy='required'")),
		"peer-agent/@policy: goes with protection=\"esp\" only");
	refused(HA(PEER("10.0.2.2", "protection='ipsec'")),
		"peer-agent/@protection: must be none or esp");
	refused(HA(PEER("10.0.2.2", "protection='esp'") SITE),
		"site-tunnel/@local: must be 10.1.0.1");
}

static void esp_rows(void)
{
	refused(HA("<esp window='63'/>"), "esp/@window: must be 64 to 4096, not 63");
	refused(HA("<esp window='4097'/>"), "esp/@window: must be 64 to 4096");
	refused(HA("<esp/>\n<esp peer='any'/>"),
		":3: esp/@peer: any is given in line 2 already");
	refused(HA("<esp carrier='raw' port='4500'/>"), "esp/@port: goes with carrier");
	refused(HA("<esp port='434'/>"), "esp/@port: 434 has another use");
	refused(HA("<esp port='4754'/>"), "esp/@port: 4754 has another use");
	refused(HA("<esp/><esp peer='10.0.2.2' port='4501'/>"),
		"esp/@port: must be 4500 as elsewhere");
	refused(HA("<esp esn='no' rekey-packets='4000000000'/>"),
		"esp/@rekey-packets: must be 3221225469 at most with esn=\"no\"");
	refused(HA("<esp rekey-seconds='0'/>"), "esp/@rekey-seconds: ");
	warned(HA("<esp algorithm='null-hmac-sha-256'/>"),
	       "esp/@algorithm: null-hmac-sha-256 hides nothing");
	warned(HA("<esp reauthenticate-seconds='10'/>"), "esp/@reauthenticate-seconds");
	warned(HA("<esp peer='10.0.2.2'/>"),
	       "esp/@peer: is none of those with protection=\"esp\"");
}

#define MANUAL(peer, spi, more)                                                        \
	"<manual-esp peer='" peer "' spi-in='" spi "' spi-out='256' key-in='" KEY32    \
	"' key-out='" KEY32 "' integrity-key-in='" KEY32 "' integrity-key-out='" KEY32 \
	"' " more "/>\n"

static void manual_keys(void)
{
	static const char *const aead[] = { "aes-128-gcm", "aes-256-gcm",
					    "chacha20-poly1305" };

	for (unsigned i = 0; i < sizeof(aead) / sizeof(aead[0]); i++) {
		char text[1024], want[128];

		snprintf(text, sizeof(text),
			 "<home-agent address='10.1.0.1'>"
			 "<manual-esp peer='10.0.2.2' spi-in='256' spi-out='256' "
			 "algorithm='%s' key-in='" KEY16 "' key-out='" KEY16
			 "'/></home-agent>",
			 aead[i]);
		snprintf(want, sizeof(want),
			 "manual-esp/@algorithm: %s must not be used with keys given "
			 "by hand",
			 aead[i]);
		refused(text, want);
	}
	refused(HA(MANUAL("10.0.2.2", "255", "")), "manual-esp/@spi-in: must be 256");
	refused(HA(MANUAL("10.0.2.2", "256", "algorithm='null-hmac-sha-256'")),
		"manual-esp/@key-in: this algorithm has no such key");
	refused(HA(MANUAL("10.0.2.2", "256", "algorithm='aes-128-cbc-hmac-sha-256'")),
		"manual-esp/@key-in: must have 16 octets, not 32");
	refused(HA("<manual-esp peer='10.0.2.2' spi-in='256' spi-out='256'/>"),
		"manual-esp/@integrity-key-out: is missing (or "
		"integrity-key-out-file)");
	refused(HA(MANUAL("10.0.2.2", "256", "key-in-file='/nowhere'")),
		"manual-esp/@key-in-file: /nowhere: No such file");
	refused(HA(MANUAL("10.0.2.2", "256", "") MANUAL("10.0.2.2", "257", "")),
		":3: manual-esp/@peer: is that of line 2 already");
	refused(HA(MANUAL("10.0.2.2", "256", "") MANUAL("10.0.2.3", "256", "")),
		":3: manual-esp/@spi-in: is that of line 2 already");
	refused(HA(MANUAL("10.0.2.2", "256", "") PEER("10.0.2.2", "protection='esp'")),
		":2: manual-esp/@peer: has keys by the association in line 3 already");
	refused(HA(MANUAL("10.0.2.2", "256", "carrier='udp' port='434'")),
		"manual-esp/@port: 434 has another use");
	refused(HA(MANUAL("10.0.2.2", "256", "port='4500'")),
		"manual-esp/@port: goes with carrier=\"udp\" only");
}

/* What goes out would come back as good; another SPI or another key prevents it. */
static void keys_alike_both_ways_are_warned_of(void)
{
	struct ha_config c = taken(HA(MANUAL("10.0.2.2", "257", "")));

	conf_release(&ha_config_schema, &c);
	warned(HA(MANUAL("10.0.2.2", "256", "")), "manual-esp/@spi-out: is spi-in");
}

/* Every protected peer is found, whatever their order, and nobody else. */
static void peers_are_found(void)
{
	enum { PEERS = 500 };
	static struct peer_config peers[PEERS];
	struct peer_index x;

	for (uint32_t i = 0; i < PEERS; i++) {
		peers[i].addr.s_addr = htonl(0x7fffff00 + i * 7919 % PEERS);
		peers[i].protection.kind = i % 3 ? PROTECTION_ESP : PROTECTION_NONE;
		peers[i].protection.policy = i % 5 ? PROTECT_PREFERRED : PROTECT_OFF;
	}
	CU_ASSERT_EQUAL_FATAL(peer_index_init(&x, peers, PEERS), 0);
	for (unsigned i = 0; i < PEERS; i++)
		CU_ASSERT_PTR_EQUAL(peer_index_find(&x, peers[i].addr),
				    i % 3 && i % 5 ? &peers[i] : NULL);
	CU_ASSERT_PTR_NULL(peer_index_find(&x, (struct in_addr){ 0 }));
	peer_index_fini(&x);
	CU_ASSERT_EQUAL_FATAL(peer_index_init(&x, NULL, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(x.at);
	CU_ASSERT_PTR_NULL(peer_index_find(&x, peers[1].addr));
	peer_index_fini(&x);
}

static void write_file(const char *path, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("anything\n", f);
	fclose(f);
	CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

/* One mistake is told as one. */
static void without_a_word_of(const char *text, const char *word)
{
	struct ha_config c;
	struct conf_doc doc = conf_doc_read(&ha_config_schema, text, &c);

	CU_ASSERT_NOT_EQUAL(doc.rc, 0);
	CU_ASSERT_PTR_NULL(strstr(doc.lines, word));
	conf_release(&ha_config_schema, &c);
}

static void certificates_can_be_read(void)
{
	static const char good[] = HA(
		"<keying certificate='conf-protect.pem' private-key='conf-protect.key' "
		"authorities='conf-protect.pem'/>" PEER(
			"10.0.2.2", "protection='esp' certificate-name='fa.example'"));
	struct ha_config c;

	write_file("conf-protect.pem", 0644);
	write_file("conf-protect.key", 0600);
	c = taken(good);
	CU_ASSERT_STRING_EQUAL(c.common.keying.private_key, "conf-protect.key");
	CU_ASSERT_STRING_EQUAL(c.foreign_agent[0].protection.name, "fa.example");
	conf_release(&ha_config_schema, &c);
	write_file("conf-protect.key", 0640);
	refused(good, "keying/@private-key: conf-protect.key is open to others");
	unlink("conf-protect.key");
	refused(good, "keying/@private-key: conf-protect.key: No such file");
	refused(HA("<keying certificate='conf-protect.pem'/>"),
		"keying/@authorities: is missing");
	refused(HA("<keying certificate='/'/>"), "/ is not a regular file");
	unlink("conf-protect.pem");
	without_a_word_of(good, "certificate-name");
	warned(HA("<keying key-log='/tmp/x'/>"),
	       "keying/@key-log: who reads this file");
}

#define MN(attrs, inside)                                                            \
	"<mobile-node interface='w' home-address='10.1.0.9/24' " attrs ">" SA(KEY16) \
		inside "</mobile-node>"
#define OWN "<co-located address='192.0.2.77/24' gateway='192.0.2.1'/>"

static void nodes(void)
{
	struct mn_config c;
	struct conf_doc doc =
		conf_doc_read(&mn_config_schema,
			      MN("home-agent='10.1.0.1' protection='esp'", OWN), &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_EQUAL(c.home_association.protection.policy, PROTECT_REQUIRED);
	conf_release(&mn_config_schema, &c);
	conf_doc_refused(&mn_config_schema, MN("protection='esp'", OWN),
			 "mobile-node/@protection: needs home-agent");
	conf_doc_warned(&mn_config_schema,
			MN("home-agent='10.1.0.1' protection='esp'", ""),
			"mobile-node/@protection: is for a node with a co-located");
	conf_doc_refused(&mn_config_schema,
			 MN("", "<keying certificate='conf-protect.pem'/>"),
			 "keying/@certificate: no such attribute");
}

void suite_conf_protect(void)
{
	CU_pSuite s = CU_add_suite("conf_protect", NULL, NULL);

	CU_add_test(s, "one attribute is enough", one_attribute_is_enough);
	CU_add_test(s, "no row is a plain row", no_row_is_a_plain_row);
	CU_add_test(s, "every field arrives", every_field_arrives);
	CU_add_test(s, "who is protected has keys", who_is_protected_has_keys);
	CU_add_test(s, "policies agree", policies_agree);
	CU_add_test(s, "rows of esp", esp_rows);
	CU_add_test(s, "manual keys", manual_keys);
	CU_add_test(s, "keys alike both ways", keys_alike_both_ways_are_warned_of);
	CU_add_test(s, "defaults stand once",
		    without_a_row_all_is_as_with_an_empty_one);
	CU_add_test(s, "peers are found", peers_are_found);
	CU_add_test(s, "certificates can be read", certificates_can_be_read);
	CU_add_test(s, "nodes", nodes);
}
