/* SPDX-License-Identifier: ISC */
/*
 * What an agent's tunnels carry, and what protects them, in one line; made of the rows
 * that its control socket answers with.
 */
#ifndef MN_SIM_TUNNEL_VIEW_H
#define MN_SIM_TUNNEL_VIEW_H

#include <jansson.h>

enum { TUNNEL_VIEW_TEXT = 384, TUNNEL_VIEW_PEERS = 8, TUNNEL_VIEW_WORD = 48 };

/* ESP with a peer. */
struct tunnel_guard {
	char remote[TUNNEL_VIEW_WORD];
	char carrier[TUNNEL_VIEW_WORD];                          /* "raw", "udp" */
	char algorithm[TUNNEL_VIEW_WORD], spi[TUNNEL_VIEW_WORD]; /* "": none sends */
	long long rekeys;
};

struct tunnel_view {
	struct tunnel_guard guard[TUNNEL_VIEW_PEERS];
	unsigned guards;
	char text[TUNNEL_VIEW_TEXT];
};

void tunnel_view_init(struct tunnel_view *v);

/* Rows of `show protection`, then of `show associations`, then of `show tunnels`. */
void tunnel_view_protection(struct tunnel_view *v, const json_t *row);
void tunnel_view_association(struct tunnel_view *v, const json_t *row);
void tunnel_view_tunnel(struct tunnel_view *v, const json_t *row);

#endif
