/* SPDX-License-Identifier: ISC */
/*
 * `mn-sim swarm`: many mobile nodes at once, to load agents with.
 */
#ifndef MN_SIM_SWARM_MAIN_H
#define MN_SIM_SWARM_MAIN_H

/* Run with its own arguments, argv[0] being "swarm"; the exit status. */
int swarm_main(int argc, char **argv);

#endif
