/* SPDX-License-Identifier: ISC */
/*
 * Codes of a Registration Reply, from the table mip_code.def: number, name,
 * text, who sends it, RFC.  0 and 1 are success; 64-127 are denials by the
 * foreign agent; 128-192 by the home agent (RFC 5944 6.4).
 */
#ifndef COMMON_WIRE_MIP_CODE_H
#define COMMON_WIRE_MIP_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum mip_code {
#define MIP_CODE(number, symbol, name, text, rfc) symbol = number,
#include "common/wire/mip_code.def"
#undef MIP_CODE
};

/* Short stable name ("mn-failed-authentication"), or "unassigned". */
const char *mip_code_name(uint8_t code);
/* A sentence for people. */
const char *mip_code_text(uint8_t code);

/* By range, also for codes that we do not know (RFC 5944 6.4). */
static inline bool mip_code_is_success(uint8_t code)
{
	return code <= 8;
}

static inline bool mip_code_is_fa_denial(uint8_t code)
{
	return code >= 64 && code <= 127;
}

static inline bool mip_code_is_ha_denial(uint8_t code)
{
	return code >= 128 && code <= 192;
}

#endif
