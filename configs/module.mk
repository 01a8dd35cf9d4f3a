# SPDX-License-Identifier: ISC

examplesdir = $(docdir)/examples
dist_examples_DATA = configs/ha.xml configs/fa.xml configs/mn.xml \
	configs/ha-full.xml configs/fa-full.xml configs/mn-full.xml \
	configs/scenario-full.xml configs/sojourn.xsd
EXTRA_DIST += configs/demo

# Service files name the program where it is installed.
systemdsystemunit_DATA = configs/mip-ha.service configs/mip-fa.service
EXTRA_DIST += configs/mip-ha.service.in configs/mip-fa.service.in
CLEANFILES += $(systemdsystemunit_DATA)

configs/mip-ha.service configs/mip-fa.service: Makefile
	$(AM_V_GEN)$(MKDIR_P) configs && \
		sed 's|@sbindir[@]|$(sbindir)|' $(top_srcdir)/$@.in >$@.tmp && mv $@.tmp $@
configs/mip-ha.service: configs/mip-ha.service.in
configs/mip-fa.service: configs/mip-fa.service.in
