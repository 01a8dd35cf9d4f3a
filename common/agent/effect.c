/* SPDX-License-Identifier: ISC */
/*
 * The list of effects, and the names of effects and notes.  Their text is in
 * effect_text.c.
 */
#include "common/agent/effect.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

struct note_row {
	const char *name;
	enum note_level level;
	const char *text;
};

static const struct note_row notes[NOTE_COUNT] = {
#define NOTE(symbol, name, level, text) [symbol] = { name, level, text },
#include "common/agent/note.def"
#undef NOTE
};

const char *note_name(enum note_kind k)
{
	return notes[k].name;
}

enum note_level note_level(enum note_kind k)
{
	return notes[k].level;
}

const char *note_text(enum note_kind k)
{
	return notes[k].text;
}

void effect_list_init(struct effect_list *fx)
{
	*fx = (struct effect_list){ 0 };
}

void effect_list_fini(struct effect_list *fx)
{
	free(fx->at);
	effect_list_init(fx);
}

void effect_list_clear(struct effect_list *fx)
{
	fx->count = 0;
	fx->overflow = false;
}

static bool has_room(struct effect_list *fx)
{
	size_t room = fx->room ? 2 * fx->room : FIRST_ROOM;
	struct effect *at;

	if (fx->count < fx->room)
		return true;
	at = reallocarray(fx->at, room, sizeof(struct effect));
	if (!at)
		return false;
	fx->at = at;
	fx->room = room;
	return true;
}

/* What is cleared of an effect of a kind: octets that have a length are not. */
static size_t clear_of(enum effect_kind k)
{
	static const size_t sizes[EFFECT_KIND_COUNT] = {
		[EFFECT_FORWARD] = sizeof(struct fwd_edit),
		[EFFECT_ROUTE] = sizeof(struct effect_route),
		[EFFECT_RULE] = sizeof(struct effect_rule),
		[EFFECT_NEIGHBOUR] = sizeof(struct effect_neighbour),
		[EFFECT_ADDRESS] = sizeof(struct effect_address),
		[EFFECT_ARP_POLICY] = sizeof(struct effect_arp_policy),
		[EFFECT_PROTECT] = sizeof(struct effect_protect),
		[EFFECT_REMEMBER] = offsetof(struct effect_record, bytes),
		[EFFECT_SEND_ARP] = sizeof(struct effect_arp),
		[EFFECT_SEND_UDP] = offsetof(struct effect_udp, bytes),
		[EFFECT_SEND_LINK] = offsetof(struct effect_frame, bytes),
		[EFFECT_NOTE] = sizeof(struct note),
	};

	return offsetof(struct effect, forward) + sizes[k];
}

struct effect *effect_add(struct effect_list *fx, enum effect_kind kind, uint32_t txn,
			  struct in_addr home)
{
	struct effect *e = &fx->scratch;

	if (has_room(fx))
		e = &fx->at[fx->count++];
	else
		fx->overflow = true;
	memset(e, 0, clear_of(kind));
	e->kind = kind;
	e->txn = txn;
	e->home = home;
	return e;
}

void effect_note(struct effect_list *fx, struct note note)
{
	effect_add(fx, EFFECT_NOTE, 0, note.home)->note = note;
}

void effect_forward(struct effect_list *fx, uint32_t txn, const struct fwd_edit *edit)
{
	effect_add(fx, EFFECT_FORWARD, txn, edit->home)->forward = *edit;
}

const char *effect_name(enum effect_kind k)
{
	static const char *const names[EFFECT_KIND_COUNT] = {
		[EFFECT_FORWARD] = "forward",     [EFFECT_ROUTE] = "route",
		[EFFECT_RULE] = "rule",           [EFFECT_NEIGHBOUR] = "neighbour",
		[EFFECT_ADDRESS] = "address",     [EFFECT_ARP_POLICY] = "arp-policy",
		[EFFECT_PROTECT] = "protect",     [EFFECT_REMEMBER] = "remember",
		[EFFECT_SEND_ARP] = "send-arp",   [EFFECT_SEND_UDP] = "send-udp",
		[EFFECT_SEND_LINK] = "send-link", [EFFECT_NOTE] = "note",
	};

	return names[k];
}
