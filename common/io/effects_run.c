/* SPDX-License-Identifier: ISC */
/*
 * Effects in order, txn by txn.
 */
#include "common/io/effects_run.h"

/* A core that answers every failure with another attempt is not heard for ever. */
enum { ROUNDS_MAX = 8, FAILED_MAX = 32 };

/* The txns that failed in this round; the oldest is forgotten first. */
struct failed {
	uint32_t txn[FAILED_MAX];
	unsigned count;
};

static bool has_failed(const struct failed *f, uint32_t txn)
{
	unsigned n = f->count < FAILED_MAX ? f->count : FAILED_MAX;

	for (unsigned i = 0; i < n; i++)
		if (txn != 0 && f->txn[i] == txn)
			return true;
	return false;
}

static void run_one(const struct effect_actor *actor, const struct effect *e,
		    struct failed *failed, struct effect_list *more)
{
	int error;

	if (has_failed(failed, e->txn)) {
		actor->counts->by[IO_EFFECT_SKIPPED]++;
		return;
	}
	error = actor->act[e->kind](actor->arg, e);
	if (error == 0)
		return;
	actor->counts->by[IO_EFFECT_FAILED]++;
	failed->txn[failed->count++ % FAILED_MAX] = e->txn;
	actor->failed(actor->arg, e, -error, more);
}

static void run_round(const struct effect_actor *actor, const struct effect_list *fx,
		      struct effect_list *more)
{
	struct failed failed = { .count = 0 };

	for (size_t i = 0; i < fx->count; i++)
		run_one(actor, &fx->at[i], &failed, more);
}

void effects_run(const struct effect_actor *actor, struct effect_list *fx,
		 struct effect_list *spare)
{
	struct effect_list *now = fx, *next = spare;

	for (unsigned round = 0; round < ROUNDS_MAX && now->count > 0; round++) {
		struct effect_list *done = now;

		run_round(actor, now, next);
		effect_list_clear(done);
		now = next;
		next = done;
	}
	effect_list_clear(fx);
	effect_list_clear(spare);
}
