# SPDX-License-Identifier: ISC

sim_sources = \
	tests/sim/agents.c \
	tests/sim/attacks.c \
	tests/sim/forwarding.c \
	tests/sim/invariants.c tests/sim/invariants.h \
	tests/sim/invariants_esp.c \
	tests/sim/kernel.c tests/sim/kernel.h \
	tests/sim/keys.c tests/sim/keys.h \
	tests/sim/network.c \
	tests/sim/random_world.c tests/sim/random_world.h \
	tests/sim/streams.c tests/sim/streams.h \
	tests/sim/world.c tests/sim/world.h

check_PROGRAMS += tests/sim/sim tests/sim/explore

# A new story: its function in one of these, one line in stories.def.
tests_sim_sim_SOURCES = tests/sim/sim.c tests/sim/stories.def tests/sim/story.h \
	tests/sim/stories_attack.c tests/sim/stories_esp.c tests/sim/stories_fault.c \
	tests/sim/stories_random.c tests/sim/stories_roam.c $(sim_sources)
tests_sim_sim_LDADD = $(agent_libs)

tests_sim_explore_SOURCES = tests/sim/explore.c $(sim_sources)
tests_sim_explore_LDADD = $(agent_libs)
