/* SPDX-License-Identifier: ISC */
/*
 * The live view.  Times are seconds since the scenario began.
 */
#include "mn-sim/live.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Keys that every event has; the rest is printed as key=value. */
static bool is_plain_key(const char *key)
{
	static const char *const plain[] = {"time", "program", "event", "level", "text"};

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

static void clear_status(struct live *l)
{
	if (l->status_open)
		fputs("\r\033[K", stdout);
	l->status_open = false;
}

static void print_time(const struct live *l, instant_t now)
{
	printf("%7.3f  ", (double)instant_diff(now, l->started).ns / 1e9);
}

void live_init(struct live *l, bool quiet)
{
	*l = (struct live){.quiet = quiet, .terminal = isatty(STDOUT_FILENO)};
}

void live_start(struct live *l, instant_t now)
{
	l->started = now;
}

void live_say(struct live *l, instant_t now, const char *text)
{
	if (l->quiet)
		return;
	clear_status(l);
	print_time(l, now);
	printf("%s\n", text);
	fflush(stdout);
}

static void print_field(const char *key, const json_t *value)
{
	if (json_is_string(value))
		printf(" %s=%s", key, json_string_value(value));
	else if (json_is_integer(value))
		printf(" %s=%lld", key, (long long)json_integer_value(value));
}

void live_event(struct live *l, instant_t now, const char *program, const json_t *event)
{
	const char *key;
	json_t *value;

	if (l->quiet || is_debug(event))
		return;
	clear_status(l);
	print_time(l, now);
	printf("%-5s %-22s", program, json_string_value(json_object_get(event, "event")));
	json_object_foreach((json_t *)event, key, value)
		if (!is_plain_key(key))
			print_field(key, value);
	printf("\n");
	fflush(stdout);
}

void live_status(struct live *l, instant_t now, const char *text)
{
	if (l->quiet)
		return;
	clear_status(l);
	print_time(l, now);
	printf("  | %s%s", text, l->terminal ? "" : "\n");
	l->status_open = l->terminal;
	fflush(stdout);
}

void live_end(struct live *l)
{
	if (l->status_open)
		printf("\n");
	l->status_open = false;
}
