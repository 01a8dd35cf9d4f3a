/* SPDX-License-Identifier: ISC */
/*
 * Notes as lines of key=value text, limited by kind.
 *
 * Under a service manager that collects standard error (JOURNAL_STREAM) the
 * level prefix is the one it understands, "<6>".
 */
#include "common/io/log.h"

#include "common/base/bucket.h"
#include "common/wire/ipv4.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

enum { LINES_PER_SECOND = 20, LINES_AT_ONCE = 100 };

static const struct {
	const char *name;
	int priority; /* of syslog */
} levels[] = {
	[NOTE_DEBUG] = { "debug", LOG_DEBUG },
	[NOTE_INFO] = { "info", LOG_INFO },
	[NOTE_WARN] = { "warn", LOG_WARNING },
};

enum { LEVEL_COUNT = sizeof(levels) / sizeof(levels[0]) };

struct log {
	const char *program;
	enum log_to to;
	enum note_level level;
	bool journal;
	bool limited; /* the buckets have been filled */
	struct bucket bucket[NOTE_COUNT];
	uint64_t suppressed[NOTE_COUNT];
	log_follow_fn *follow;
	void *follow_arg;
};

struct log *log_new(const char *program)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->program = program;
	log->level = NOTE_INFO;
	log->journal = getenv("JOURNAL_STREAM") != NULL;
	return log;
}

void log_free(struct log *log)
{
	if (log && log->to == LOG_TO_SYSLOG)
		closelog();
	free(log);
}

void log_set(struct log *log, enum log_to to, enum note_level level)
{
	log->level = level;
	if (to == log->to)
		return;
	log->to = to;
	if (to == LOG_TO_SYSLOG)
		openlog(log->program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	else
		closelog();
}

void log_set_level(struct log *log, enum note_level level)
{
	log->level = level;
}

bool log_shows(const struct log *log, enum note_level level)
{
	return level >= log->level;
}

const char *log_level_name(enum note_level level)
{
	return levels[level].name;
}

bool log_level_by_name(const char *name, enum note_level *out)
{
	for (unsigned i = 0; i < LEVEL_COUNT; i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*out = (enum note_level)i;
			return true;
		}
	}
	return false;
}

static void write_line(const struct log *log, enum note_level level, const char *line)
{
	if (log->to == LOG_TO_SYSLOG)
		syslog(levels[level].priority, "%s", line);
	else if (log->journal)
		fprintf(stderr, "<%d>%s\n", levels[level].priority, line);
	else
		fprintf(stderr, "%s: %s: %s\n", log->program, levels[level].name, line);
}

void log_say(struct log *log, enum note_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;

	if (level < log->level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(log, level, line);
}

/* A line that is built piece by piece and cut when it is full. */
struct line {
	char *at;
	size_t left;
};

static void add(struct line *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->at, l->left, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= l->left)
		n = l->left ? (int)l->left - 1 : 0;
	l->at += n;
	l->left -= (size_t)n;
}

static void add_addr(struct line *l, const char *key, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (a.s_addr)
		add(l, " %s=%s", key, ipv4_text(a, text));
}

const char *log_note_text(const struct note *n, const char *interface, char *text,
			  size_t size)
{
	struct line l = { text, size };

	add(&l, "%s", note_name(n->kind));
	add_addr(&l, "home", n->home);
	add_addr(&l, "care-of", n->care_of);
	add_addr(&l, "agent", n->agent);
	add_addr(&l, "source", n->source);
	if (interface)
		add(&l, " interface=%s", interface);
	if (n->has_code)
		add(&l, " code=%u", n->code);
	if (n->lifetime)
		add(&l, " lifetime=%" PRIu32, n->lifetime);
	if (n->spi)
		add(&l, " spi=0x%08" PRIx32, n->spi);
	if (n->ident)
		add(&l, " ident=0x%016" PRIx64, n->ident);
	if (n->name)
		add(&l, " name=%s", n->name);
	add_addr(&l, "local", n->local);
	add_addr(&l, "remote", n->remote);
	if (n->encapsulation)
		add(&l, " encapsulation=%s", n->encapsulation);
	if (n->generation)
		add(&l, " generation=%" PRIu32, n->generation);
	if (n->packets)
		add(&l, " packets=%" PRIu64, n->packets);
	if (n->reason)
		add(&l, " reason=\"%s\"", n->reason);
	if (n->detail)
		add(&l, " detail=\"%s\"", n->detail);
	return text;
}

void log_follow(struct log *log, log_follow_fn *fn, void *arg)
{
	log->follow = fn;
	log->follow_arg = arg;
}

static void fill_buckets(struct log *log, instant_t now)
{
	for (unsigned i = 0; i < NOTE_COUNT; i++)
		bucket_init(&log->bucket[i], LINES_PER_SECOND, LINES_AT_ONCE, now);
	log->limited = true;
}

static bool may_write(struct log *log, enum note_kind kind, instant_t now)
{
	if (!log->limited)
		fill_buckets(log, now);
	if (bucket_take(&log->bucket[kind], now))
		return true;
	log->suppressed[kind]++;
	return false;
}

static void say_suppressed(struct log *log, enum note_kind kind)
{
	if (!log->suppressed[kind])
		return;
	log_say(log, note_level(kind), "%s suppressed=%" PRIu64, note_name(kind),
		log->suppressed[kind]);
	log->suppressed[kind] = 0;
}

void log_note(struct log *log, const struct note *n, const struct links *links,
	      struct now now)
{
	const bool shown = note_level(n->kind) >= log->level;
	const struct link *link;
	const char *interface;
	char line[LOG_LINE_MAX];

	if (!log->follow && !shown)
		return;
	link = links ? links_by_index(links, n->ifindex) : NULL;
	interface = link ? link->name : NULL;
	if (log->follow)
		log->follow(log->follow_arg, n, interface, now);
	if (!shown || !may_write(log, n->kind, now.mono))
		return;
	say_suppressed(log, n->kind);
	write_line(log, note_level(n->kind),
		   log_note_text(n, interface, line, sizeof(line)));
}
