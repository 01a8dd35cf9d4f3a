/* SPDX-License-Identifier: ISC */
/*
 * Run every fuzz target over its seeds, without a fuzzing engine: each seed
 * whole, each seed cut at every octet, each seed with every single bit changed.
 *
 *     replay                       all targets, seeds of $SJ_SRC/tests/fuzz/corpus
 *     replay TARGET FILE...        these files only, as they are (to look at one)
 *
 * TAP, one line a target. A broken promise ends the program with the input in
 * the file replay.failed of the current folder.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { SEED_MAX = 8192, PATH_LEN = 1024 };

#define FAILED_FILE "replay.failed"

struct seed {
	uint8_t bytes[SEED_MAX];
	size_t len;
};

struct tally {
	unsigned long seeds;
	unsigned long inputs;
	bool unreadable;
};

/* What is saved when it proves fatal. */
static const uint8_t *current;
static size_t current_len;

/* The sanitizers end a program in their own way; present in their builds only. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Keeps to what a signal handler may call. */
static void save_input(void)
{
	static const char text[] = "# the input is in " FAILED_FILE "\n";
	int fd = open(FAILED_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	if (write(fd, current, current_len) == (ssize_t)current_len &&
	    write(STDOUT_FILENO, text, sizeof(text) - 1) > 0)
		close(fd);
}

static void save_and_die(int signal)
{
	save_input();
	/* Reset by SA_RESETHAND: now it ends the program. */
	raise(signal);
}

/* Signals that a sanitizer has taken are left to it. */
static void catch_failures(void)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	const struct sigaction action = { .sa_handler = save_and_die,
					  .sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	}
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_input);
}

static bool read_seed(const char *path, struct seed *s)
{
	FILE *f = fopen(path, "rb");
	bool whole;

	if (!f)
		return false;
	s->len = fread(s->bytes, 1, sizeof(s->bytes), f);
	whole = !ferror(f) && fgetc(f) == EOF;
	fclose(f);
	return whole;
}

/* From memory of exactly its size, so that tools see a read past the end. */
static void run_input(fuzz_target *target, const uint8_t *bytes, size_t len,
		      struct tally *t)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	current = copy;
	current_len = len;
	target(copy, len);
	current_len = 0;
	free(copy);
	t->inputs++;
}

static void run_variants(fuzz_target *target, struct seed *s, struct tally *t)
{
	run_input(target, s->bytes, s->len, t);
	for (size_t len = 0; len < s->len; len++)
		run_input(target, s->bytes, len, t);
	for (size_t bit = 0; bit < 8 * s->len; bit++) {
		const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		s->bytes[bit / 8] ^= mask;
		run_input(target, s->bytes, s->len, t);
		s->bytes[bit / 8] ^= mask;
	}
}

static void run_seed(fuzz_target *target, const char *path, struct tally *t)
{
	static struct seed s;

	if (!read_seed(path, &s)) {
		printf("# %s: cannot be read, or is longer than %d octets\n", path,
		       (int)SEED_MAX);
		t->unreadable = true;
		return;
	}
	t->seeds++;
	run_variants(target, &s, t);
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static struct tally run_corpus(fuzz_target *target, const char *folder)
{
	struct tally t = { 0 };
	struct dirent **names;
	int n = scandir(folder, &names, is_visible, alphasort);

	for (int i = 0; i < n; i++) {
		char path[PATH_LEN + sizeof(names[0]->d_name)];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		run_seed(target, path, &t);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return t;
}

static int run_all(void)
{
	const char *source = getenv("SJ_SRC");
	int status = EXIT_SUCCESS;

	for (size_t n = 0; fuzz_name(n); n++) {
		const char *name = fuzz_name(n);
		char folder[PATH_LEN];
		struct tally t;
		bool good;

		printf("# %s\n", name);
		fflush(stdout);
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
			 source ? source : ".", name);
		t = run_corpus(fuzz_find(name), folder);
		/* A target without a seed shows nothing. */
		good = t.seeds > 0 && !t.unreadable;
		printf("%s %zu - %s: %lu seeds, %lu inputs\n", good ? "ok" : "not ok",
		       n + 1, name, t.seeds, t.inputs);
		status = good ? status : EXIT_FAILURE;
	}
	return status;
}

static int run_files(const char *name, char **paths)
{
	fuzz_target *target = fuzz_find(name);
	struct tally t = { 0 };
	static struct seed s;

	if (!target) {
		fprintf(stderr, "replay: no target is called %s\n", name);
		return 2;
	}
	for (; *paths; paths++) {
		if (!read_seed(*paths, &s))
			return EXIT_FAILURE;
		run_input(target, s.bytes, s.len, &t);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return run_files(argv[1], argv + 2);
	if (argc > 1) {
		fprintf(stderr, "usage: replay [TARGET FILE...]\n");
		return 2;
	}
	catch_failures();
	return run_all();
}
