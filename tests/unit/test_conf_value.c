/* SPDX-License-Identifier: ISC */
/*
 * Texts to values: what is taken, what is refused, and that a refused text
 * changes nothing.
 */
#include "common/conf/value.h"

#include "common/base/secret.h"
#include "common/wire/ipv4.h"

#include <CUnit/CUnit.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suites.h"

struct fields {
	bool flag;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	duration_t duration;
	struct in_addr addr;
	struct ipv4_prefix prefix;
	char interface[IF_NAMESIZE];
	char name[8];
	char text[16];
	int choice;
	struct secret key;
};

static const struct conf_choice colours[] = { { "red", 7 }, { "green", 8 }, { 0 } };

static const struct conf_attr row_bool = CONF_ROW(fields, flag, "x", CONF_BOOL);
static const struct conf_attr row_not = CONF_ROW(fields, flag, "x", CONF_NOT);
static const struct conf_attr row_u8 =
	CONF_ROW(fields, u8, "x", CONF_NUMBER, .min = 1, .max = 255);
static const struct conf_attr row_u16 =
	CONF_ROW(fields, u16, "x", CONF_NUMBER, .max = 65535);
static const struct conf_attr row_u32 =
	CONF_ROW(fields, u32, "x", CONF_IDENT, .min = 256, .max = UINT32_MAX);
static const struct conf_attr row_seconds =
	CONF_ROW(fields, u16, "x", CONF_SECONDS, .min = 1, .max = 65535);
static const struct conf_attr row_duration =
	CONF_ROW(fields, duration, "x", CONF_DURATION, .min = 50, .max = 1800000);
static const struct conf_attr row_addr = CONF_ROW(fields, addr, "x", CONF_ADDRESS);
static const struct conf_attr row_peer = CONF_ROW(fields, addr, "x", CONF_PEER);
static const struct conf_attr row_network = CONF_ROW(fields, prefix, "x", CONF_NETWORK);
static const struct conf_attr row_host = CONF_ROW(fields, prefix, "x", CONF_HOST);
static const struct conf_attr row_interface =
	CONF_ROW(fields, interface, "x", CONF_INTERFACE);
static const struct conf_attr row_name = CONF_ROW(fields, name, "x", CONF_NAME);
static const struct conf_attr row_text = CONF_ROW(fields, text, "x", CONF_TEXT);
static const struct conf_attr row_choice =
	CONF_ROW(fields, choice, "x", CONF_CHOICE, .choices = colours);
static const struct conf_attr row_key = CONF_ROW(fields, key, "x", CONF_KEY);
static const struct conf_attr row_key_file = CONF_ROW(fields, key, "x", CONF_KEY_FILE);

static bool set_in(const struct conf_attr *row, const char *text, const char *dir,
		   struct fields *f)
{
	struct conf_reason why = { "" };
	bool good = conf_value_set(row, text, dir, f, &why);

	/* A refusal has a reason, and only a refusal. */
	CU_ASSERT_EQUAL(good, why.text[0] == '\0');
	return good;
}

static bool set(const struct conf_attr *row, const char *text, struct fields *f)
{
	return set_in(row, text, "", f);
}

/* Each text is refused and leaves the field alone; the list ends with NULL. */
static void refuses(const struct conf_attr *row, const char *const *texts)
{
	for (; *texts; texts++) {
		struct fields f, before;

		memset(&f, 0x5a, sizeof(f));
		f.key = (struct secret){ 0 };
		before = f;
		CU_ASSERT_FALSE(set(row, *texts, &f));
		CU_ASSERT_EQUAL(memcmp(&f, &before, sizeof(f)), 0);
	}
}

#define REFUSES(row, ...) refuses(row, (const char *const[]){ __VA_ARGS__, NULL })

static void yes_and_no(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_bool, "yes", &f) && f.flag);
	CU_ASSERT(set(&row_bool, "no", &f) && !f.flag);
	CU_ASSERT(set(&row_not, "no", &f) && f.flag);
	CU_ASSERT(set(&row_not, "yes", &f) && !f.flag);
	REFUSES(&row_bool, "", "true", "1", "YES", "yes ", " yes");
}

static void numbers(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_u8, "255", &f) && f.u8 == 255);
	CU_ASSERT(set(&row_u16, "0", &f) && f.u16 == 0);
	CU_ASSERT(set(&row_u16, "65535", &f) && f.u16 == 65535);
	REFUSES(&row_u8, "0", "256", "257");
	REFUSES(&row_u16, "", "-1", "+1", " 1", "1 ", "0x10", "1.0", "65536",
		"4294967296", "18446744073709551616", "99999999999999999999999999");
}

