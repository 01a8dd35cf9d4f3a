/* SPDX-License-Identifier: ISC */
/*
 * Documents to structs through a small schema: every way to keep a child, lines of
 * faults, and what XML could do to us.
 */
#include "common/conf/xml.h"

#include "common/base/secret.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

struct leaf {
	uint16_t number;
	char word[8];
	struct secret key;
	int line;
};

struct tree {
	uint16_t height;
	struct leaf inside;
	bool has_maybe;
	struct leaf maybe;
	struct leaf *many;
	unsigned many_count;
	struct leaf few[2];
	unsigned few_count;
};

static const struct conf_attr leaf_rows[] = {
	CONF_ROW(leaf, number, "number", CONF_NUMBER, .def = "5", .max = 99,
		 .help = "a number"),
	CONF_ROW(leaf, word, "word", CONF_NAME, .help = "a word"),
	CONF_ROW(leaf, key, "key", CONF_KEY, .help = "a key"),
};

static void check_leaf(void *object, struct conf_check *c)
{
	const struct leaf *l = object;

	if (l->number == 13)
		conf_warn(c->faults, c->line, c->element, "number", "bad luck");
	if (conf_given(c, "word") && !conf_given(c, "number"))
		conf_fault(c->faults, c->line, c->element, "word",
			   "goes with number only");
}

#define LEAF(name_)                                                                  \
	{                                                                            \
		.name = name_, .help = "a leaf", .attr = leaf_rows, .attr_count = 3, \
		.size = sizeof(struct leaf), .line = offsetof(struct leaf, line),    \
		.check = check_leaf                                                  \
	}

static const struct conf_element leaf_inside = LEAF("inside");
static const struct conf_element leaf_maybe = LEAF("maybe");
static const struct conf_element leaf_many = LEAF("many");
static const struct conf_element leaf_few = LEAF("few");

static const struct conf_child tree_children[] = {
	{ &leaf_inside, CONF_KEEP_INSIDE, offsetof(struct tree, inside), 0, 0, 1 },
	{ &leaf_maybe, CONF_KEEP_IF, offsetof(struct tree, maybe),
	  offsetof(struct tree, has_maybe), 0, 1 },
	{ &leaf_many, CONF_KEEP_GROWING, offsetof(struct tree, many),
	  offsetof(struct tree, many_count), 0, 1000 },
	{ &leaf_few, CONF_KEEP_FIXED, offsetof(struct tree, few),
	  offsetof(struct tree, few_count), 0, 2 },
};

static const struct conf_attr tree_rows[] = {
	CONF_ROW(tree, height, "height", CONF_NUMBER, .required = true, .max = 999,
		 .help = "in metres"),
};

static const struct conf_element tree_root = {
	.name = "tree",
	.help = "a tree",
	.attr = tree_rows,
	.attr_count = 1,
	.child = tree_children,
	.child_count = 4,
	.size = sizeof(struct tree),
	.line = CONF_NO_LINE,
};

/* Read, and give the faults back as lines joined by "|". */
static int read_tree(const char *text, struct tree *out, char *lines, size_t size)
{
	struct conf_faults faults;
	size_t len = 0;
	int rc;

	conf_faults_init(&faults);
	rc = conf_xml_parse("f", text, strlen(text), &tree_root, out, &faults);
	lines[0] = '\0';
	for (unsigned i = 0; i < faults.kept && len < size; i++) {
		char line[256];

		len += (size_t)snprintf(
			lines + len, size - len, "%s%s", i ? "|" : "",
			conf_fault_text(&faults, i, line, sizeof(line)));
	}
	CU_ASSERT_EQUAL(rc == 0, faults.faults == 0);
	conf_faults_fini(&faults);
	return rc;
}

