/* SPDX-License-Identifier: ISC */
/*
 * The anti-replay window as a ring of words (RFC 6479 2) and the inference of the
 * high half of extended sequence numbers (RFC 4303 A2.2). The word of a number is
 * the number without its low 6 bits, modulo the ring.
 *
 *     ... | word of top - size | ... | word of top | to be cleared | ...
 *                      |<---- window ------->|
 */
#include "common/tunnel/replay_window.h"

#include <assert.h>

enum { WORD_BITS = 64, WORD_SHIFT = 6 };

void replay_window_init(struct replay_window *w, uint32_t size, bool esn)
{
	uint32_t words = 1;

	assert(size >= REPLAY_WINDOW_MIN && size <= REPLAY_WINDOW_MAX);
	/* A window that begins within a word touches one word more. */
	while (words < (size + WORD_BITS - 1) / WORD_BITS + 1)
		words *= 2;
	*w = (struct replay_window){ .size = size, .word_mask = words - 1, .esn = esn };
}

uint64_t replay_window_infer(const struct replay_window *w, uint32_t low)
{
	uint32_t high = (uint32_t)(w->top >> 32);
	uint32_t top = (uint32_t)w->top;
	uint32_t bottom = top - (w->size - 1); /* modulo 2^32 */

	if (!w->esn)
		return low;
	if (top >= w->size - 1) {
		if (low < bottom)
			high++; /* past the last half there is: left of the window */
	} else if (low >= bottom && high > 0) {
		high--; /* the window reaches back into the half before */
	}
	return (uint64_t)high << 32 | low;
}

static uint64_t *word_of(struct replay_window *w, uint64_t sequence)
{
	return &w->words[sequence >> WORD_SHIFT & w->word_mask];
}

static uint64_t bit_of(uint64_t sequence)
{
	return UINT64_C(1) << sequence % WORD_BITS;
}

bool replay_window_is_new(const struct replay_window *w, uint64_t sequence)
{
	if (sequence == 0)
		return false;
	if (sequence > w->top)
		return true;
	if (w->top - sequence >= w->size)
		return false;
	return !(w->words[sequence >> WORD_SHIFT & w->word_mask] & bit_of(sequence));
}

/* Words between the old top and the new one hold numbers of an earlier round. */
static void move_top(struct replay_window *w, uint64_t sequence)
{
	uint64_t steps = (sequence >> WORD_SHIFT) - (w->top >> WORD_SHIFT);

	if (steps > w->word_mask)
		steps = (uint64_t)w->word_mask + 1;
	for (uint64_t i = 0; i < steps; i++)
		*word_of(w, sequence - i * WORD_BITS) = 0;
	w->top = sequence;
}

void replay_window_accept(struct replay_window *w, uint64_t sequence)
{
	assert(replay_window_is_new(w, sequence));
	if (sequence > w->top)
		move_top(w, sequence);
	*word_of(w, sequence) |= bit_of(sequence);
}
