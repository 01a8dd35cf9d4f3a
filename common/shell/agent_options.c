/* SPDX-License-Identifier: ISC */
/*
 * The command line that all agents share.
 */
#include "config.h"

#include "common/shell/agent_private.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, LIST_OPTIONS = 256, LOG_LEVEL, PID_FILE };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "background", no_argument, NULL, 'b' },
	{ "pid-file", required_argument, NULL, PID_FILE },
	{ "log-level", required_argument, NULL, LOG_LEVEL },
	{ "list-options", no_argument, NULL, LIST_OPTIONS },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(const struct agent_program *p)
{
	printf("Usage: %s [-c FILE] [-t] [-b]\n\n%s\n\n"
	       "  -c, --config FILE      the configuration; default %s\n"
	       "  -t, --test             check the configuration, and say all faults\n"
	       "  -f, --foreground       stay in the foreground (the default)\n"
	       "  -b, --background       go to the background once started\n"
	       "      --pid-file FILE    write the process id there\n"
	       "      --log-level LEVEL  debug, info or warn, whatever is configured\n"
	       "      --list-options     print every option of the configuration\n"
	       "  -V, --version          print the version\n"
	       "  -h, --help             print this\n\n"
	       "SIGTERM and SIGINT end it cleanly; SIGHUP reads the configuration\n"
	       "again.  Exit status: 0 done; 1 it could not start, or the\n"
	       "configuration has faults; 2 wrong usage.\n",
	       p->command, p->summary, p->default_config);
}

static int complain(const struct agent_program *p, const char *about, const char *what)
{
	fprintf(stderr, "%s: %s%s\nTry %s --help.\n", p->name, what, about, p->command);
	return EXIT_USAGE;
}

/* getopt itself would name the program by argv[0], which may be "node". */
static int complain_option(const struct agent_program *p, int option, const char *word)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	bool is_letter = optopt > 0 && optopt < LIST_OPTIONS;

	return complain(p, is_letter ? letter : word,
			option == ':' ? "an argument is wanted after "
				      : "no such option: ");
}

/* The background has another working directory, and a reload needs the path again. */
static int set_config_path(const struct agent_program *p, const char *path,
			   struct agent_options *out)
{
	if (realpath(path, out->config_path))
		return 0;
	fprintf(stderr, "%s: %s: %s\n", p->name, path, strerror(errno));
	return EXIT_FAILURE;
}

/* -1 to go on, else the exit status.  `word` is where the option stands. */
static int take_option(const struct agent_program *p, int option, const char *word,
		       struct agent_options *out)
{
	switch (option) {
	case 't':
		out->check_only = true;
		return -1;
	case 'f':
		out->background = false;
		return -1;
	case 'b':
		out->background = true;
		return -1;
	case PID_FILE:
		out->pid_file = optarg;
		return -1;
	case LOG_LEVEL:
		out->has_level = log_level_by_name(optarg, &out->level);
		return out->has_level ? -1 : complain(p, optarg, "no such log level: ");
	case LIST_OPTIONS:
		conf_list_options(p->config.schema, stdout);
		return EXIT_SUCCESS;
	case 'V':
		printf("%s (%s)\n", p->name, PACKAGE_STRING);
		return EXIT_SUCCESS;
	case 'h':
		print_help(p);
		return EXIT_SUCCESS;
	default:
		return complain_option(p, option, word);
	}
}

int agent_options_parse(const struct agent_program *p, int argc, char **argv,
			struct agent_options *out)
{
	const char *config = p->default_config;
	int option, status;

	memset(out, 0, sizeof(*out));
	optind = 1;
	opterr = 0;
	for (;;) {
		option = getopt_long(argc, argv, ":c:tfbVh", long_options, NULL);
		if (option == -1)
			break;
		if (option == 'c') {
			config = optarg;
			continue;
		}
		status = take_option(p, option, argv[optind - 1], out);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return complain(p, argv[optind], "unexpected argument: ");
	status = set_config_path(p, config, out);
	return status ? status : -1;
}
