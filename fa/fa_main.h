/* SPDX-License-Identifier: ISC */
/*
 * The program mip-fa.
 */
#ifndef FA_FA_MAIN_H
#define FA_FA_MAIN_H

int fa_main(int argc, char **argv);

#endif
