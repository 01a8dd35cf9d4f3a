/* SPDX-License-Identifier: ISC */
/*
 * The table of visitors, and the table of their life looked up by state and
 * event.
 */
#include "fa/visitor.h"

static const struct visitor_rule rules[] = {
#define VISITOR_RULE(state, event, action, next) { state, event, action, next },
#include "fa/visitor_rules.def"
};

const char *visitor_state_name(enum visitor_state s)
{
	static const char *const names[VISITOR_STATE_COUNT] = {
#define VISITOR_STATE(symbol, name) [symbol] = name,
#include "fa/visitor_rules.def"
	};

	return names[s];
}

enum visitor_state visitor_state(const struct visitor_entry *v)
{
	if (!v)
		return VISITOR_ABSENT;
	return visitor_is_held(v) ? VISITOR_HELD : VISITOR_ACTIVE;
}

const char *visitor_event_name(enum visitor_event e)
{
	static const char *const names[VISITOR_EVENT_COUNT] = {
#define VISITOR_EVENT(symbol, name) [symbol] = name,
#include "fa/visitor_rules.def"
	};

	return names[e];
}

const struct visitor_rule *visitor_rule(enum visitor_state state,
					enum visitor_event event)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].state == state && rules[i].event == event)
			return &rules[i];
	return NULL;
}

void visitor_init(struct visitor_table *t, struct timers *timers, int timer_kind,
		  uint32_t limit)
{
	*t = (struct visitor_table){
		.limit = limit,
		.timers = timers,
		.timer_kind = timer_kind,
	};
	list_init(&t->held);
	pool_init(&t->entries, sizeof(struct visitor_entry), 2 * (size_t)limit);
}

void visitor_fini(struct visitor_table *t)
{
	struct visitor_entry *v, *next;

	HASH_ITER(hh, t->by_home, v, next) {
		visitor_forget(t, v);
	}
	pool_fini(&t->entries);
}

void visitor_limit(struct visitor_table *t, uint32_t limit)
{
	t->limit = limit;
	if (t->entries.capacity < 2 * (size_t)limit)
		t->entries.capacity = 2 * (size_t)limit;
}

struct visitor_entry *visitor_find(const struct visitor_table *t, struct in_addr home)
{
	struct visitor_entry *v;

	HASH_FIND(hh, t->by_home, &home, sizeof(home), v);
	return v;
}

size_t visitor_count(const struct visitor_table *t)
{
	return HASH_COUNT(t->by_home) - t->held_count;
}

bool visitor_is_full(const struct visitor_table *t)
{
	return visitor_count(t) >= t->limit;
}

struct visitor_entry *visitor_admit(struct visitor_table *t, struct in_addr home)
{
	struct visitor_entry *v;

	if (visitor_is_full(t))
		return NULL;
	v = pool_take(&t->entries);
	if (!v)
		return NULL;
	v->home = home;
	list_init(&v->in_held);
	v->timer.kind = t->timer_kind;
	HASH_ADD(hh, t->by_home, home, sizeof(v->home), v);
	if (hashmap_added(v, hh))
		return v;
	pool_give(&t->entries, v);
	return NULL;
}

static void unlist(struct visitor_table *t, struct visitor_entry *v)
{
	if (list_empty(&v->in_held))
		return;
	list_remove(&v->in_held);
	t->held_count--;
}

static void list_if_held(struct visitor_table *t, struct visitor_entry *v)
{
	unlist(t, v);
	if (!visitor_is_held(v))
		return;
	list_add_tail(&t->held, &v->in_held);
	t->held_count++;
}

struct visitor_entry *visitor_held_too_many(const struct visitor_table *t)
{
	if (t->held_count <= t->limit)
		return NULL;
	return container_of(t->held.next, struct visitor_entry, in_held);
}

int visitor_set(struct visitor_table *t, struct visitor_entry *v,
		const struct visit *visit)
{
	int err = 0;

	if (instant_is_never(visit->expires))
		timers_cancel(t->timers, &v->timer);
	else
		err = timers_set(t->timers, &v->timer, visit->expires);
	if (err != 0)
		return err;
	v->visit = *visit;
	list_if_held(t, v);
	return 0;
}

void visitor_forget(struct visitor_table *t, struct visitor_entry *v)
{
	timers_cancel(t->timers, &v->timer);
	unlist(t, v);
	HASH_DEL(t->by_home, v);
	pool_give(&t->entries, v);
}

void visitor_each(const struct visitor_table *t,
		  void (*visit)(void *arg, const struct visitor_entry *v), void *arg)
{
	struct visitor_entry *v, *next;

	HASH_ITER(hh, t->by_home, v, next) {
		visit(arg, v);
	}
}
