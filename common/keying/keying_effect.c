/* SPDX-License-Identifier: ISC */
/*
 * The list of effects, and their text.  Key material is wiped with the effect that
 * carries it, also when the list moves as it grows.
 */
#include "common/keying/keying_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

void keying_effects_init(struct keying_effects *fx)
{
	*fx = (struct keying_effects){ 0 };
}

static bool carries_key(const struct keying_effect *e)
{
	return e->kind == KEYING_SA_IN_ADD || e->kind == KEYING_SA_OUT_SET;
}

void keying_effects_clear(struct keying_effects *fx)
{
	for (size_t i = 0; i < fx->count; i++) {
		if (carries_key(&fx->at[i]))
			secret_fini(&fx->at[i].sa.material);
		if (fx->at[i].kind == KEYING_SEND)
			free(fx->at[i].bytes.at);
	}
	fx->count = 0;
	fx->overflow = false;
}

void keying_effects_fini(struct keying_effects *fx)
{
	keying_effects_clear(fx);
	free(fx->at);
	keying_effects_init(fx);
}

/* What moves is a pointer to the material, not the material. */
static bool has_room(struct keying_effects *fx)
{
	size_t room = fx->room ? 2 * fx->room : FIRST_ROOM;
	struct keying_effect *at;

	if (fx->count < fx->room)
		return true;
	at = reallocarray(fx->at, room, sizeof(*at));
	if (!at)
		return false;
	fx->at = at;
	fx->room = room;
	return true;
}

struct keying_effect *keying_effect_add(struct keying_effects *fx,
					enum keying_effect_kind kind,
					struct keying_pair pair, uint32_t stream)
{
	struct keying_effect *e;

	if (!has_room(fx)) {
		fx->overflow = true;
		return NULL;
	}
	e = &fx->at[fx->count++];
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->pair = pair;
	e->stream = stream;
	return e;
}

const char *keying_effect_name(enum keying_effect_kind k)
{
	static const char *const names[KEYING_EFFECT_COUNT] = {
		[KEYING_CONNECT] = "connect",
		[KEYING_SEND] = "send",
		[KEYING_CLOSE] = "close",
		[KEYING_SA_IN_ADD] = "sa-in-add",
		[KEYING_SA_IN_DEL] = "sa-in-del",
		[KEYING_SA_OUT_SET] = "sa-out-set",
		[KEYING_SA_OUT_CLEAR] = "sa-out-clear",
		[KEYING_PEER_UP] = "peer-up",
		[KEYING_PEER_DOWN] = "peer-down",
		[KEYING_NOTE] = "note",
	};

	return names[k];
}

const char *keying_note_name(enum keying_note_kind k)
{
	static const char *const names[KEYING_NOTE_COUNT] = {
		[KEYING_NOTE_UP] = "keys-up",
		[KEYING_NOTE_DOWN] = "keys-down",
		[KEYING_NOTE_REKEYED] = "keys-changed",
		[KEYING_NOTE_FAILED] = "keys-failed",
		[KEYING_NOTE_REFUSED] = "keys-connection-refused",
	};

	return names[k];
}

static int describe_sa(const struct keying_sa *sa, char *text, size_t size)
{
	return snprintf(text, size, "spi=%u algorithm=%s esn=%d generation=%u",
			(unsigned)sa->spi, esp_algorithm_info(sa->algorithm)->name,
			sa->esn, (unsigned)sa->generation);
}

static int describe_note(const struct keying_note *n, char *text, size_t size)
{
	return snprintf(text, size, "%s fault=%s detail=%s generation=%u",
			keying_note_name(n->kind), key_fault_name(n->fault),
			n->detail ? n->detail : "", (unsigned)n->generation);
}

static int describe_rest(const struct keying_effect *e, char *text, size_t size)
{
	switch (e->kind) {
	case KEYING_SEND:
		return snprintf(text, size, "octets=%zu", e->bytes.len);
	case KEYING_SA_IN_ADD:
	case KEYING_SA_OUT_SET:
		return describe_sa(&e->sa, text, size);
	case KEYING_SA_IN_DEL:
		return snprintf(text, size, "spi=%u", (unsigned)e->sa.spi);
	case KEYING_CLOSE:
	case KEYING_PEER_DOWN:
		return snprintf(text, size, "fault=%s", key_fault_name(e->fault));
	case KEYING_NOTE:
		return describe_note(&e->note, text, size);
	default:
		return 0;
	}
}

const char *keying_effect_describe(const struct keying_effect *e, char *text,
				   size_t size)
{
	char local[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN], rest[160] = "";

	inet_ntop(AF_INET, &e->pair.local, local, sizeof(local));
	inet_ntop(AF_INET, &e->pair.remote, remote, sizeof(remote));
	describe_rest(e, rest, sizeof(rest));
	snprintf(text, size, "%s local=%s remote=%s stream=%u %s",
		 keying_effect_name(e->kind), local, remote, (unsigned)e->stream, rest);
	return text;
}
