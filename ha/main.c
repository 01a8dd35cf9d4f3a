/* SPDX-License-Identifier: ISC */
/*
 * mip-ha, the home agent.
 */
#include "ha/ha_main.h"

int main(int argc, char **argv)
{
	return ha_main(argc, argv);
}
