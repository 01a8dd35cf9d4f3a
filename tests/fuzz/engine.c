/* SPDX-License-Identifier: ISC */
/*
 * libFuzzer on any target: the first argument names it, the rest are libFuzzer's
 * own options and folders of inputs. Built with ./configure CC=clang
 * --enable-fuzzer.
 *
 *     tests/fuzz/engine mip_msg -max_len=1400 -max_total_time=60 NEW corpus/mip_msg
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* In the environment the name reaches the processes that libFuzzer starts. */
#define NAME_VARIABLE "FUZZ_TARGET"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fuzz_target *target;

static int usage(void)
{
	fprintf(stderr, "usage: engine TARGET [libFuzzer options and folders]\n"
			"targets:");
	for (size_t n = 0; fuzz_name(n); n++)
		fprintf(stderr, " %s", fuzz_name(n));
	fputc('\n', stderr);
	exit(2);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv(NAME_VARIABLE);
	char **args = *argv;

	if (!name && *argc > 1) {
		name = args[1];
		memmove(&args[1], &args[2], (size_t)(*argc - 1) * sizeof(args[0]));
		(*argc)--;
	}
	target = name ? fuzz_find(name) : NULL;
	if (!target || setenv(NAME_VARIABLE, name, 1) < 0)
		return usage();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target(data, size);
	return 0;
}
