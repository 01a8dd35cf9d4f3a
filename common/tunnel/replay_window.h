/* SPDX-License-Identifier: ISC */
/*
 * The anti-replay window of an inbound association (RFC 4303 3.4.3): which of the
 * last `size` sequence numbers have come.  A ring of words, of which one more is
 * kept than the window covers, so that moving it clears words and never shifts
 * (RFC 6479 2).
 *
 * Numbers are 64 bits wide here.  Without extended numbers the high half is 0; with
 * them it is not on the wire and is inferred (RFC 4303 A2.2).  Nothing resynchronises
 * a receiver that has lost more than 2^31 packets in a row (A3 is optional): a new
 * association does.
 */
#ifndef COMMON_TUNNEL_REPLAY_WINDOW_H
#define COMMON_TUNNEL_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPLAY_WINDOW_MIN = 64,
	REPLAY_WINDOW_MAX = 4096,
	REPLAY_WORDS_MAX = 128, /* a power of two over 4096 / 64 */
};

struct replay_window {
	uint64_t top; /* the highest number that was accepted; 0: none yet */
	uint32_t size;
	uint32_t word_mask; /* words in use, less one */
	bool esn;
	uint64_t words[REPLAY_WORDS_MAX];
};

/* `size` from REPLAY_WINDOW_MIN to REPLAY_WINDOW_MAX, any number between. */
void replay_window_init(struct replay_window *w, uint32_t size, bool esn);

/* The whole number of a packet that says `low`. */
uint64_t replay_window_infer(const struct replay_window *w, uint32_t low);

/* True if it lies right of the window, or in it and has not come; 0 never has. */
bool replay_window_is_new(const struct replay_window *w, uint64_t sequence);

/* It came and is authentic.  It must be new. */
void replay_window_accept(struct replay_window *w, uint64_t sequence);

#endif
