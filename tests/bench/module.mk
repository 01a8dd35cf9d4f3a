# SPDX-License-Identifier: ISC

bench_programs = tests/bench/udpflood$(EXEEXT) tests/bench/ciphers$(EXEEXT) \
	tests/bench/regload$(EXEEXT)
check_PROGRAMS += tests/bench/udpflood tests/bench/ciphers tests/bench/regload
tests_bench_udpflood_SOURCES = tests/bench/udpflood.c
tests_bench_ciphers_SOURCES = tests/bench/ciphers.c
tests_bench_ciphers_LDADD = $(agent_libs)
tests_bench_regload_SOURCES = tests/bench/regload.c
tests_bench_regload_LDADD = $(CRYPTO_LIBS)
