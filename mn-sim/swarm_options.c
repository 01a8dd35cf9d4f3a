/* SPDX-License-Identifier: ISC */
/*
 * Options of `mn-sim swarm`.  They are read by the rows of a schema, so ranges,
 * defaults and help stand once, in one form with those of a configuration.
 */
#include "mn-sim/swarm_options.h"

#include "common/conf/shared.h"
#include "common/conf/value.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, MS_PER_S = 1000, HELP_WIDTH = 24 };

static const struct conf_choice encapsulations[] = {
	{ "ipip", ENCAP_IPIP },
	{ "gre", ENCAP_GRE },
	{ "minimal", ENCAP_MINIMAL },
	{ NULL, 0 },
};

static const struct conf_choice algorithms[] = {
	{ "hmac-md5", AUTH_HMAC_MD5 },
	{ "hmac-sha1", AUTH_HMAC_SHA1 },
	{ "hmac-sha256", AUTH_HMAC_SHA256 },
	{ NULL, 0 },
};

static const struct conf_choice finds[] = {
	{ "no", SWARM_OPS },
	{ "renew", SWARM_RENEW },
	{ "roam", SWARM_ROAM },
	{ NULL, 0 },
};

/* A percentage with at most two digits after the point, in parts of ten thousand. */
static bool parse_percentage(const char *text, void *field, struct conf_reason *why)
{
	char *end;
	unsigned long whole = strtoul(text, &end, 10), part = 0;

	if (end == text || *text == '-' || *text == '+')
		return conf_refuse(why, "not a percentage");
	if (*end == '.') {
		const char *digits = end + 1;
		const size_t len = strspn(digits, "0123456789");

		if (len == 0 || len > 2)
			return conf_refuse(why, "one or two digits after the point");
		part = strtoul(digits, &end, 10) * (len == 1 ? 10 : 1);
	}
	if (*end || whole > 100 || whole * 100 + part > 10000)
		return conf_refuse(why, "not a percentage");
	*(uint32_t *)field = (uint32_t)(whole * 100 + part);
	return true;
}

/* Names with commas between. */
static bool parse_links(const char *text, void *field, struct conf_reason *why)
{
	struct swarm_links *links = field;

	*links = (struct swarm_links){ 0 };
	for (const char *at = text;; at++) {
		const size_t len = strcspn(at, ",");

		if (len == 0 || len >= IF_NAMESIZE)
			return conf_refuse(why, "not names of interfaces");
		if (links->count == SWARM_LINKS_MAX)
			return conf_refuse(why, "more than %d", SWARM_LINKS_MAX);
		memcpy(links->name[links->count++], at, len);
		at += len;
		if (!*at)
			return true;
	}
}

static const struct conf_special interfaces = { .parse = parse_links, .pattern = "" };
static const struct conf_special percentage = { .parse = parse_percentage,
						.pattern = "" };

#define ROW(field_, name_, type_, ...) \
	CONF_ROW(swarm_options, field_, name_, type_, __VA_ARGS__)

