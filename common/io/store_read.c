/* SPDX-License-Identifier: ISC */
/*
 * The child writes each record into a pipe, as address, length, bytes; how it ended
 * says whether these were all.
 */
#define _GNU_SOURCE
#include "common/io/store_read.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KEY_LEN = 4,
	RECORD_LEN_MAX = UINT16_MAX,
	CHILD_SECONDS = 20, /* should damage have led it into a loop */
	FIRST_ROOM = 1 << 16,
};

/* -- The child -------------------------------------------------------------- */

static void write_record(FILE *to, const MDB_val *key, const MDB_val *value)
{
	const uint8_t len[2] = { (uint8_t)(value->mv_size >> 8),
				 (uint8_t)value->mv_size };

	fwrite(key->mv_data, key->mv_size, 1, to);
	fwrite(len, sizeof(len), 1, to);
	fwrite(value->mv_data, value->mv_size, 1, to);
}

/*
 * Everything to the last entry: true.  The mark must be among it, and it cannot be
 * more than `size`, that of the file, unless it goes round in a circle.
 */
static bool write_all(MDB_cursor *cursor, off_t size, FILE *to)
{
	bool marked = false;
	MDB_val key, value;
	int r;

	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		size -= (off_t)(key.mv_size + value.mv_size);
		if (size < 0)
			return false;
		if (key.mv_size == strlen(STORE_MARK) &&
		    memcmp(key.mv_data, STORE_MARK, key.mv_size) == 0)
			marked = true;
		else if (key.mv_size != KEY_LEN || value.mv_size > RECORD_LEN_MAX)
			return false;
		else
			write_record(to, &key, &value);
	}
	return r == MDB_NOTFOUND && marked;
}

static bool dump(const char *path, FILE *to)
{
	struct stat file;
	MDB_cursor *cursor;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi all;

	return stat(path, &file) == 0 && mdb_env_create(&env) == 0 &&
	       mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0) ==
		       0 &&
	       mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 &&
	       mdb_dbi_open(txn, NULL, 0, &all) == 0 &&
	       mdb_cursor_open(txn, all, &cursor) == 0 &&
	       write_all(cursor, file.st_size, to) && fclose(to) == 0;
}

/* A signal is to end the child in silence, whoever watches for them in the parent. */
static _Noreturn void be_child(const char *path, int pipe)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM };
	FILE *to = fdopen(pipe, "w");

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	alarm(CHILD_SECONDS);
	/* LMDB says on standard error what it gives up for; we say that it did. */
	if (!freopen("/dev/null", "w", stderr))
		_exit(EXIT_FAILURE);
	_exit(to && dump(path, to) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* -- The parent ------------------------------------------------------------- */

struct heard {
	uint8_t *bytes;
	size_t len, room;
};

static int grow(struct heard *h)
{
	size_t room = h->room ? 2 * h->room : FIRST_ROOM;
	uint8_t *bytes = realloc(h->bytes, room);

	if (!bytes)
		return -ENOMEM;
	h->bytes = bytes;
	h->room = room;
	return 0;
}

static int hear(int pipe, struct heard *h)
{
	for (;;) {
		int error = h->len == h->room ? grow(h) : 0;
		ssize_t got;

		if (error != 0)
			return error;
		got = read(pipe, h->bytes + h->len, h->room - h->len);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		h->len += got > 0 ? (size_t)got : 0;
	}
}

static size_t visit_all(const struct heard *h, store_visit *visit, void *arg)
{
	struct reader in = reader_over(h->bytes, h->len);
	size_t count = 0;

	while (reader_left(&in) > 0) {
		struct in_addr key = read_addr(&in);
		struct reader record = reader_split(&in, read_u16(&in));

		if (record.bad)
			break;
		visit(arg, key, record);
		count++;
	}
	return count;
}

/* 0 if the child has told all that there was. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBADMSG;
}

int store_read(const char *path, store_visit *visit, void *arg, size_t *count)
{
	struct heard h = { 0 };
	int ends[2], error, ended;
	pid_t child;

	*count = 0;
	if (access(path, F_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	child = fork();
	if (child == 0)
		be_child(path, ends[1]);
	error = child < 0 ? -errno : 0;
	close(ends[1]);
	if (error == 0)
		error = hear(ends[0], &h);
	close(ends[0]); /* a child that is not heard to the end may end, too */
	ended = child > 0 ? wait_for(child) : 0;
	*count = visit_all(&h, visit, arg);
	free(h.bytes);
	return error ? error : ended;
}
