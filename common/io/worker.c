/* SPDX-License-Identifier: ISC */
/*
 * Threads with a loop. One that has something for another to do leaves it with a
 * descriptor that the other's loop watches, and waits.
 */
#define _GNU_SOURCE
#include "common/io/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
	pthread_t thread;
	struct loop *loop;
	int wake;
	struct loop_watch *watch;
	sem_t done;
	loop_fn *fn; /* to be done */
	void *arg;
};

unsigned worker_processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return count > 0 ? (unsigned)count : 1;
}

static void on_wake(void *arg)
{
	struct worker *w = arg;
	uint64_t times;

	if (read(w->wake, &times, sizeof(times)) != sizeof(times))
		return;
	w->fn(w->arg);
	sem_post(&w->done);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	(void)loop_run(w->loop);
	return NULL;
}

static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_unwatch(w->watch);
	loop_free(w->loop);
	if (w->wake >= 0)
		close(w->wake);
	sem_destroy(&w->done);
	free(w);
}

int worker_start(struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));
	int error = -ENOMEM;

	if (!w)
		return -ENOMEM;
	sem_init(&w->done, 0, 0);
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->loop = loop_new();
	if (w->wake >= 0 && w->loop)
		w->watch = loop_watch_fd(w->loop, w->wake, on_wake, w);
	if (w->watch)
		error = start_thread(w);
	if (error != 0) {
		worker_free(w);
		return error;
	}
	*out = w;
	return 0;
}

struct loop *worker_loop(struct worker *w)
{
	return w->loop;
}

void worker_do(struct worker *w, loop_fn *fn, void *arg)
{
	const uint64_t once = 1;

	w->fn = fn;
	w->arg = arg;
	while (write(w->wake, &once, sizeof(once)) < 0 && errno == EINTR)
		;
	while (sem_wait(&w->done) < 0)
		; /* interrupted */
}

static void stop(void *loop)
{
	loop_stop(loop);
}

void worker_rest(struct worker *w)
{
	worker_do(w, stop, w->loop);
	pthread_join(w->thread, NULL);
}
