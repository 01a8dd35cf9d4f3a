/* SPDX-License-Identifier: ISC */
/* What the operator sees of a keying: states, times and counters, and no key. */
#include "common/keying/keying_private.h"

static const struct counter_row count_rows[KEYING_COUNTERS] = {
#define COUNTER(symbol, name, help) { name, help },
#include "common/keying/keying_count.def"
#undef COUNTER
};

/* As many as faults, and KEY_OK, which is never counted. */
static const struct counter_row fault_rows[KEY_FAULT_COUNT - 1] = {
#define KEY_FAULT(symbol, name, text) { name, text },
#include "common/keying/key_fault.def"
#undef KEY_FAULT
};

const char *keying_state_name(enum keying_state s)
{
	static const char *const names[KEYING_STATE_COUNT] = {
		[KEYING_IDLE] = "idle",
		[KEYING_WAITING] = "waiting",
		[KEYING_CONNECTING] = "connecting",
		[KEYING_UP] = "up",
		[KEYING_LINGERING] = "lingering",
	};

	return names[s];
}

static enum keying_state state_of(const struct key_peer *p)
{
	if (p->unusable != KEY_OK)
		return KEYING_IDLE;
	if (p->up)
		return p->current ? KEYING_UP : KEYING_LINGERING;
	return list_empty(&p->sessions) ? KEYING_WAITING : KEYING_CONNECTING;
}

/* The newest that the peer may send by. */
static const struct key_inbound *newest_inbound(const struct key_peer *p)
{
	const struct key_inbound *found = NULL;

	for (size_t i = 0; i < INBOUND_MAX; i++) {
		const struct key_inbound *in = &p->inbound[i];

		if (in->state == INBOUND_READY && (!found || in->order > found->order))
			found = in;
	}
	return found;
}

static void describe_keys(const struct key_peer *p, struct keying_status *out)
{
	const struct key_inbound *in = newest_inbound(p);

	if (in) {
		out->spi_in = in->spi;
		out->algorithm_in = in->algorithm;
	}
	out->spi_out = p->outbound.set ? p->outbound.spi : 0;
	out->algorithm_out = p->outbound.algorithm;
	out->generation = p->outbound.generation;
	out->esn = p->esn;
	out->carrier = p->carrier;
}

static void describe(const struct key_peer *p, struct keying_status *out)
{
	*out = (struct keying_status){
		.pair = p->spec.pair,
		.state = state_of(p),
		.certificate = p->spec.key_count == 0,
		.began = p->current && p->current->ours,
		.suite = p->current ? tls_suite(p->current->tls) : "",
		.up_since = p->current ? p->current->begun : INSTANT_NEVER,
		.keyed = p->keyed,
		.next_rekey = p->rekey_at,
		.next_attempt = p->next_attempt,
		.fault = p->fault,
		.detail = p->detail,
		.handshakes = p->handshakes,
		.failures = p->failures,
		.rekeys = p->rekeys,
	};
	describe_keys(p, out);
}

void keying_each_peer(const struct keying *k,
		      void (*visit)(void *arg, const struct keying_status *s),
		      void *arg)
{
	const struct key_peer *p;

	for (p = k->peers; p; p = p->hh.next) {
		struct keying_status s;

		describe(p, &s);
		visit(arg, &s);
	}
}

bool keying_status(const struct keying *k, struct keying_pair pair,
		   struct keying_status *out)
{
	const struct key_peer *p = key_peer_find(k, pair);

	if (p)
		describe(p, out);
	return p != NULL;
}

unsigned keying_counters(const struct keying *k, struct counter_set *sets,
			 unsigned room)
{
	const struct counter_set all[] = {
		{ "keying", count_rows, k->counts, KEYING_COUNTERS },
		{ "keying-fault", fault_rows, &k->faults[KEY_OK + 1],
		  KEY_FAULT_COUNT - 1 },
	};
	unsigned n = 0;

	for (; n < room && n < sizeof(all) / sizeof(all[0]); n++)
		sets[n] = all[n];
	return n;
}
