/* SPDX-License-Identifier: ISC */
/*
 * Texts to values.  Strict: no signs, no blanks, nothing behind; numbers that do
 * not fit are refused, not cut.
 */
#include "common/conf/value.h"

#include "common/conf/key.h"
#include "common/wire/ipv4.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Longer durations than 30 years serve nobody and do not fit. */
#define SECONDS_MAX UINT64_C(1000000000)

bool conf_refuse(struct conf_reason *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return false;
}

/* Digits from *at on, at least one; false also when they do not fit. */
static bool take_digits(const char **at, uint64_t *out)
{
	uint64_t v = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool conf_parse_number(const char *text, uint64_t *out)
{
	return take_digits(&text, out) && *text == '\0';
}

bool conf_parse_ident(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] != '0' || text[1] != 'x')
		return conf_parse_number(text, out);
	if (!isxdigit((unsigned char)text[2]) || strlen(text + 2) > 16)
		return false;
	*out = strtoull(text + 2, &end, 16);
	return *end == '\0';
}

/* The digits behind the point as nanoseconds of a second; at most nine count. */
static bool take_fraction(const char **at, int64_t *ns)
{
	int64_t unit = NS_PER_S;

	*ns = 0;
	if (**at != '.')
		return true;
	(*at)++;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		unit /= 10;
		*ns += (**at - '0') * unit;
	}
	return true;
}

bool conf_parse_duration(const char *text, duration_t *out)
{
	uint64_t whole;
	int64_t fraction;

	if (!take_digits(&text, &whole) || whole > SECONDS_MAX)
		return false;
	if (!take_fraction(&text, &fraction))
		return false;
	out->ns = (int64_t)whole * NS_PER_S + fraction;
	if (strcmp(text, "ms") == 0)
		out->ns /= 1000;
	else if (strcmp(text, "s") != 0 && *text != '\0')
		return false;
	return true;
}

static bool set_bool(const char *text, bool yes, bool *field, struct conf_reason *why)
{
	if (strcmp(text, "yes") == 0)
		*field = yes;
	else if (strcmp(text, "no") == 0)
		*field = !yes;
	else
		return conf_refuse(why, "must be yes or no, not \"%.40s\"", text);
	return true;
}

static bool in_range(const struct conf_attr *row, uint64_t v, struct conf_reason *why)
{
	if (v < (uint64_t)row->min || v > (uint64_t)row->max)
		return conf_refuse(why,
				   "must be %" PRId64 " to %" PRId64 ", not %" PRIu64,
				   row->min, row->max, v);
	return true;
}

/* v fits: rows do not promise more than their field can hold. */
static void store_number(void *field, size_t size, uint64_t v)
{
	const uint8_t u8 = (uint8_t)v;
	const uint16_t u16 = (uint16_t)v;
	const uint32_t u32 = (uint32_t)v;

	switch (size) {
	case sizeof(u8):
		memcpy(field, &u8, size);
		break;
	case sizeof(u16):
		memcpy(field, &u16, size);
		break;
	case sizeof(u32):
		memcpy(field, &u32, size);
		break;
	default:
		assert(size == sizeof(v));
		memcpy(field, &v, size);
	}
}

static bool set_number(const struct conf_attr *row, const char *text, void *field,
		       struct conf_reason *why)
{
	uint64_t v;

	if (!conf_parse_number(text, &v))
		return conf_refuse(why, "\"%.40s\" is not a number", text);
	if (!in_range(row, v, why))
		return false;
	store_number(field, row->size, v);
	return true;
}

static bool set_ident(const struct conf_attr *row, const char *text, void *field,
		      struct conf_reason *why)
{
	uint64_t v;

	if (!conf_parse_ident(text, &v))
		return conf_refuse(
			why,
			"\"%.40s\" is not a number (decimal, or 0x and hexadecimal)",
			text);
	if (!in_range(row, v, why))
		return false;
	store_number(field, row->size, v);
	return true;
}

static bool set_seconds(const struct conf_attr *row, const char *text, void *field,
			struct conf_reason *why)
{
	duration_t d;

