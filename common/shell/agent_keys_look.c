/* SPDX-License-Identifier: ISC */
/*
 * Once a second: has an association that we send by passed a limit, and what was
 * refused meanwhile?  The packet path itself says nothing, it only counts.
 */
#include "common/shell/agent_keys.h"

/* Of lines about refused packets. */
enum { REFUSALS_PER_SECOND = 10, REFUSALS_AT_ONCE = 50 };

void agent_keys_refusals_init(struct agent_keys *k, instant_t now)
{
	bucket_init(&k->refusals, REFUSALS_PER_SECOND, REFUSALS_AT_ONCE, now);
}

/*
 * RFC 4303 3.4.2 to 3.4.4 and RFC 4301 5.2 make these auditable events.  Strangers can
 * provoke them at every pair of ends: what is too much now is told together with what
 * comes after.  Returns how many of those that were counted have been told of.
 */
static uint64_t report(struct agent_shell *s, const struct keyed_pair *p, uint32_t spi,
		       uint64_t counted, uint64_t told, const char *reason)
{
	if (counted == told || !bucket_take(&s->keys->refusals, s->now.mono))
		return told;
	violations_add(&s->violations, &(struct violation){ .ntp = s->now.ntp,
							    .source = p->ends.remote,
							    .spi = spi,
							    .reason = reason });
	log_note(s->log,
		 &(struct note){ .kind = NOTE_ESP_REFUSED,
				 .local = p->ends.local,
				 .remote = p->ends.remote,
				 .spi = spi,
				 .packets = counted - told,
				 .reason = reason },
		 &s->links, s->now);
	return counted;
}

static const struct seen_sa *seen_of(const struct keyed_pair *p, uint32_t spi)
{
	static const struct seen_sa nothing;

	for (unsigned i = 0; i < PROTECT_SAS_IN; i++)
		if (p->seen[i].spi == spi)
			return &p->seen[i];
	return &nothing;
}

void agent_keys_look_at_refused(struct agent_shell *s, struct keyed_pair *p,
				const struct protect_view *v)
{
	struct seen_sa now[PROTECT_SAS_IN] = { { 0 } };

	for (unsigned i = 0; i < v->in_count; i++) {
		const struct esp_sa_in *sa = v->in[i];

		now[i] = *seen_of(p, sa->spi);
		now[i].spi = sa->spi;
		now[i].replays = report(s, p, sa->spi, sa->replays, now[i].replays,
					"replayed or too late");
		now[i].bad_icvs = report(s, p, sa->spi, sa->bad_icvs, now[i].bad_icvs,
					 "altered or forged: wrong ICV");
		now[i].bad_insides =
			report(s, p, sa->spi, sa->bad_insides, now[i].bad_insides,
			       "wrong padding or next header");
	}
	memcpy(p->seen, now, sizeof(p->seen));
	p->seen_not_protected =
		report(s, p, 0, v->counts->not_protected, p->seen_not_protected,
		       "in clear where ESP is required");
}

static bool has_passed(uint64_t limit, uint64_t count)
{
	return limit != 0 && count >= limit;
}

static void look_at_limits(struct agent_shell *s, struct keyed_pair *p,
			   const struct esp_sa_out *sa, struct now now)
{
	if (!s->keys->keying || !sa || sa->spi != p->soft_spi || p->soft_told)
		return;
	if (!has_passed(p->soft_octets, sa->counts.octets) &&
	    !has_passed(p->soft_packets, sa->counts.packets))
		return;
	p->soft_told = true;
	keying_soft_limit(s->keys->keying, p->ends, sa->spi, now, &s->keys->fx);
}

static void look_at(struct agent_shell *s, struct keyed_pair *p, struct now now)
{
	struct protect_view v;

	if (!fwd_protect_view(datapath_fwd(s->data), p->ends.local, p->ends.remote, &v))
		return;
	agent_keys_look_at_refused(s, p, &v);
	look_at_limits(s, p, v.out, now);
}

/* One after the other, so that packets do not wait for all of them. */
void agent_keys_look(struct agent_shell *s, struct now now)
{
	struct keyed_pair *p, *next;

	HASH_ITER(hh, s->keys->pairs, p, next) {
		fwd_hold(datapath_fwd(s->data));
		look_at(s, p, now);
		fwd_release(datapath_fwd(s->data));
	}
}
