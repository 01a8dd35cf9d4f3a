/* SPDX-License-Identifier: ISC */
/*
 * Prototypes of all suites, from suites.def.
 */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#define X(name) void suite_##name(void);
#include "tests/unit/suites.def"
#undef X

#endif