	if (!conf_parse_duration(text, &d) || d.ns % NS_PER_S != 0)
		return conf_refuse(why, "\"%.40s\" is not a number of whole seconds",
				   text);
	if (!in_range(row, (uint64_t)(d.ns / NS_PER_S), why))
		return false;
	store_number(field, row->size, (uint64_t)(d.ns / NS_PER_S));
	return true;
}

static bool set_duration(const struct conf_attr *row, const char *text, void *field,
			 struct conf_reason *why)
{
	duration_t d;

	if (!conf_parse_duration(text, &d))
		return conf_refuse(
			why, "\"%.40s\" is not a duration such as 3, 0.75, 3s or 500ms",
			text);
	if (d.ns < row->min * NS_PER_MS || d.ns > row->max * NS_PER_MS)
		return conf_refuse(why, "must be %gs to %gs", (double)row->min / 1000,
				   (double)row->max / 1000);
	memcpy(field, &d, sizeof(d));
	return true;
}

static bool parse_address(const char *text, struct in_addr *a, struct conf_reason *why)
{
	if (inet_pton(AF_INET, text, a) != 1)
		return conf_refuse(why, "\"%.40s\" is not an IPv4 address", text);
	return true;
}

bool conf_parse_host(const char *text, struct in_addr *out)
{
	return inet_pton(AF_INET, text, out) == 1 && ipv4_is_unicast(*out);
}

static bool set_address(const char *text, void *field, struct conf_reason *why)
{
	struct in_addr a;

	if (!parse_address(text, &a, why))
		return false;
	if (!ipv4_is_unicast(a))
		return conf_refuse(why, "%s is not an address of one host", text);
	memcpy(field, &a, sizeof(a));
	return true;
}

static bool set_peer(const char *text, void *field, struct conf_reason *why)
{
	if (strcmp(text, "any") != 0)
		return set_address(text, field, why);
	memset(field, 0, sizeof(struct in_addr));
	return true;
}

/* "10.1.0.0/24": address, slash, length of at most two digits. */
static bool parse_prefix(const char *text, struct ipv4_prefix *p,
			 struct conf_reason *why)
{
	const char *slash = strchr(text, '/');
	char addr[INET_ADDRSTRLEN];
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		return conf_refuse(
			why, "\"%.40s\" is not an address and a prefix length", text);
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (!parse_address(addr, &p->addr, why))
		return false;
	if (!conf_parse_number(slash + 1, &len) || len > 32)
		return conf_refuse(why, "\"%.40s\" is not a prefix length of 0 to 32",
				   slash + 1);
	p->len = (uint8_t)len;
	return true;
}

static bool set_network(const char *text, void *field, struct conf_reason *why)
{
	char first[INET_ADDRSTRLEN];
	struct ipv4_prefix p;
	struct in_addr network;

	if (!parse_prefix(text, &p, why))
		return false;
	network.s_addr = p.addr.s_addr & htonl(ipv4_mask(p.len));
	if (network.s_addr != p.addr.s_addr)
		return conf_refuse(why,
				   "%s has bits behind its length; %s/%u is meant?",
				   text, ipv4_text(network, first), p.len);
	memcpy(field, &p, sizeof(p));
	return true;
}

/* The first and the last address of a link are no host's, unless it has but two. */
static bool is_host_of(struct ipv4_prefix p)
{
	uint32_t host = ntohl(p.addr.s_addr) & ~ipv4_mask(p.len);

	return ipv4_is_unicast(p.addr) &&
	       (p.len >= 31 || (host != 0 && host != ~ipv4_mask(p.len)));
}

