/* SPDX-License-Identifier: ISC */
/*
 * The home agent's configuration: every field, its defaults, and what must hold
 * between its parts; also the elements that all programs share.
 */
#include "common/agent/admit.h"
#include "common/agent/effect.h"
#include "ha/binding.h"
#include "ha/ha_conf.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/conf_docs.h"
#include "tests/unit/suites.h"

#define KEY                   "key='hex:00112233445566778899aabbccddeeff'"
#define HA(inside)            "<home-agent address='10.1.0.1'>" inside "</home-agent>"
#define NET                   "<home-network prefix='10.1.0.0/24' interface='home'/>"
#define NODE(address, inside) "<node home-address='" address "'>" inside "</node>"
#define SA(spi)               "<association spi='" spi "' " KEY "/>"

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

static void warned(const char *text, const char *want)
{
	conf_doc_warned(&ha_config_schema, text, want);
}

static void the_smallest_has_the_defaults(void)
{
	struct ha_config c = taken("<home-agent address='10.1.0.1'/>");

	CU_ASSERT_EQUAL(c.address.s_addr, htonl(0x0a010001));
	CU_ASSERT_EQUAL(c.max_lifetime, 1800);
	CU_ASSERT_EQUAL(c.max_bindings, 100000);
	CU_ASSERT_EQUAL(c.bindings_per_node, 4);
	CU_ASSERT(c.simultaneous && c.reverse_tunnel && c.gre && c.minimal);
	CU_ASSERT_FALSE(c.reverse_tunnel_required);
	CU_ASSERT_EQUAL(c.common.log_level, NOTE_INFO);
	CU_ASSERT_EQUAL(c.common.log_to, LOG_TO_STDERR);
	CU_ASSERT_STRING_EQUAL(c.common.control, "/run/sojourn/mip-ha.sock");
	CU_ASSERT_STRING_EQUAL(c.common.tun, "mip-ha0");
	CU_ASSERT_EQUAL(c.common.source_rate, 100);
	CU_ASSERT_EQUAL(c.common.source_burst, 200);
	CU_ASSERT_EQUAL(c.common.total_rate, ADMIT_RATE);
	CU_ASSERT_FALSE(c.common.strict_reserved_bits);
	conf_release(&ha_config_schema, &c);
}

static void every_field_arrives(void)
{
	struct ha_config c = taken(
		"<home-agent address='10.1.0.1' max-lifetime='65535' max-bindings='7' "
		"bindings-per-node='2' reverse-tunnel-required='yes' gre='no' "
		"minimal='no'>"
		"<log level='debug' to='syslog'/><control socket='/x'/><tun name='t0'/>"
		"<limits source-rate='0' source-burst='9' total-rate='77' "
		"strict-reserved-bits='yes'/>" NET
		"<home-network prefix='10.2.0.0/16' broadcasts='no'/>" NODE(
			"10.2.3.4",
			SA("0x100")) "<peer-agent address='10.0.2.2'>" SA("300")
			SA("301") "</peer-agent></home-agent>");

	CU_ASSERT(c.max_lifetime == 65535 && c.max_bindings == 7);
	CU_ASSERT(c.bindings_per_node == 2 && c.reverse_tunnel_required);
	CU_ASSERT(!c.gre && !c.minimal);
	CU_ASSERT(c.common.log_level == NOTE_DEBUG && c.common.log_to == LOG_TO_SYSLOG);
	CU_ASSERT_STRING_EQUAL(c.common.control, "/x");
	CU_ASSERT_STRING_EQUAL(c.common.tun, "t0");
	CU_ASSERT(c.common.source_rate == 0 && c.common.source_burst == 9);
	CU_ASSERT_EQUAL(c.common.total_rate, 77);
	CU_ASSERT(c.common.strict_reserved_bits);
	CU_ASSERT_EQUAL_FATAL(c.network_count, 2);
	CU_ASSERT_STRING_EQUAL(c.network[0].interface, "home");
	CU_ASSERT_EQUAL(c.network[0].broadcasts, IPV4_BROADCAST_ALL);
	CU_ASSERT_EQUAL(c.network[1].broadcasts, IPV4_BROADCAST_NONE);
	CU_ASSERT_EQUAL(c.network[1].interface[0], '\0');
	CU_ASSERT_EQUAL_FATAL(c.node_count, 1);
	CU_ASSERT_EQUAL(c.node[0].assoc[0].spi, 256);
	CU_ASSERT_EQUAL_FATAL(c.foreign_agent_count, 1);
	CU_ASSERT_EQUAL(c.foreign_agent[0].assoc_count, 2);
	CU_ASSERT_EQUAL(c.foreign_agent[0].assoc[1].spi, 301);
	conf_release(&ha_config_schema, &c);
}

