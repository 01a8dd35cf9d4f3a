/* SPDX-License-Identifier: ISC */
/*
 * A running agent: a core, the edges around it, and the loop that joins them.
 * Events go in, effects come out and are performed; between events the loop
 * waits for the core's next deadline.
 */
#ifndef COMMON_SHELL_AGENT_SHELL_H
#define COMMON_SHELL_AGENT_SHELL_H

#include "common/agent/effect.h"
#include "common/base/clock.h"
#include "common/shell/agent_program.h"
#include "common/tunnel/fwd.h"

struct agent_shell;

/* Run `program` with its command line, to the end.  The exit status. */
int agent_shell_main(const struct agent_program *program, int argc, char **argv);

/* For requests of a program's own. */

/*
 * Begin a change of the core: the list that its effects go into, and the time.
 * agent_shell_done() performs them.
 */
struct effect_list *agent_shell_begin(struct agent_shell *s, struct now *now);
void agent_shell_done(struct agent_shell *s);

void *agent_shell_core(struct agent_shell *s);
const struct links *agent_shell_links(const struct agent_shell *s);

/*
 * Answers `clear WHAT ADDR`: `clear` makes the core forget what it has of a home
 * address, and says how many that were.
 */
void agent_answer_clear(struct agent_shell *s, const char *what,
			unsigned (*clear)(void *core, struct in_addr home,
					  struct now now, struct effect_list *fx),
			const char *argument, struct ctl_reply *reply);

/* Where the faults of a configuration go, one line each. */
struct agent_faults {
	void (*say)(void *arg, const char *line);
	void *arg;
};

/* Read the configuration again.  False, after saying why, if the old one stays. */
bool agent_shell_reload(struct agent_shell *s, const struct agent_faults *faults);

#endif
