/* SPDX-License-Identifier: ISC */
/*
 * Packets that both data paths are given, with what is to become of each.
 */
#ifndef TESTS_NETNS_FAST_PACKETS_H
#define TESTS_NETNS_FAST_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 2048 };
enum { OTHER, VISITOR }; /* stations */
enum { LEFT, FAST };
enum { LINK_IN, LINK_OUT, LINK_VISIT, LINKS };

/* A packet of the table, and what is to become of it. */
struct fast_row {
	const char *name;
	const char *hex; /* from the IPv4 header on; checksums are put in */
	int link;        /* that it comes from */
	bool from_visitor;
	bool fast; /* it must be taken */
};

size_t fast_rows(void);
const struct fast_row *fast_row(size_t n);

/* Its octets, checksums right; their number. */
size_t fast_packet(const struct fast_row *row, uint8_t to[FRAME_MAX]);

/* Put right checksums into the outer header and, if there is one, the inner. */
void fast_seal(uint8_t *packet, size_t len);

#endif
