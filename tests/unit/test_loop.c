/* SPDX-License-Identifier: ISC */
/* The loop: one timer that is set again, descriptors, signals. */
#include "common/io/loop.h"

#include <CUnit/CUnit.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "common/io/host.h"
#include "tests/unit/suites.h"

struct run {
	struct loop *loop;
	unsigned deadlines;
	unsigned reads;
	unsigned signals;
	unsigned want; /* deadlines until the loop is stopped */
	int pipe[2];
};

static void set_in_ms(struct run *r, int64_t ms)
{
	instant_t now = host_now().mono;

	loop_set_deadline(r->loop, instant_add(now, duration_ms(ms)), now);
}

static void on_deadline(void *arg)
{
	struct run *r = arg;

	if (++r->deadlines == r->want)
		loop_stop(r->loop);
	else
		set_in_ms(r, 1);
}

static void on_read(void *arg)
{
	struct run *r = arg;
	char octet;

	CU_ASSERT_EQUAL(read(r->pipe[0], &octet, 1), 1);
	r->reads++;
	if (r->reads == 3)
		loop_stop(r->loop);
}

static void on_signal(void *arg)
{
	struct run *r = arg;

	r->signals++;
	loop_stop(r->loop);
}

static void begin(struct run *r)
{
	*r = (struct run){ .pipe = { -1, -1 } };
	r->loop = loop_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->loop);
	CU_ASSERT_EQUAL(loop_on_deadline(r->loop, on_deadline, r), 0);
}

static void a_deadline_comes_once_and_may_be_set_again(void)
{
	struct run r;
	instant_t start;

	begin(&r);
	r.want = 5;
	start = host_now().mono;
	set_in_ms(&r, 1);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.deadlines, 5);
	CU_ASSERT_TRUE(instant_diff(host_now().mono, start).ns >= duration_ms(5).ns);
	loop_free(r.loop);
}

static void a_deadline_that_has_passed_comes_at_once(void)
{
	struct run r;

	begin(&r);
	r.want = 1;
	set_in_ms(&r, -5000);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.deadlines, 1);
	loop_free(r.loop);
}

static void the_last_deadline_set_is_the_one(void)
{
	struct run r;

	begin(&r);
	r.want = 1;
	set_in_ms(&r, 3600 * 1000);
	loop_set_deadline(r.loop, INSTANT_NEVER, host_now().mono);
	set_in_ms(&r, 1);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.deadlines, 1);
	loop_free(r.loop);
}

/* One octet a call: what is left is reported again. */
static void what_is_left_to_read_is_reported_again(void)
{
	struct loop_watch *w;
	struct run r;

	begin(&r);
	CU_ASSERT_EQUAL_FATAL(pipe(r.pipe), 0);
	w = loop_watch_fd(r.loop, r.pipe[0], on_read, &r);
	CU_ASSERT_PTR_NOT_NULL(w);
	CU_ASSERT_EQUAL(write(r.pipe[1], "abc", 3), 3);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.reads, 3);
	loop_unwatch(w);
	loop_unwatch(NULL);
	close(r.pipe[0]);
	close(r.pipe[1]);
	loop_free(r.loop);
}

struct again {
	struct run *r;
	struct loop_watch *w;
};

static void on_again(void *arg)
{
	const struct again *a = arg;

	a->r->reads++;
	if (a->r->reads == 3)
		loop_stop(a->r->loop);
	else
		loop_again(a->w);
}

/* Nothing is ever written, so the descriptor itself says nothing. */
static void who_keeps_something_is_called_again(void)
{
	struct again a;
	struct run r;

	begin(&r);
	CU_ASSERT_EQUAL_FATAL(pipe(r.pipe), 0);
	a.r = &r;
	a.w = loop_watch_fd(r.loop, r.pipe[0], on_again, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a.w);
	loop_again(a.w);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.reads, 3);
	loop_unwatch(a.w);
	close(r.pipe[0]);
	close(r.pipe[1]);
	loop_free(r.loop);
}

static unsigned yields;

/* In place of the C library's: how often the loop has let others run. */
int sched_yield(void)
{
	yields++;
	return 0;
}

static void on_stream(void *arg)
{
	struct run *r = arg;

	loop_gather(r->loop);
	on_read(arg);
}

/* What comes between two looks is handled before the loop sleeps. */
static void who_gathers_looks_again_and_sleeps(void)
{
	struct loop_watch *w;
	struct run r;
	clock_t spent;

	begin(&r);
	CU_ASSERT_EQUAL_FATAL(pipe(r.pipe), 0);
	w = loop_watch_fd(r.loop, r.pipe[0], on_stream, &r);
	CU_ASSERT_PTR_NOT_NULL(w);
	CU_ASSERT_EQUAL(write(r.pipe[1], "ab", 2), 2);
	r.want = 1;
	set_in_ms(&r, 200);
	spent = clock();
	yields = 0;
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(yields, 1);
	CU_ASSERT_EQUAL(r.reads, 2);
	CU_ASSERT_EQUAL(r.deadlines, 1);
	CU_ASSERT_TRUE(clock() - spent < CLOCKS_PER_SEC / 10);

	CU_ASSERT_EQUAL(write(r.pipe[1], "c", 1), 1);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.reads, 3);
	loop_unwatch(w);
	close(r.pipe[0]);
	close(r.pipe[1]);
	loop_free(r.loop);
}

static void signals_come_as_events(void)
{
	struct loop_watch *w;
	struct run r;

	begin(&r);
	w = loop_watch_signal(r.loop, SIGUSR1, on_signal, &r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	raise(SIGUSR1);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_EQUAL(r.signals, 1);
	loop_unwatch(w);
	loop_free(r.loop);
}

static void on_timer(void *arg)
{
	struct run *r = arg;

	r->reads++;
	loop_stop(r->loop);
}

/* Beside the deadline, which is the core's. */
static void timers_run_beside_the_deadline(void)
{
	struct run r;
	struct loop_watch *w;
	instant_t now = host_now().mono;

	begin(&r);
	w = loop_watch_timer(r.loop, on_timer, &r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	loop_set_timer(w, instant_add(now, duration_s(100)), now);
	loop_set_timer(w, INSTANT_NEVER, now);
	loop_set_timer(w, instant_add(now, duration_ms(2)), now);
	CU_ASSERT_EQUAL(loop_run(r.loop), 0);
	CU_ASSERT_TRUE(r.reads == 1 && r.deadlines == 0);
	CU_ASSERT_TRUE(instant_diff(host_now().mono, now).ns >= duration_ms(2).ns);
	loop_unwatch(w);
	loop_free(r.loop);
}

void suite_loop(void)
{
	CU_pSuite s = CU_add_suite("loop", NULL, NULL);

	CU_ADD_TEST(s, a_deadline_comes_once_and_may_be_set_again);
	CU_ADD_TEST(s, a_deadline_that_has_passed_comes_at_once);
	CU_ADD_TEST(s, the_last_deadline_set_is_the_one);
	CU_ADD_TEST(s, what_is_left_to_read_is_reported_again);
	CU_ADD_TEST(s, who_keeps_something_is_called_again);
	CU_ADD_TEST(s, who_gathers_looks_again_and_sleeps);
	CU_ADD_TEST(s, signals_come_as_events);
	CU_ADD_TEST(s, timers_run_beside_the_deadline);
}