static void identifiers(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_u32, "256", &f) && f.u32 == 256);
	CU_ASSERT(set(&row_u32, "0x100", &f) && f.u32 == 256);
	CU_ASSERT(set(&row_u32, "0xFfffffff", &f) && f.u32 == UINT32_MAX);
	REFUSES(&row_u32, "255", "0xff", "0x", "0xg", "0x1ffffffff", "x100", "0x-1",
		"0x 1", "0x11111111111111111");
}

static void durations(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_duration, "3", &f) && f.duration.ns == 3000000000);
	CU_ASSERT(set(&row_duration, "3s", &f) && f.duration.ns == 3000000000);
	CU_ASSERT(set(&row_duration, "0.75", &f) && f.duration.ns == 750000000);
	CU_ASSERT(set(&row_duration, "0.75s", &f) && f.duration.ns == 750000000);
	CU_ASSERT(set(&row_duration, "500ms", &f) && f.duration.ns == 500000000);
	CU_ASSERT(set(&row_duration, "62.5ms", &f) && f.duration.ns == 62500000);
	CU_ASSERT(set(&row_duration, "1.0000000019", &f) &&
		  f.duration.ns == 1000000001);
	REFUSES(&row_duration, "", "0", "49ms", "1801", "3 s", "3m", ".5", "1.", "1.s",
		"-3", "1e3", "0x3", "9999999999999999999", "3ss", "3sms");
	CU_ASSERT(set(&row_seconds, "1800", &f) && f.u16 == 1800);
	CU_ASSERT(set(&row_seconds, "30s", &f) && f.u16 == 30);
	REFUSES(&row_seconds, "0", "0.5", "65536", "500ms", "");
}

static void addresses(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_addr, "10.1.0.1", &f));
	CU_ASSERT_EQUAL(f.addr.s_addr, htonl(0x0a010001));
	REFUSES(&row_addr, "", "any", "10.1.0", "10.1.0.256", "10.1.0.1/24",
		" 10.1.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "10.1.0.1x",
		"::1");
	CU_ASSERT(set(&row_peer, "any", &f) && f.addr.s_addr == 0);
	CU_ASSERT(set(&row_peer, "10.1.0.1", &f) && f.addr.s_addr != 0);
	REFUSES(&row_peer, "", "all", "224.0.0.1");
}

static void prefixes(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_network, "10.1.0.0/24", &f) && f.prefix.len == 24);
	CU_ASSERT(set(&row_network, "0.0.0.0/0", &f) && f.prefix.len == 0);
	CU_ASSERT(set(&row_network, "10.1.0.1/32", &f) && f.prefix.len == 32);
	REFUSES(&row_network, "", "10.1.0.0", "10.1.0.0/", "10.1.0.0/33", "10.1.0.1/24",
		"10.1.0.0/-1", "10.1.0.0/24/24", "/24", "10.1.0.0/24 ",
		"10.1.0.0.0.0.0.0.0.0.0/24");
	CU_ASSERT(set(&row_host, "10.1.0.10/24", &f));
	CU_ASSERT_EQUAL(f.prefix.addr.s_addr, htonl(0x0a01000a));
	CU_ASSERT(set(&row_host, "10.1.0.0/31", &f));
	REFUSES(&row_host, "10.1.0.0/24", "10.1.0.255/24", "224.0.0.5/24", "10.1.0.10");
}

static void strings(void)
{
	struct fields f = { 0 };

	CU_ASSERT(set(&row_interface, "eth0.100@x", &f));
	CU_ASSERT_STRING_EQUAL(f.interface, "eth0.100@x");
	REFUSES(&row_interface, "", "a/b", "a:b", "a b", "a\tb", "0123456789abcdef");
	CU_ASSERT(set(&row_name, "a-b_c.d", &f));
	CU_ASSERT_STRING_EQUAL(f.name, "a-b_c.d");
	CU_ASSERT(set(&row_name, "x", &f));
	CU_ASSERT_STRING_EQUAL(f.name, "x");
	REFUSES(&row_name, "", "12345678", "a b", "a/b");
	CU_ASSERT(set(&row_text, "a line, whole", &f));
	REFUSES(&row_text, "", "two\nlines", "0123456789abcdef");
}

static void choices(void)
{
	struct conf_reason why;
	struct fields f = { 0 };

	CU_ASSERT(set(&row_choice, "green", &f) && f.choice == 8);
	REFUSES(&row_choice, "", "Green", "blue", "gree");
	CU_ASSERT_FALSE(conf_value_set(&row_choice, "blue", "", &f, &why));
	CU_ASSERT_STRING_EQUAL(why.text, "must be red or green, not \"blue\"");
}

