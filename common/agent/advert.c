/* SPDX-License-Identifier: ISC */
/*
 * The schedule of advertisements on one link and the message itself, as a whole
 * IPv4 packet with TTL 1 (RFC 5944 2.1).
 *
 * To all, at random intervals between the configured two (RFC 1256 4.3); the
 * first three after the link comes up follow each other closely.  Answers go to
 * the asking node alone.  Both are limited in rate (RFC 5944 2.3).
 */
#include "common/agent/advert.h"

#include "common/wire/ipv4.h"

#include <string.h>

/* RFC 1256 6. */
enum {
	MAX_INITIAL_ADVERTISEMENTS = 3,
	MAX_INITIAL_ADVERT_INTERVAL_S = 16,
	MAX_RESPONSE_DELAY_MS = 2000,
};

/* Our own limits. */
enum {
	TO_ALL_GAP_MS = 3000, /* least distance that solicitations can bring about */
	ANSWERS_PER_SECOND = 10,
	ANSWERS_AT_ONCE = 20,
};

/* RFC 5944 2.3.2: after 0xffff comes 256, so that 0 to 255 tell of a restart. */
enum { SEQUENCE_AFTER_ROLLOVER = 256 };

static const struct mac all_systems_mac = { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 } };

/* Where a packet goes: link and IP destination. */
struct target {
	struct mac mac;
	struct in_addr addr;
};

static duration_t duration_min(duration_t a, duration_t b)
{
	return a.ns < b.ns ? a : b;
}

/* Uniform in [0, span], in steps of a microsecond. */
static duration_t random_up_to(const struct rng *rng, duration_t span)
{
	int64_t us = span.ns / 1000;
	uint32_t bound = us < UINT32_MAX ? (uint32_t)us + 1 : UINT32_MAX;

	return (duration_t){ us <= 0 ? 0 : (int64_t)rng_below(rng, bound) * 1000 };
}

static duration_t random_interval(const struct advertiser *a)
{
	duration_t low = a->config.min_interval;
	duration_t span = { a->config.max_interval.ns - low.ns };

	return (duration_t){ low.ns + random_up_to(&a->rng, span).ns };
}

static bool is_periodic(const struct advertiser *a)
{
	return a->up && !a->config.on_solicitation_only;
}

static void plan_next(struct advertiser *a, instant_t now)
{
	duration_t wait = random_interval(a);

	if (!is_periodic(a)) {
		a->next = INSTANT_NEVER;
		return;
	}
	if (a->initial_left > 0)
		wait = duration_min(wait, duration_s(MAX_INITIAL_ADVERT_INTERVAL_S));
	a->next = instant_add(now, wait);
}

/* The link has come up, or its rules have changed: begin again. */
static void start(struct advertiser *a, instant_t now)
{
	a->initial_left = MAX_INITIAL_ADVERTISEMENTS;
	a->next = is_periodic(a) ? now : INSTANT_NEVER;
}

static bool is_usable(const struct link *link)
{
	return link && link->up && link->addr_count > 0;
}

void advertiser_init(struct advertiser *a, const struct advert_config *config,
		     struct rng rng, const struct links *links, instant_t now)
{
	*a = (struct advertiser){
		.config = *config,
		.rng = rng,
		.next = INSTANT_NEVER,
	};
	bucket_init(&a->answers, ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, now);
	advertiser_links(a, links, now);
}

void advertiser_configure(struct advertiser *a, const struct advert_config *config,
			  const struct links *links, instant_t now)
{
	a->config = *config;
	a->up = false;
	advertiser_links(a, links, now);
}

void advertiser_links(struct advertiser *a, const struct links *links, instant_t now)
{
	const struct link *link = links_by_name(links, a->config.interface);
	int ifindex = link ? link->ifindex : 0;
	bool up = is_usable(link);
	bool same = up == a->up && ifindex == a->ifindex;

	/* Whoever visited went with the link, and has to be told (RFC 5944 2.3.2). */
	if (ifindex != a->ifindex)
		a->sequence = 0;
	a->ifindex = ifindex;
	a->up = up;
	if (!same)
		start(a, now);
}

/* RFC 5944 2.1.1: F comes with a care-of address, B and R come only with F. */
static void put_mobility(struct mip_advert *m, const struct advertiser *a,
			 const struct advert_service *service)
{
	uint16_t flags = service->flags;

	if (service->care_of_count == 0)
		flags &= (uint16_t)~ADVERT_FLAG_F;
	if (a->config.registration_required)
		flags |= ADVERT_FLAG_R;
	if (!(flags & ADVERT_FLAG_F))
		flags &= (uint16_t) ~(ADVERT_FLAG_B | ADVERT_FLAG_R);

	m->mobility = true;
	m->sequence = a->sequence;
	m->flags = flags;
	m->registration_lifetime = service->max_lifetime;
	if (a->config.registration_lifetime &&
	    a->config.registration_lifetime < m->registration_lifetime)
		m->registration_lifetime = a->config.registration_lifetime;
	if (!(flags & ADVERT_FLAG_F))
		return;
	m->care_of_count = service->care_of_count;
	memcpy(m->care_of, service->care_of, sizeof(m->care_of));
}

