/* SPDX-License-Identifier: ISC */
/*
 * mip-fa, the foreign agent.
 */
#include "fa/fa_main.h"

int main(int argc, char **argv)
{
	return fa_main(argc, argv);
}
