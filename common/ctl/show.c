/* SPDX-License-Identifier: ISC */
/*
 * Rows that all agents show alike.
 */
#include "common/ctl/show.h"

#include "common/ctl/json.h"
#include "common/tunnel/protect.h"
#include "common/tunnel/tunnel.h"

#include <string.h>

void show_counters(struct ctl_reply *reply, const struct counter_set *sets,
		   unsigned count)
{
	for (unsigned s = 0; s < count; s++)
		for (size_t i = 0; i < sets[s].count; i++)
			ctl_reply_row(
				reply,
				json_pack("{s:s,s:s,s:I,s:s}", "group", sets[s].group,
					  "counter", sets[s].rows[i].name, "value",
					  (json_int_t)counter_read(&sets[s].values[i]),
					  "help", sets[s].rows[i].help));
}

static void show_association(void *reply, const struct mip_sa *sa)
{
	json_t *o = json_pack("{s:s,s:o,s:o,s:s}", "kind", sa_kind_name(sa->kind),
			      "peer", json_addr(sa->peer), "spi", json_hex32(sa->spi),
			      "algorithm", auth_algorithm_name(sa->algorithm));

	if (o) {
		json_object_set_new(o, "accept-only", json_boolean(sa->accept_only));
		json_set_count(o, "used", sa->used);
		json_set_count(o, "failures", sa->failures);
	}
	ctl_reply_row(reply, o);
}

void show_associations(struct ctl_reply *reply, struct sa_store *store)
{
	sa_each(store, show_association, reply);
}

static void show_violation(void *reply, const struct violation *v)
{
	json_t *o = json_pack("{s:f,s:s}", "time", json_ntp_seconds(v->ntp), "reason",
			      v->reason);

	if (o) {
		json_set_addr(o, "source", v->source);
		json_set_addr(o, "home", v->home);
		if (v->spi)
			json_object_set_new(o, "spi", json_hex32(v->spi));
		if (v->ident)
			json_object_set_new(o, "identification", json_hex64(v->ident));
	}
	ctl_reply_row(reply, o);
}

void show_violations(struct ctl_reply *reply, const struct violations *v)
{
	violations_each(v, show_violation, reply);
}

struct tunnel_rows {
	struct ctl_reply *reply;
	const struct fwd *fwd;
	instant_t now;
	const struct show_fast *fast;
};

/* Those of both paths together, and of the fast one. */
static void set_counts(json_t *o, const struct tunnel_counts *user,
		       const struct tunnel_counts *fast)
{
	json_set_count(o, "packets-in", user->in_packets + fast->in_packets);
	json_set_count(o, "octets-in", user->in_octets + fast->in_octets);
	json_set_count(o, "dropped-in", user->in_dropped);
	json_set_count(o, "packets-out", user->out_packets + fast->out_packets);
	json_set_count(o, "octets-out", user->out_octets + fast->out_octets);
	json_set_count(o, "dropped-out", user->out_dropped);
	json_set_count(o, "fast-packets-in", fast->in_packets);
	json_set_count(o, "fast-octets-in", fast->in_octets);
	json_set_count(o, "fast-packets-out", fast->out_packets);
	json_set_count(o, "fast-octets-out", fast->out_octets);
}

static void set_path(json_t *o, const struct tunnel_rows *rows, const struct tunnel *t)
{
	struct tunnel_counts counts = { 0 };
	bool fast =
		rows->fast->counts && rows->fast->counts(rows->fast->arg, t, &counts);

	json_object_set_new(o, "path", json_string(fast ? "fast" : "user"));
	set_counts(o, &t->counts, &counts);
}

/* Who uses it, as "binding" or "binding,site". */
static json_t *used_by(const struct tunnel *t)
{
	char text[64] = "";

	for (int u = 0; u < TUNNEL_USES; u++) {
		if (!t->uses[u])
			continue;
		if (*text)
			strcat(text, ",");
		strcat(text, tunnel_use_name((enum tunnel_use)u));
	}
	return json_string(text);
}

/* What is between its ends, and whether it stands. */
static void set_protection(json_t *o, const struct fwd *f, const struct tunnel *t)
{
	struct protect_view v;
	const char *esp = "none";

	if (fwd_protect_view(f, t->spec.local, t->spec.remote, &v)) {
		json_object_set_new(o, "policy",
				    json_string(protect_policy_name(v.spec->policy)));
		esp = v.out && v.in_count > 0 ? "up" : "down";
	}
	json_object_set_new(o, "esp", json_string(esp));
}

/* Of a site tunnel: does its other end live, and how is that known? */
static void set_life(json_t *o, const struct tunnel *t, instant_t now)
{
	const struct probe *p = tunnel_probe(t);

	if (!p)
		return;
	json_object_set_new(o, "state", json_string(probe_state_name(tunnel_state(t))));
	if (p->heard.ns != 0)
		json_object_set_new(
			o, "heard",
			json_real((double)instant_diff(now, p->heard).ns / 1e9));
	json_set_count(o, "probes", p->counts.sent);
	json_set_count(o, "answers", p->counts.answered);
}

static void show_tunnel(void *arg, const struct tunnel *t)
{
	struct tunnel_rows *rows = arg;
	json_t *o = json_object();

	if (o) {
		if (tunnel_name(t))
			json_object_set_new(o, "name", json_string(tunnel_name(t)));
		json_object_set_new(o, "local", json_addr(t->spec.local));
		json_object_set_new(o, "remote", json_addr(t->spec.remote));
		json_set_encap(o, &t->spec.encap);
		json_object_set_new(o, "use", used_by(t));
		json_object_set_new(
			o, "mtu",
			json_integer(tunnel_inner_mtu(t, &t->encap, rows->now)));
		set_path(o, rows, t);
		set_protection(o, rows->fwd, t);
		set_life(o, t, rows->now);
	}
	ctl_reply_row(rows->reply, o);
}

void show_tunnels(struct ctl_reply *reply, const struct fwd *f, struct now now,
		  const struct show_fast *fast)
{
	struct tunnel_rows rows = { reply, f, now.mono, fast };

	fwd_each_tunnel(f, show_tunnel, &rows);
}