static void a_store_is_wanted_or_not(void)
{
	struct ha_config c = taken(HA(""));

	CU_ASSERT_FALSE(c.has_store);
	conf_release(&ha_config_schema, &c);
	c = taken(HA("<store/>"));
	CU_ASSERT_TRUE(c.has_store);
	CU_ASSERT_STRING_EQUAL(c.store.path, "/var/lib/sojourn/mip-ha");
	CU_ASSERT_EQUAL(c.store.sync, STORE_SYNC_SECOND);
	conf_release(&ha_config_schema, &c);
	c = taken(HA("<store path='/srv/ha' sync='batch'/>"));
	CU_ASSERT_STRING_EQUAL(c.store.path, "/srv/ha");
	CU_ASSERT_EQUAL(c.store.sync, STORE_SYNC_BATCH);
	conf_release(&ha_config_schema, &c);
	refused(HA("<store path=''/>"), "1: store/@path:");
	refused(HA("<store sync='never'/>"), "1: store/@sync:");
	refused(HA("<store/><store/>"), "1: store:");
}

static void associations(void)
{
	struct ha_config c = taken(HA(NET NODE(
		"10.1.0.10", SA("256") "<association spi='257' algorithm='"
				       "keyed-md5' accept-only='yes' "
				       "spi-covered='no' tolerance='4.5' " KEY "/>")));
	const struct assoc_config *a = c.node[0].assoc;

	CU_ASSERT(a[0].algorithm == AUTH_HMAC_MD5 && a[0].tolerance.ns == 7000000000);
	CU_ASSERT(!a[0].accept_only && !a[0].spi_not_covered && a[0].key.len == 16);
	CU_ASSERT(a[1].algorithm == AUTH_KEYED_MD5 && a[1].tolerance.ns == 4500000000);
	CU_ASSERT(a[1].accept_only && a[1].spi_not_covered);
	conf_release(&ha_config_schema, &c);

	refused(HA(NET NODE("10.1.0.10", "<association spi='255' " KEY "/>")),
		":1: association/@spi: must be 256 to 4294967295, not 255");
	refused(HA(NET NODE("10.1.0.10", SA("256") "\n" SA("256"))),
		":2: association/@spi: 256 is that of line 1 already");
	refused(HA(NET NODE("10.1.0.10", "<association spi='256'/>")),
		"association/@key: is missing (or key-file)");
	refused(HA(NET NODE("10.1.0.10", "<association spi='256' key='hex:'/>")),
		"association/@key: is empty");
	refused(HA(NET NODE("10.1.0.10",
			    "<association spi='256' " KEY " spi-covered='no'/>")),
		"association/@spi-covered: no is for keyed-md5 only");
	refused(HA(NET NODE("10.1.0.10", "")), "node: has no association in it");
	warned(HA(NET NODE("10.1.0.10", "<association spi='256' key='text:short'/>")),
	       "association/@key: 5 octets are few");
	warned(HA(NET NODE("10.1.0.10",
			   "<association spi='256' accept-only='yes' " KEY "/>")),
	       "there is nothing to send with");
	warned(HA(NET NODE("10.1.0.10",
			   "<association spi='256' tolerance='3' " KEY "/>")),
	       "association/@tolerance");
}