/* Our own addresses on the link, and nobody else's (RFC 5944 2.3.1). */
static void put_routers(struct mip_advert *m, const struct advertiser *a,
			const struct link *link)
{
	for (unsigned i = 0; i < link->addr_count && i < ADVERT_ROUTERS_MAX; i++) {
		m->router[i] = link->addr[i].addr;
		m->prefix_len[i] = link->addr[i].len;
		m->router_count++;
	}
	m->prefix_count = a->config.prefix_lengths ? m->router_count : 0;
}

static void put_packet(struct effect_frame *frame, const struct mip_advert *m,
		       const struct link *link, const struct target *to)
{
	struct writer w = writer_over(frame->bytes + IPV4_HEADER,
				      sizeof(frame->bytes) - IPV4_HEADER);
	const struct ipv4_fields ip = {
		.src = link->addr[0].addr,
		.dst = to->addr,
		.protocol = PROTO_ICMP,
		.ttl = 1,
		.id = m->sequence,
	};

	mip_advert_encode(&w, m);
	ipv4_build(frame->bytes, &ip, writer_len(&w));
	frame->len = (uint16_t)(IPV4_HEADER + writer_len(&w));
	frame->ifindex = link->ifindex;
	frame->to = to->mac;
}

static void count_up(struct advertiser *a)
{
	a->sequence = a->sequence == UINT16_MAX ? SEQUENCE_AFTER_ROLLOVER
						: (uint16_t)(a->sequence + 1);
}

/* False if there is nothing to say: neither home nor foreign agent here. */
static bool advertise(struct advertiser *a, const struct advert_service *service,
		      const struct link *link, const struct target *to,
		      uint16_t lifetime, struct effect_list *fx)
{
	struct mip_advert m = {
		.code = a->config.routes ? ADVERT_CODE_ROUTES : ADVERT_CODE_NO_ROUTES,
		.lifetime = lifetime,
	};
	struct effect *e;

	put_mobility(&m, a, service);
	if (!(m.flags & (ADVERT_FLAG_H | ADVERT_FLAG_F)))
		return false;
	put_routers(&m, a, link);
	e = effect_add(fx, EFFECT_SEND_LINK, 0, (struct in_addr){ 0 });
	put_packet(&e->frame, &m, link, to);
	count_up(a);
	effect_note(fx, (struct note){ .kind = NOTE_ADVERT_SENT,
				       .agent = link->addr[0].addr,
				       .ifindex = link->ifindex });
	return true;
}

/* RFC 5944 2.1: the group of all systems or the limited broadcast, no other. */
static struct target target_all(const struct advertiser *a)
{
	if (a->config.broadcast)
		return (struct target){ MAC_BROADCAST, { htonl(INADDR_BROADCAST) } };
	return (struct target){ all_systems_mac, { htonl(INADDR_ALLHOSTS_GROUP) } };
}

void advertiser_due(struct advertiser *a, const struct advert_service *service,
		    const struct links *links, instant_t now, struct effect_list *fx)
{
	const struct link *link = links_by_index(links, a->ifindex);
	struct target all = target_all(a);

	if (!instant_due(a->next, now))
		return;
	if (is_usable(link) &&
	    advertise(a, service, link, &all, a->config.lifetime, fx)) {
		a->last_to_all = now;
		a->sent_to_all = true;
		if (a->initial_left > 0)
			a->initial_left--;
	}
	plan_next(a, now);
}

/* Bring the next one to all nearer, but not too near to the last. */
static void plan_answer_to_all(struct advertiser *a, instant_t now)
{
	duration_t gap =
		duration_min(duration_ms(TO_ALL_GAP_MS), a->config.min_interval);
	duration_t delay = random_up_to(&a->rng, duration_ms(MAX_RESPONSE_DELAY_MS));
	instant_t at = instant_add(now, delay);
	instant_t earliest = instant_add(a->last_to_all, gap);

	if (a->sent_to_all && instant_before(at, earliest))
		at = earliest;
	a->next = instant_min(a->next, at);
}

void advertiser_solicited(struct advertiser *a, const struct advert_service *service,
			  const struct links *links, const struct icmp_datagram *from,
			  instant_t now, struct effect_list *fx)
{
	const struct link *link = links_by_index(links, a->ifindex);
	struct target to = target_all(a);

	if (from->ifindex != a->ifindex || !is_usable(link))
		return;
	if (!from->has_mac || !mac_is_unicast(from->mac) ||
	    !bucket_take(&a->answers, now)) {
		plan_answer_to_all(a, now);
		return;
	}
	effect_note(fx, (struct note){ .kind = NOTE_SOLICIT_HEARD,
				       .source = from->src,
				       .ifindex = from->ifindex });
	to.mac = from->mac;
	if (ipv4_is_unicast(from->src))
		to.addr = from->src;
	advertise(a, service, link, &to, a->config.lifetime, fx);
}

void advertiser_stop(struct advertiser *a, const struct advert_service *service,
		     const struct links *links, struct effect_list *fx)
{
	const struct link *link = links_by_index(links, a->ifindex);
	struct target all = target_all(a);

	if (is_usable(link))
		advertise(a, service, link, &all, 0, fx);
	a->up = false;
	a->next = INSTANT_NEVER;
}
