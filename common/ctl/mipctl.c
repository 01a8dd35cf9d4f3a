/* SPDX-License-Identifier: ISC */
/*
 * mipctl: send one request to an agent's control socket, print the reply.
 *
 * It computes nothing: a reply is rows of JSON, printed as they are (--json) or
 * as a table with a column for every key that occurs.  `watch` prints events as
 * they come.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { COLUMNS_MAX = 32, CELL_MAX = 128, EXIT_USAGE = 2 };

static const char *const default_sockets[] = {
	"/run/sojourn/mip-ha.sock",
	"/run/sojourn/mip-fa.sock",
	"/run/sojourn/mn-sim.sock",
};

static const char usage[] =
	"Usage: mipctl [-s SOCKET] [--json] REQUEST...\n"
	"\n"
	"Ask a running home agent, foreign agent or mobile node; print its answer.\n"
	"\n"
	"  show WHAT             status, bindings, visitors, pending, tunnels,\n"
	"                        associations, protection, counters or violations\n"
	"  clear binding ADDR    drop all bindings of a home address (mip-ha)\n"
	"  clear visitor ADDR    forget a visitor (mip-fa)\n"
	"  rekey ADDR|all        agree on new keys for ESP now\n"
	"  reload                read the configuration again, as SIGHUP does\n"
	"  log LEVEL             debug, info or warn\n"
	"  watch                 show events as they happen\n"
	"  help                  what this agent understands\n"
	"\n"
	"  -s, --socket SOCKET   the control socket; default: the first there is of\n"
	"                        /run/sojourn/{mip-ha,mip-fa,mn-sim}.sock\n"
	"  -j, --json            one JSON object a line, names stable, for scripts\n"
	"  -V, --version         print the version\n"
	"  -h, --help            print this\n"
	"\n"
	"Exit status: 0 done; 1 the agent refused or cannot be reached;\n"
	"2 wrong usage.\n";

struct column {
	const char *key;
	int width;
};

struct table {
	struct column column[COLUMNS_MAX];
	size_t count;
	json_t *rows;
};

/* A list of names, as far as there is room. */
static void join_names(const json_t *names, char *text, size_t size)
{
	size_t i, len = 0;
	json_t *name;

	snprintf(text, size, "-");
	json_array_foreach(names, i, name) {
		const char *word = json_string_value(name);

		if (word && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						i ? "," : "", word);
	}
}

static const char *cell_text(const json_t *v, char *text, size_t size)
{
	if (json_is_array(v))
		join_names(v, text, size);
	else if (json_is_string(v))
		snprintf(text, size, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(text, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(text, size, "%.3f", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(text, size, "%s", json_is_true(v) ? "yes" : "no");
	else
		snprintf(text, size, "-");
	return text;
}

static struct column *table_column(struct table *t, const char *key)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->column[i].key, key) == 0)
			return &t->column[i];
	if (t->count == COLUMNS_MAX)
		return NULL;
	t->column[t->count] = (struct column){ .key = key, .width = (int)strlen(key) };
	return &t->column[t->count++];
}

static void table_measure(struct table *t, json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value) {
		struct column *c = table_column(t, key);
		char text[CELL_MAX];
		int width = (int)strlen(cell_text(value, text, sizeof(text)));

		if (c && width > c->width)
			c->width = width;
	}
}

static void print_cells(const struct table *t, const json_t *row)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->column[i];
		const json_t *v = row ? json_object_get(row, c->key) : NULL;
		bool last = i + 1 == t->count;
		char text[CELL_MAX];

		printf("%*s%s", last ? 0 : -c->width,
		       row ? cell_text(v, text, sizeof(text)) : c->key,
		       last ? "\n" : "  ");
	}
}

/* One thing with many fields: a field a line. */
static void print_upright(json_t *rows)
{
	char text[CELL_MAX];
	const char *key;
	json_t *row, *value;
	int width = 0;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_object_foreach(row, key, value)
			width = (int)strlen(key) > width ? (int)strlen(key) : width;
		json_object_foreach(row, key, value)
			printf("%-*s  %s\n", width, key,
			       cell_text(value, text, sizeof(text)));
	}
}

static void print_table(json_t *rows)
{
	struct table t = { .rows = rows };
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		table_measure(&t, row);
	if (t.count)
		print_cells(&t, NULL);
	json_array_foreach(rows, i, row)
		print_cells(&t, row);
}

