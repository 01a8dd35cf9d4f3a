/* SPDX-License-Identifier: ISC */
/*
 * `mn-sim scenario FILE` runs one scenario and writes DIR/run-NAME.json;
 * `mn-sim report DIR` makes report.json and report.html of all runs there.
 */
#include "mn-sim/scenario_main.h"

#include "common/conf/xml.h"
#include "mn-sim/report.h"
#include "mn-sim/report_wire.h"
#include "mn-sim/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, PATH_ROOM = 1024, RUNS_MAX = 64 };

static const char scenario_usage[] =
	"Usage: mn-sim scenario [-t] [-q] [-o DIR] FILE\n"
	"\n"
	"Run the moves and the traffic of FILE, show what happens, print a table, and\n"
	"write DIR/run-NAME.json and the captures that FILE asks for.\n"
	"\n"
	"  -o, --out DIR   where files go (default: the current directory)\n"
	"  -q, --quiet     no live view, only the table\n"
	"  -t, --test      check FILE and print all its faults\n"
	"  -h, --help      print this\n"
	"\n"
	"Exit status: 0 every move was answered, every stream arrived whole, no flow\n"
	"was dead at any place; 1 not so; 2 wrong usage or a fault in FILE.\n";

static const char report_usage[] =
	"Usage: mn-sim report DIR\n"
	"\n"
	"Make DIR/report.json and DIR/report.html of every DIR/run-*.json, and of one\n"
	"packet a flow as the runs' captures have it. Packets in ESP are found with\n"
	"the keys in DIR/NAME.keys next to a capture DIR/NAME.pcap.\n";

static FILE *create(const char *dir, const char *name)
{
	char path[PATH_ROOM];
	FILE *f = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path))
		f = fopen(path, "w");
	else
		errno = ENAMETOOLONG;
	if (!f)
		fprintf(stderr, "mn-sim: %s/%s: %s\n", dir, name, strerror(errno));
	return f;
}

/* True if everything reached the file. */
static bool finish(FILE *f)
{
	bool good = !ferror(f);

	return fclose(f) == 0 && good;
}

static bool write_json(const char *dir, const char *name, const json_t *value)
{
	FILE *f = create(dir, name);
	bool good =
		f && json_dumpf(value, f, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;

	if (f)
		good = finish(f) && good;
	return good;
}

static bool report_run(const struct scenario_result *result, const char *dir)
{
	char name[CONF_NAME_MAX + 16];
	json_t *run = report_json(result);
	bool good;

	if (!run)
		return false;
	report_text(stdout, run);
	snprintf(name, sizeof(name), "run-%s.json", result->config->name);
	good = write_json(dir, name, run);
	json_decref(run);
	return good;
}

static int run_scenario(const struct scenario_config *config, const char *dir,
			bool quiet)
{
	struct scenario_result result;
	struct scenario *s;
	char error[256];
	int status = EXIT_FAILURE;

	if (scenario_open(&s, config, dir, quiet, error, sizeof(error)) < 0) {
		fprintf(stderr, "mn-sim: %s\n", error);
		return EXIT_FAILURE;
	}
	if (scenario_run(s, &result) < 0)
		fprintf(stderr, "mn-sim: the scenario broke off\n");
	else if (report_run(&result, dir) && scenario_passed(&result))
		status = EXIT_SUCCESS;
	scenario_close(s);
	return status;
}

struct scenario_options {
	const char *dir, *file;
	bool quiet, test;
};

/* Returns -1 to go on, or an exit status. */
static int read_options(int argc, char **argv, struct scenario_options *o)
{
	static const struct option options[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "test", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:qth", options, NULL)) != -1) {
		if (c == 'o') {
			o->dir = optarg;
		} else if (c == 'q') {
			o->quiet = true;
		} else if (c == 't') {
			o->test = true;
		} else {
			fputs(scenario_usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs(scenario_usage, stderr);
		return EXIT_USAGE;
	}
	o->file = argv[optind];
	return -1;
}

/* Known before the run, not when it is over. */
static bool can_write(const char *dir)
{
	(void)mkdir(dir, 0755);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	fprintf(stderr, "mn-sim: %s: %s\n", dir, strerror(errno));
	return false;
}

int scenario_main(int argc, char **argv)
{
	struct scenario_options o = { .dir = "." };
	struct scenario_config config;
	struct conf_faults faults;
	int status = read_options(argc, argv, &o), rc;

	if (status >= 0)
		return status;
	conf_faults_init(&faults);
	rc = conf_xml_load(o.file, &scenario_config_schema, &config, &faults);
	conf_faults_print(&faults, stderr);
	conf_faults_fini(&faults);
	if (rc < 0)
		return EXIT_USAGE;
	status = EXIT_SUCCESS;
	if (!o.test)
		status = can_write(o.dir) ? run_scenario(&config, o.dir, o.quiet)
					  : EXIT_FAILURE;
	conf_release(&scenario_config_schema, &config);
	return status;
}

static int is_run(const struct dirent *entry)
{
	return fnmatch("run-*.json", entry->d_name, 0) == 0;
}

/* The runs in the order in which they were made. */
static int by_time(const void *a, const void *b)
{
	double x = json_number_value(json_object_get(*(json_t *const *)a, "made"));
	double y = json_number_value(json_object_get(*(json_t *const *)b, "made"));

	return (x > y) - (x < y);
}

static json_t *load_run(const char *dir, const char *name)
{
	char path[PATH_ROOM];
	json_error_t error;
	struct stat st;
	json_t *run = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path))
		run = json_load_file(path, 0, &error);
	if (!run || stat(path, &st) < 0) {
		fprintf(stderr, "mn-sim: %s/%s: not a run\n", dir, name);
		json_decref(run);
		return NULL;
	}
	json_object_set_new(run, "made",
			    json_real((double)st.st_mtim.tv_sec +
				      (double)st.st_mtim.tv_nsec / 1e9));
	return run;
}

static json_t *load_runs(const char *dir)
{
	struct dirent **entries;
	json_t *run[RUNS_MAX], *runs = json_array();
	int found = scandir(dir, &entries, is_run, alphasort), count = 0;

	if (found < 0) {
		fprintf(stderr, "mn-sim: %s: %s\n", dir, strerror(errno));
		return runs;
	}
	for (int i = 0; i < found; i++) {
		if (count < RUNS_MAX &&
		    (run[count] = load_run(dir, entries[i]->d_name)))
			count++;
		free(entries[i]);
	}
	free(entries);
	qsort(run, (size_t)count, sizeof(run[0]), by_time);
	for (int i = 0; i < count; i++)
		json_array_append_new(runs, run[i]);
	return runs;
}

int report_main(int argc, char **argv)
{
	json_t *runs, *report;
	FILE *page;
	bool good;

	if (argc != 2 || argv[1][0] == '-') {
		bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

		fputs(report_usage, help ? stdout : stderr);
		return help ? EXIT_SUCCESS : EXIT_USAGE;
	}
	runs = load_runs(argv[1]);
	if (json_array_size(runs) == 0) {
		fprintf(stderr, "mn-sim: %s holds no run\n", argv[1]);
		json_decref(runs);
		return EXIT_FAILURE;
	}
	report_wire_add(runs, argv[1]);
	report = json_pack("{s:O}", "runs", runs);
	good = write_json(argv[1], "report.json", report);
	page = create(argv[1], "report.html");
	if (page) {
		report_html(page, runs);
		good = finish(page) && good;
	}
	json_decref(report);
	json_decref(runs);
	return page && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
