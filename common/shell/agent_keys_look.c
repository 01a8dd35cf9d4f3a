/* SPDX-License-Identifier: ISC */
/*
 * Once a second: has an association that we send by passed a limit, and what was
 * refused meanwhile?  The packet path itself says nothing, it only counts.
 */
#include "common/shell/agent_keys.h"

/* RFC 4303 3.4.2 to 3.4.4 and RFC 4301 5.2 make these auditable events. */
static void report(struct agent_shell *s, const struct keyed_pair *p, uint32_t spi,
		   uint64_t packets, const char *reason)
{
	if (packets == 0)
		return;
	violations_add(&s->violations, &(struct violation){ .ntp = s->now.ntp,
							    .source = p->ends.remote,
							    .spi = spi,
							    .reason = reason });
	log_note(s->log,
		 &(struct note){ .kind = NOTE_ESP_REFUSED,
				 .local = p->ends.local,
				 .remote = p->ends.remote,
				 .spi = spi,
				 .packets = packets,
				 .reason = reason },
		 &s->links, s->now);
}

static const struct seen_sa *seen_of(const struct keyed_pair *p, uint32_t spi)
{
	static const struct seen_sa nothing;

	for (unsigned i = 0; i < PROTECT_SAS_IN; i++)
		if (p->seen[i].spi == spi)
			return &p->seen[i];
	return &nothing;
}

static void look_at_refused(struct agent_shell *s, struct keyed_pair *p,
			    const struct protect_view *v)
{
	struct seen_sa now[PROTECT_SAS_IN] = { { 0 } };

	for (unsigned i = 0; i < v->in_count; i++) {
		const struct esp_sa_in *sa = v->in[i];
		const struct seen_sa *before = seen_of(p, sa->spi);

		report(s, p, sa->spi, sa->replays - before->replays,
		       "replayed or too late");
		report(s, p, sa->spi, sa->bad_icvs - before->bad_icvs,
		       "altered or forged: wrong ICV");
		report(s, p, sa->spi, sa->bad_insides - before->bad_insides,
		       "wrong padding or next header");
		now[i] = (struct seen_sa){ sa->spi, sa->replays, sa->bad_icvs,
					   sa->bad_insides };
	}
	memcpy(p->seen, now, sizeof(p->seen));
	report(s, p, 0, v->counts->not_protected - p->seen_not_protected,
	       "in clear where ESP is required");
	p->seen_not_protected = v->counts->not_protected;
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

void agent_keys_look(struct agent_shell *s, struct now now)
{
	struct keyed_pair *p, *next;

	HASH_ITER(hh, s->keys->pairs, p, next) {
		struct protect_view v;

		if (!fwd_protect_view(datapath_fwd(s->data), p->ends.local,
				      p->ends.remote, &v))
			continue;
		look_at_refused(s, p, &v);
		look_at_limits(s, p, v.out, now);
	}
}
