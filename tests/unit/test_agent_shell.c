/* SPDX-License-Identifier: ISC */
/* The frame of the agents: what is done before what, and links that are served. */
#include "common/shell/agent_private.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suites.h"

static struct served_link listed;

static unsigned served(const void *config, struct served_link *to, unsigned room)
{
	(void)config;
	(void)room;
	to[0] = listed;
	return 1;
}

/* ---- messages ---- */

static char folder[] = "/tmp/sojourn-XXXXXX";
static unsigned told;

static void copy(const char *from, const char *to)
{
	char command[128];

	snprintf(command, sizeof(command), "cp %s/%s %s/%s", folder, from, folder, to);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Were it killed now, while messages are on their way, this would be left of it. */
static void keep_what_is_stored(void *core, const struct effect *e, int error,
				struct now now, struct effect_list *fx)
{
	(void)core;
	(void)now;
	(void)fx;
	CU_ASSERT_EQUAL(e->kind, EFFECT_SEND_UDP);
	CU_ASSERT_NOT_EQUAL(error, 0);
	copy("records.mdb", "aside");
	told++;
}

static void count(void *arg, struct in_addr home, struct reader record)
{
	unsigned *records = arg;

	(void)record;
	CU_ASSERT_EQUAL(home.s_addr, htonl(0x0a010002));
	++*records;
}

static void nothing(void *arg, struct store *st)
{
	(void)arg;
	(void)st;
}

static void open_store(struct agent_shell *s)
{
	const struct store_options o = { .folder = folder,
					 .records = 10,
					 .log = s->log,
					 .counts = &s->counts,
					 .fill = nothing };

	CU_ASSERT_EQUAL_FATAL(store_open(&s->store, &o), 0);
}

static struct agent_shell *shell_new(const struct agent_program *program)
{
	struct agent_shell *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->program = program;
	s->log = log_new("test");
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->log);
	log_set(s->log, LOG_TO_STDERR, (enum note_level)(NOTE_WARN + 1)); /* nothing */
	return s;
}

static void shell_free(struct agent_shell *s)
{
	log_free(s->log);
	free(s);
}

/* A Reply promises what it says to outlive us.  One that cannot be sent shows when. */
static void what_a_message_announces_is_stored_before_it_goes(void)
{
	static const struct agent_program program = { .core.failed =
							      keep_what_is_stored };
	struct agent_shell *s = shell_new(&program);
	const struct effect e = { .kind = EFFECT_SEND_UDP,
				  .udp = { .src = { htonl(0xc0000201) }, /* not ours */
					   .dst = { htonl(INADDR_LOOPBACK) },
					   .dst_port = 9,
					   .len = 1 } };
	unsigned records = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	open_store(s);
	store_begin(s->store, s->now.mono);
	CU_ASSERT_EQUAL_FATAL(reg_sock_open(&s->reg, 0, &s->counts), 0);

	store_put(s->store, (struct in_addr){ htonl(0x0a010002) }, (uint8_t *)"x", 1);
	reg_sock_put(s->reg, &e);
	agent_send_messages(s);
	CU_ASSERT_EQUAL(told, 1);

	store_close(s->store);
	copy("aside", "records.mdb");
	open_store(s);
	store_restore(s->store, count, &records);
	CU_ASSERT_EQUAL(records, 1);

	reg_sock_close(s->reg);
	store_close(s->store);
	shell_free(s);
}

static int remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return told > 0 ? system(command) : 0;
}

/* ---- served links ---- */

static void other_arp(struct served_link *l)
{
	l->sock.arp = !l->sock.arp;
}

static void other_broadcasts_heard(struct served_link *l)
{
	l->sock.broadcasts = !l->sock.broadcasts;
}

static void other_transit(struct served_link *l)
{
	l->sock.transit = !l->sock.transit;
}

static void other_broadcasts(struct served_link *l)
{
	l->broadcasts = IPV4_BROADCAST_DIRECTED;
}

static void other_network(struct served_link *l)
{
	l->home_network.addr.s_addr = htonl(0x0a010100);
}

static void other_length(struct served_link *l)
{
	l->home_network.len--;
}

/* As reloads do: those that are wanted now, then away with those that are not. */
static void serve(struct agent_shell *s)
{
	agent_served_add(s);
	agent_served_prune(s);
}

static void a_link_is_served_as_the_configuration_says_now(void)
{
	static void (*const change[])(struct served_link *) = {
		other_arp,        other_broadcasts_heard, other_transit,
		other_broadcasts, other_network,          other_length,
	};
	static const struct agent_program program = { .config.served = served };
	struct agent_shell *s = shell_new(&program);

	listed = (struct served_link){ .name = "nowhere",
				       .home_network = { { htonl(0x0a010000) }, 24 } };
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		serve(s);
		change[i](&listed);
		serve(s);
		CU_ASSERT_STRING_EQUAL(s->served[0].link.name, "nowhere");
		CU_ASSERT_EQUAL(memcmp(&s->served[0].link, &listed, sizeof(listed)), 0);
		CU_ASSERT_STRING_EQUAL(s->served[1].link.name, "");
	}
	/* One that stays as it is keeps its sockets: its place is not written. */
	s->served[0].shell = NULL;
	serve(s);
	CU_ASSERT_PTR_NULL(s->served[0].shell);
	strcpy(listed.name, "elsewhere");
	serve(s);
	CU_ASSERT_STRING_EQUAL(s->served[0].link.name, "");
	CU_ASSERT_STRING_EQUAL(s->served[1].link.name, "elsewhere");
	shell_free(s);
}

void suite_agent_shell(void)
{
	CU_pSuite s = CU_add_suite("agent_shell", NULL, remove_folder);

	CU_add_test(s, "what a message announces is stored before it goes",
		    what_a_message_announces_is_stored_before_it_goes);
	CU_add_test(s, "a link is served as the configuration says now",
		    a_link_is_served_as_the_configuration_says_now);
}
