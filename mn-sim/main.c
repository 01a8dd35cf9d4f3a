/* SPDX-License-Identifier: ISC */
/*
 * mn-sim, the mobile-node simulator.
 */
#include "mn-sim/mn_main.h"

int main(int argc, char **argv)
{
	return mn_main(argc, argv);
}
