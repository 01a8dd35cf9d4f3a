/* SPDX-License-Identifier: ISC */
/*
 * The live view.  Times are seconds since the scenario began.
 */
#include "mn-sim/live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Events carry wall-clock times; so does everything here. */
static double wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Keys that every event has; the rest is printed as key=value. */
static bool is_plain_key(const char *key)
{
	static const char *const plain[] = { "time", "program", "event", "level",
					     "text" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(key, plain[i]) == 0)
			return true;
	return false;
}

/* Periodic advertisements and the like would drown what matters. */
static bool is_debug(const json_t *event)
{
	const char *level = json_string_value(json_object_get(event, "level"));

	return level && strcmp(level, "debug") == 0;
}

static void begin_line(struct live *l, double time)
{
	if (l->status_open)
		fputs("\r\033[K", stdout);
	l->status_open = false;
	printf("%7.3f  ", time - l->started);
}

static void print_field(const char *key, const json_t *value)
{
	if (json_is_string(value))
		printf(" %s=%s", key, json_string_value(value));
	else if (json_is_integer(value))
		printf(" %s=%lld", key, (long long)json_integer_value(value));
}

static void show_event(struct live *l, const struct live_line *line)
{
	const char *key;
	json_t *value;

	begin_line(l, line->time);
	printf("%-5s %-22s", line->program,
	       json_string_value(json_object_get(line->event, "event")));
	json_object_foreach(line->event, key, value)
		if (!is_plain_key(key))
			print_field(key, value);
	printf("\n");
	json_decref(line->event);
}

/* Show those from before `time`; they are held in order. */
static void show_until(struct live *l, double time)
{
	size_t n = 0;

	while (n < l->held_count && l->held[n].time < time)
		show_event(l, &l->held[n++]);
	l->held_count -= n;
	memmove(l->held, l->held + n, l->held_count * sizeof(l->held[0]));
	if (n)
		fflush(stdout);
}

void live_init(struct live *l, bool quiet)
{
	*l = (struct live){ .quiet = quiet, .terminal = isatty(STDOUT_FILENO) };
}

void live_fini(struct live *l)
{
	for (size_t i = 0; i < l->held_count; i++)
		json_decref(l->held[i].event);
	l->held_count = 0;
}

void live_start(struct live *l)
{
	l->started = wall_clock();
}

void live_say(struct live *l, const char *text)
{
	double now = wall_clock();

	if (l->quiet)
		return;
	show_until(l, now);
	begin_line(l, now);
	printf("%s\n", text);
	fflush(stdout);
}

void live_event(struct live *l, const char *program, const json_t *event)
{
	struct live_line line = { .program = program };
	size_t at;

	if (l->quiet || is_debug(event))
		return;
	if (l->held_count == LIVE_HELD_MAX)
		live_flush_all(l);
	line.time = json_number_value(json_object_get(event, "time"));
	line.event = json_incref((json_t *)event);
	for (at = l->held_count; at > 0 && l->held[at - 1].time > line.time; at--)
		l->held[at] = l->held[at - 1];
	l->held[at] = line;
	l->held_count++;
}

void live_flush(struct live *l)
{
	show_until(l, wall_clock() - LIVE_HOLD_MS / 1e3);
}

void live_flush_all(struct live *l)
{
	show_until(l, INFINITY);
}

void live_status(struct live *l, const char *text)
{
	if (l->quiet)
		return;
	begin_line(l, wall_clock());
	printf("  | %s%s", text, l->terminal ? "" : "\n");
	l->status_open = l->terminal;
	fflush(stdout);
}

void live_end(struct live *l)
{
	live_flush_all(l);
	if (l->status_open)
		printf("\n");
	l->status_open = false;
}
