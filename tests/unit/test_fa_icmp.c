/* SPDX-License-Identifier: ISC */
/* Requests that get no answer: time over, home agent unreachable, not sent. */
#include "tests/unit/fa_world.h"

#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include <CUnit/CUnit.h>

#include <errno.h>

#include "tests/unit/suites.h"

static void gives_up_after_the_timeout(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s = say_to(&a);

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	fa_world_pass(&w, duration_ms(7999));
	CU_ASSERT_EQUAL(fa_world_pending(&w), 1);
	fa_world_pass(&w, duration_ms(1));
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 78);
	CU_ASSERT_EQUAL(fa_world_heard(&w).rp.ident, a.ident);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	fa_world_say(&w, &s); /* too late */
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	fa_world_end(&w);
}

/* RFC 5944 3.7.2.2, and no Reply because a lifetime is over (3.7). */
static void a_short_lifetime_ends_a_pending_registration(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.lifetime = 4;
	fa_world_ask(&w, &a);
	fa_world_pass(&w, duration_s(4));
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "pending-outlived"), 1);
	fa_world_end(&w);
}

/* An ICMP error about what we relayed last, quoting `quote` octets of it. */
static size_t build_error(const struct fa_world *w, uint8_t type, uint8_t code,
			  size_t quote, uint8_t *to)
{
	const struct effect_udp *sent = &fa_world_effect(w, EFFECT_SEND_UDP, 0)->udp;
	const struct udp_packet packet = {
		.src = sent->src,
		.dst = sent->dst,
		.src_port = sent->src_port,
		.dst_port = sent->dst_port,
		.ttl = 60,
		.payload = sent->bytes,
		.len = sent->len,
	};
	size_t len = udp_build(to + 8, 1500, &packet, 1);
	uint16_t sum;

	if (quote < len)
		len = quote;
	memset(to, 0, 8);
	to[0] = type;
	to[1] = code;
	sum = checksum_of(to, 8 + len);
	to[2] = (uint8_t)(sum >> 8);
	to[3] = (uint8_t)sum;
	return 8 + len;
}

static uint8_t denial_after(uint8_t type, uint8_t code, size_t quote)
{
	const struct ask a = usual_ask();
	uint8_t bytes[1600];
	struct fa_world w;
	uint8_t heard;
	size_t len;

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	len = build_error(&w, type, code, quote, bytes);
	fa_world_icmp(&w, CORE, bytes, len);
	heard = fa_world_heard(&w).code;
	CU_ASSERT_EQUAL(fa_world_pending(&w), heard == 255);
	fa_world_end(&w);
	return heard;
}

/* FA-RLY-09. */
static void unreachable_home_agents_are_told(void)
{
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, ICMP_CODE_NET, 1500), 80);
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, ICMP_CODE_HOST, 1500), 81);
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, ICMP_CODE_PORT, 1500), 82);
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, 13, 1500), 88);
	CU_ASSERT_EQUAL(denial_after(ICMP_TIME_EXCEEDED_, 0, 1500), 88);
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, ICMP_CODE_HOST, 28), 81);
	CU_ASSERT_EQUAL(denial_after(ICMP_UNREACHABLE, ICMP_CODE_HOST, 27), 255);
	CU_ASSERT_EQUAL(denial_after(ICMP_REDIRECT_, 1, 1500), 255);
	CU_ASSERT_EQUAL(denial_after(4, 0, 1500), 255); /* Source Quench */
	CU_ASSERT_EQUAL(denial_after(ICMP_ECHO_REPLY_, 0, 1500), 255);
}

/*
 * Two Requests, the second one with `more` octets of extensions: which is denied when
 * an error quotes so much of the second.
 */
static uint64_t denied_of_two(size_t quote, size_t more)
{
	static const uint8_t skippable[] = { 200, 4, 0, 0, 0, 0 };
	struct ask a = usual_ask();
	uint8_t bytes[1600];
	struct fa_world w;
	uint64_t ident;
	size_t len;

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	a.ident++;
	a.covered = skippable;
	a.covered_len = more;
	fa_world_ask(&w, &a);
	len = build_error(&w, ICMP_UNREACHABLE, ICMP_CODE_HOST, quote, bytes);
	fa_world_icmp(&w, CORE, bytes, len);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 81);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 1);
	ident = fa_world_heard(&w).rp.ident;
	fa_world_end(&w);
	return ident;
}

