/* SPDX-License-Identifier: ISC */
/*
 * What ESP's ciphers cost: microseconds to seal and to open a packet, by each engine
 * that is there.
 *
 *     ciphers [MILLISECONDS]    for each engine, algorithm, size and round; default 20
 *
 * Engines take turns, five rounds.  Packets are sealed and opened in bunches of 64; the
 * quickest bunch counts, since whatever else runs on the machine only adds.
 */
#include "common/security/esp_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENGINES = 2, ROUNDS = 5, SIZES = 4, BUNCH = 64, PACKET_MAX = 9100 };

static const size_t sizes[SIZES] = { 64, 576, 1400, 9000 };

/* Of one algorithm and size, by one engine. */
struct cost {
	double seal, open; /* microseconds */
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ESP packets whose bodies have about that many octets. */
struct packets {
	size_t len; /* of each */
	uint8_t bytes[BUNCH][PACKET_MAX];
};

static void make_packets(struct packets *p, enum esp_algorithm a, size_t body)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(a);

	body = (body + info->block - 1) / info->block * info->block;
	p->len = ESP_HEADER + info->iv_len + body + info->icv_len;
}

static double seal_us(struct esp_cipher *c, struct packets *p, uint64_t *number)
{
	double start = now_us();

	for (unsigned i = 0; i < BUNCH; i++) {
		(void)esp_cipher_make_iv(c, *number, p->bytes[i] + ESP_HEADER);
		(void)esp_cipher_seal(c, (*number)++, p->bytes[i], p->len);
	}
	return now_us() - start;
}

static double open_us(struct esp_cipher *c, struct packets *p)
{
	double start = now_us();

	for (unsigned i = 0; i < BUNCH; i++)
		if (!esp_cipher_open(c, 0, p->bytes[i], p->len))
			abort();
	return now_us() - start;
}

static void least(double *kept, double value)
{
	if (*kept == 0 || value < *kept)
		*kept = value;
}

static void measure(const struct esp_engine *e, enum esp_algorithm a, size_t size,
		    double budget, struct cost *cost)
{
	static struct packets packets;
	uint8_t bytes[ESP_MATERIAL_MAX] = { 1 };
	const struct secret material = { bytes, esp_key_material_len(a) };
	const struct esp_cipher_spec spec = { a, false, &material, e };
	struct rng_seeded state;
	const struct rng rng = rng_seeded_init(&state, 1);
	struct esp_cipher *seal = esp_cipher_sealer(&spec, &rng);
	struct esp_cipher *open = esp_cipher_opener(&spec);
	double end = now_us() + budget;
	uint64_t number = 1;

	if (!seal || !open)
		abort();
	make_packets(&packets, a, size);
	do {
		least(&cost->seal, seal_us(seal, &packets, &number) / BUNCH);
		least(&cost->open, open_us(open, &packets) / BUNCH);
	} while (now_us() < end);
	esp_cipher_free(seal);
	esp_cipher_free(open);
}

static void print_row(enum esp_algorithm a, const char *way, const char *engine,
		      const double *us, const double *than)
{
	printf("%-26s %-5s %-9s", esp_algorithm_info(a)->name, way, engine);
	for (unsigned i = 0; i < SIZES; i++) {
		printf("%9.3f", us[i]);
		if (than)
			printf(" %4.2fx", than[i] / us[i]);
		else
			printf("%6s", "");
	}
	putchar('\n');
}

static void bench(const struct esp_engine *engines, unsigned count,
		  enum esp_algorithm a, double budget)
{
	struct cost costs[ENGINES][SIZES] = { { { 0 } } };

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < SIZES; i++)
			for (unsigned e = 0; e < count; e++)
				measure(&engines[e], a, sizes[i], budget, &costs[e][i]);
	for (unsigned way = 0; way < 2; way++) {
		double us[ENGINES][SIZES];

		for (unsigned e = 0; e < count; e++) {
			for (unsigned i = 0; i < SIZES; i++)
				us[e][i] = way ? costs[e][i].open : costs[e][i].seal;
			print_row(a, way ? "open" : "seal", engines[e].ops->name, us[e],
				  e ? us[0] : NULL);
		}
	}
}

int main(int argc, char **argv)
{
	double budget = 1e3 * (argc > 1 ? atof(argv[1]) : 20);
	struct esp_engine engines[ENGINES] = { *esp_openssl() };
	enum esp_engine_fault fault = esp_engine_init(&engines[1], ESP_ENGINE_IPSEC_MB);

	printf("ciphers of ESP: us a packet, and how many times as fast as OpenSSL\n");
	if (fault != ESP_ENGINE_OK)
		printf("ipsec-mb: %s\n", esp_engine_fault_text(fault));
	printf("%-42s", "octets");
	for (unsigned i = 0; i < SIZES; i++)
		printf("%9zu%6s", sizes[i], "");
	putchar('\n');
	for (int i = 0; i < ESP_ALGORITHM_COUNT; i++) {
		enum esp_algorithm a = (enum esp_algorithm)i;
		bool both = fault == ESP_ENGINE_OK && engines[1].ops->serves(a);

		bench(engines, both ? 2 : 1, a, budget);
	}
	esp_engine_fini(&engines[1]);
	return 0;
}
