/* SPDX-License-Identifier: ISC */
/*
 * Who may be in the forwarding table: many that read, or one that writes. Readers
 * come once a vector of packets, so that what a lock costs is shared by all of them,
 * and leave it soon: they wait for nothing inside.
 */
#define _GNU_SOURCE
#include "common/tunnel/fwd_private.h"

/* Edits do not wait for a pause in the traffic. */
static int init_table(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	int error = pthread_rwlockattr_init(&attr);

	if (error != 0)
		return -error;
	(void)pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	error = pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -error;
}

static int init_recursive(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int error = pthread_mutexattr_init(&attr);

	if (error != 0)
		return -error;
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	error = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -error;
}

int fwd_locks_init(struct fwd *f)
{
	int error = init_table(&f->table);

	if (error != 0)
		return error;
	error = init_recursive(&f->holder);
	if (error != 0)
		goto no_holder;
	error = -pthread_mutex_init(&f->turn, NULL);
	if (error != 0)
		goto no_turn;
	return 0;

no_turn:
	pthread_mutex_destroy(&f->holder);
no_holder:
	pthread_rwlock_destroy(&f->table);
	return error;
}

void fwd_locks_fini(struct fwd *f)
{
	pthread_mutex_destroy(&f->turn);
	pthread_mutex_destroy(&f->holder);
	pthread_rwlock_destroy(&f->table);
}

void fwd_set_lanes(struct fwd *f, unsigned lanes)
{
	f->lanes = lanes;
}

void fwd_enter(struct fwd *f)
{
	pthread_rwlock_rdlock(&f->table);
}

void fwd_leave(struct fwd *f)
{
	pthread_rwlock_unlock(&f->table);
}

void fwd_hold(struct fwd *f)
{
	pthread_mutex_lock(&f->holder);
	if (f->held++ == 0)
		pthread_rwlock_wrlock(&f->table);
}

void fwd_release(struct fwd *f)
{
	if (--f->held == 0)
		pthread_rwlock_unlock(&f->table);
	pthread_mutex_unlock(&f->holder);
}

void fwd_take_turn(struct fwd *f)
{
	pthread_mutex_lock(&f->turn);
}

void fwd_end_turn(struct fwd *f)
{
	pthread_mutex_unlock(&f->turn);
}
