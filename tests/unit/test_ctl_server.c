/* SPDX-License-Identifier: ISC */
/*
 * The control socket and clients that misbehave: they do not read, hang up half,
 * watch and fall behind, say too much.
 */
#include "common/ctl/server.h"

#include <CUnit/CUnit.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suites.h"

enum { ROW = 64 * 1024, CLIENTS_MAX = 32 };

static struct event_base *base;
static struct ctl_server *server;
static char dir[] = "/tmp/ctl-XXXXXX";
static char path[64];
static unsigned answered;
static char text[ROW + 1];

/* ---- the agent ---- */

static void answer_big(void *agent, const char *argument, struct ctl_reply *reply)
{
	(void)agent;
	(void)argument;
	answered++;
	ctl_reply_row(reply, json_pack("{s:s}", "text", text));
}

static void answer_event(void *agent, const char *argument, struct ctl_reply *reply)
{
	json_t *event = json_pack("{s:s}", "event", text);

	(void)agent;
	(void)argument;
	(void)reply;
	answered++;
	ctl_server_event(server, event);
	json_decref(event);
}

static const struct ctl_request requests[] = {
	{ .words = "big", .help = "a long row", .answer = answer_big },
	{ .words = "stir", .help = "make an event", .answer = answer_event },
	{ 0 },
};

static int set_up(void)
{
	memset(text, 'x', ROW);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	base = event_base_new();
	return base ? 0 : -1;
}

static int tear_down(void)
{
	event_base_free(base);
	return rmdir(dir);
}

static void open_server(void)
{
	answered = 0;
	CU_ASSERT_EQUAL_FATAL(ctl_server_open(&server, base, path, requests, NULL), 0);
}

/* ---- clients ---- */

static void turn(void)
{
	for (unsigned i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int client(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(to.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	turn();
	return fd;
}

static void say(int fd, const char *line)
{
	CU_ASSERT_EQUAL(send(fd, line, strlen(line), MSG_NOSIGNAL),
			(ssize_t)strlen(line));
}

/* Octets and lines that come until nothing does; whether the end came too. */
struct heard {
	size_t octets;
	size_t lines;
	bool end;
};

static struct heard hear(int fd)
{
	struct heard h = { 0 };
	char buffer[16384];

	for (unsigned idle = 0; idle < 20 && !h.end;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		turn();
		if (n < 0)
			idle++;
		h.end = n == 0;
		for (ssize_t i = 0; i < n; i++)
			h.lines += buffer[i] == '\n';
		h.octets += n > 0 ? (size_t)n : 0;
	}
	return h;
}

static bool is_closed(int fd)
{
	return hear(fd).end;
}

/* ---- what is tested ---- */

static void answers_wait_for_a_reader(void)
{
	enum { ASKED = 100 };
	struct heard h;
	int fd;

	open_server();
	fd = client();
	for (unsigned i = 0; i < ASKED; i++)
		say(fd, "big\n");
	turn();
	/* The limit, and what the kernel holds for the two of us. */
	CU_ASSERT(answered < ASKED / 2);
	h = hear(fd);
	CU_ASSERT_EQUAL(answered, ASKED);
	CU_ASSERT_EQUAL(h.lines, 2 * ASKED);
	CU_ASSERT(!h.end);
	say(fd, "nonsense\n");
	turn();
	CU_ASSERT_EQUAL(hear(fd).lines, 1);
	close(fd);
	turn();
	ctl_server_close(server);
}

static void half_a_hang_up_is_answered(void)
{
	struct heard h;
	int fd;

	open_server();
	fd = client();
	for (unsigned i = 0; i < 4; i++)
		say(fd, "big\n");
	shutdown(fd, SHUT_WR);
	turn();
	h = hear(fd);
	CU_ASSERT_EQUAL(h.lines, 8);
	CU_ASSERT(h.end);
	close(fd);
	ctl_server_close(server);
}

static void answer_burst(void *agent, const char *argument, struct ctl_reply *reply)
{
	for (unsigned i = 0; i < 8; i++)
		answer_big(agent, argument, reply);
	answer_event(agent, argument, reply);
}

/* The answer itself is too long, and makes an event. */
static void a_watcher_is_dropped_by_its_own_request(void)
{
	static const struct ctl_request burst[] = {
		{ .words = "burst", .help = "both", .answer = answer_burst },
		{ 0 },
	};
	int fd;

	answered = 0;
	CU_ASSERT_EQUAL_FATAL(ctl_server_open(&server, base, path, burst, NULL), 0);
	fd = client();
	say(fd, "watch\nburst\nburst\n");
	turn();
	CU_ASSERT(is_closed(fd));
	CU_ASSERT_EQUAL(answered, 9);
	CU_ASSERT_EQUAL(ctl_server_watchers(server), 0);
	close(fd);
	ctl_server_close(server);
}

static void a_watcher_that_sleeps_is_dropped(void)
{
	enum { EVENTS = 32 };
	int sleeper, fd;

	open_server();
	sleeper = client();
	fd = client();
	say(sleeper, "watch\n");
	turn();
	CU_ASSERT_EQUAL(ctl_server_watchers(server), 1);
	for (unsigned i = 0; i < EVENTS; i++) {
		say(fd, "stir\n");
		turn();
	}
	CU_ASSERT_EQUAL(answered, EVENTS);
	CU_ASSERT_EQUAL(ctl_server_watchers(server), 0);
	CU_ASSERT(is_closed(sleeper));
	CU_ASSERT_EQUAL(hear(fd).lines, EVENTS);
	close(sleeper);
	close(fd);
	turn();
	ctl_server_close(server);
}

static void too_long_a_line_ends_it(void)
{
	char line[CTL_LINE_MAX + 1];
	int fd;

	memset(line, 'a', CTL_LINE_MAX);
	line[CTL_LINE_MAX] = '\0';
	open_server();
	fd = client();
	say(fd, line);
	turn();
	CU_ASSERT(is_closed(fd));
	close(fd);
	ctl_server_close(server);
}

static void too_many_are_turned_away(void)
{
	int fd[CLIENTS_MAX + 1];

	open_server();
	for (unsigned i = 0; i <= CLIENTS_MAX; i++)
		fd[i] = client();
	CU_ASSERT(is_closed(fd[CLIENTS_MAX]));
	say(fd[0], "nonsense\n");
	turn();
	CU_ASSERT_EQUAL(hear(fd[0]).lines, 1);
	for (unsigned i = 0; i <= CLIENTS_MAX; i++)
		close(fd[i]);
	turn();
	fd[0] = client();
	CU_ASSERT(!is_closed(fd[0]));
	close(fd[0]);
	ctl_server_close(server);
}

void suite_ctl_server(void)
{
	CU_pSuite s = CU_add_suite("ctl_server", set_up, tear_down);

	CU_add_test(s, "answers wait for a reader", answers_wait_for_a_reader);
	CU_add_test(s, "half a hang-up is answered", half_a_hang_up_is_answered);
	CU_add_test(s, "a watcher is dropped by its own request",
		    a_watcher_is_dropped_by_its_own_request);
	CU_add_test(s, "a watcher that sleeps is dropped",
		    a_watcher_that_sleeps_is_dropped);
	CU_add_test(s, "too long a line ends it", too_long_a_line_ends_it);
	CU_add_test(s, "too many are turned away", too_many_are_turned_away);
}
