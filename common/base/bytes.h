/* SPDX-License-Identifier: ISC */
/*
 * Bounded cursors over bytes: the only way this project reads what came from
 * the network, and the usual way it builds what goes there.
 *
 * A cursor cannot pass its end.  After a short read or write it stays bad:
 * every further read yields zeros, every further write does nothing.  So a
 * decoder reads everything in a straight line and asks `bad` once, at the end.
 * Both are plain values: copy one to look ahead, pass one by value to give a
 * view away.  They own nothing; the bytes belong to the caller.
 *
 * Numbers on the wire are big-endian and come back in host order.  Addresses
 * stay in network order in `struct in_addr`, as everywhere in this project.
 */
#ifndef COMMON_BASE_BYTES_H
#define COMMON_BASE_BYTES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

struct writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool bad;
};

static inline struct reader reader_over(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	return (struct reader){ .at = at, .end = at ? at + len : at };
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* The next `len` bytes, or NULL (and the cursor is bad) if there are fewer. */
static inline const uint8_t *read_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || reader_left(r) < len) {
		r->bad = true;
		r->at = r->end;
		return NULL;
	}
	r->at += len;
	return at;
}

static inline void read_skip(struct reader *r, size_t len)
{
	(void)read_bytes(r, len);
}

/* A cursor of its own over the next `len` bytes; bad if there are fewer. */
static inline struct reader reader_split(struct reader *r, size_t len)
{
	const uint8_t *at = read_bytes(r, len);

	if (!at)
		return (struct reader){ .at = r->end, .end = r->end, .bad = true };
	return reader_over(at, len);
}

static inline uint8_t read_u8(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 2);

	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t read_u32(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
			       b[3]
		 : 0;
}

static inline uint64_t read_u64(struct reader *r)
{
	struct reader word = reader_split(r, 8);
	uint64_t high = read_u32(&word);

	return high << 32 | read_u32(&word);
}

static inline struct in_addr read_addr(struct reader *r)
{
	struct in_addr a = { 0 };
	const uint8_t *b = read_bytes(r, sizeof(a.s_addr));

	if (b)
		memcpy(&a.s_addr, b, sizeof(a.s_addr));
	return a;
}

static inline struct writer writer_over(void *bytes, size_t room)
{
	uint8_t *at = bytes;

	return (struct writer){ .start = at, .at = at, .end = at ? at + room : at };
}

/* Bytes written so far. */
static inline size_t writer_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

static inline size_t writer_left(const struct writer *w)
{
	return (size_t)(w->end - w->at);
}

/* Room for `len` bytes that the caller fills in, or NULL if there is less. */
static inline uint8_t *write_room(struct writer *w, size_t len)
{
	uint8_t *at = w->at;

	if (w->bad || writer_left(w) < len) {
		w->bad = true;
		return NULL;
	}
	w->at += len;
	return at;
}

static inline void write_bytes(struct writer *w, const void *bytes, size_t len)
{
	uint8_t *b = write_room(w, len);

	if (b && len)
		memcpy(b, bytes, len);
}

static inline void write_u8(struct writer *w, uint8_t v)
{
	write_bytes(w, &v, 1);
}

static inline void write_u16(struct writer *w, uint16_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	write_bytes(w, b, sizeof(b));
}

static inline void write_u32(struct writer *w, uint32_t v)
{
	write_u16(w, (uint16_t)(v >> 16));
	write_u16(w, (uint16_t)v);
}

static inline void write_u64(struct writer *w, uint64_t v)
{
	write_u32(w, (uint32_t)(v >> 32));
	write_u32(w, (uint32_t)v);
}

static inline void write_addr(struct writer *w, struct in_addr a)
{
	write_bytes(w, &a.s_addr, sizeof(a.s_addr));
}

#endif
