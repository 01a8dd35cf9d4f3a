/* SPDX-License-Identifier: ISC */
/*
 * Fixed parts of Registration Request and Reply (RFC 5944 3.3, 3.4). Whether the
 * values make sense is judged by the agents.
 */
#include "common/wire/mip_msg.h"

const char *mip_fault_text(enum mip_fault f)
{
	static const char *const texts[MIP_FAULT_COUNT] = {
		[MIP_FAULT_NONE] = "sound",
		[MIP_FAULT_SHORT] = "cut off",
		[MIP_FAULT_TYPE] = "another type of message",
		[MIP_FAULT_EXTENSION] = "unknown extension that may not be skipped",
		[MIP_FAULT_LENGTH] = "extension of impossible length",
		[MIP_FAULT_MANY] = "too many extensions",
		[MIP_FAULT_LONG] = "message too long",
	};

	return f < MIP_FAULT_COUNT ? texts[f] : "unknown";
}

uint8_t mip_message_type(struct reader in)
{
	return read_u8(&in);
}

/* What the fixed part of either message can be refused for. */
static enum mip_fault fixed_fault(const struct reader *whole, const struct reader *rest,
				  uint8_t type, uint8_t wanted)
{
	if (rest->bad)
		return MIP_FAULT_SHORT;
	if (type != wanted)
		return MIP_FAULT_TYPE;
	return reader_left(whole) > MIP_MESSAGE_MAX ? MIP_FAULT_LONG : MIP_FAULT_NONE;
}

enum mip_fault mip_request_decode(struct reader in, struct mip_request *out)
{
	const struct reader whole = in;
	uint8_t type = read_u8(&in);

	out->flags = read_u8(&in);
	out->lifetime = read_u16(&in);
	out->home = read_addr(&in);
	out->home_agent = read_addr(&in);
	out->care_of = read_addr(&in);
	out->ident = read_u64(&in);
	out->extensions = in;
	return fixed_fault(&whole, &in, type, MIP_TYPE_REQUEST);
}

enum mip_fault mip_reply_decode(struct reader in, struct mip_reply *out)
{
	const struct reader whole = in;
	uint8_t type = read_u8(&in);

	out->code = read_u8(&in);
	out->lifetime = read_u16(&in);
	out->home = read_addr(&in);
	out->home_agent = read_addr(&in);
	out->ident = read_u64(&in);
	out->extensions = in;
	return fixed_fault(&whole, &in, type, MIP_TYPE_REPLY);
}

void mip_request_encode(struct writer *w, const struct mip_request *rq)
{
	write_u8(w, MIP_TYPE_REQUEST);
	write_u8(w, rq->flags);
	write_u16(w, rq->lifetime);
	write_addr(w, rq->home);
	write_addr(w, rq->home_agent);
	write_addr(w, rq->care_of);
	write_u64(w, rq->ident);
}

void mip_reply_encode(struct writer *w, const struct mip_reply *rp)
{
	write_u8(w, MIP_TYPE_REPLY);
	write_u8(w, rp->code);
	write_u16(w, rp->lifetime);
	write_addr(w, rp->home);
	write_addr(w, rp->home_agent);
	write_u64(w, rp->ident);
}
