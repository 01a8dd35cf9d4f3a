/* SPDX-License-Identifier: ISC */
/*
 * Clocks by clock_gettime(2), random bytes by getrandom(2), and the kernel's
 * opinion of its clock by adjtimex(2).
 */
#include "common/io/host.h"

#include "common/base/hashmap.h"
#include "common/base/ntp64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct now host_now(void)
{
	struct timespec mono = { 0 }, wall = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct now){
		.mono = { (int64_t)mono.tv_sec * 1000000000 + mono.tv_nsec },
		.ntp = ntp64_from_timespec(wall),
	};
}

static void fill(void *state, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	(void)state;
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno != EINTR)
			abort(); /* nothing secure can be done without it */
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

struct rng host_rng(void)
{
	return (struct rng){ .fill = fill };
}

void host_seed_tables(void)
{
	uint8_t key[16];

	fill(NULL, key, sizeof(key));
	hashmap_set_key(key);
}

bool host_clock_is_kept(void)
{
	struct timex t = { .modes = 0 };

	return adjtimex(&t) != TIME_ERROR;
}

bool host_has_module(const char *name)
{
	char path[64];
	int n = snprintf(path, sizeof(path), "/sys/module/%s", name);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}