static bool set_host(const char *text, void *field, struct conf_reason *why)
{
	struct ipv4_prefix p;

	if (!parse_prefix(text, &p, why))
		return false;
	if (!is_host_of(p))
		return conf_refuse(why, "%s is not an address of one host", text);
	memcpy(field, &p, sizeof(p));
	return true;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

static bool is_interface_char(char c)
{
	return isgraph((unsigned char)c) && c != '/' && c != ':';
}

static bool is_text_char(char c)
{
	return !iscntrl((unsigned char)c);
}

/* A string whose characters all pass; not empty, and it fits with its NUL. */
static bool set_string(const struct conf_attr *row, const char *text,
		       bool (*allowed)(char), void *field, struct conf_reason *why)
{
	size_t len = strlen(text);

	if (len == 0)
		return conf_refuse(why, "must not be empty");
	if (len >= row->size)
		return conf_refuse(why, "must have at most %zu characters",
				   row->size - 1);
	for (size_t i = 0; i < len; i++)
		if (!allowed(text[i]))
			return conf_refuse(
				why, "\"%.40s\" has a character that may not be", text);
	memset(field, 0, row->size);
	memcpy(field, text, len);
	return true;
}

/* "a, b or c" */
static void list_choices(const struct conf_choice *c, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const struct conf_choice *at = c; at->name && len < size; at++) {
		const char *between = at == c ? "" : at[1].name ? ", " : " or ";
		int n = snprintf(text + len, size - len, "%s%s", between, at->name);

		len += (size_t)n;
	}
}

/* Kept by the name that leads there from everywhere. */
static bool set_file(const struct conf_attr *row, const char *path, const char *dir,
		     bool (*good)(int fd, const char *path, struct conf_reason *why),
		     void *field, struct conf_reason *why)
{
	char whole[CONF_FILE_NAME];
	int fd = conf_file_open(dir, path, whole, why);
	bool taken;

	if (fd < 0)
		return false;
	taken = good(fd, whole, why) &&
		set_string(row, whole, is_text_char, field, why);
	close(fd);
	return taken;
}

static bool set_choice(const struct conf_attr *row, const char *text, void *field,
		       struct conf_reason *why)
{
	char all[128];

	assert(row->size == sizeof(int));
	for (const struct conf_choice *c = row->choices; c->name; c++) {
		if (strcmp(c->name, text) != 0)
			continue;
		memcpy(field, &c->value, sizeof(c->value));
		return true;
	}
	list_choices(row->choices, all, sizeof(all));
	return conf_refuse(why, "must be %s, not \"%.40s\"", all, text);
}

static bool set_key(const char *text, void *field, struct conf_reason *why)
{
	struct secret key;

	if (!conf_key_parse(text, &key, why))
		return false;
	secret_fini(field);
	memcpy(field, &key, sizeof(key));
	return true;
}

static bool set_key_file(const char *path, const char *dir, void *field,
			 struct conf_reason *why)
{
	struct secret key;

	if (!conf_key_read(dir, path, &key, why))
		return false;
	secret_fini(field);
	memcpy(field, &key, sizeof(key));
	return true;
}

bool conf_value_set(const struct conf_attr *row, const char *text, const char *dir,
		    void *object, struct conf_reason *why)
{
	void *field = (char *)object + row->offset;

	switch (row->type) {
	case CONF_BOOL:
		return set_bool(text, true, field, why);
	case CONF_NOT:
		return set_bool(text, false, field, why);
	case CONF_NUMBER:
		return set_number(row, text, field, why);
	case CONF_IDENT:
		return set_ident(row, text, field, why);
	case CONF_SECONDS:
		return set_seconds(row, text, field, why);
	case CONF_DURATION:
		return set_duration(row, text, field, why);
	case CONF_ADDRESS:
		return set_address(text, field, why);
	case CONF_PEER:
		return set_peer(text, field, why);
	case CONF_NETWORK:
		return set_network(text, field, why);
	case CONF_HOST:
		return set_host(text, field, why);
	case CONF_INTERFACE:
		return set_string(row, text, is_interface_char, field, why);
	case CONF_NAME:
		return set_string(row, text, is_name_char, field, why);
	case CONF_TEXT:
	case CONF_PATH:
		return set_string(row, text, is_text_char, field, why);
	case CONF_FILE:
		return set_file(row, text, dir, conf_file_is_regular, field, why);
	case CONF_OWN_FILE:
		return set_file(row, text, dir, conf_file_is_private, field, why);
	case CONF_CHOICE:
		return set_choice(row, text, field, why);
	case CONF_KEY:
		return set_key(text, field, why);
	case CONF_KEY_FILE:
		return set_key_file(text, dir, field, why);
	case CONF_SPECIAL:
		return row->special->parse(text, field, why);
	case CONF_TYPE_COUNT:
		break;
	}
	return conf_refuse(why, "has no type");
}
