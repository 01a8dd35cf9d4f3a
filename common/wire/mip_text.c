/* SPDX-License-Identifier: ISC */
/*
 * Messages as one line of text, for people. What a stranger chose, such as a
 * network access identifier, is shown with nothing in it that could be taken
 * for another field or line.
 */
#include "common/wire/mip_text.h"

#include "common/wire/ipv4.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_ext.h"

#include <stdarg.h>
#include <stdio.h>

/* Text that grows to `size` and is cut there. */
struct line {
	char *text;
	size_t size, used;
};

static struct line line_over(char *text, size_t size)
{
	if (size > 0)
		text[0] = '\0';
	return (struct line){ .text = text, .size = size };
}

__attribute__((format(printf, 2, 3))) static void put(struct line *l,
						      const char *format, ...)
{
	va_list args;
	int n;

	if (l->used >= l->size)
		return;
	va_start(args, format);
	n = vsnprintf(l->text + l->used, l->size - l->used, format, args);
	va_end(args);
	if (n > 0)
		l->used += (size_t)n;
}

static void put_addr(struct line *l, const char *key, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	put(l, " %s=%s", key, ipv4_text(a, text));
}

/* One letter for each bit set, the highest first. */
static void put_flags(struct line *l, unsigned flags, const char *letters)
{
	size_t bits = strlen(letters);

	put(l, " flags=%s", flags ? "" : "-");
	for (size_t i = 0; i < bits; i++) {
		if (flags >> (bits - 1 - i) & 1)
			put(l, "%c", letters[i]);
	}
}

static void put_ident(struct line *l, uint64_t ident)
{
	put(l, " id=%08x.%08x", (unsigned)(ident >> 32), (unsigned)ident);
}

static bool is_harmless(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != ',' && c != '\\';
}

static void put_nai(struct line *l, struct reader nai)
{
	put(l, "=");
	while (reader_left(&nai) > 0) {
		uint8_t c = read_u8(&nai);

		put(l, "%c", is_harmless(c) ? c : '?');
	}
}

static bool is_auth(uint8_t type)
{
	return type == MIP_EXT_MN_HA || type == MIP_EXT_MN_FA || type == MIP_EXT_FA_HA;
}

static void put_extension(struct line *l, const struct mip_ext *e)
{
	struct reader data = e->data;
	const char *name = mip_ext_name(e->type);

	if (name)
		put(l, " %s", name);
	else
		put(l, " extension-%u", e->type);
	if (is_auth(e->type))
		put(l, "=0x%08x", (unsigned)read_u32(&data));
	if (e->type == MIP_EXT_NAI)
		put_nai(l, data);
}

/* Reads on behind an extension that condemns the message, if its form is known. */
static void put_extensions(struct line *l, struct reader in)
{
	enum mip_fault fault, first = MIP_FAULT_NONE;
	struct mip_ext e;
	bool more;

	for (;;) {
		fault = mip_ext_next(&in, &e, &more);
		if (first == MIP_FAULT_NONE)
			first = fault;
		if (!more)
			break;
		put_extension(l, &e);
		if (fault == MIP_FAULT_EXTENSION && mip_ext_name(e.type))
			continue;
		if (fault != MIP_FAULT_NONE)
			break;
	}
	if (first != MIP_FAULT_NONE)
		put(l, " fault=\"%s\"", mip_fault_text(first));
}

static void put_request(struct line *l, const struct mip_request *rq)
{
	put(l, "request");
	put_flags(l, rq->flags, "SBDMGrTx");
	put(l, " lifetime=%u", rq->lifetime);
	put_addr(l, "home", rq->home);
	put_addr(l, "home-agent", rq->home_agent);
	put_addr(l, "care-of", rq->care_of);
	put_ident(l, rq->ident);
	put_extensions(l, rq->extensions);
}

static void put_reply(struct line *l, const struct mip_reply *rp)
{
	put(l, "reply code=%u reason=%s lifetime=%u", rp->code, mip_code_name(rp->code),
	    rp->lifetime);
	put_addr(l, "home", rp->home);
	put_addr(l, "home-agent", rp->home_agent);
	put_ident(l, rp->ident);
	put_extensions(l, rp->extensions);
}

const char *mip_message_text(struct reader message, char *text, size_t size)
{
	struct line l = line_over(text, size);
	enum mip_fault fault = MIP_FAULT_TYPE;
	uint8_t type = mip_message_type(message);
	struct mip_request rq;
	struct mip_reply rp;

	if (type == MIP_TYPE_REQUEST)
		fault = mip_request_decode(message, &rq);
	else if (type == MIP_TYPE_REPLY)
		fault = mip_reply_decode(message, &rp);

	if (fault != MIP_FAULT_NONE)
		put(&l, "message type=%u length=%zu fault=\"%s\"", type,
		    reader_left(&message), mip_fault_text(fault));
	else if (type == MIP_TYPE_REQUEST)
		put_request(&l, &rq);
	else
		put_reply(&l, &rp);
	return text;
}

static void put_routers(struct line *l, const struct mip_advert *a)
{
	for (unsigned i = 0; i < a->router_count; i++) {
		put_addr(l, "router", a->router[i]);
		if (i < a->prefix_count)
			put(l, "/%u", a->prefix_len[i]);
	}
}

const char *mip_advert_text(const struct mip_advert *a, char *text, size_t size)
{
	struct line l = line_over(text, size);

	put(&l, "advertisement code=%u lifetime=%u", a->code, a->lifetime);
	put_routers(&l, a);
	if (!a->mobility)
		return text;
	put_flags(&l, a->flags, "RBHFMGrTUXI?????");
	put(&l, " sequence=%u registration-lifetime=%u", a->sequence,
	    a->registration_lifetime);
	for (unsigned i = 0; i < a->care_of_count; i++)
		put_addr(&l, "care-of", a->care_of[i]);
	return text;
}
