/* SPDX-License-Identifier: ISC */
/*
 * The log: one line an event, to standard error or to syslog.
 *
 *   info: binding-registered home=10.1.0.10 care-of=10.0.2.2 lifetime=300
 *
 * Events are notes from a core; most can be caused by strangers, so each kind
 * has a token bucket, and the next line that passes says how many were left
 * out.  Followers (`mipctl watch`) see every note.
 */
#ifndef COMMON_IO_LOG_H
#define COMMON_IO_LOG_H

#include "common/agent/config.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/base/clock.h"

struct log;

/* To standard error at level info until log_set().  NULL when out of memory. */
struct log *log_new(const char *program);
void log_free(struct log *log);

void log_set(struct log *log, enum log_to to, enum note_level level);
void log_set_level(struct log *log, enum note_level level);

/* Whether lines of that level are written, for those that cost something to make. */
bool log_shows(const struct log *log, enum note_level level);

/* An event.  `links` gives interfaces their names; may be NULL. */
void log_note(struct log *log, const struct note *n, const struct links *links,
	      struct now now);

/* A line of the edge's own; its causes are local, so it is not limited. */
void log_say(struct log *log, enum note_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Call `fn` with every note from now on; one follower.  NULL ends it. */
typedef void log_follow_fn(void *arg, const struct note *n, const char *interface,
			   struct now now);
void log_follow(struct log *log, log_follow_fn *fn, void *arg);

enum { LOG_LINE_MAX = 512 };

/* The fields of a note as key=value text; cut to `size`.  Returns `text`. */
const char *log_note_text(const struct note *n, const char *interface, char *text,
			  size_t size);

const char *log_level_name(enum note_level level);
bool log_level_by_name(const char *name, enum note_level *out);

#endif