static void keys(void)
{
	static const uint8_t bytes[] = { 0x00, 0xff, 0x10 };
	struct conf_reason why;
	struct fields f = { 0 };

	CU_ASSERT(set(&row_key, "hex:00fF10", &f));
	CU_ASSERT_EQUAL(f.key.len, 3);
	CU_ASSERT_EQUAL(memcmp(f.key.bytes, bytes, 3), 0);
	CU_ASSERT(set(&row_key, "text:hex:00", &f)); /* the other one is freed */
	CU_ASSERT_EQUAL(f.key.len, 6);
	CU_ASSERT_EQUAL(memcmp(f.key.bytes, "hex:00", 6), 0);
	secret_fini(&f.key);
	REFUSES(&row_key, "", "00ff", "hex:", "hex:0", "hex:0g", "hex:00 ff",
		"text:", "HEX:00");
	/* What was given may be a key: it is not repeated. */
	CU_ASSERT_FALSE(conf_value_set(&row_key, "sesame", "", &f, &why));
	CU_ASSERT_PTR_NULL(strstr(why.text, "sesame"));
}

static void a_key_of_any_length_up_to_the_bound(void)
{
	struct fields f = { 0 };
	char text[5 + 2 * 257 + 1] = "hex:";

	memset(text + 4, 'a', 2 * 256);
	CU_ASSERT(set(&row_key, text, &f));
	CU_ASSERT_EQUAL(f.key.len, 256);
	secret_fini(&f.key);
	memset(text + 4, 'a', 2 * 257);
	CU_ASSERT_FALSE(set(&row_key, text, &f));
}

/* A folder with a key file of this content and mode. */
static void make_key_file(char dir[32], const char *content, size_t len, mode_t mode)
{
	char path[64];
	FILE *file;

	snprintf(dir, 32, "/tmp/conf-key-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(content, 1, len, file), len);
	fclose(file);
	CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static void remove_key_file(const char *dir)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/key", dir);
	unlink(path);
	rmdir(dir);
}

static bool set_from_file(const char *content, size_t len, mode_t mode,
			  struct fields *f)
{
	char dir[32];
	bool good;

	make_key_file(dir, content, len, mode);
	good = set_in(&row_key_file, "key", dir, f);
	remove_key_file(dir);
	return good;
}

static void key_files(void)
{
	char long_one[1000];
	struct fields f = { 0 };

	CU_ASSERT(set_from_file("hex:0011\n", 9, 0600, &f));
	CU_ASSERT_EQUAL(f.key.len, 2);
	CU_ASSERT(set_from_file("text:abc", 8, 0400, &f));
	CU_ASSERT_EQUAL(f.key.len, 3);
	secret_fini(&f.key);

	CU_ASSERT_FALSE(set_from_file("hex:0011\n", 9, 0640, &f));
	CU_ASSERT_FALSE(set_from_file("hex:0011\n", 9, 0604, &f));
	CU_ASSERT_FALSE(set_from_file("", 0, 0600, &f));
	CU_ASSERT_FALSE(set_from_file("0011", 4, 0600, &f));
	CU_ASSERT_FALSE(set_from_file("hex:00\nhex:11\n", 14, 0600, &f));
	CU_ASSERT_FALSE(set_from_file("text:a\0b", 8, 0600, &f));
	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one, "text:", 5);
	CU_ASSERT_FALSE(set_from_file(long_one, sizeof(long_one), 0600, &f));
	CU_ASSERT_FALSE(set(&row_key_file, "/nonexistent/key", &f));
	CU_ASSERT_FALSE(set(&row_key_file, "/tmp", &f));
	CU_ASSERT_FALSE(set(&row_key_file, "/dev/null", &f));
	CU_ASSERT_PTR_NULL(f.key.bytes);
}

void suite_conf_value(void)
{
	CU_pSuite s = CU_add_suite("conf_value", NULL, NULL);

	CU_add_test(s, "yes and no", yes_and_no);
	CU_add_test(s, "numbers", numbers);
	CU_add_test(s, "identifiers", identifiers);
	CU_add_test(s, "durations", durations);
	CU_add_test(s, "addresses", addresses);
	CU_add_test(s, "prefixes", prefixes);
	CU_add_test(s, "strings", strings);
	CU_add_test(s, "choices", choices);
	CU_add_test(s, "keys", keys);
	CU_add_test(s, "a key of any length up to the bound",
		    a_key_of_any_length_up_to_the_bound);
	CU_add_test(s, "key files", key_files);
}
