/* SPDX-License-Identifier: ISC */
/*
 * Records that outlive the program, by address, in a folder of their own:
 *
 *   records.mdb  what the program remembers, kept by LMDB
 *   records.new  the next one, while it is filled
 *   records.bad  one that could not be read to its end, kept to be looked at
 *
 * What has been put is with the kernel once store_commit() returns, and outlives the
 * program however that ends.  On the disk it is within a second, or, with
 * STORE_SYNC_BATCH, once store_commit() returns.
 *
 * A store that missed something is worse than none: what has ended would come back.
 * So a failure removes the file, and from time to time a new one is tried, with all
 * that there is to remember.
 */
#ifndef COMMON_IO_STORE_H
#define COMMON_IO_STORE_H

#include "common/agent/config.h"
#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/io/io_count.h"
#include "common/io/log.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct store;

struct store_options {
	const char *folder;
	enum store_sync sync;
	size_t records; /* about as many as there will be */
	struct log *log;
	struct io_counts *counts;

	/* Puts all that there is to remember. */
	void (*fill)(void *arg, struct store *st);
	void *arg;
};

/*
 * Make the folder if it is not there, and keep others out of it.  0 or -errno; -EBUSY
 * when another has it.  NULL is fine for all that follow: nothing is kept.
 */
int store_open(struct store **out, const struct store_options *options);

/* What was put stays for the next start. */
void store_close(struct store *st);

/*
 * Have every record that the last run left, before store_begin().  Returns how many;
 * damage is told to the log, and ends it early.
 */
size_t store_restore(struct store *st,
		     void (*visit)(void *arg, struct in_addr key, struct reader record),
		     void *arg);

/* From now on the store holds what `fill` puts, and what is put later. */
void store_begin(struct store *st, instant_t now);

/* A record instead of what was there; with `len` 0 none. */
void store_put(struct store *st, struct in_addr key, const uint8_t *bytes, size_t len);

/* What has been put since the last time is to outlive the program. */
void store_commit(struct store *st, instant_t now);

/* Something that was to be put got lost on the way: a failure of the store. */
void store_lost(struct store *st, instant_t now);

/* About as many records as there will be from now on. */
void store_expect(struct store *st, size_t records);

/* When store_due() wants to be called; INSTANT_NEVER if there is nothing to do. */
instant_t store_next(const struct store *st);
void store_due(struct store *st, instant_t now);

struct store_status {
	bool working;
	size_t records;
};

struct store_status store_status(const struct store *st);

#endif
