# SPDX-License-Identifier: ISC

# A new target: its source here, one line in targets.def, its seeds in corpus/NAME.
fuzz_sources = tests/fuzz/fuzz.c tests/fuzz/fuzz.h tests/fuzz/targets.def
fuzz_sources += tests/fuzz/fuzz_advert.c
fuzz_sources += tests/fuzz/fuzz_carrier.c
fuzz_sources += tests/fuzz/fuzz_conf.c
fuzz_sources += tests/fuzz/fuzz_esp.c
fuzz_sources += tests/fuzz/fuzz_fa.c tests/unit/fa_world.c tests/unit/fa_world.h \
	tests/unit/fa_storm.c tests/unit/fa_storm.h
fuzz_sources += tests/fuzz/fuzz_ha.c tests/unit/ha_bench.c tests/unit/ha_bench.h \
	tests/unit/ha_world.c
fuzz_sources += tests/fuzz/fuzz_ipv4.c
fuzz_sources += tests/fuzz/fuzz_keying.c
fuzz_sources += tests/fuzz/fuzz_mip_msg.c
fuzz_sources += tests/fuzz/fuzz_node_record.c
fuzz_sources += tests/fuzz/fuzz_pull.c
fuzz_sources += tests/fuzz/fuzz_segment.c
fuzz_sources += tests/fuzz/fuzz_mn.c tests/sim/kernel.c tests/sim/kernel.h

check_PROGRAMS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c $(fuzz_sources)
tests_fuzz_replay_LDADD = $(agent_libs)

if FUZZER
check_PROGRAMS += tests/fuzz/engine
tests_fuzz_engine_SOURCES = tests/fuzz/engine.c $(fuzz_sources)
tests_fuzz_engine_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_engine_LDADD = $(agent_libs)
endif

EXTRA_DIST += tests/fuzz/corpus
