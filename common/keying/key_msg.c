/* SPDX-License-Identifier: ISC */
/*
 * Codec of what agents say inside TLS.  Every type has one length, so that a
 * message is judged by its first two octets and nothing long is ever awaited.
 */
#include "common/keying/key_msg.h"

enum { FLAG_ESN = 0x01 };

enum { HELLO_LEN = 16, READY_LEN = 10, USING_LEN = 4, ALIVE_LEN = 1, BYE_LEN = 1 };

struct type_row {
	const char *name;
	uint8_t len;
};

static const struct type_row types[] = {
	[KEY_MSG_HELLO] = { "hello", HELLO_LEN },
	[KEY_MSG_READY] = { "ready", READY_LEN },
	[KEY_MSG_USING] = { "using", USING_LEN },
	[KEY_MSG_ALIVE] = { "alive", ALIVE_LEN },
	[KEY_MSG_BYE] = { "bye", BYE_LEN },
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* Never to be renumbered: they are on the wire. */
static const uint8_t numbers[ESP_ALGORITHM_COUNT] = {
	[ESP_AES_128_GCM] = 1,        [ESP_AES_256_GCM] = 2,
	[ESP_CHACHA20_POLY1305] = 3,  [ESP_AES_128_CBC_SHA256] = 4,
	[ESP_AES_256_CBC_SHA256] = 5, [ESP_NULL_SHA256] = 6,
	[ESP_AES_256_CBC_SHA512] = 7,
};

const char *key_msg_name(enum key_msg_type t)
{
	return (unsigned)t < TYPES && types[t].name ? types[t].name : "unknown";
}

uint8_t key_algorithm_number(enum esp_algorithm a)
{
	return numbers[a];
}

/* ESP_ALGORITHM_COUNT: none of ours. */
static enum esp_algorithm algorithm_of(uint8_t number)
{
	enum esp_algorithm a = 0;

	while (a < ESP_ALGORITHM_COUNT && numbers[a] != number)
		a++;
	return a;
}

static key_algorithms_t algorithms_decode(uint16_t wire)
{
	key_algorithms_t set = 0;

	for (enum esp_algorithm a = 0; a < ESP_ALGORITHM_COUNT; a++)
		if (wire & 1U << numbers[a])
			set |= key_algorithm_bit(a);
	return set;
}

static uint16_t algorithms_encode(key_algorithms_t set)
{
	unsigned wire = 0;

	for (enum esp_algorithm a = 0; a < ESP_ALGORITHM_COUNT; a++)
		if (set & key_algorithm_bit(a))
			wire |= 1U << numbers[a];
	return (uint16_t)wire;
}

static enum key_fault hello_decode(struct reader *in, struct key_hello *h)
{
	uint8_t flags, carrier, reserved;

	h->version = read_u8(in);
	if (h->version != KEY_MSG_VERSION)
		return KEY_FAULT_PROTOCOL;
	flags = read_u8(in);
	carrier = read_u8(in);
	reserved = read_u8(in);
	h->port = read_u16(in);
	h->algorithms = algorithms_decode(read_u16(in));
	h->instance = read_u64(in);
	if (flags & ~FLAG_ESN || carrier >= KEY_CARRIER_COUNT || reserved != 0)
		return KEY_FAULT_MESSAGE;
	if (carrier == KEY_CARRIER_UDP && h->port == 0)
		return KEY_FAULT_MESSAGE;
	h->esn = flags & FLAG_ESN;
	h->carrier = carrier;
	return KEY_OK;
}

static enum key_fault ready_decode(struct reader *in, struct key_ready *r)
{
	uint8_t flags;

	r->generation = read_u32(in);
	r->spi = read_u32(in);
	r->algorithm = algorithm_of(read_u8(in));
	flags = read_u8(in);
	r->esn = flags & FLAG_ESN;
	if (flags & ~FLAG_ESN || r->algorithm == ESP_ALGORITHM_COUNT)
		return KEY_FAULT_MESSAGE;
	/* RFC 4303 2.1: SPIs up to 255 are reserved. */
	return r->spi > 255 && r->generation != 0 ? KEY_OK : KEY_FAULT_MESSAGE;
}

static enum key_fault using_decode(struct reader *in, uint32_t *generation)
{
	*generation = read_u32(in);
	return *generation != 0 ? KEY_OK : KEY_FAULT_MESSAGE;
}

static enum key_fault alive_decode(struct reader *in, enum key_alive *kind)
{
	*kind = read_u8(in);
	return *kind < KEY_ALIVE_COUNT ? KEY_OK : KEY_FAULT_MESSAGE;
}

static enum key_fault bye_decode(struct reader *in, enum key_bye *reason)
{
	*reason = read_u8(in);
	return *reason >= KEY_BYE_STOPPING && *reason < KEY_BYE_REASONS
		       ? KEY_OK
		       : KEY_FAULT_MESSAGE;
}

static enum key_fault body_decode(struct reader *in, struct key_msg *out)
{
	switch (out->type) {
	case KEY_MSG_HELLO:
		return hello_decode(in, &out->hello);
	case KEY_MSG_READY:
		return ready_decode(in, &out->ready);
	case KEY_MSG_USING:
		return using_decode(in, &out->using_generation);
	case KEY_MSG_ALIVE:
		return alive_decode(in, &out->alive);
	case KEY_MSG_BYE:
		return bye_decode(in, &out->bye);
	}
	return KEY_FAULT_MESSAGE;
}

/* A HELLO of a later version may be longer: it is told by its version alone. */
static bool is_other_version(struct reader in, uint8_t type)
{
	return type == KEY_MSG_HELLO && reader_left(&in) > 0 &&
	       read_u8(&in) != KEY_MSG_VERSION;
}

enum key_fault key_msg_decode(struct reader *in, struct key_msg *out)
{
	struct reader r = *in;
	uint8_t type, len;
	struct reader body;

	memset(out, 0, sizeof(*out));
	if (reader_left(&r) == 0)
		return KEY_FAULT_CUT;
	type = read_u8(&r);
	if (type >= TYPES || !types[type].name)
		return KEY_FAULT_MESSAGE;
	if (reader_left(&r) == 0)
		return KEY_FAULT_CUT;
	len = read_u8(&r);
	if (is_other_version(r, type))
		return KEY_FAULT_PROTOCOL;
	if (len != types[type].len)
		return KEY_FAULT_MESSAGE;
	if (reader_left(&r) < len)
		return KEY_FAULT_CUT;
	body = reader_split(&r, len);
	out->type = type;
	*in = r;
	return body_decode(&body, out);
}

static void hello_encode(struct writer *w, const struct key_hello *h)
{
	write_u8(w, h->version);
	write_u8(w, h->esn ? FLAG_ESN : 0);
	write_u8(w, (uint8_t)h->carrier);
	write_u8(w, 0);
	write_u16(w, h->port);
	write_u16(w, algorithms_encode(h->algorithms));
	write_u64(w, h->instance);
}

static void ready_encode(struct writer *w, const struct key_ready *r)
{
	write_u32(w, r->generation);
	write_u32(w, r->spi);
	write_u8(w, numbers[r->algorithm]);
	write_u8(w, r->esn ? FLAG_ESN : 0);
}

void key_msg_encode(struct writer *w, const struct key_msg *m)
{
	write_u8(w, (uint8_t)m->type);
	write_u8(w, types[m->type].len);
	switch (m->type) {
	case KEY_MSG_HELLO:
		hello_encode(w, &m->hello);
		break;
	case KEY_MSG_READY:
		ready_encode(w, &m->ready);
		break;
	case KEY_MSG_USING:
		write_u32(w, m->using_generation);
		break;
	case KEY_MSG_ALIVE:
		write_u8(w, (uint8_t)m->alive);
		break;
	case KEY_MSG_BYE:
		write_u8(w, (uint8_t)m->bye);
		break;
	}
}
