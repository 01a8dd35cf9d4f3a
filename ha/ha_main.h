/* SPDX-License-Identifier: ISC */
/*
 * The program mip-ha.
 */
#ifndef HA_HA_MAIN_H
#define HA_HA_MAIN_H

int ha_main(int argc, char **argv);

#endif
