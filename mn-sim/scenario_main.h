/* SPDX-License-Identifier: ISC */
/*
 * The commands `mn-sim scenario` and `mn-sim report`.
 */
#ifndef MN_SIM_SCENARIO_MAIN_H
#define MN_SIM_SCENARIO_MAIN_H

int scenario_main(int argc, char **argv);
int report_main(int argc, char **argv);

#endif
