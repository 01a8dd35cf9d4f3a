/* SPDX-License-Identifier: ISC */
/* Names and texts of key_fault.def. */
#include "common/keying/key_fault.h"

struct fault_row {
	const char *name;
	const char *text;
};

static const struct fault_row faults[KEY_FAULT_COUNT] = {
	[KEY_OK] = { "none", "nothing is wrong" },
#define KEY_FAULT(symbol, name, text) [symbol] = { name, text },
#include "common/keying/key_fault.def"
#undef KEY_FAULT
};

const char *key_fault_name(enum key_fault f)
{
	return faults[f].name;
}

const char *key_fault_text(enum key_fault f)
{
	return faults[f].text;
}
