/* SPDX-License-Identifier: ISC */
/*
 * `mn-sim node`: a real mobile node on a real interface.
 */
#ifndef MN_SIM_MN_NODE_H
#define MN_SIM_MN_NODE_H

/* Run with its own arguments, argv[0] being "node"; the exit status. */
int mn_node_main(int argc, char **argv);

#endif
