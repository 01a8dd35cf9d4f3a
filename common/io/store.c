/* SPDX-License-Identifier: ISC */
/*
 * A store, written with LMDB.
 *
 * The file that is written is always one that this run has made: the one that is
 * there at the start is read (store_read.h), and replaced once its successor is
 * complete.  One program has the folder, so that LMDB needs no locks; nothing reads
 * while we write.
 *
 * With STORE_SYNC_SECOND a commit goes to the kernel's memory alone, and a thread that
 * knows nothing but the descriptor waits for the disk: the loop, and with it every
 * packet, would wait otherwise.  A power cut may then leave a file in disorder, since
 * LMDB's pages were not written in the order that it counts on; what can be read of
 * it is restored.
 */
#define _GNU_SOURCE
#include "common/io/store.h"

#include "common/io/store_read.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_ROOM = CONF_PATH_MAX + 16,
	FLUSH_S = 1,
	RETRY_S = 10,
	/* A record, its page's share of room left free, and pages about to be freed. */
	ROOM_PER_RECORD = 2048,
	ROOM_AT_LEAST = 8 << 20,
};

/* Waits for the disk. */
struct flush {
	bool going;
	pthread_t thread;
	int fd;
	int error;
	atomic_bool done;
};

struct store {
	struct store_options options;
	char name[CONF_PATH_MAX]; /* of the folder */
	char path[PATH_ROOM], fresh[PATH_ROOM], bad[PATH_ROOM];
	size_t room;  /* of a file, at most */
	int folder;   /* locked */
	MDB_env *env; /* NULL: not working */
	MDB_dbi all;
	MDB_txn *txn; /* since the first put of a batch */
	int error;    /* of the batch: an errno or LMDB's */
	bool unwritten;
	bool failing; /* and that has been told */
	struct flush flush;
	instant_t next;
};

static void say(const struct store *st, enum note_level level, const char *what,
		const char *why)
{
	log_say(st->options.log, level, "store=%s %s%s%s", st->name, what,
		why ? ": " : "", why ? why : "");
}

/* -- The disk, by a thread -------------------------------------------------- */

static void *flush_main(void *arg)
{
	struct flush *f = arg;

	f->error = fdatasync(f->fd) == 0 ? 0 : errno;
	atomic_store(&f->done, true);
	return NULL;
}

/* Signals are for the loop. */
static void flush_begin(struct flush *f, int fd)
{
	sigset_t all, before;

	f->fd = fd;
	f->error = 0;
	atomic_store(&f->done, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	f->going = pthread_create(&f->thread, NULL, flush_main, f) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!f->going)
		flush_main(f);
}

/* Waits, if it must.  0 or an errno. */
static int flush_end(struct flush *f)
{
	int error;

	if (f->going)
		pthread_join(f->thread, NULL);
	error = f->error;
	f->going = false;
	f->error = 0;
	return error;
}

static void flush_next(struct store *st)
{
	int fd;

	if (st->unwritten && mdb_env_get_fd(st->env, &fd) == 0)
		flush_begin(&st->flush, fd);
	st->unwritten = false;
}

/* -- A file ----------------------------------------------------------------- */

static void drop_env(struct store *st)
{
	if (st->txn)
		mdb_txn_abort(st->txn);
	(void)flush_end(&st->flush);
	if (st->env)
		mdb_env_close(st->env);
	st->txn = NULL;
	st->env = NULL;
	st->error = 0;
	st->unwritten = false;
}

/* A file that says less than is so must not be found by the next start. */
static void give_up(struct store *st, int error, instant_t now)
{
	drop_env(st);
	unlink(st->fresh);
	unlink(st->path);
	if (error == MDB_MAP_FULL)
		st->room *= 2;
	st->options.counts->by[IO_STORE_FAILED]++;
	if (!st->failing)
		say(st, NOTE_WARN,
		    "does not take what is to be remembered; service goes on without "
		    "it, and it is tried again",
		    mdb_strerror(error));
	st->failing = true;
	st->next = instant_add(now, duration_s(RETRY_S));
}

static int begin_txn(struct store *st)
{
	return st->txn ? 0 : mdb_txn_begin(st->env, NULL, 0, &st->txn);
}

static int commit_txn(struct store *st)
{
	MDB_txn *txn = st->txn;

	st->txn = NULL; /* gone, whatever comes of it */
	return txn ? mdb_txn_commit(txn) : 0;
}

static int put(struct store *st, const void *key, size_t key_len, const void *bytes,
	       size_t len)
{
	MDB_val k = { key_len, (void *)key }, v = { len, (void *)bytes };
	int error = begin_txn(st);

	if (error == 0)
		error = len > 0 ? mdb_put(st->txn, st->all, &k, &v, 0)
				: mdb_del(st->txn, st->all, &k, NULL);
	return error == MDB_NOTFOUND ? 0 : error;
}

static int open_fresh(struct store *st)
{
	int error;

	unlink(st->fresh);
	error = mdb_env_create(&st->env);
	if (error != 0)
		return error;
	error = mdb_env_set_mapsize(st->env, st->room);
	if (error == 0)
		error = mdb_env_open(st->env, st->fresh,
				     MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600);
	if (error == 0)
		error = begin_txn(st);
	if (error == 0)
		error = mdb_dbi_open(st->txn, NULL, 0, &st->all);
	return error ? error : put(st, STORE_MARK, strlen(STORE_MARK), "1", 1);
}

