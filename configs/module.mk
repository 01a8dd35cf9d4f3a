# SPDX-License-Identifier: ISC

examplesdir = $(docdir)/examples
dist_examples_DATA =
