/* SPDX-License-Identifier: ISC */
/*
 * The list of effects, and effects as lines.
 */
#include "common/agent/effect.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suites.h"

static const struct in_addr nobody;

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

static void grows_and_keeps_the_order(void)
{
	struct effect_list fx;

	effect_list_init(&fx);
	for (uint32_t i = 1; i <= 100; i++)
		effect_add(&fx, EFFECT_ROUTE, i, addr(i))->route.metric = i;
	CU_ASSERT_EQUAL(fx.count, 100);
	CU_ASSERT_FALSE(fx.overflow);
	for (uint32_t i = 1; i <= 100; i++) {
		CU_ASSERT_EQUAL(fx.at[i - 1].txn, i);
		CU_ASSERT_EQUAL(fx.at[i - 1].home.s_addr, htonl(i));
		CU_ASSERT_EQUAL(fx.at[i - 1].route.metric, i);
	}
	effect_list_fini(&fx);
}

/* But for octets that go by a length, which is 0. */
static bool is_clear(const struct effect *e)
{
	static const struct effect none;

	switch (e->kind) {
	case EFFECT_FORWARD:
		return memcmp(&e->forward, &none.forward, sizeof(e->forward)) == 0;
	case EFFECT_ROUTE:
		return memcmp(&e->route, &none.route, sizeof(e->route)) == 0;
	case EFFECT_RULE:
		return memcmp(&e->rule, &none.rule, sizeof(e->rule)) == 0;
	case EFFECT_NEIGHBOUR:
		return e->neighbour.ifindex == 0 && !e->neighbour.add;
	case EFFECT_ADDRESS:
		return e->address.ifindex == 0 && !e->address.add;
	case EFFECT_ARP_POLICY:
		return e->arp_policy.ifindex == 0 && !e->arp_policy.answer;
	case EFFECT_REMEMBER:
		return e->record.len == 0;
	case EFFECT_PROTECT:
		return e->protect.local.s_addr == 0 && e->protect.policy == 0;
	case EFFECT_SEND_ARP:
		return memcmp(&e->arp, &none.arp, sizeof(e->arp)) == 0;
	case EFFECT_SEND_UDP:
		return e->udp.len == 0 && e->udp.ttl == 0 && e->udp.dst_port == 0;
	case EFFECT_SEND_LINK:
		return e->frame.len == 0 && e->frame.ifindex == 0;
	default:
		return memcmp(&e->note, &none.note, sizeof(e->note)) == 0;
	}
}

static void comes_zeroed_when_used_again(void)
{
	struct effect_list fx;
	struct effect *e;

	effect_list_init(&fx);
	for (unsigned k = 0; k < EFFECT_KIND_COUNT; k++) {
		e = effect_add(&fx, (enum effect_kind)k, 1, nobody);
		memset(&e->forward, 0xff,
		       sizeof(*e) - offsetof(struct effect, forward));
	}
	effect_list_clear(&fx);
	CU_ASSERT_EQUAL(fx.count, 0);
	for (unsigned k = 0; k < EFFECT_KIND_COUNT; k++)
		CU_ASSERT(is_clear(effect_add(&fx, (enum effect_kind)k, 1, nobody)));
	effect_list_fini(&fx);
	CU_ASSERT_PTR_NULL(fx.at);
}

static void notes_and_edits_are_copied(void)
{
	struct effect_list fx;

	effect_list_init(&fx);
	effect_note(&fx, (struct note){ .kind = NOTE_MOVED, .home = addr(1) });
	effect_forward(&fx, 7,
		       &(struct fwd_edit){ .kind = FWD_OWN_SET, .home = addr(2) });
	CU_ASSERT_EQUAL(fx.at[0].kind, EFFECT_NOTE);
	CU_ASSERT_EQUAL(fx.at[0].home.s_addr, htonl(1));
	CU_ASSERT_EQUAL(fx.at[1].txn, 7);
	CU_ASSERT_EQUAL(fx.at[1].forward.kind, FWD_OWN_SET);
	effect_list_fini(&fx);
}

static void check(const struct effect *e, const char *line)
{
	char text[256];

	CU_ASSERT_STRING_EQUAL(effect_describe(e, text, sizeof(text)), line);
}

