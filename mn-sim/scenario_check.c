/* SPDX-License-Identifier: ISC */
/*
 * What the parts of a scenario must be among each other, so that a run does not fail
 * halfway, or tell of one flow what another did.
 */
#include "mn-sim/scenario_config.h"

#include "common/agent/effect.h"
#include "common/conf/schema.h"

#include <string.h>

/* A part that others must not be called like. */
struct part {
	const char *element;
	const char *name;
	int line;
};

static bool has_end(const struct scenario_config *s, const char *name)
{
	for (unsigned i = 0; i < s->end_count; i++)
		if (strcmp(s->end[i].name, name) == 0)
			return true;
	return false;
}

static void check_ends(const struct scenario_config *s, struct conf_check *c,
		       const char *element, int line, const char *from, const char *to)
{
	if (!has_end(s, from))
		conf_fault(c->faults, line, element, "from", "there is no end \"%s\"",
			   from);
	if (!has_end(s, to))
		conf_fault(c->faults, line, element, "to", "there is no end \"%s\"",
			   to);
}

static void check_flows(const struct scenario_config *s, struct conf_check *c)
{
	for (unsigned i = 0; i < s->udp_count; i++)
		check_ends(s, c, "udp", s->udp[i].line, s->udp[i].from, s->udp[i].to);
	for (unsigned i = 0; i < s->tcp_count; i++)
		check_ends(s, c, "tcp", s->tcp[i].line, s->tcp[i].from, s->tcp[i].to);
	for (unsigned i = 0; i < s->replay_count; i++)
		check_ends(s, c, "replay", s->replay[i].line, s->replay[i].from,
			   s->replay[i].to);
}

static struct part end_at(const struct scenario_config *s, unsigned i)
{
	return (struct part){ "end", s->end[i].name, s->end[i].line };
}

static struct part watch_at(const struct scenario_config *s, unsigned i)
{
	return (struct part){ "watch", s->watch[i].name, s->watch[i].line };
}

/* The report knows flows of all kinds by their names. */
static struct part flow_at(const struct scenario_config *s, unsigned i)
{
	if (i < s->udp_count)
		return (struct part){ "udp", s->udp[i].name, s->udp[i].line };
	i -= s->udp_count;
	if (i < s->tcp_count)
		return (struct part){ "tcp", s->tcp[i].name, s->tcp[i].line };
	i -= s->tcp_count;
	return (struct part){ "replay", s->replay[i].name, s->replay[i].line };
}

static void check_names(const struct scenario_config *s, struct conf_check *c,
			struct part (*at)(const struct scenario_config *s, unsigned i),
			unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct part later = at(s, i);
		bool taken = false;

		for (unsigned j = 0; j < i && !taken; j++)
			taken = strcmp(at(s, j).name, later.name) == 0;
		if (taken)
			conf_fault(c->faults, later.line, later.element, "name",
				   "\"%s\" is the name of another", later.name);
	}
}

static bool is_event(const char *name)
{
	for (enum note_kind k = 0; k < NOTE_COUNT; k++)
		if (strcmp(note_name(k), name) == 0)
			return true;
	return false;
}

static unsigned nodes_watched(const struct scenario_config *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->watch_count; i++)
		n += s->watch[i].node;
	return n;
}

/* Nothing would ever end such a move. */
static void check_expected(const struct scenario_config *s, struct conf_check *c,
			   const struct scenario_move *m)
{
	if (!*m->expect)
		return;
	if (!is_event(m->expect))
		conf_fault(c->faults, m->line, "move", "expect",
			   "there is no event \"%s\"", m->expect);
	else if (nodes_watched(s) == 0)
		conf_fault(c->faults, m->line, "move", "expect",
			   "no <watch> is of the node");
}

static void check_times(const struct scenario_config *s, struct conf_check *c,
			unsigned i)
{
	const struct scenario_move *m = &s->move[i];

	if (i > 0 && m->at.ns <= m[-1].at.ns)
		conf_fault(c->faults, m->line, "move", "at",
			   "not later than the move before it");
	else if (i > 0 && m->at.ns <= m[-1].at.ns + m[-1].unplugged.ns)
		conf_fault(c->faults, m->line, "move", "at",
			   "the cable is still unplugged by the move before it");
	if (m->at.ns + m->unplugged.ns >= s->duration.ns)
		conf_fault(c->faults, m->line, "move", "at",
			   "not before the end of the scenario");
}

static void check_moves(const struct scenario_config *s, struct conf_check *c)
{
	for (unsigned i = 0; i < s->move_count; i++) {
		check_times(s, c, i);
		check_expected(s, c, &s->move[i]);
	}
	if (s->move_count && !*s->cable)
		conf_fault(c->faults, c->line, "scenario", "cable",
			   "missing, and there are moves");
	if (nodes_watched(s) > 1)
		conf_fault(c->faults, c->line, "scenario", NULL,
			   "more than one <watch> is of the node");
}

void scenario_check(void *object, struct conf_check *c)
{
	const struct scenario_config *s = object;

	check_names(s, c, end_at, s->end_count);
	check_names(s, c, flow_at, s->udp_count + s->tcp_count + s->replay_count);
	check_names(s, c, watch_at, s->watch_count);
	check_flows(s, c);
	check_moves(s, c);
}
