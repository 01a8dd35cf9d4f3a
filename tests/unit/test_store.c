/* SPDX-License-Identifier: ISC */
/* The store on a disk: what outlives it, damage of every kind, and no room. */
#include "common/io/store.h"
#include "common/io/store_read.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suites.h"

enum { MANY = 1000, RECORD = 60, PATH_ROOM = 96 };

struct shelf {
	char root[32], folder[48];
	struct log *log;
	struct io_counts counts;
	struct store *store;
	enum store_sync sync;
	instant_t now;
	unsigned to_fill; /* records that `fill` puts */
	unsigned seen;
	uint32_t sum; /* of their keys */
};

static struct in_addr key(uint32_t n)
{
	return (struct in_addr){ htonl(0x0a010000 + n) };
}

static void put(struct shelf *s, uint32_t n, size_t len)
{
	uint8_t bytes[RECORD];

	memset(bytes, (int)n, sizeof(bytes));
	store_put(s->store, key(n), bytes, len);
}

static void fill(void *arg, struct store *st)
{
	struct shelf *s = arg;

	s->store = st;
	for (uint32_t n = 0; n < s->to_fill; n++)
		put(s, n, RECORD);
}

static void see(void *arg, struct in_addr k, struct reader record)
{
	struct shelf *s = arg;
	uint32_t n = ntohl(k.s_addr) - 0x0a010000;

	s->seen++;
	s->sum += n;
	CU_ASSERT_EQUAL(reader_left(&record), RECORD);
	CU_ASSERT_EQUAL(read_u8(&record), (uint8_t)n);
}

/* Noise may look like a record. */
static void ignore(void *arg, struct in_addr k, struct reader record)
{
	(void)arg;
	(void)k;
	(void)record;
}

static const char *file(const struct shelf *s, const char *name, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "%s/%s", s->folder, name);
	return path;
}

static bool is_there(const struct shelf *s, const char *name)
{
	char path[PATH_ROOM];

	return access(file(s, name, path), F_OK) == 0;
}

static int open_store(struct shelf *s)
{
	const struct store_options o = { .folder = s->folder,
					 .sync = s->sync,
					 .records = 10,
					 .log = s->log,
					 .counts = &s->counts,
					 .fill = fill,
					 .arg = s };

	return store_open(&s->store, &o);
}

/* As a start has it: what was there, then a file of our own. */
static void start(struct shelf *s)
{
	s->seen = s->sum = 0;
	CU_ASSERT_EQUAL_FATAL(open_store(s), 0);
	CU_ASSERT_EQUAL(store_restore(s->store, see, s), s->seen);
	store_begin(s->store, s->now);
}

static void set_up(struct shelf *s)
{
	*s = (struct shelf){ .root = "/tmp/sojourn-XXXXXX" };
	s->log = log_new("test");
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->log);
	log_set(s->log, LOG_TO_STDERR, (enum note_level)(NOTE_WARN + 1)); /* nothing */
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->root));
	/* one more level, which the store makes itself */
	snprintf(s->folder, sizeof(s->folder), "%s/above/folder", s->root);
}

static void tear_down(struct shelf *s)
{
	static const char *const names[] = { "records.mdb", "records.new",
					     "records.bad" };
	char path[PATH_ROOM];

	store_close(s->store);
	log_free(s->log);
	for (unsigned i = 0; i < 3; i++)
		unlink(file(s, names[i], path));
	CU_ASSERT_EQUAL(rmdir(s->folder), 0); /* nothing else is left */
	snprintf(path, sizeof(path), "%s/above", s->root);
	rmdir(path);
	rmdir(s->root);
}

/* The program ends without a word: the file is as the last commit left it. */
static void kill_store(struct shelf *s)
{
	char from[PATH_ROOM], aside[PATH_ROOM], command[2 * PATH_ROOM + 16];

	snprintf(command, sizeof(command), "cp %s %s", file(s, "records.mdb", from),
		 file(s, "aside", aside));
	CU_ASSERT_EQUAL(system(command), 0);
	store_close(s->store);
	s->store = NULL;
	CU_ASSERT_EQUAL(rename(aside, from), 0);
}

static void what_was_put_is_there_again(void)
{
	struct shelf s;
	struct stat st;

	for (enum store_sync sync = STORE_SYNC_SECOND; sync <= STORE_SYNC_BATCH;
	     sync++) {
		set_up(&s);
		s.sync = sync;
		start(&s);
		CU_ASSERT_EQUAL(s.seen, 0);
		CU_ASSERT_EQUAL(stat(s.folder, &st), 0);
		CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
		for (uint32_t n = 0; n < MANY; n++) {
			put(&s, n, RECORD);
			if (n % 100 == 0)
				store_commit(s.store, s.now);
		}
		put(&s, 7, RECORD); /* once more */
		put(&s, 8, 0);      /* forgotten */
		put(&s, MANY, 0);   /* was never there */
		store_commit(s.store, s.now);
		CU_ASSERT_EQUAL(store_status(s.store).records, MANY - 1);
		kill_store(&s);
		start(&s);
		CU_ASSERT_EQUAL(s.seen, MANY - 1);
		CU_ASSERT_EQUAL(s.sum, MANY * (MANY - 1) / 2 - 8);
		/* A new file has been begun with what `fill` put: nothing. */
		CU_ASSERT_EQUAL(store_status(s.store).records, 0);
		tear_down(&s);
	}
}

