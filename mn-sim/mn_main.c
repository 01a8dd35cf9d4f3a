/* SPDX-License-Identifier: ISC */
/*
 * mn-sim COMMAND: a table of commands, each with arguments of its own.
 */
#include "config.h"

#include "mn-sim/mn_main.h"

#include "common/conf/schema.h"
#include "mn-sim/mn_conf.h"
#include "mn-sim/mn_node.h"
#include "mn-sim/scenario_config.h"
#include "mn-sim/scenario_main.h"
#include "mn-sim/swarm_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

static const struct command commands[] = {
	{ "node", "be a mobile node on an interface of this machine", mn_node_main },
	{ "scenario", "run moves and traffic from a file, and report", scenario_main },
	{ "swarm", "be many nodes at once, to load agents with", swarm_main },
	{ "report", "make one report of several runs", report_main },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int print_help(void)
{
	printf("Usage: mn-sim COMMAND [OPTION...]\n\n"
	       "A mobile node of Mobile IPv4, and traffic to try it with.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	printf("\nmn-sim COMMAND --help says more.  Options without a command:\n\n"
	       "      --list-options  print every option of the configuration\n"
	       "  -V, --version       print the version\n"
	       "  -h, --help          print this\n");
	return EXIT_SUCCESS;
}

static int print_version(void)
{
	printf("mn-sim (%s)\n", PACKAGE_STRING);
	return EXIT_SUCCESS;
}

static int list_options(void)
{
	conf_list_options(&mn_config_schema, stdout);
	conf_list_options(&scenario_config_schema, stdout);
	return EXIT_SUCCESS;
}

static const struct {
	const char *name;
	int (*run)(void);
} options[] = {
	{ "-h", print_help },
	{ "--help", print_help },
	{ "-V", print_version },
	{ "--version", print_version },
	{ "--list-options", list_options },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

int mn_main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(word, options[i].name) == 0)
			return options[i].run();
	fprintf(stderr, "mn-sim: %s%s\nTry mn-sim --help.\n",
		argc > 1 ? "no such command: " : "a command is wanted", word);
	return EXIT_USAGE;
}
