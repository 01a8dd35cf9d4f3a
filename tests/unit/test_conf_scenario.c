/* SPDX-License-Identifier: ISC */
/*
 * A scenario's configuration: what its parts must be among each other.
 */
#include "mn-sim/scenario_config.h"

#include <CUnit/CUnit.h>

#include "tests/unit/conf_docs.h"
#include "tests/unit/suites.h"

#define END(name, last) "<end name='" name "' address='10.0.0." last "'/>\n"
#define ENDS            END("a", "1") END("b", "2")
#define UDP(name)       "<udp name='" name "' from='a' to='b' port='5001'/>\n"
#define TCP(name)       "<tcp name='" name "' from='a' to='b' port='5001'/>\n"
#define NODE(name)      "<watch name='" name "' control='/run/mn.sock' node='yes'/>\n"
#define MOVE(at, as)    "<move at='" at "' to='x' label='x' " as "/>\n"
#define SCENARIO(inside)                                                           \
	"<scenario name='s' title='s' duration='10s' cable='cable'>\n" ENDS inside \
	"</scenario>"

static void refused(const char *text, const char *want)
{
	conf_doc_refused(&scenario_config_schema, text, want);
}

static void parts_that_fit_are_taken(void)
{
	struct scenario_config c;
	struct conf_doc doc =
		conf_doc_read(&scenario_config_schema,
			      SCENARIO(UDP("one") TCP("two") NODE("mn") MOVE(
				      "1s", "expect='registered'") MOVE("1.051s", "")),
			      &c);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT_STRING_EQUAL(doc.lines, "");
	CU_ASSERT_EQUAL(c.move_count, 2);
	conf_release(&scenario_config_schema, &c);
}

static void names_are_of_one_part_alone(void)
{
	refused(SCENARIO(END("a", "3")), "4: end/@name: \"a\" is the name of another");
	refused(SCENARIO(UDP("one") UDP("one")),
		"5: udp/@name: \"one\" is the name of another");
	refused(SCENARIO(UDP("one") TCP("one")),
		"5: tcp/@name: \"one\" is the name of another");
	refused(SCENARIO(
			"<watch name='w' control='/a'/><watch name='w' control='/b'/>"),
		"watch/@name: \"w\" is the name of another");
}

static void flows_are_between_ends(void)
{
	refused(SCENARIO("<udp name='u' from='a' to='c' port='1'/>"),
		"udp/@to: there is no end \"c\"");
	refused(SCENARIO("<tcp name='u' from='c' to='b' port='1'/>"),
		"tcp/@from: there is no end \"c\"");
}

static void moves_follow_each_other(void)
{
	refused(SCENARIO(MOVE("2s", "") MOVE("1s", "")),
		"5: move/@at: not later than the move before it");
	refused(SCENARIO(MOVE("1s", "unplugged='2s'") MOVE("2s", "")),
		"5: move/@at: the cable is still unplugged by the move before it");
	refused(SCENARIO(MOVE("10s", "")), "move/@at: not before the end");
	refused(SCENARIO(MOVE("9.5s", "unplugged='1s'")),
		"move/@at: not before the end");
	refused("<scenario name='s' title='s' duration='9s'>" MOVE("1s",
								   "") "</scenario>",
		"scenario/@cable: missing");
}

static void what_is_expected_can_come(void)
{
	refused(SCENARIO(NODE("mn") MOVE("1s", "expect='regstered'")),
		"5: move/@expect: there is no event \"regstered\"");
	refused(SCENARIO(MOVE("1s", "expect='registered'")),
		"4: move/@expect: no <watch> is of the node");
	refused(SCENARIO(NODE("mn") NODE("mn2")),
		"more than one <watch> is of the node");
}

void suite_conf_scenario(void)
{
	CU_pSuite s = CU_add_suite("conf_scenario", NULL, NULL);

	CU_ADD_TEST(s, parts_that_fit_are_taken);
	CU_ADD_TEST(s, names_are_of_one_part_alone);
	CU_ADD_TEST(s, flows_are_between_ends);
	CU_ADD_TEST(s, moves_follow_each_other);
	CU_ADD_TEST(s, what_is_expected_can_come);
}