static void nodes_live_in_a_home_network_once(void)
{
	refused(HA(NET NODE("10.2.0.10", SA("256"))),
		"node/@home-address: 10.2.0.10 is in no home-network");
	refused(HA(NET NODE("10.1.0.255", SA("256"))), "its broadcast address");
	refused(HA(NET NODE("10.1.0.1", SA("256"))), "is the home agent's own");
	refused(HA(NET NODE("10.1.0.10", SA("256")) "\n" NODE(
			"10.1.0.11", SA("256")) "\n" NODE("10.1.0.10", SA("257"))),
		":3: node/@home-address: 10.1.0.10 is given in line 1 already");
	refused(HA("<home-network prefix='10.1.0.0/24'/>\n"
		   "<home-network prefix='10.0.0.0/8'/>"),
		":2: home-network/@prefix: 10.0.0.0/8 overlaps that of line 1");
	refused(HA("<peer-agent address='10.0.2.2'>" SA(
			"300") "</peer-agent>\n"
			       "<peer-agent address='10.0.2.2'>" SA(
				       "301") "</peer-agent>"),
		":2: peer-agent/@address: 10.0.2.2 is given in line 1 already");
}

static void advertisements(void)
{
	struct ha_config c = taken(HA(NET "<advertise interface='home'/>"));

	CU_ASSERT_EQUAL(c.advert[0].max_interval.ns, 600 * INT64_C(1000000000));
	CU_ASSERT_EQUAL(c.advert[0].min_interval.ns, 450 * INT64_C(1000000000));
	CU_ASSERT_EQUAL(c.advert[0].lifetime, 1800);
	CU_ASSERT_EQUAL(c.advert[0].registration_lifetime, 0);
	CU_ASSERT(c.advert[0].prefix_lengths && !c.advert[0].routes);
	conf_release(&ha_config_schema, &c);

	c = taken(HA(NET
		     "<advertise interface='home' max-interval='4' min-interval='3' "
		     "lifetime='20' registration-lifetime='60' solicited-only='yes' "
		     "broadcast='yes' routes='yes' prefix-lengths='no'/>"));
	CU_ASSERT(c.advert[0].lifetime == 20 &&
		  c.advert[0].registration_lifetime == 60);
	CU_ASSERT(c.advert[0].on_solicitation_only && c.advert[0].broadcast);
	CU_ASSERT(c.advert[0].routes && !c.advert[0].prefix_lengths);
	conf_release(&ha_config_schema, &c);

	warned(HA(NET "<advertise interface='home' max-interval='300ms'/>"),
	       "advertise/@max-interval: under 4 seconds is for laboratories only");
	warned(HA(NET
		  "<advertise interface='home' max-interval='4' min-interval='1'/>"),
	       "advertise/@min-interval: under 3 seconds is for laboratories only");
	warned(HA(NET "<advertise interface='home' max-interval='10' lifetime='20'/>"),
	       "advertise/@lifetime: is shorter than 3 times max-interval");
	warned(HA(NET "<advertise interface='eth5'/>"), "eth5 is the link of no home");
	warned(HA(NET "<advertise interface='home' registration-required='yes'/>"),
	       "advertise/@registration-required");
	refused(HA(NET
		   "<advertise interface='home' max-interval='10' min-interval='11'/>"),
		"advertise/@min-interval: is longer than max-interval");
	refused(HA(NET "<advertise interface='home' max-interval='10' lifetime='9'/>"),
		"advertise/@lifetime: is shorter than max-interval");
	refused(HA(NET "<advertise interface='home'/>\n<advertise interface='home'/>"),
		":2: advertise/@interface: home is served by line 1 already");
	refused(HA(NET "<advertise interface='home' max-interval='1801'/>"),
		"advertise/@max-interval: must be 0.05s to 1800s");
}