static void what_is_not_committed_is_not_kept(void)
{
	struct shelf s;

	set_up(&s);
	start(&s);
	put(&s, 1, RECORD);
	store_commit(s.store, s.now);
	put(&s, 2, RECORD);
	kill_store(&s);
	start(&s);
	CU_ASSERT_EQUAL(s.seen, 1);
	tear_down(&s);
}

static void the_disk_follows_within_a_second(void)
{
	struct shelf s;

	set_up(&s);
	start(&s);
	CU_ASSERT_TRUE(instant_is_never(store_next(s.store)));
	put(&s, 1, RECORD);
	store_commit(s.store, s.now);
	for (unsigned turns = 0; !instant_is_never(store_next(s.store)); turns++) {
		CU_ASSERT_TRUE_FATAL(turns < 100);
		CU_ASSERT_TRUE(instant_diff(store_next(s.store), s.now).ns <=
			       duration_s(1).ns);
		s.now = store_next(s.store);
		store_due(s.store, s.now);
		usleep(1000);
	}
	CU_ASSERT_TRUE(store_status(s.store).working);
	tear_down(&s);
}

static void a_folder_has_one_owner(void)
{
	struct shelf s, other;

	set_up(&s);
	start(&s);
	other = s;
	CU_ASSERT_EQUAL(open_store(&other), -EBUSY);
	CU_ASSERT_PTR_NULL(other.store);
	tear_down(&s);
}

static void no_folder_is_an_error(void)
{
	struct shelf s;
	struct store *store;
	struct store_options o;

	set_up(&s);
	start(&s);
	o = (struct store_options){ .folder = "/proc/sojourn/none", .log = s.log };
	CU_ASSERT_TRUE(store_open(&store, &o) < 0);
	o.folder = "/dev/null";
	CU_ASSERT_EQUAL(store_open(&store, &o), -ENOTDIR);
	CU_ASSERT_PTR_NULL(store);
	/* and no store is none */
	store_put(NULL, key(1), (const uint8_t *)"", 1);
	store_commit(NULL, s.now);
	store_due(NULL, s.now);
	store_lost(NULL, s.now);
	CU_ASSERT_TRUE(instant_is_never(store_next(NULL)));
	CU_ASSERT_FALSE(store_status(NULL).working);
	tear_down(&s);
}

/* -- Damage ----------------------------------------------------------------- */

static long size_of(const struct shelf *s)
{
	char path[PATH_ROOM];
	struct stat st = { 0 };

	CU_ASSERT_EQUAL(stat(file(s, "records.mdb", path), &st), 0);
	return (long)st.st_size;
}

/* A full store, with its file open for whoever spoils it. */
static FILE *spoil_begin(struct shelf *s)
{
	char path[PATH_ROOM];
	FILE *f;

	set_up(s);
	start(s);
	for (uint32_t n = 0; n < MANY; n++)
		put(s, n, RECORD);
	store_commit(s->store, s->now);
	kill_store(s);
	f = fopen(file(s, "records.mdb", path), "r+");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	return f;
}

/* It starts, with what can be read, and goes on with a file of its own. */
static void check_starts(struct shelf *s)
{
	start(s);
	CU_ASSERT_TRUE(s->seen <= MANY);
	CU_ASSERT_TRUE(store_status(s->store).working);
	put(s, 1, RECORD);
	store_commit(s->store, s->now);
	kill_store(s);
	start(s);
	CU_ASSERT_EQUAL(s->seen, 1);
}

static void what_is_cut_off_is_set_aside(void)
{
	for (unsigned eighths = 0; eighths < 8; eighths++) {
		struct shelf s;
		FILE *f = spoil_begin(&s);

		CU_ASSERT_EQUAL(ftruncate(fileno(f), size_of(&s) * eighths / 8), 0);
		fclose(f);
		check_starts(&s);
		CU_ASSERT_TRUE(is_there(&s, "records.bad"));
		tear_down(&s);
	}
}

static uint8_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (uint8_t)(*state >> 24);
}

/* From every page on: its first octets, which are its header, or all of it. */
static void noise_ends_no_program(void)
{
	uint32_t state = 1;

	for (long page = 0; page < 12; page++) {
		for (unsigned octets = 16; octets <= 4096; octets += 4080) {
			struct shelf s;
			FILE *f = spoil_begin(&s);

			fseek(f, page * 4096, SEEK_SET);
			for (unsigned i = 0; i < octets; i++)
				fputc(noise(&state), f);
			fclose(f);
			CU_ASSERT_EQUAL_FATAL(open_store(&s), 0);
			(void)store_restore(s.store, ignore, NULL);
			store_begin(s.store, s.now);
			CU_ASSERT_TRUE(store_status(s.store).working);
			tear_down(&s);
		}
	}
}

