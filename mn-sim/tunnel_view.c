/* SPDX-License-Identifier: ISC */
/*
 * A tunnel's line: "10.1.0.1>10.0.2.2 gre in esp (aes-128-gcm, spi 0x1a2b3c4d, rekeys
 * 2) out 513 in 245".
 */
#include "mn-sim/tunnel_view.h"

#include "mn-sim/report_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct tunnel_view *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct tunnel_view *v, const char *format, ...)
{
	size_t at = strlen(v->text);
	va_list list;

	va_start(list, format);
	vsnprintf(v->text + at, sizeof(v->text) - at, format, list);
	va_end(list);
}

static void copy(char to[TUNNEL_VIEW_WORD], const json_t *row, const char *key)
{
	snprintf(to, TUNNEL_VIEW_WORD, "%s", value_text(row, key));
}

static struct tunnel_guard *find_guard(struct tunnel_view *v, const char *remote)
{
	for (unsigned i = 0; i < v->guards; i++)
		if (strcmp(v->guard[i].remote, remote) == 0)
			return &v->guard[i];
	return NULL;
}

void tunnel_view_init(struct tunnel_view *v)
{
	v->guards = 0;
	v->text[0] = '\0';
}

void tunnel_view_protection(struct tunnel_view *v, const json_t *row)
{
	struct tunnel_guard *g;

	if (v->guards == TUNNEL_VIEW_PEERS)
		return;
	g = &v->guard[v->guards++];
	*g = (struct tunnel_guard){ .rekeys = value_integer(row, "rekeys") };
	copy(g->remote, row, "remote");
	copy(g->carrier, row, "carrier");
}

/* Those of registrations have no kind that begins with "esp". */
void tunnel_view_association(struct tunnel_view *v, const json_t *row)
{
	struct tunnel_guard *g = find_guard(v, value_text(row, "peer"));

	if (!g || strcmp(value_text(row, "kind"), "esp-out") != 0)
		return;
	copy(g->algorithm, row, "algorithm");
	copy(g->spi, row, "spi");
}

static void add_guard(struct tunnel_view *v, const struct tunnel_guard *g)
{
	if (!g || !*g->spi)
		return;
	add(v, " in esp%s (%s, spi %s, rekeys %lld)",
	    strcmp(g->carrier, "udp") == 0 ? " in udp" : "", g->algorithm, g->spi,
	    g->rekeys);
}

void tunnel_view_tunnel(struct tunnel_view *v, const json_t *row)
{
	add(v, "%s>%s %s", value_text(row, "local"), value_text(row, "remote"),
	    value_text(row, "encapsulation"));
	add_guard(v, find_guard(v, value_text(row, "remote")));
	add(v, " out %lld in %lld  ", value_integer(row, "packets-out"),
	    value_integer(row, "packets-in"));
}
