/* SPDX-License-Identifier: ISC */
/*
 * Why keys were not agreed on, as values with names.
 */
#ifndef COMMON_KEYING_KEY_FAULT_H
#define COMMON_KEYING_KEY_FAULT_H

enum key_fault {
	KEY_OK,
#define KEY_FAULT(symbol, name, text) symbol,
#include "common/keying/key_fault.def"
#undef KEY_FAULT
	KEY_FAULT_COUNT
};

const char *key_fault_name(enum key_fault f); /* "none" of KEY_OK */
const char *key_fault_text(enum key_fault f);

#endif
