/* SPDX-License-Identifier: ISC */
/*
 * Our values as jansson values.
 */
#include "common/ctl/json.h"

#include "common/wire/mip_code.h"

#include <stdio.h>

json_t *json_addr(struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	return json_string(ipv4_text(a, text));
}

json_t *json_mac(struct mac m)
{
	char text[MAC_TEXT_LEN];

	return json_string(mac_text(m, text));
}

json_t *json_prefix(struct ipv4_prefix p)
{
	char text[INET_ADDRSTRLEN];

	return json_sprintf("%s/%u", ipv4_text(p.addr, text), (unsigned)p.len);
}

json_t *json_hex32(uint32_t v)
{
	return json_sprintf("0x%08x", v);
}

json_t *json_hex64(uint64_t v)
{
	return json_sprintf("0x%08x%08x", (unsigned)(v >> 32), (unsigned)v);
}

json_t *json_seconds_left(instant_t expires, instant_t now)
{
	if (instant_is_never(expires))
		return json_integer(-1);
	return json_integer(duration_to_s_up(instant_diff(expires, now)));
}

double json_ntp_seconds(uint64_t ntp)
{
	enum { FRACTION_BITS = 32 };
	const uint32_t epoch_offset = 2208988800U; /* 1900 to 1970 */
	uint32_t seconds = (uint32_t)(ntp >> FRACTION_BITS) - epoch_offset;

	return (double)seconds + (double)(uint32_t)ntp / 4294967296.0;
}

void json_set_addr(json_t *object, const char *key, struct in_addr a)
{
	if (a.s_addr)
		json_object_set_new(object, key, json_addr(a));
}

void json_set_count(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_integer((json_int_t)count));
}

void json_set_encap(json_t *object, const struct encap_spec *e)
{
	json_object_set_new(object, "encapsulation", json_string(encap_name(e->kind)));
	if (e->kind != ENCAP_GRE)
		return;
	if (e->gre_key) {
		json_object_set_new(object, "key-out", json_integer(e->gre_key_out));
		json_object_set_new(object, "key-in", json_integer(e->gre_key_in));
	}
	if (e->gre_sequence)
		json_object_set_new(object, "sequence", json_true());
	if (e->gre_checksum)
		json_object_set_new(object, "checksum", json_true());
}

static const char *level_name(enum note_level level)
{
	static const char *const names[] = { "debug", "info", "warn" };

	return names[level];
}

json_t *json_note(const struct note *n, const char *program, int64_t unix_us,
		  const char *interface)
{
	json_t *o =
		json_pack("{s:f,s:s,s:s,s:s,s:s}", "time", (double)unix_us / 1e6,
			  "program", program, "event", note_name(n->kind), "level",
			  level_name(note_level(n->kind)), "text", note_text(n->kind));

	if (!o)
		return NULL;
	json_set_addr(o, "home", n->home);
	json_set_addr(o, "care-of", n->care_of);
	json_set_addr(o, "agent", n->agent);
	json_set_addr(o, "source", n->source);
	if (interface)
		json_object_set_new(o, "interface", json_string(interface));
	if (n->has_code) {
		json_object_set_new(o, "code", json_integer(n->code));
		json_object_set_new(o, "code-name",
				    json_string(mip_code_name(n->code)));
	}
	if (n->lifetime)
		json_object_set_new(o, "lifetime", json_integer(n->lifetime));
	if (n->spi)
		json_object_set_new(o, "spi", json_hex32(n->spi));
	if (n->ident)
		json_object_set_new(o, "identification", json_hex64(n->ident));
	if (n->name)
		json_object_set_new(o, "name", json_string(n->name));
	json_set_addr(o, "local", n->local);
	json_set_addr(o, "remote", n->remote);
	if (n->encapsulation)
		json_object_set_new(o, "encapsulation", json_string(n->encapsulation));
	if (n->reason)
		json_object_set_new(o, "reason", json_string(n->reason));
	if (n->detail)
		json_object_set_new(o, "detail", json_string(n->detail));
	if (n->generation)
		json_object_set_new(o, "generation", json_integer(n->generation));
	if (n->packets)
		json_set_count(o, "packets", n->packets);
	return o;
}