/* A document that is refused with these lines and leaves nothing allocated. */
static void refused(const char *text, const char *want)
{
	struct tree t, zero = { 0 };
	char lines[4096];

	memset(&t, 0xaa, sizeof(t));
	CU_ASSERT(read_tree(text, &t, lines, sizeof(lines)) < 0);
	CU_ASSERT_STRING_EQUAL(lines, want);
	if (strcmp(lines, want) != 0)
		printf("# got  %s\n# want %s\n", lines, want);
	CU_ASSERT_EQUAL(memcmp(&t, &zero, sizeof(t)), 0);
}

static void taken(const char *text, struct tree *t)
{
	char lines[4096];

	CU_ASSERT_EQUAL_FATAL(read_tree(text, t, lines, sizeof(lines)), 0);
	CU_ASSERT_STRING_EQUAL(lines, "");
}

static void defaults_where_nothing_is_said(void)
{
	struct tree t;

	taken("<tree height='7'/>", &t);
	CU_ASSERT_EQUAL(t.height, 7);
	CU_ASSERT_EQUAL(t.inside.number, 5);
	CU_ASSERT_FALSE(t.has_maybe);
	CU_ASSERT_EQUAL(t.many_count, 0);
	conf_release(&tree_root, &t);
}

static void children_of_every_kind(void)
{
	struct tree t;

	taken("<?xml version='1.0'?>\n<!-- hello -->\n<tree height='7'>\n"
	      " <few number='1'/><inside number='2' word='a'/>\n"
	      " <many key='hex:00'/><few/>\n\n <many number='4'/><maybe/>\n"
	      "</tree>\n",
	      &t);
	CU_ASSERT_EQUAL(t.inside.number, 2);
	CU_ASSERT_STRING_EQUAL(t.inside.word, "a");
	CU_ASSERT(t.has_maybe && t.maybe.number == 5);
	CU_ASSERT_EQUAL(t.few_count, 2);
	CU_ASSERT(t.few[0].number == 1 && t.few[1].number == 5);
	CU_ASSERT_EQUAL_FATAL(t.many_count, 2);
	CU_ASSERT(t.many[0].number == 5 && t.many[1].number == 4);
	CU_ASSERT(t.many[0].key.len == 1);
	CU_ASSERT(t.few[0].line == 4 && t.many[0].line == 5 && t.many[1].line == 7);
	conf_release(&tree_root, &t);
	CU_ASSERT_PTR_NULL(t.many);
}

static void arrays_grow(void)
{
	static const char child[] = "<many number='9' key='text:k'/>";
	char *text = calloc(1, 64 + 1000 * sizeof(child));
	struct tree t;

	strcpy(text, "<tree height='1'>");
	for (int i = 0; i < 1000; i++)
		strcat(text, child);
	strcat(text, "</tree>");
	taken(text, &t);
	CU_ASSERT_EQUAL(t.many_count, 1000);
	for (unsigned i = 0; i < t.many_count; i++)
		CU_ASSERT(t.many[i].number == 9 && t.many[i].key.len == 1);
	conf_release(&tree_root, &t);
	free(text);
}

static void all_faults_at_once_with_their_lines(void)
{
	refused("<tree\n"
		"   hight='3'>\n"
		" <inside number='x'\n"
		"         word='a b'/>\n"
		" <mani/> text\n"
		" <many key='00'/>\n"
		"</tree>",
		"f:1: tree/@height: is missing (in metres)|"
		"f:2: tree/@hight: no such attribute; \"height\" is meant?|"
		"f:3: inside/@number: \"x\" is not a number|"
		"f:4: inside/@word: \"a b\" has a character that may not be|"
		"f:5: mani: no such element in tree; \"many\" is meant?|"
		"f:5: tree: text has no place here|"
		"f:6: many/@key: must begin with hex: or text:");
}

static void names_far_from_all_get_no_advice(void)
{
	refused("<tree height='1' zzzzz='1'><qqqqq/></tree>",
		"f:1: qqqqq: no such element in tree|"
		"f:1: tree/@zzzzz: no such attribute");
}

static void what_is_inside_the_unknown_is_passed_over(void)
{
	refused("<tree height='1'><qqqqq><few few='1'>x<y/></few></qqqqq><few/></tree>",
		"f:1: qqqqq: no such element in tree");
}

