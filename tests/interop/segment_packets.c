/* SPDX-License-Identifier: ISC */
/*
 * Large segments for other programs' tests: cut and joined with the code of the
 * agents. Standard input has lines in hexadecimal,
 *
 *     cut META PACKET      the packets of it follow, one a line
 *     take PACKET          to be joined; nothing is answered
 *     join                 a line "META PACKET" for each run of what was taken
 *
 * META as struct virtio_net_hdr. An empty line ends each answer; "drop REASON" is the
 * answer to what is refused.
 */
#include "common/tunnel/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 256, LINE_LEN = 2 * IPV4_MAX + 100 };

static void die(const char *what)
{
	fprintf(stderr, "segment_packets: %s\n", what);
	exit(1);
}

static size_t bytes_of(const char *hex, uint8_t *to, size_t room)
{
	size_t len = hex ? strlen(hex) / 2 : 0;

	if (!hex || len > room)
		die("too long or missing");
	for (size_t i = 0; i < len; i++) {
		const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

static void print_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		printf("%02x", at[i]);
}

static struct pkt *packet_of(struct pkt_pool *pool, const char *hex)
{
	struct pkt *p = pkt_take(pool);

	if (!p)
		die("no buffer");
	p->len = bytes_of(hex, p->data, pkt_room(p));
	return p;
}

static void cut(struct pkt_pool *pool, const char *meta_hex, const char *hex)
{
	struct segment_meta meta;
	struct segment_cut c;
	bool more;

	if (bytes_of(meta_hex, (uint8_t *)&meta, sizeof(meta)) != sizeof(meta))
		die("metadata");
	segment_cut(&c, packet_of(pool, hex), &meta);
	do {
		struct pkt_vec v = { .count = 0 };

		more = segment_split(&c, pool, &v);
		for (unsigned i = 0; i < v.count; i++) {
			if (v.pkt[i]->drop)
				printf("drop %s", drop_name(v.pkt[i]->drop));
			else
				print_bytes(v.pkt[i]->data, v.pkt[i]->len);
			putchar('\n');
		}
		pkt_vec_give(pool, &v);
	} while (more);
}

static void print_run(const struct segment_run *run)
{
	struct segment_meta meta;
	uint8_t header[SEGMENT_HEADER_MAX];
	struct iovec piece[SEGMENT_PIECES];
	unsigned n = segment_gather(run, &meta, header, piece);

	print_bytes(&meta, sizeof(meta));
	putchar(' ');
	for (unsigned i = 0; i < n; i++)
		print_bytes(piece[i].iov_base, piece[i].iov_len);
	putchar('\n');
}

static void join(struct pkt_pool *pool, struct pkt_queue *q)
{
	struct segment_run run[PKT_VEC_MAX];
	unsigned runs;

	while ((runs = segment_join(q, SEGMENT_JOIN_TCP | SEGMENT_JOIN_UDP, run)) > 0) {
		for (unsigned i = 0; i < runs; i++) {
			print_run(&run[i]);
			pkt_queue_give(pool, &run[i].packets);
		}
	}
}

static void obey(struct pkt_pool *pool, struct pkt_queue *taken, char *line)
{
	const char *what = strtok(line, " \n"), *first = strtok(NULL, " \n");
	const char *second = strtok(NULL, " \n");

	if (what && strcmp(what, "take") == 0) {
		pkt_queue_add(taken, packet_of(pool, first));
		return;
	}
	if (what && strcmp(what, "cut") == 0)
		cut(pool, first, second);
	else if (what && strcmp(what, "join") == 0)
		join(pool, taken);
	else
		die("what?");
	putchar('\n');
	fflush(stdout);
}

int main(void)
{
	static char line[LINE_LEN];
	struct pkt_queue taken = { 0 };
	struct pkt_pool pool;

	if (pkt_pool_init(&pool, POOL) != 0)
		die("no memory");
	while (fgets(line, sizeof(line), stdin))
		obey(&pool, &taken, line);
	pkt_queue_give(&pool, &taken);
	pkt_pool_fini(&pool);
	return 0;
}
