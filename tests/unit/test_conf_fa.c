/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent's configuration.
 */
#include "fa/fa_conf.h"

#include <CUnit/CUnit.h>

#include "tests/unit/conf_docs.h"
#include "tests/unit/suites.h"

#define KEY     "key='hex:00112233445566778899aabbccddeeff'"
#define SA(spi) "<association spi='" spi "' " KEY "/>"
#define FA(attrs, inside) \
	"<foreign-agent care-of-address='10.0.2.2' " attrs ">" inside "</foreign-agent>"
#define NODE(address, inside) "<node home-address='" address "'>" inside "</node>"
#define PEER(address, inside) \
	"<peer-agent address='" address "'>" inside "</peer-agent>"
#define ADVERT "<advertise interface='visit'/>"

static struct fa_config taken(const char *text)
{
	struct fa_config c;
	struct conf_doc doc = conf_doc_read(&fa_config_schema, text, &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_STRING_EQUAL(doc.lines, "");
	return c;
}

static void refused(const char *text, const char *want)
{
	conf_doc_refused(&fa_config_schema, text, want);
}

static void warned(const char *text, const char *want)
{
	conf_doc_warned(&fa_config_schema, text, want);
}

static void the_smallest_has_the_defaults(void)
{
	struct fa_config c = taken(FA("", ADVERT));

	CU_ASSERT_EQUAL(c.care_of.s_addr, htonl(0x0a000202));
	CU_ASSERT(c.max_lifetime == 1800 && c.max_visitors == 10000);
	CU_ASSERT(c.max_pending == 1000 && c.pending_per_node == 5);
	CU_ASSERT_EQUAL(c.pending_timeout.ns, 8000000000);
	CU_ASSERT(c.reverse_tunnel && c.gre && c.minimal && c.any_home_agent);
	CU_ASSERT_FALSE(c.reverse_tunnel_required);
	CU_ASSERT_STRING_EQUAL(c.common.tun, "mip-fa0");
	CU_ASSERT_STRING_EQUAL(c.common.control, "/run/sojourn/mip-fa.sock");
	CU_ASSERT_EQUAL(c.advert_count, 1);
	conf_release(&fa_config_schema, &c);
}

static void every_field_arrives(void)
{
	struct fa_config c = taken(
		FA("max-lifetime='60' max-visitors='2' max-pending='9' "
		   "pending-per-node='3' pending-timeout='7.5' "
		   "reverse-tunnel-required='yes' gre='no' minimal='no' "
		   "any-home-agent='no'",
		   ADVERT NODE("10.1.0.10", SA("300")) PEER("10.1.0.1", SA("301"))));

	CU_ASSERT(c.max_lifetime == 60 && c.max_visitors == 2 && c.max_pending == 9);
	CU_ASSERT(c.pending_per_node == 3 && c.pending_timeout.ns == 7500000000);
	CU_ASSERT(c.reverse_tunnel_required && !c.gre && !c.minimal &&
		  !c.any_home_agent);
	CU_ASSERT(c.node_count == 1 && c.node[0].assoc[0].spi == 300);
	CU_ASSERT(c.home_agent_count == 1 && c.home_agent[0].assoc[0].spi == 301);
	conf_release(&fa_config_schema, &c);
}

static void what_must_hold_together(void)
{
	refused("<foreign-agent/>", "foreign-agent/@care-of-address: is missing");
	refused(FA("reverse-tunnel='no' reverse-tunnel-required='yes'", ADVERT),
		"foreign-agent/@reverse-tunnel-required");
	refused(FA("",
		   ADVERT NODE("10.1.0.10", SA("300")) NODE("10.1.0.10", SA("301"))),
		"node/@home-address: 10.1.0.10 is given in line 1 already");
	refused(FA("", ADVERT ADVERT), "advertise/@interface");
	warned(FA("", ""), "foreign-agent: has no advertise: no link is served");
	warned(FA("any-home-agent='no'", ADVERT), "nobody can register");
	warned(FA("pending-timeout='7'", ADVERT), "foreign-agent/@pending-timeout");
	warned(FA("max-pending='3'", ADVERT), "foreign-agent/@pending-per-node");
}

void suite_conf_fa(void)
{
	CU_pSuite s = CU_add_suite("conf_fa", NULL, NULL);

	CU_add_test(s, "the smallest has the defaults", the_smallest_has_the_defaults);
	CU_add_test(s, "every field arrives", every_field_arrives);
	CU_add_test(s, "what must hold together", what_must_hold_together);
}