/* 12:34:56.789 mip-ha  binding-registered  home=... care-of=... */
static void print_event(const json_t *event)
{
	double when = json_number_value(json_object_get(event, "time"));
	time_t seconds = (time_t)when;
	struct tm tm;
	char clock[16], text[CELL_MAX];
	const char *key;
	json_t *value;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%s.%03d %s %s", clock, (int)((when - (double)seconds) * 1000),
	       json_string_value(json_object_get(event, "program")),
	       json_string_value(json_object_get(event, "event")));
	json_object_foreach((json_t *)event, key, value) {
		if (strcmp(key, "time") && strcmp(key, "program") &&
		    strcmp(key, "event") && strcmp(key, "level") && strcmp(key, "text"))
			printf(" %s=%s", key, cell_text(value, text, sizeof(text)));
	}
	printf("\n");
	fflush(stdout);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int connect_named(const char *path)
{
	int fd = connect_to(path);

	if (fd < 0)
		fprintf(stderr, "mipctl: %s: %s%s\n", path, strerror(errno),
			errno == ECONNREFUSED || errno == ENOENT
				? "; is the agent running?"
				: "");
	return fd;
}

static int connect_default(void)
{
	for (size_t i = 0; i < sizeof(default_sockets) / sizeof(default_sockets[0]);
	     i++) {
		int fd = connect_to(default_sockets[i]);

		if (fd >= 0)
			return fd;
		if (errno == EACCES) {
			fprintf(stderr, "mipctl: %s: %s\n", default_sockets[i],
				strerror(errno));
			return -1;
		}
	}
	fprintf(stderr,
		"mipctl: no agent answers under /run/sojourn; name one with -s\n");
	return -1;
}

/* The words of the command line as one request line. */
static char *join_words(char **words, int count)
{
	size_t len = 2;
	char *line;

	for (int i = 0; i < count; i++)
		len += strlen(words[i]) + 1;
	line = calloc(1, len);
	for (int i = 0; line && i < count; i++) {
		strcat(line, words[i]);
		strcat(line, i + 1 < count ? " " : "\n");
	}
	return line;
}

static bool send_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		left -= (size_t)n;
	}
	return true;
}

struct reply {
	bool json;
	bool watching;
	bool done;
	int status;
	json_t *rows;
};

static void take_row(struct reply *r, json_t *row, const char *line)
{
	const char *error = json_string_value(json_object_get(row, "error"));

	if (r->json)
		fputs(line, stdout);
	if (error) {
		if (!r->json)
			fprintf(stderr, "mipctl: %s\n", error);
		r->status = EXIT_FAILURE;
		r->done = true;
	} else if (json_is_true(json_object_get(row, "end"))) {
		r->status = EXIT_SUCCESS;
		r->done = true;
	} else if (r->watching && !r->json) {
		print_event(row);
	} else if (!r->json) {
		json_array_append(r->rows, row);
	}
	if (r->json && r->watching)
		fflush(stdout);
}

/* Read rows until the reply ends; a watch ends with the agent. */
static int read_reply(int fd, struct reply *r)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	r->status = EXIT_FAILURE;
	while (in && !r->done && getline(&line, &room, in) > 0) {
		json_t *row = json_loads(line, 0, NULL);

		if (!json_is_object(row)) {
			fprintf(stderr, "mipctl: the agent sent what is not JSON\n");
			r->done = true;
		} else {
			take_row(r, row, line);
		}
		json_decref(row);
	}
	if (!r->done && !r->watching)
		fprintf(stderr, "mipctl: the agent closed the connection\n");
	if (r->watching && !r->done)
		r->status = EXIT_SUCCESS;
	free(line);
	if (in)
		fclose(in);
	return r->status;
}

static int run(const char *path, bool json, char **words, int count)
{
	struct reply r = { .json = json, .watching = strcmp(words[0], "watch") == 0 };
	char *line = join_words(words, count);
	int fd = path ? connect_named(path) : connect_default();
	int status = EXIT_FAILURE;

	r.rows = json_array();
	if (fd >= 0 && line && r.rows && send_all(fd, line)) {
		status = read_reply(fd, &r);
		if (strcmp(line, "show status\n") == 0)
			print_upright(r.rows);
		else
			print_table(r.rows);
	} else if (fd >= 0) {
		close(fd);
	}
	json_decref(r.rows);
	free(line);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "+s:jVh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			puts("mipctl (" PACKAGE_NAME ") " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fprintf(stderr, "Try 'mipctl --help'.\n");
			return EXIT_USAGE;
		}
	}
	/* Options may also follow the request. */
	while (argc > optind && (strcmp(argv[argc - 1], "--json") == 0 ||
				 strcmp(argv[argc - 1], "-j") == 0)) {
		json = true;
		argc--;
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return run(path, json, argv + optind, argc - optind);
}
