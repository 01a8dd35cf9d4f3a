# SPDX-License-Identifier: ISC

check_PROGRAMS += tests/bench/udpflood
tests_bench_udpflood_SOURCES = tests/bench/udpflood.c