static void kernel_changes_as_lines(void)
{
	struct effect e = {
		.kind = EFFECT_ROUTE,
		.txn = 4,
		.route = { .add = true,
			   .dst = { addr(0x0a01000a), 32 },
			   .ifindex = EFFECT_DEV_TUN },
	};

	check(&e, "route add dst=10.1.0.10/32 dev=tun txn=4");
	e.route = (struct effect_route){ .table = 9, .metric = 1, .unreachable = true };
	check(&e, "route delete dst=0.0.0.0/0 table=9 metric=1 unreachable txn=4");
	e.route.silent = true;
	check(&e, "route delete dst=0.0.0.0/0 table=9 metric=1 blackhole txn=4");
	e = (struct effect){
		.kind = EFFECT_RULE,
		.rule = { .src = { addr(0x0a01000a), 32 }, .iif = 3, .table = 9 }
	};
	check(&e, "rule delete src=10.1.0.10/32 iif=3 table=9");
	e.rule = (struct effect_rule){ .add = true,
				       .dst = { addr(0x0a01000a), 32 },
				       .iif = EFFECT_DEV_LO,
				       .table = 9 };
	check(&e, "rule add dst=10.1.0.10/32 iif=lo table=9");
	e = (struct effect){ .kind = EFFECT_NEIGHBOUR,
			     .neighbour = { .add = true,
					    .addr = addr(0x0a01000a),
					    .ifindex = 2,
					    .mac = { { 2, 0, 0, 0, 0, 1 } } } };
	check(&e, "neighbour add addr=10.1.0.10 dev=2 mac=02:00:00:00:00:01");
	e = (struct effect){ .kind = EFFECT_ADDRESS,
			     .address = { .add = true,
					  .addr = { addr(0x0a01000a), 24 },
					  .ifindex = 2 } };
	check(&e, "address add addr=10.1.0.10/24 dev=2");
	e = (struct effect){ .kind = EFFECT_ARP_POLICY, .arp_policy = { 2, false } };
	check(&e, "arp-policy dev=2 silent");
}

static void messages_and_edits_as_lines(void)
{
	struct effect e = {
		.kind = EFFECT_FORWARD,
		.forward = { .kind = FWD_BINDING_SET,
			     .home = addr(0x0a01000a),
			     .reverse = true,
			     .tunnel = { .local = addr(0x0a010001),
					 .remote = addr(0x0a000202) } },
	};

	check(&e, "forward binding-set home=10.1.0.10 local=10.1.0.1 remote=10.0.2.2 "
		  "encap=ipip reverse");
	e = (struct effect){ .kind = EFFECT_SEND_ARP,
			     .arp = { .ifindex = 2,
				      .to = MAC_BROADCAST,
				      .arp = { .op = ARP_REPLY, .sender = addr(1) } } };
	check(&e, "send-arp dev=2 reply to=ff:ff:ff:ff:ff:ff sender=0.0.0.1 "
		  "sender-mac=00:00:00:00:00:00");
	e = (struct effect){ .kind = EFFECT_SEND_UDP,
			     .udp = { .dst = addr(1), .dst_port = 434, .len = 46 } };
	check(&e, "send-udp dst=0.0.0.1 dst-port=434 len=46");
	e = (struct effect){ .kind = EFFECT_NOTE,
			     .note = { .kind = NOTE_REQUEST_DENIED,
				       .home = addr(1),
				       .has_code = true,
				       .code = 133,
				       .reason = "late" } };
	check(&e, "note request-denied home=0.0.0.1 code=133 reason=\"late\"");
}

static void every_kind_has_a_line_at_any_size(void)
{
	for (int k = 0; k < EFFECT_KIND_COUNT; k++) {
		struct effect e = { .kind = (enum effect_kind)k, .txn = UINT32_MAX };
		char text[256], cut[256];

		effect_describe(&e, text, sizeof(text));
		CU_ASSERT_EQUAL(
			strncmp(text, effect_name(e.kind), strlen(effect_name(e.kind))),
			0);
		for (size_t size = 1; size < sizeof(cut); size++) {
			effect_describe(&e, cut, size);
			CU_ASSERT(strlen(cut) < size);
			CU_ASSERT_EQUAL(strncmp(cut, text, strlen(cut)), 0);
		}
	}
}

static void every_note_has_a_name_and_a_text(void)
{
	for (int k = 0; k < NOTE_COUNT; k++) {
		CU_ASSERT_PTR_NOT_NULL(note_name((enum note_kind)k));
		CU_ASSERT_PTR_NOT_NULL(note_text((enum note_kind)k));
		CU_ASSERT(note_level((enum note_kind)k) <= NOTE_WARN);
	}
	CU_ASSERT_STRING_EQUAL(note_name(NOTE_BINDING_NEW), "binding-registered");
	CU_ASSERT_EQUAL(note_level(NOTE_SECURITY), NOTE_WARN);
}

void suite_effect(void)
{
	CU_pSuite s = CU_add_suite("effect", NULL, NULL);

	CU_add_test(s, "grows and keeps the order", grows_and_keeps_the_order);
	CU_add_test(s, "comes zeroed when used again", comes_zeroed_when_used_again);
	CU_add_test(s, "notes and edits are copied", notes_and_edits_are_copied);
	CU_add_test(s, "kernel changes as lines", kernel_changes_as_lines);
	CU_add_test(s, "messages and edits as lines", messages_and_edits_as_lines);
	CU_add_test(s, "every kind has a line at any size",
		    every_kind_has_a_line_at_any_size);
	CU_add_test(s, "every note has a name and a text",
		    every_note_has_a_name_and_a_text);
}
