/* SPDX-License-Identifier: ISC */
/*
 * ESP for mipctl: with whom it stands, its associations, and "rekey".  No key is
 * ever touched.
 */
#include "common/shell/agent_keys.h"

#include "common/ctl/json.h"
#include "common/io/host.h"

#include <arpa/inet.h>
#include <string.h>

/* Seconds; nothing where there is no such moment. */
static void set_until(json_t *o, const char *key, instant_t at, instant_t now)
{
	if (!instant_is_never(at) && at.ns != 0)
		json_object_set_new(o, key,
				    json_real((double)instant_diff(at, now).ns / 1e9));
}

static json_t *carrier_json(const struct protect_spec *spec)
{
	return json_string(spec->carrier.kind == CARRIER_UDP ? "udp" : "raw");
}

struct shown {
	struct agent_shell *shell;
	struct ctl_reply *reply;
	instant_t now;
};

static bool status_of(const struct shown *to, const struct keyed_pair *p,
		      struct keying_status *out)
{
	const struct agent_keys *k = to->shell->keys;

	return p->peer && k->keying && keying_status(k->keying, p->ends, out);
}

/* The site tunnels between these ends, by name. */
static void set_sites(json_t *o, const struct shown *to, const struct keyed_pair *p)
{
	const struct common_config *c = agent_common(to->shell);
	json_t *names = json_array();

	for (unsigned i = 0; i < c->site_count; i++)
		if (c->site[i].tunnel.local.s_addr == p->ends.local.s_addr &&
		    c->site[i].tunnel.remote.s_addr == p->ends.remote.s_addr)
			json_array_append_new(names, json_string(c->site[i].name));
	if (json_array_size(names) > 0)
		json_object_set(o, "sites", names);
	json_decref(names);
}

/* -- Pairs of ends ---------------------------------------------------------- */

static void set_agreement(json_t *o, const struct keying_status *t, instant_t now)
{
	json_object_set_new(
		o, "keys", json_string(t->certificate ? "certificate" : "association"));
	if (t->suite && t->suite[0])
		json_object_set_new(o, "tls", json_string(t->suite));
	json_set_count(o, "generation", t->generation);
	set_until(o, "next-rekey", t->next_rekey, now);
	set_until(o, "next-attempt", t->next_attempt, now);
	json_set_count(o, "rekeys", t->rekeys);
	json_set_count(o, "handshakes", t->handshakes);
	json_set_count(o, "failures", t->failures);
	if (t->fault != KEY_OK) {
		json_object_set_new(o, "fault", json_string(key_fault_name(t->fault)));
		json_object_set_new(o, "reason", json_string(key_fault_text(t->fault)));
	}
	if (t->fault != KEY_OK && t->detail)
		json_object_set_new(o, "detail", json_string(t->detail));
}

static const char *state_name(const struct shown *to, const struct keyed_pair *p,
			      const struct keying_status *t, bool known)
{
	if (p->manual)
		return "manual";
	if (!to->shell->keys->here)
		return "no-address";
	return known ? keying_state_name(t->state) : "idle";
}

static void show_pair(const struct shown *to, const struct keyed_pair *p)
{
	struct keying_status t;
	bool known = status_of(to, p, &t);
	struct protect_view v;
	json_t *o = json_object();

	if (o) {
		json_object_set_new(o, "local", json_addr(p->ends.local));
		json_object_set_new(o, "remote", json_addr(p->ends.remote));
		json_set_addr(o, "home", p->home);
		json_object_set_new(o, "policy",
				    json_string(protect_policy_name(p->policy)));
		json_object_set_new(o, "state",
				    json_string(state_name(to, p, &t, known)));
		set_sites(o, to, p);
	}
	if (o && fwd_protect_view(datapath_fwd(to->shell->data), p->ends.local,
				  p->ends.remote, &v)) {
		json_object_set_new(o, "carrier", carrier_json(v.spec));
		json_set_count(o, "clear-in", v.counts->in_clear);
		json_set_count(o, "clear-out", v.counts->out_clear);
		json_set_count(o, "not-protected", v.counts->not_protected);
		json_set_count(o, "no-association", v.counts->no_association);
	}
	if (o && known)
		set_agreement(o, &t, to->now);
	ctl_reply_row(to->reply, o);
}

static void each_pair(struct agent_shell *s, struct ctl_reply *reply,
		      void (*show)(const struct shown *to, const struct keyed_pair *p))
{
	const struct shown to = { s, reply, host_now().mono };
	struct keyed_pair *p, *next;

	HASH_ITER(hh, s->keys->pairs, p, next)
		show(&to, p);
}

void agent_keys_show(struct agent_shell *s, struct ctl_reply *reply)
{
	each_pair(s, reply, show_pair);
}

