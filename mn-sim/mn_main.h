/* SPDX-License-Identifier: ISC */
/*
 * The program mn-sim: its commands.
 */
#ifndef MN_SIM_MN_MAIN_H
#define MN_SIM_MN_MAIN_H

int mn_main(int argc, char **argv);

#endif
