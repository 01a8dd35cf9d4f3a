/* SPDX-License-Identifier: ISC */
/* Names and texts of reply codes, expanded from mip_code.def. */
#include "common/wire/mip_code.h"

#include <stddef.h>

enum { CODES = 256 };

struct code_row {
	const char *name;
	const char *text;
};

static const struct code_row code_rows[CODES] = {
#define MIP_CODE(number, symbol, name_, text_, rfc) \
	[number] = { .name = name_, .text = text_ },
#include "common/wire/mip_code.def"
#undef MIP_CODE
};

const char *mip_code_name(uint8_t code)
{
	return code_rows[code].name ? code_rows[code].name : "unassigned";
}

const char *mip_code_text(uint8_t code)
{
	if (code_rows[code].text)
		return code_rows[code].text;
	if (mip_code_is_success(code))
		return "accepted, with a code unknown here";
	if (mip_code_is_fa_denial(code))
		return "foreign agent: denied, with a code unknown here";
	if (mip_code_is_ha_denial(code))
		return "home agent: denied, with a code unknown here";
	return "denied, with a code unknown here";
}
