/* SPDX-License-Identifier: ISC */
/*
 * ESP for other programs' tests: seals and opens packets with the code of the agents,
 * one a line. Standard input has
 *
 *     seal|open ALGORITHM esn|plain KEY-MATERIAL SPI NUMBER PACKET
 *
 * in hexadecimal but for the first three; NUMBER is the whole sequence number that the
 * packet gets or should have. Standard output has the packet that comes of it, or
 * "drop REASON".
 */
#include "common/base/rng.h"
#include "common/tunnel/esp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKET_MAX = 3000, LINE_MAX_LEN = 2 * PACKET_MAX + 400 };

struct order {
	bool seal;
	struct esp_sa_spec spec;
	uint8_t material[ESP_MATERIAL_MAX];
	uint64_t number;
	uint8_t packet[PACKET_MAX];
	size_t len;
};

static void die(const char *what)
{
	fprintf(stderr, "esp_packets: %s\n", what);
	exit(1);
}

static size_t bytes_of(const char *hex, uint8_t *to, size_t room)
{
	size_t len = strlen(hex) / 2;

	if (len > room)
		die("too long");
	for (size_t i = 0; i < len; i++) {
		const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

/* Ends of the outer packet: ours is the one that it leaves from or comes to. */
static void set_ends(struct order *o)
{
	struct ipv4 ip;

	if (o->len < sizeof(ip))
		die("no packet");
	memcpy(&ip, o->packet, sizeof(ip));
	o->spec.local = o->seal ? ip.src : ip.dst;
	o->spec.remote = o->seal ? ip.dst : ip.src;
}

static void read_order(char *line, struct order *o, struct secret *material)
{
	char *field[7], *rest = line;

	for (int i = 0; i < 7; i++)
		if (!(field[i] = strtok_r(rest, " \n", &rest)))
			die("a field is missing");
	*o = (struct order){ .seal = strcmp(field[0], "seal") == 0,
			     .spec.esn = strcmp(field[2], "esn") == 0,
			     .spec.spi = (uint32_t)strtoul(field[4], NULL, 16),
			     .spec.window = REPLAY_WINDOW_MIN,
			     .number = strtoull(field[5], NULL, 16) };
	if (!esp_algorithm_by_name(field[1], &o->spec.algorithm))
		die("no such algorithm");
	material->bytes = o->material;
	material->len = bytes_of(field[3], o->material, sizeof(o->material));
	o->spec.material = material;
	o->len = bytes_of(field[6], o->packet, sizeof(o->packet));
	set_ends(o);
}

static void seal(const struct order *o, struct pkt_vec *v)
{
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, o->number);
	struct esp_sa_out *sa = esp_sa_out_new(&o->spec, &rng);

	if (!sa)
		die("no association");
	sa->next = o->number;
	esp_push(sa, v);
	esp_sa_out_free(sa);
}

static void open_sealed(const struct order *o, struct pkt_vec *v)
{
	struct esp_sa_in *sa = esp_sa_in_new(&o->spec);

	if (!sa)
		die("no association");
	sa->window.top = o->number - 1;
	esp_pull(sa, v);
	esp_sa_in_free(sa);
}

static void answer(const struct pkt *p)
{
	if (p->drop)
		printf("drop %s", drop_name(p->drop));
	for (size_t i = 0; !p->drop && i < p->len; i++)
		printf("%02x", p->data[i]);
	printf("\n");
	fflush(stdout);
}

static void carry_out(const struct order *o, struct pkt_pool *pool)
{
	struct pkt *p = pkt_take(pool);
	struct pkt_vec v = { .count = 1, .pkt = { p } };

	memcpy(p->data, o->packet, o->len);
	p->len = o->len;
	p->drop = pkt_check(p);
	if (o->seal)
		seal(o, &v);
	else
		open_sealed(o, &v);
	answer(p);
	pkt_give(pool, p);
}

int main(void)
{
	static char line[LINE_MAX_LEN];
	static struct order order;
	struct secret material;
	struct pkt_pool pool;

	if (pkt_pool_init(&pool, 1) < 0)
		die("no memory");
	while (fgets(line, sizeof(line), stdin)) {
		read_order(line, &order, &material);
		carry_out(&order, &pool);
	}
	pkt_pool_fini(&pool);
	return 0;
}