static const struct conf_attr rows[] = {
	ROW(home_agent, "home-agent", CONF_ADDRESS, .required = true,
	    .help = "where Requests go, and the tunnels' other end"),
	ROW(home, "home", CONF_ADDRESS, .required = true,
	    .help = "home address of the first node; the next has the next"),
	ROW(nodes, "nodes", CONF_NUMBER, .def = "1000", .min = 1,
	    .max = SWARM_NODES_MAX, .help = "how many there are"),
	ROW(care_of, "care-of", CONF_NETWORK,
	    .help = "their care-of addresses: one, or a prefix; this machine's"),
	ROW(links, "visit", CONF_SPECIAL, .special = &interfaces,
	    .help = "interfaces to links with foreign agents, to register through"),
	ROW(association.spi, "spi", CONF_IDENT, .required = true, .min = 256,
	    .max = UINT32_MAX, .help = "of all nodes' association with the home agent"),
	ROW(association.algorithm, "algorithm", CONF_CHOICE, .def = "hmac-md5",
	    .choices = algorithms, .help = "how it authenticates"),
	ROW(association.key, "key-file", CONF_KEY_FILE, .required = true,
	    .help = "its key, in a file that its owner alone can read"),
	ROW(visited_spi, "visited-spi", CONF_IDENT, .min = 256, .max = UINT32_MAX,
	    .help = "of all nodes' association with the foreign agents, if any"),
	ROW(visited_key, "visited-key-file", CONF_KEY_FILE, .help = "its key"),
	ROW(lifetime, "lifetime", CONF_SECONDS, .def = "1800", .min = 1, .max = 65535,
	    .help = "that is asked for"),
	ROW(encap, "encapsulation", CONF_CHOICE, .def = "gre",
	    .choices = encapsulations, .help = "that is asked for"),
	ROW(reverse_tunnel, "reverse-tunnel", CONF_BOOL, .def = "no",
	    .help = "ask for reverse tunnels"),
	ROW(rate, "rate", CONF_NUMBER, .def = "1000", .min = 1, .max = SWARM_RATE_MAX,
	    .help = "a second, of steps that name none"),
	ROW(poisson, "poisson", CONF_BOOL, .def = "no",
	    .help = "by chance instead of evenly"),
	ROW(timeout, "timeout", CONF_DURATION, .def = "1", .min = 10,
	    .max = 60 * MS_PER_S,
	    .help = "how long the first answer is waited for; doubled with each try"),
	ROW(retries, "retries", CONF_NUMBER, .def = "3", .max = SWARM_RETRIES_MAX,
	    .help = "how often a Request is sent again"),
	ROW(in_flight, "in-flight", CONF_NUMBER, .def = "65536", .min = 2,
	    .max = SWARM_IN_FLIGHT_MAX, .help = "most Requests that wait for answers"),
	ROW(overlap, "overlap", CONF_BOOL, .def = "no",
	    .help = "a node asks again though it was not answered: for a few nodes"),
	ROW(segments, "segments", CONF_BOOL, .def = "no",
	    .help = "neighbours of one care-of address go to the kernel as one"),
	ROW(handover, "handover", CONF_BOOL, .def = "no",
	    .help = "time moves, from Reply to first packet out of the new tunnel"),
	ROW(failures, "failures", CONF_SPECIAL, .def = "2.5", .special = &percentage,
	    .help = "percentage that may fail"),
	ROW(find, "find-rate", CONF_CHOICE, .def = "no", .choices = finds,
	    .help = "look for the highest rate that works, of renew or of roam"),
	ROW(trial, "trial", CONF_DURATION, .def = "5", .min = 100,
	    .max = 3600 * MS_PER_S, .help = "how long each rate is tried"),
	ROW(repeat, "repeat", CONF_NUMBER, .def = "5", .min = 1, .max = 99,
	    .help = "how often it is looked for; the median counts"),
	ROW(json, "json", CONF_PATH, .help = "write all figures to this file"),
	ROW(quiet, "quiet", CONF_BOOL, .def = "no", .help = "no line every second"),
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), HELP = ROWS, OPTIONS = ROWS + 2 };

static const struct conf_element swarm_schema = {
	.name = "swarm",
	.attr = rows,
	.attr_count = ROWS,
	.size = sizeof(struct swarm_options),
	.line = CONF_NO_LINE,
};

static const char usage[] =
	"Usage: mn-sim swarm OPTION... STEP...\n"
	"       mn-sim swarm OPTION... --find-rate renew|roam\n"
	"\n"
	"Be many mobile nodes at once that register with a home agent at given rates,\n"
	"directly or through foreign agents, and tell what became of it.\n"
	"\n"
	"A STEP is OP[@RATE][+OP[@RATE]...][/SECONDS], of the operations register,\n"
	"renew, roam, deregister; without a time until each node had its turn.\n"
	"\n";

static const char exit_status[] =
	"\n"
	"Exit status: 0 done; 1 more than --failures percent failed, or it could not\n"
	"run; 2 wrong usage.\n";

