/* SPDX-License-Identifier: ISC */
/*
 * Plays every story and tells it as TAP.
 *
 *     sim                 all
 *     sim NAME...         these
 *     sim -v NAME...      with the whole trace
 */
#include "tests/sim/story.h"

#include <stdlib.h>
#include <string.h>

struct story {
	const char *name;
	unsigned nodes;
	const char *says;
	void (*tell)(struct world *w);
};

static const struct story stories[] = {
#define STORY(symbol, nodes, says) { #symbol, nodes, says, story_##symbol },
#include "tests/sim/stories.def"
#undef STORY
};

enum { STORIES = sizeof(stories) / sizeof(stories[0]) };

/* Whatever the story, it ends with everybody stopped and nothing left. */
static bool play(const struct story *s, unsigned number, bool verbose)
{
	struct world *w = malloc(sizeof(*w));
	bool good;

	if (!w)
		abort();
	world_init(w, number, s->nodes);
	w->verbose = verbose;
	s->tell(w);
	if (!w->broken[0])
		world_stop(w);
	good = !w->broken[0];
	if (!good)
		printf("# %s\n", w->broken);
	printf("%s %u - %s: %s\n", good ? "ok" : "not ok", number, s->name, s->says);
	world_fini(w);
	free(w);
	return good;
}

static bool is_named(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names)
		if (strcmp(*names++, name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool good = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < STORIES; i++)
		if (is_named(stories[i].name, argv + 1 + verbose))
			good = play(&stories[i], i + 1, verbose) && good;
	if (argc == 1)
		printf("1..%d\n", STORIES);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