/* All of it is on the disk before it has the name that a start looks for. */
static int finish_fresh(struct store *st)
{
	int error = st->error ? st->error : commit_txn(st);

	if (error == 0)
		error = mdb_env_sync(st->env, 1);
	if (error != 0)
		return error;
	if (rename(st->fresh, st->path) != 0 || fsync(st->folder) != 0)
		return errno;
	if (st->options.sync == STORE_SYNC_BATCH)
		return mdb_env_set_flags(st->env, MDB_NOSYNC, 0);
	return 0;
}

/* -- Life ------------------------------------------------------------------- */

static int make_one(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

/* With what is above it, one level, as /var/lib/sojourn. */
static int make_folder(const char *path)
{
	char above[CONF_PATH_MAX];
	int error = make_one(path, 0700);
	char *slash;

	if (error != -ENOENT)
		return error;
	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	if (!slash || slash == above)
		return error;
	*slash = '\0';
	error = make_one(above, 0755);
	return error ? error : make_one(path, 0700);
}

static size_t room_for(size_t records)
{
	return records * ROOM_PER_RECORD + ROOM_AT_LEAST;
}

static int lock_folder(struct store *st)
{
	st->folder = open(st->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (st->folder < 0)
		return -errno;
	if (flock(st->folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int store_open(struct store **out, const struct store_options *options)
{
	struct store *st = calloc(1, sizeof(*st));
	int error;

	*out = NULL;
	if (!st)
		return -ENOMEM;
	st->options = *options;
	st->room = room_for(options->records);
	st->folder = -1;
	st->next = INSTANT_NEVER;
	snprintf(st->name, sizeof(st->name), "%s", options->folder);
	snprintf(st->path, PATH_ROOM, "%s/records.mdb", st->name);
	snprintf(st->fresh, PATH_ROOM, "%s/records.new", st->name);
	snprintf(st->bad, PATH_ROOM, "%s/records.bad", st->name);
	error = make_folder(st->name);
	if (error == 0)
		error = lock_folder(st);
	if (error != 0) {
		store_close(st);
		return error;
	}
	*out = st;
	return 0;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	if (st->env && !st->error && commit_txn(st) == 0)
		(void)mdb_env_sync(st->env, 1);
	drop_env(st);
	if (st->folder >= 0)
		close(st->folder);
	free(st);
}

size_t store_restore(struct store *st, store_visit *visit, void *arg)
{
	size_t count = 0;
	int error;

	if (!st)
		return 0;
	error = store_read(st->path, visit, arg, &count);
	if (error == 0 || error == -ENOENT)
		return count;
	say(st, NOTE_WARN,
	    error == -EBADMSG
		    ? "is damaged, or is no store of ours; what could be read of it is "
		      "restored, and it is kept as records.bad"
		    : "cannot be read; it is kept as records.bad",
	    error == -EBADMSG ? NULL : strerror(-error));
	if (rename(st->path, st->bad) != 0)
		say(st, NOTE_WARN, "has a records.mdb that cannot be renamed",
		    strerror(errno));
	return count;
}

void store_begin(struct store *st, instant_t now)
{
	int error;

	if (!st)
		return;
	st->next = INSTANT_NEVER;
	error = open_fresh(st);
	if (error == 0) {
		st->options.fill(st->options.arg, st);
		error = finish_fresh(st);
	}
	if (error != 0) {
		give_up(st, error, now);
		return;
	}
	if (st->failing)
		say(st, NOTE_INFO, "holds again what is to be remembered", NULL);
	st->failing = false;
}

void store_put(struct store *st, struct in_addr key, const uint8_t *bytes, size_t len)
{
	if (!st)
		return;
	if (!st->env)
		st->options.counts->by[IO_STORE_MISSED]++;
	else if (st->error == 0)
		st->error = put(st, &key, sizeof(key), bytes, len);
}

void store_commit(struct store *st, instant_t now)
{
	int error;

	if (!st || !st->env || (!st->txn && !st->error))
		return;
	error = st->error ? st->error : commit_txn(st);
	if (error != 0) {
		give_up(st, error, now);
		return;
	}
	st->unwritten = st->options.sync == STORE_SYNC_SECOND;
	if (st->unwritten && instant_is_never(st->next))
		st->next = instant_add(now, duration_s(FLUSH_S));
}

void store_lost(struct store *st, instant_t now)
{
	if (st && st->env)
		give_up(st, ENOMEM, now);
}

/* Should the room that is open not grow, it will when it is full (give_up()). */
void store_expect(struct store *st, size_t records)
{
	if (!st || room_for(records) <= st->room)
		return;
	st->room = room_for(records);
	if (st->env && !st->txn)
		(void)mdb_env_set_mapsize(st->env, st->room);
}

instant_t store_next(const struct store *st)
{
	return st ? st->next : INSTANT_NEVER;
}

void store_due(struct store *st, instant_t now)
{
	int error = 0;

	if (!st || !instant_due(st->next, now))
		return;
	if (!st->env) {
		store_begin(st, now);
		return;
	}
	st->next = instant_add(now, duration_s(FLUSH_S));
	if (st->flush.going && !atomic_load(&st->flush.done))
		return;
	error = flush_end(&st->flush);
	if (error != 0) {
		give_up(st, error, now);
		return;
	}
	if (st->unwritten)
		flush_next(st);
	else
		st->next = INSTANT_NEVER;
}

struct store_status store_status(const struct store *st)
{
	struct store_status status = { 0 };
	MDB_stat stat;

	if (!st || !st->env || mdb_env_stat(st->env, &stat) != 0)
		return status;
	status.working = true;
	status.records = stat.ms_entries - 1; /* the mark */
	return status;
}
