# SPDX-License-Identifier: ISC

# One suite a module: its source here, one line in suites.def.
unit_sources =
unit_sources += tests/unit/test_ctl.c

check_PROGRAMS += tests/unit/unit
tests_unit_unit_SOURCES = tests/unit/main.c tests/unit/suites.def tests/unit/suites.h \
	$(unit_sources)
tests_unit_unit_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_unit_unit_LDADD = $(agent_libs) $(CUNIT_LIBS)

EXTRA_DIST += tests/run tests/lint tests/netns