static void too_many_of_a_kind(void)
{
	refused("<tree height='1'><few/><few/>\n<few/><inside/>\n<inside/></tree>",
		"f:2: few: there may be at most 2 in one tree|"
		"f:3: inside: there may be at most 1 in one tree");
}

static void checks_run_at_the_end_of_an_element(void)
{
	struct tree t;
	char lines[256];

	refused("<tree height='1'><few word='a'/></tree>",
		"f:1: few/@word: goes with number only");
	CU_ASSERT_EQUAL(read_tree("<tree height='1'>\n<few number='13'/></tree>", &t,
				  lines, sizeof(lines)),
			0);
	CU_ASSERT_STRING_EQUAL(lines, "f:2: warning: few/@number: bad luck");
	conf_release(&tree_root, &t);
}

static void another_root_is_refused(void)
{
	refused("<bush height='1'><few/></bush>",
		"f:1: bush: the document must be a tree");
}

static void no_document_types_and_no_entities(void)
{
	refused("<!DOCTYPE tree [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"
		"<tree height='&b;'/>",
		"f:1: a document type may not be given");
	refused("<!DOCTYPE tree SYSTEM 'file:///etc/passwd'><tree height='1'/>",
		"f:1: a document type may not be given");
	refused("<tree height='&a;'/>", "f:1: Entity 'a' not defined");
}

static void the_entities_of_xml_itself_are_characters(void)
{
	struct tree t;

	taken("<tree height='&#55;'><many key='text:&lt;&amp;&quot;'/></tree>", &t);
	CU_ASSERT_EQUAL(t.height, 7);
	CU_ASSERT_EQUAL(t.many[0].key.len, 3);
	CU_ASSERT_EQUAL(memcmp(t.many[0].key.bytes, "<&\"", 3), 0);
	conf_release(&tree_root, &t);
}

static void namespaces_are_not_ours(void)
{
	struct tree t;

	refused("<t:tree xmlns:t='urn:x' height='1'/>",
		"f:1: tree: is in a namespace; ours have none");
	refused("<tree height='1' xmlns:t='urn:x' t:height='1'/>",
		"f:1: tree/@height: is in a namespace; ours have none");
	taken("<tree height='1' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' "
	      "x:noNamespaceSchemaLocation='a.xsd'/>",
	      &t);
	conf_release(&tree_root, &t);
}

static void broken_xml_is_told(void)
{
	struct tree t;
	char lines[1024];

	CU_ASSERT(read_tree("<tree height='1'>\n<few></tree>", &t, lines,
			    sizeof(lines)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "f:2: Opening and ending tag mismatch"));
	CU_ASSERT(read_tree("", &t, lines, sizeof(lines)) < 0);
	CU_ASSERT(read_tree("tree", &t, lines, sizeof(lines)) < 0);
	CU_ASSERT(read_tree("<tree height='1' height='2'/>", &t, lines, sizeof(lines)) <
		  0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lines, "height redefined"));
}

/* The parser gives up on these without an error of its own. */
static void encodings_that_nobody_knows(void)
{
	struct tree t;
	char lines[1024];

	CU_ASSERT(read_tree("<?xml version='1.0' encoding='UTF-8_'?><tree height='1'>\n"
			    "\xfd\xfd\xfd</tree>",
			    &t, lines, sizeof(lines)) < 0);
	CU_ASSERT_NOT_EQUAL(lines[0], '\0');
}

/* Cut anywhere, it is refused and nothing stays allocated. */
static void every_truncation_is_refused(void)
{
	static const char text[] =
		"<tree height='7'><many key='hex:00'/><few number='3'/>"
		"<many key='text:x' word='w'/></tree>";
	char cut[sizeof(text)], lines[1024];

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct tree t;

		memcpy(cut, text, n);
		cut[n] = '\0';
		CU_ASSERT(read_tree(cut, &t, lines, sizeof(lines)) < 0);
	}
}