static void the_quoted_request_is_found(void)
{
	const uint64_t first = usual_ask().ident;

	CU_ASSERT_EQUAL(denied_of_two(1500, 0), first + 1);
	CU_ASSERT_EQUAL(denied_of_two(20 + 8 + 24, 0), first + 1);
	CU_ASSERT_EQUAL(denied_of_two(20 + 8, 0), first); /* the oldest, at a guess */
	CU_ASSERT_EQUAL(denied_of_two(20 + 8, 6), first + 1); /* by its length */
}

/* A router on the way may have put options into the header that it quotes. */
static void options_in_the_quoted_header(void)
{
	const struct ask a = usual_ask();
	uint8_t bytes[1600];
	struct fa_world w;
	uint16_t sum;
	size_t len;

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	len = build_error(&w, ICMP_UNREACHABLE, ICMP_CODE_HOST, 1500, bytes);
	memmove(bytes + 8 + 24, bytes + 8 + 20, len - 28);
	memset(bytes + 8 + 20, 1, 4);
	bytes[8] = 0x46;
	len += 4;
	bytes[2] = bytes[3] = 0;
	sum = checksum_of(bytes, len);
	bytes[2] = (uint8_t)(sum >> 8);
	bytes[3] = (uint8_t)sum;
	fa_world_icmp(&w, CORE, bytes, len);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 81);
	fa_world_end(&w);
}

/* Errors about other datagrams, or damaged ones, do nothing. */
static void other_errors_do_nothing(void)
{
	static const size_t spoiled[] = { 2, 8, 8 + 9, 8 + 12, 8 + 16, 8 + 20, 8 + 22 };
	const struct ask a = usual_ask();
	uint8_t bytes[1600];
	struct fa_world w;
	size_t len;

	for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
		fa_world_open(&w);
		fa_world_ask(&w, &a);
		len = build_error(&w, ICMP_UNREACHABLE, ICMP_CODE_HOST, 1500, bytes);
		bytes[spoiled[i]] ^= 0x11;
		if (spoiled[i] >= 8) {
			uint16_t sum;

			bytes[2] = bytes[3] = 0;
			sum = checksum_of(bytes, len);
			bytes[2] = (uint8_t)(sum >> 8);
			bytes[3] = (uint8_t)sum;
		}
		fa_world_icmp(&w, CORE, bytes, len);
		CU_ASSERT_FALSE(fa_world_heard(&w).any);
		CU_ASSERT_EQUAL(fa_world_pending(&w), 1);
		CU_ASSERT_EQUAL(
			fa_world_counter(&w, i ? "icmp-unmatched" : "icmp-malformed"),
			1);
		for (size_t n = 0; n < len; n += 3)
			fa_world_icmp(&w, CORE, bytes, n);
		fa_world_end(&w);
	}
}

static uint8_t denial_when_unsent(int error)
{
	const struct ask a = usual_ask();
	struct fa_world w;
	uint8_t code;

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	fa_world_fail(&w, EFFECT_SEND_UDP, 0, error);
	code = fa_world_heard(&w).code;
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "effects-failed"), 1);
	fa_world_end(&w);
	return code;
}

static void requests_that_cannot_be_sent_are_denied(void)
{
	CU_ASSERT_EQUAL(denial_when_unsent(ENETUNREACH), 80);
	CU_ASSERT_EQUAL(denial_when_unsent(EHOSTUNREACH), 81);
	CU_ASSERT_EQUAL(denial_when_unsent(ECONNREFUSED), 82);
	CU_ASSERT_EQUAL(denial_when_unsent(EPERM), 88);
}

void suite_fa_icmp(void)
{
	CU_pSuite s = CU_add_suite("fa_icmp", NULL, NULL);

	CU_add_test(s, "gives up after the timeout", gives_up_after_the_timeout);
	CU_add_test(s, "a short lifetime ends a pending registration",
		    a_short_lifetime_ends_a_pending_registration);
	CU_add_test(s, "unreachable home agents are told",
		    unreachable_home_agents_are_told);
	CU_add_test(s, "the quoted request is found", the_quoted_request_is_found);
	CU_add_test(s, "options in the quoted header", options_in_the_quoted_header);
	CU_add_test(s, "other errors do nothing", other_errors_do_nothing);
	CU_add_test(s, "requests that cannot be sent are denied",
		    requests_that_cannot_be_sent_are_denied);
}