/* -- Associations ----------------------------------------------------------- */

static json_t *sa_row(const struct shown *to, const char *kind,
		      const struct keyed_pair *p, uint32_t spi,
		      enum esp_algorithm algorithm, const struct esp_cipher *cipher)
{
	json_t *o = json_pack("{s:s,s:o,s:o,s:s,s:s}", "kind", kind, "peer",
			      json_addr(p->ends.remote), "spi", json_hex32(spi),
			      "algorithm", esp_algorithm_info(algorithm)->name,
			      "engine", esp_cipher_engine(cipher));

	if (o)
		set_sites(o, to, p);
	return o;
}

static void set_counts(json_t *o, const struct esp_sa_counts *c, uint64_t sequence)
{
	json_set_count(o, "packets", c->packets);
	json_set_count(o, "octets", c->octets);
	json_set_count(o, "sequence", sequence);
}

/* Of an older generation nothing is known but that it still receives. */
static void set_age(json_t *o, const struct keying_status *t, uint32_t spi,
		    uint32_t current, instant_t now)
{
	if (!t || spi != current)
		return;
	json_object_set_new(o, "age",
			    json_real((double)instant_diff(now, t->keyed).ns / 1e9));
	set_until(o, "next-rekey", t->next_rekey, now);
}

static void show_out(const struct shown *to, const struct keyed_pair *p,
		     const struct esp_sa_out *sa, const struct keying_status *t)
{
	json_t *o = sa_row(to, "esp-out", p, sa->spi, sa->algorithm, sa->cipher[0]);

	if (o) {
		set_counts(o, &sa->counts, sa->next - 1);
		json_object_set_new(o, "esn", json_boolean(sa->esn));
		json_set_count(o, "exhausted", sa->exhausted);
		set_age(o, t, sa->spi, t ? t->spi_out : 0, to->now);
	}
	ctl_reply_row(to->reply, o);
}

static void show_in(const struct shown *to, const struct keyed_pair *p,
		    const struct esp_sa_in *sa, const struct keying_status *t)
{
	json_t *o = sa_row(to, "esp-in", p, sa->spi, sa->algorithm, sa->cipher[0]);

	if (o) {
		set_counts(o, &sa->counts, sa->window.top);
		json_object_set_new(o, "esn", json_boolean(sa->esn));
		json_set_count(o, "window", sa->replay_checked ? sa->window.size : 0);
		json_set_count(o, "replays", sa->replays);
		json_set_count(o, "icv-failures", sa->bad_icvs);
		json_set_count(o, "bad-inside", sa->bad_insides);
		json_set_count(o, "dummies", sa->counts.dummies);
		set_age(o, t, sa->spi, t ? t->spi_in : 0, to->now);
	}
	ctl_reply_row(to->reply, o);
}

static void show_associations_of(const struct shown *to, const struct keyed_pair *p)
{
	struct keying_status status;
	const struct keying_status *t = status_of(to, p, &status) ? &status : NULL;
	struct protect_view v;

	if (!fwd_protect_view(datapath_fwd(to->shell->data), p->ends.local,
			      p->ends.remote, &v))
		return;
	if (v.out)
		show_out(to, p, v.out, t);
	for (unsigned i = 0; i < v.in_count; i++)
		show_in(to, p, v.in[i], t);
}

void agent_keys_show_associations(struct agent_shell *s, struct ctl_reply *reply)
{
	each_pair(s, reply, show_associations_of);
}

/* -- New keys now ----------------------------------------------------------- */

void agent_keys_rekey(struct agent_shell *s, const char *argument,
		      struct ctl_reply *reply)
{
	struct agent_keys *k = s->keys;
	bool all = strcmp(argument, "all") == 0;
	struct keyed_pair *p, *next;
	struct in_addr remote;
	unsigned count = 0;
	struct now now;

	if (!all && inet_pton(AF_INET, argument, &remote) != 1) {
		ctl_reply_error(reply, "give a peer's address, or all");
		return;
	}
	agent_shell_begin(s, &now);
	HASH_ITER(hh, k->pairs, p, next)
		if (k->keying && (all || p->ends.remote.s_addr == remote.s_addr))
			count += keying_rekey(k->keying, p->ends, now, &k->fx);
	agent_shell_done(s);
	if (count == 0)
		ctl_reply_error(reply, "no keys stand with such a peer");
	else
		ctl_reply_row(reply, json_pack("{s:i}", "rekeying", (int)count));
}

unsigned agent_keys_counters(struct agent_shell *s, struct counter_set *sets,
			     unsigned room)
{
	return s->keys && s->keys->keying ? keying_counters(s->keys->keying, sets, room)
					  : 0;
}