static void depth_is_bounded_by_the_schema(void)
{
	char text[20000] = "<tree height='1'>";
	struct tree t;
	char lines[1024];

	for (int i = 0; i < 200; i++)
		strcat(text, "<few>");
	CU_ASSERT(read_tree(text, &t, lines, sizeof(lines)) < 0);
}

static void long_values_are_refused(void)
{
	char text[4000] = "<tree height='";

	memset(text + strlen(text), '1', 2000);
	strcat(text, "'/>");
	refused(text, "f:1: tree/@height: must have at most 1023 characters");
}

static void faults_are_counted_beyond_those_kept(void)
{
	char *text = calloc(1, 100000);
	struct conf_faults faults;
	struct tree t;

	strcpy(text, "<tree height='1'>");
	for (int i = 0; i < 1500; i++)
		strcat(text, "<nonsense/>");
	strcat(text, "</tree>");
	conf_faults_init(&faults);
	CU_ASSERT(conf_xml_parse("f", text, strlen(text), &tree_root, &t, &faults) < 0);
	CU_ASSERT_EQUAL(faults.kept, CONF_FAULTS_MAX);
	CU_ASSERT_EQUAL(faults.faults, 1500);
	conf_faults_fini(&faults);
	free(text);
}

static void a_file_that_cannot_be_read(void)
{
	struct conf_faults faults;
	struct tree t;
	char line[256];

	conf_faults_init(&faults);
	CU_ASSERT(conf_xml_load("/nonexistent/f.xml", &tree_root, &t, &faults) < 0);
	CU_ASSERT_STRING_EQUAL(
		conf_fault_text(&faults, 0, line, sizeof(line)),
		"/nonexistent/f.xml: cannot be opened: No such file or directory");
	CU_ASSERT(conf_xml_load("/tmp", &tree_root, &t, &faults) < 0);
	CU_ASSERT_EQUAL(faults.faults, 1);
	conf_faults_fini(&faults);
}

static void options_are_listed_once(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	conf_list_options(&tree_root, to);
	fclose(to);
	CU_ASSERT_EQUAL(strncmp(text, "tree/@height\ninside/@number\n", 28), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "many/@key\n"));
	free(text);
}

void suite_conf_xml(void)
{
	CU_pSuite s = CU_add_suite("conf_xml", NULL, NULL);

	CU_add_test(s, "defaults where nothing is said",
		    defaults_where_nothing_is_said);
	CU_add_test(s, "children of every kind", children_of_every_kind);
	CU_add_test(s, "arrays grow", arrays_grow);
	CU_add_test(s, "all faults at once with their lines",
		    all_faults_at_once_with_their_lines);
	CU_add_test(s, "names far from all get no advice",
		    names_far_from_all_get_no_advice);
	CU_add_test(s, "what is inside the unknown is passed over",
		    what_is_inside_the_unknown_is_passed_over);
	CU_add_test(s, "too many of a kind", too_many_of_a_kind);
	CU_add_test(s, "checks run at the end of an element",
		    checks_run_at_the_end_of_an_element);
	CU_add_test(s, "another root is refused", another_root_is_refused);
	CU_add_test(s, "no document types and no entities",
		    no_document_types_and_no_entities);
	CU_add_test(s, "the entities of XML itself are characters",
		    the_entities_of_xml_itself_are_characters);
	CU_add_test(s, "namespaces are not ours", namespaces_are_not_ours);
	CU_add_test(s, "broken XML is told", broken_xml_is_told);
	CU_add_test(s, "encodings that nobody knows", encodings_that_nobody_knows);
	CU_add_test(s, "every truncation is refused", every_truncation_is_refused);
	CU_add_test(s, "depth is bounded by the schema",
		    depth_is_bounded_by_the_schema);
	CU_add_test(s, "long values are refused", long_values_are_refused);
	CU_add_test(s, "faults are counted beyond those kept",
		    faults_are_counted_beyond_those_kept);
	CU_add_test(s, "a file that cannot be read", a_file_that_cannot_be_read);
	CU_add_test(s, "options are listed once", options_are_listed_once);
}