static void what_is_not_ours_is_set_aside(void)
{
	MDB_val k = { 4, (void *)"abcd" }, v = { 3, (void *)"efg" };
	char path[PATH_ROOM];
	struct shelf s;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi all;

	set_up(&s);
	start(&s);
	store_close(s.store);
	file(&s, "records.mdb", path);
	unlink(path);
	CU_ASSERT_EQUAL(mdb_env_create(&env), 0);
	CU_ASSERT_EQUAL(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
	CU_ASSERT_EQUAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
	CU_ASSERT_EQUAL(mdb_dbi_open(txn, NULL, 0, &all), 0);
	CU_ASSERT_EQUAL(mdb_put(txn, all, &k, &v, 0), 0);
	CU_ASSERT_EQUAL(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	CU_ASSERT_EQUAL(open_store(&s), 0);
	(void)store_restore(s.store, ignore, NULL);
	CU_ASSERT_TRUE(is_there(&s, "records.bad"));
	store_begin(s.store, s.now);
	tear_down(&s);
}

/* -- Failures --------------------------------------------------------------- */

static void a_full_store_is_begun_anew(void)
{
	uint8_t large[60000] = { 0 };
	struct shelf s;

	set_up(&s);
	s.to_fill = 3;
	start(&s);
	for (uint32_t n = 10; n < 400; n++)
		store_put(s.store, key(n), large, sizeof(large));
	store_commit(s.store, s.now);
	CU_ASSERT_EQUAL(s.counts.by[IO_STORE_FAILED], 1);
	CU_ASSERT_FALSE(store_status(s.store).working);
	CU_ASSERT_FALSE(is_there(&s, "records.mdb")); /* it would be out of date */
	put(&s, 1, RECORD);
	store_commit(s.store, s.now);
	CU_ASSERT_EQUAL(s.counts.by[IO_STORE_MISSED], 1);
	s.now = store_next(s.store);
	store_due(s.store, s.now);
	CU_ASSERT_TRUE(store_status(s.store).working);
	CU_ASSERT_EQUAL(store_status(s.store).records, 3);
	kill_store(&s);
	start(&s);
	CU_ASSERT_EQUAL(s.seen, 3);
	tear_down(&s);
}

/* What did not fit a moment ago. */
static void a_store_grows_with_what_is_expected(void)
{
	uint8_t large[60000] = { 0 };
	struct shelf s;

	set_up(&s);
	start(&s);
	store_expect(s.store, 20000);
	for (uint32_t n = 10; n < 400; n++)
		store_put(s.store, key(n), large, sizeof(large));
	store_commit(s.store, s.now);
	CU_ASSERT_EQUAL(s.counts.by[IO_STORE_FAILED], 0);
	CU_ASSERT_EQUAL(store_status(s.store).records, 390);
	store_expect(s.store, 1); /* never smaller */
	put(&s, 1, RECORD);
	store_commit(s.store, s.now);
	CU_ASSERT_TRUE(store_status(s.store).working);
	store_expect(NULL, 1);
	tear_down(&s);
}

static void what_got_lost_is_a_failure(void)
{
	struct shelf s;

	set_up(&s);
	s.to_fill = 2;
	start(&s);
	store_lost(s.store, s.now);
	CU_ASSERT_FALSE(is_there(&s, "records.mdb"));
	CU_ASSERT_EQUAL(s.counts.by[IO_STORE_FAILED], 1);
	s.now = store_next(s.store);
	store_due(s.store, s.now);
	CU_ASSERT_EQUAL(store_status(s.store).records, 2);
	tear_down(&s);
}

void suite_store(void)
{
	CU_pSuite s = CU_add_suite("store", NULL, NULL);

	CU_add_test(s, "what was put is there again", what_was_put_is_there_again);
	CU_add_test(s, "what is not committed is not kept",
		    what_is_not_committed_is_not_kept);
	CU_add_test(s, "the disk follows within a second",
		    the_disk_follows_within_a_second);
	CU_add_test(s, "a folder has one owner", a_folder_has_one_owner);
	CU_add_test(s, "no folder is an error", no_folder_is_an_error);
	CU_add_test(s, "what is cut off is set aside", what_is_cut_off_is_set_aside);
	CU_add_test(s, "noise ends no program", noise_ends_no_program);
	CU_add_test(s, "what is not ours is set aside", what_is_not_ours_is_set_aside);
	CU_add_test(s, "a full store is begun anew", a_full_store_is_begun_anew);
	CU_add_test(s, "a store grows with what is expected",
		    a_store_grows_with_what_is_expected);
	CU_add_test(s, "what got lost is a failure", what_got_lost_is_a_failure);
}