/* The lifetime that is set by itself is never shorter than three intervals. */
static void sub_second_intervals_have_a_lifetime(void)
{
	struct ha_config c;
	struct conf_doc doc = conf_doc_read(
		&ha_config_schema,
		HA(NET "<advertise interface='home' max-interval='0.4'/>"), &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_EQUAL(c.advert[0].lifetime, 2);
	CU_ASSERT_EQUAL(c.advert[0].min_interval.ns, 300000000);
	conf_release(&ha_config_schema, &c);
}

static void offers(void)
{
	struct ha_config c =
		taken("<home-agent address='10.1.0.1' simultaneous='no'/>");

	CU_ASSERT_EQUAL(c.bindings_per_node, 1);
	conf_release(&ha_config_schema, &c);
	c = taken("<home-agent address='10.1.0.1' bindings-per-node='7'/>");
	CU_ASSERT_EQUAL(c.bindings_per_node, BINDINGS_PER_NODE_MAX);
	conf_release(&ha_config_schema, &c);
	refused("<home-agent address='10.1.0.1' bindings-per-node='8'/>",
		"home-agent/@bindings-per-node: ");
	refused("<home-agent address='10.1.0.1' reverse-tunnel='no' "
		"reverse-tunnel-required='yes'/>",
		"home-agent/@reverse-tunnel-required: needs reverse-tunnel");
}

static struct encap_spec encap_for(const struct ha_config *c, uint32_t peer,
				   enum encap_kind kind)
{
	return config_tunnel_for(&c->common, (struct in_addr){ 0 },
				 (struct in_addr){ htonl(peer) }, kind)
		.encap;
}

static void tunnels(void)
{
	struct ha_config c = taken(
		HA("<tunnel/><tunnel peer='10.0.2.2' gre-key='0x10' gre-key-in='17' "
		   "gre-sequence='yes' gre-checksum='yes' minimal-fallback='no' "
		   "dscp='46' ttl='9' outer-df='no' mss-clamp='auto' mtu='1400'/>"
		   "<tunnel peer='10.0.3.2' gre-key='5' mss-clamp='1200'/>"));
	const struct tunnel_config *t = c.common.tunnel;
	struct encap_spec any, one;

	CU_ASSERT_EQUAL_FATAL(c.common.tunnel_count, 3);
	CU_ASSERT(t[0].peer.s_addr == 0 && !t[0].encap.gre_key && t[0].encap.ttl == 64);
	CU_ASSERT(t[0].encap.minimal_fallback && !t[0].encap.no_outer_df &&
		  t[0].mtu == 0);
	CU_ASSERT(t[1].encap.gre_key_out == 16 && t[1].encap.gre_key_in == 17);
	CU_ASSERT(t[1].encap.gre_sequence && t[1].encap.gre_checksum);
	CU_ASSERT(t[1].encap.dscp == DSCP_PIPE && t[1].encap.dscp_value == 46);
	CU_ASSERT(t[1].encap.ttl == 9 && t[1].encap.no_outer_df && t[1].mtu == 1400);
	CU_ASSERT(t[1].encap.mss_clamp == 1 && !t[1].encap.minimal_fallback);
	CU_ASSERT(t[2].encap.gre_key && t[2].encap.gre_key_in == 5);
	CU_ASSERT_EQUAL(t[2].encap.mss_clamp, 1200);

	any = encap_for(&c, 1, ENCAP_GRE);
	one = encap_for(&c, 0x0a000202, ENCAP_GRE);
	CU_ASSERT(any.kind == ENCAP_GRE && !any.gre_key && one.gre_key);
	conf_release(&ha_config_schema, &c);

	refused(HA("<tunnel/>\n<tunnel peer='any'/>"), ":2: tunnel/@peer: ");
	refused(HA("<tunnel gre-key-in='4'/>"),
		"tunnel/@gre-key-in: goes with gre-key");
	refused(HA("<tunnel dscp='64'/>"), "tunnel/@dscp: must be copy or 0 to 63");
	refused(HA("<tunnel mss-clamp='87'/>"),
		"tunnel/@mss-clamp: must be no, auto or");
	refused(HA("<tunnel mtu='575'/>"), "tunnel/@mtu: must be 576 to 65535");
	refused(HA("<tunnel gre-key='4294967296'/>"), "tunnel/@gre-key: ");
}

/* With no <tunnel> at all the encapsulation is that of a <tunnel> without options. */
static void no_tunnel_is_a_plain_tunnel(void)
{
	struct ha_config none = taken(HA("")), plain = taken(HA("<tunnel/>"));
	struct encap_spec a = encap_for(&none, 1, ENCAP_MINIMAL);
	struct encap_spec b = encap_for(&plain, 1, ENCAP_MINIMAL);

	CU_ASSERT(a.kind == b.kind && a.minimal_fallback == b.minimal_fallback);
	CU_ASSERT(!a.gre_key && !b.gre_key && !a.gre_sequence && !b.gre_sequence);
	CU_ASSERT(!a.gre_checksum && !b.gre_checksum);
	CU_ASSERT(a.dscp == b.dscp && a.no_outer_df == b.no_outer_df);
	CU_ASSERT(a.ttl == 0 && b.ttl == 64); /* in other words */
	CU_ASSERT(a.mss_clamp == 0 && b.mss_clamp == 0);
	conf_release(&ha_config_schema, &none);
	conf_release(&ha_config_schema, &plain);
}

/* What goes in UDP goes there in its own way. */
static void carriers(void)
{
	struct ha_config c = taken(HA("<tunnel peer='10.0.2.2' carrier='udp'/>"));
	const struct in_addr local = { 0 }, far = { htonl(0x0a000202) },
			     other = { htonl(1) };

	CU_ASSERT_EQUAL(
		config_tunnel_for(&c.common, local, far, ENCAP_GRE).carrier.kind,
		CARRIER_UDP);
	CU_ASSERT_EQUAL(
		config_tunnel_for(&c.common, local, far, ENCAP_IPIP).carrier.kind,
		CARRIER_MIP);
	CU_ASSERT_EQUAL(
		config_tunnel_for(&c.common, local, other, ENCAP_GRE).carrier.kind,
		CARRIER_NONE);
	conf_release(&ha_config_schema, &c);
	refused(HA("<tunnel carrier='tcp'/>"), "tunnel/@carrier: must be none or udp");
}

#define SITE(name, ends, nets) \
	"<site-tunnel name='" name "' " ends ">" nets "</site-tunnel>"
#define ENDS "local='10.1.0.1' remote='192.0.2.1'"
#define NETS "<local subnet='10.8.0.0/24'/><remote subnet='10.9.0.0/24'/>"

static void site_tunnels(void)
{
	struct ha_config c = taken(HA(SITE("a", ENDS, NETS) SITE(
		"b",
		"local='10.1.0.1' remote='192.0.2.2' encapsulation='ipip' mtu='1400'",
		"<local subnet='10.8.0.0/24'/><remote subnet='10.10.0.0/24'/>"
		"<remote subnet='10.11.0.0/24'/>")));
	const struct site_config *s = c.common.site;

	CU_ASSERT_EQUAL_FATAL(c.common.site_count, 2);
	CU_ASSERT_STRING_EQUAL(s[0].name, "a");
	CU_ASSERT_EQUAL(s[0].tunnel.encap.kind, ENCAP_GRE);
	CU_ASSERT_EQUAL(s[0].tunnel.remote.s_addr, htonl(0xc0000201));
	CU_ASSERT(s[0].local_count == 1 && s[0].remote_count == 1);
	CU_ASSERT_EQUAL(s[0].remote_nets[0].addr.s_addr, htonl(0x0a090000));
	CU_ASSERT(s[1].remote_count == 2 && s[1].mtu == 1400);
	CU_ASSERT_EQUAL(s[1].tunnel.encap.kind, ENCAP_IPIP);
	conf_release(&ha_config_schema, &c);

	refused(HA(SITE("a", ENDS, "<local subnet='10.8.0.0/24'/>")),
		"site-tunnel: has no remote in it");
	refused(HA(SITE("a", ENDS " encapsulation='ipip' gre-sequence='yes'", NETS)),
		"site-tunnel/@gre-sequence: is for encapsulation=\"gre\" only");
	refused(HA(SITE("a", "local='10.1.0.1' remote='10.1.0.1'", NETS)),
		"site-tunnel/@remote: is our own end");
	refused(HA(SITE("a", ENDS,
			"<local subnet='10.8.0.0/24'/><remote subnet='10.0.0.0/8'/>")),
		"site-tunnel: 10.8.0.0/24 is on both sides");
	refused(HA(SITE("a", ENDS, NETS) "\n" SITE("a", ENDS " gre-key='1'", NETS)),
		":2: site-tunnel/@name: a is the name of line 1 already");
	refused(HA(SITE("a", ENDS, NETS) "\n" SITE("b", ENDS " gre-key='1'", NETS)),
		":2: site-tunnel: 10.9.0.0/24 overlaps that of line 1");
	refused(HA(SITE("a", ENDS, NETS) "\n" SITE("b", ENDS, NETS)),
		":2: site-tunnel/@remote: ends, encapsulation and key are those of "
		"line 1");
}

static void who_is_asked_about_a_site(void)
{
	static const struct {
		const char *text;
		struct probe_spec want;
	} rows[] = {
		{ HA(SITE("a", ENDS, NETS)),
		  { .kind = PROBE_PEER, .dead_after = { 30000000000 } } },
		{ HA(SITE("a", ENDS " dead-after='0.5' probe='off'", NETS)),
		  { .kind = PROBE_OFF, .dead_after = { 500000000 } } },
		{ HA(SITE("a", ENDS " probe='10.9.0.1' dead-after='5'", NETS)),
		  { .kind = PROBE_ADDRESS, .dead_after = { 5000000000 } } },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ha_config c = taken(rows[i].text);
		const struct probe_spec *p = &c.common.site[0].probe;
		bool named = p->kind == PROBE_ADDRESS;

		CU_ASSERT_EQUAL(p->kind, rows[i].want.kind);
		CU_ASSERT_EQUAL(p->dead_after.ns, rows[i].want.dead_after.ns);
		CU_ASSERT_EQUAL(p->address.s_addr, named ? htonl(0x0a090001) : 0);
		conf_release(&ha_config_schema, &c);
	}
	refused(HA(SITE("a", ENDS " probe='10.8.0.1'", NETS)),
		"site-tunnel/@probe: is in no remote subnet");
	refused(HA(SITE("a", ENDS " probe='yes'", NETS)),
		"site-tunnel/@probe: must be peer, off or an address, not \"yes\"");
	refused(HA(SITE("a", ENDS " probe='224.0.0.1'", NETS)),
		"site-tunnel/@probe: must be peer, off or an address");
	refused(HA(SITE("a", ENDS " dead-after='0'", NETS)),
		"site-tunnel/@dead-after: ");
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Twenty thousand nodes, the last twice; quadratic work would take minutes. */
static void many_nodes_are_no_matter(void)
{
	enum { NODES = 20000, LEN = 160 };
	char *text = malloc(LEN * (NODES + 4)), *at = text;
	struct timespec start;

	at += sprintf(at, "<home-agent address='10.1.0.1'>"
			  "<home-network prefix='10.0.0.0/8'/>\n");
	for (unsigned i = 0; i <= NODES; i++)
		at += sprintf(at, NODE("10.2.%u.%u", SA("%u")) "\n",
			      (i < NODES ? i : i - 1) / 250,
			      1 + (i < NODES ? i : i - 1) % 250, 256 + i);
	sprintf(at, "</home-agent>");
	clock_gettime(CLOCK_MONOTONIC, &start);
	refused(text, ":20002: node/@home-address: 10.2.79.250 is given in line 20001");
	CU_ASSERT(seconds_since(&start) < 10);
	free(text);
}

void suite_conf_ha(void)
{
	CU_pSuite s = CU_add_suite("conf_ha", NULL, NULL);

	CU_add_test(s, "the smallest has the defaults", the_smallest_has_the_defaults);
	CU_add_test(s, "every field arrives", every_field_arrives);
	CU_add_test(s, "a store is wanted or not", a_store_is_wanted_or_not);
	CU_add_test(s, "associations", associations);
	CU_add_test(s, "nodes live in a home network, once",
		    nodes_live_in_a_home_network_once);
	CU_add_test(s, "advertisements", advertisements);
	CU_add_test(s, "sub-second intervals have a lifetime",
		    sub_second_intervals_have_a_lifetime);
	CU_add_test(s, "offers", offers);
	CU_add_test(s, "tunnels", tunnels);
	CU_add_test(s, "no tunnel is a plain tunnel", no_tunnel_is_a_plain_tunnel);
	CU_add_test(s, "carriers", carriers);
	CU_add_test(s, "site tunnels", site_tunnels);
	CU_add_test(s, "who is asked about a site", who_is_asked_about_a_site);
	CU_add_test(s, "many nodes are no matter", many_nodes_are_no_matter);
}
