# SPDX-License-Identifier: ISC

check_PROGRAMS += tests/bench/udpflood
tests_bench_udpflood_SOURCES = tests/bench/udpflood.c
check_PROGRAMS += tests/bench/regload
tests_bench_regload_SOURCES = tests/bench/regload.c
tests_bench_regload_LDADD = $(CRYPTO_LIBS)
