# SPDX-License-Identifier: ISC

check_PROGRAMS += tests/conf/rows
tests_conf_rows_SOURCES = tests/conf/rows.c
tests_conf_rows_LDADD = $(agent_libs)

# After a change of rows; tests/lint/schema says when.
update-xsd: tests/conf/rows$(EXEEXT)
	./tests/conf/rows xsd >$(top_srcdir)/configs/sojourn.xsd

.PHONY: update-xsd
