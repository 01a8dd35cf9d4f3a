/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's configuration.
 */
#include "mn-sim/mn_conf.h"

#include <CUnit/CUnit.h>

#include "tests/unit/conf_docs.h"
#include "tests/unit/suites.h"

#define KEY     "key='hex:00112233445566778899aabbccddeeff'"
#define SA(spi) "<association spi='" spi "' " KEY "/>"
#define MN(attrs, inside)                                                    \
	"<mobile-node interface='radio0' home-address='10.1.0.10/24' " attrs \
	">" inside "</mobile-node>"

static struct mn_config taken(const char *text)
{
	struct mn_config c;
	struct conf_doc doc = conf_doc_read(&mn_config_schema, text, &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_STRING_EQUAL(doc.lines, "");
	return c;
}

static void refused(const char *text, const char *want)
{
	conf_doc_refused(&mn_config_schema, text, want);
}

static void the_smallest_has_the_defaults(void)
{
	struct mn_config c = taken(MN("", SA("256")));

	CU_ASSERT_STRING_EQUAL(c.interface, "radio0");
	CU_ASSERT_EQUAL(c.home.addr.s_addr, htonl(0x0a01000a));
	CU_ASSERT_EQUAL(c.home.len, 24);
	CU_ASSERT(c.home_agent.s_addr == 0 && c.home_gateway.s_addr == 0);
	CU_ASSERT(c.lifetime == 1800 && c.encap == ENCAP_IPIP);
	CU_ASSERT(!c.reverse_tunnel && !c.broadcasts && !c.simultaneous);
	CU_ASSERT(c.deregister_on_exit && !c.has_colocated);
	CU_ASSERT_STRING_EQUAL(c.common.tun, "mip-mn0");
	CU_ASSERT_STRING_EQUAL(c.common.control, "/run/sojourn/mn-sim.sock");
	CU_ASSERT_EQUAL(c.home_association.assoc_count, 1);
	conf_release(&mn_config_schema, &c);
}

static void every_field_arrives(void)
{
	struct mn_config c = taken(
		MN("home-agent='10.1.0.1' home-gateway='10.1.0.2' lifetime='60s' "
		   "encapsulation='gre' reverse-tunnel='yes' broadcasts='yes' "
		   "simultaneous='yes' deregister-on-exit='no'",
		   SA("256") SA("257") "<foreign-agent address='10.2.0.1'>" SA(
			   "300") "</foreign-agent><co-located address='10.9.0.7/24' "
				  "gateway='10.9.0.1' broadcast-arp='yes'/>"
				  "<tunnel gre-key='7'/>"));

	CU_ASSERT_EQUAL(c.home_agent.s_addr, htonl(0x0a010001));
	CU_ASSERT_EQUAL(c.home_gateway.s_addr, htonl(0x0a010002));
	CU_ASSERT(c.lifetime == 60 && c.encap == ENCAP_GRE);
	CU_ASSERT(c.reverse_tunnel && c.broadcasts && c.simultaneous);
	CU_ASSERT_FALSE(c.deregister_on_exit);
	CU_ASSERT_EQUAL(c.home_association.addr.s_addr, c.home_agent.s_addr);
	CU_ASSERT_EQUAL(c.home_association.assoc_count, 2);
	CU_ASSERT_EQUAL(c.foreign_agent_count, 1);
	CU_ASSERT(c.has_colocated && c.colocated.addr.len == 24);
	CU_ASSERT_EQUAL(c.colocated.gateway.s_addr, htonl(0x0a090001));
	CU_ASSERT(c.colocated.broadcast_arp);
	CU_ASSERT_EQUAL(c.common.tunnel_count, 1);
	conf_release(&mn_config_schema, &c);
}

static void what_must_hold_together(void)
{
	refused(MN("", ""), "mobile-node: has no association in it");
	refused(MN("home-agent='10.1.0.10'", SA("256")), "mobile-node/@home-agent");
	refused(MN("home-gateway='10.2.0.1'", SA("256")),
		"mobile-node/@home-gateway: is not in the home network");
	refused(MN("", SA("256") "\n" SA("256")),
		":2: association/@spi: 256 is that of");
	refused(MN("",
		   SA("256") "<co-located address='10.9.0.7/24' gateway='10.8.0.1'/>"),
		"co-located/@gateway: is not on the link of address");
	refused(MN("",
		   SA("256") "<co-located address='10.9.0.7/24' gateway='10.9.0.7'/>"),
		"co-located/@gateway: is our own address");
	refused(MN("", SA("256") "<co-located/>"), "co-located/@gateway: is missing");
	refused(MN("encapsulation='esp'", SA("256")),
		"mobile-node/@encapsulation: must be ipip, gre or minimal");
}

void suite_conf_mn(void)
{
	CU_pSuite s = CU_add_suite("conf_mn", NULL, NULL);

	CU_add_test(s, "the smallest has the defaults", the_smallest_has_the_defaults);
	CU_add_test(s, "every field arrives", every_field_arrives);
	CU_add_test(s, "what must hold together", what_must_hold_together);
}