static void print_help(void)
{
	fputs(usage, stdout);
	for (unsigned i = 0; i < ROWS; i++) {
		printf("  --%-*s %s", HELP_WIDTH - 2, rows[i].name, rows[i].help);
		if (rows[i].def && rows[i].type != CONF_BOOL)
			printf(" (%s)", rows[i].def);
		printf("\n");
	}
	fputs(exit_status, stdout);
}

/* One entry a row, for getopt. */
static void list_options(struct option to[OPTIONS])
{
	for (int i = 0; i < ROWS; i++)
		to[i] = (struct option){ .name = rows[i].name,
					 .has_arg = rows[i].type != CONF_BOOL,
					 .val = i };
	to[ROWS] = (struct option){ .name = "help", .val = HELP };
	to[ROWS + 1] = (struct option){ 0 };
}

static int complain(const char *what, const char *name, const char *why)
{
	fprintf(stderr, "mn-sim swarm: %s%s: %s\nTry mn-sim swarm --help.\n", what,
		name, why);
	return EXIT_USAGE;
}

static int read_rows(int argc, char **argv, struct swarm_options *o)
{
	struct option options[OPTIONS];
	struct conf_reason why;
	uint64_t given = 0;
	int i;

	list_options(options);
	while ((i = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (i == HELP)
			print_help();
		if (i == HELP || i == '?')
			return i == HELP ? EXIT_SUCCESS : EXIT_USAGE;
		if (given >> i & 1)
			return complain("--", rows[i].name, "is given twice");
		if (!conf_value_set(&rows[i], optarg ? optarg : "yes", ".", o, &why))
			return complain("--", rows[i].name, why.text);
		given |= UINT64_C(1) << i;
	}
	for (i = 0; i < ROWS; i++)
		if (rows[i].required && !(given >> i & 1))
			return complain("--", rows[i].name, "is wanted");
	return -1;
}

static int read_steps(int argc, char **argv, struct swarm_options *o)
{
	const char *wrong;

	if ((o->find == SWARM_OPS) == (optind == argc))
		return complain("STEP", "",
				o->find == SWARM_OPS
					? "at least one is wanted"
					: "none is wanted where a rate is looked for");
	for (; optind < argc; optind++, o->steps++) {
		if (o->steps == SWARM_STEPS_MAX)
			return complain(argv[optind], "", "too many steps");
		wrong = swarm_step_parse(argv[optind], o->rate, &o->step[o->steps]);
		if (wrong)
			return complain(argv[optind], "", wrong);
		o->text[o->steps] = argv[optind];
	}
	return -1;
}

/* What is right only together. */
static int check(const struct swarm_options *o)
{
	if (UINT32_MAX - ntohl(o->home.s_addr) < o->nodes)
		return complain("--", "nodes", "there are not so many home addresses");
	if ((o->care_of.addr.s_addr == INADDR_ANY) == (o->links.count == 0))
		return complain("--", "care-of", "or --visit is wanted, and not both");
	if ((o->visited_spi == 0) != (o->visited_key.len == 0))
		return complain("--", "visited-spi", "goes with --visited-key-file");
	if (o->segments && o->links.count > 0)
		return complain("--", "segments", "goes with --care-of");
	if (o->handover && (o->links.count > 0 || o->care_of.len == 32))
		return complain("--", "handover", "takes several --care-of addresses");
	if (o->links.count == 0 && o->care_of.len < 8)
		return complain("--", "care-of", "the shortest prefix is /8");
	return -1;
}

int swarm_options_read(int argc, char **argv, struct swarm_options *o)
{
	int status;

	conf_defaults(&swarm_schema, o);
	status = read_rows(argc, argv, o);
	if (status < 0)
		status = read_steps(argc, argv, o);
	if (status < 0)
		status = check(o);
	if (status >= 0)
		swarm_options_fini(o);
	return status;
}

void swarm_options_fini(struct swarm_options *o)
{
	conf_release(&swarm_schema, o);
}
