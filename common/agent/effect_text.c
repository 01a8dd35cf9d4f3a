/* SPDX-License-Identifier: ISC */
/*
 * One effect as one line, for traces and tests: what it does and to whom, as in
 * `route add dst=10.1.0.10/32 dev=tun`.  Fields that are zero are left out.
 */
#include "common/agent/effect.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

/* A line that grows up to its room and is cut there. */
struct line {
	char *text;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l,
						      const char *format, ...)
{
	va_list args;
	int n;

	if (l->len >= l->size)
		return;
	va_start(args, format);
	n = vsnprintf(l->text + l->len, l->size - l->len, format, args);
	va_end(args);
	l->len += n > 0 ? (size_t)n : 0;
}

static void put_addr(struct line *l, const char *name, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	if (a.s_addr != INADDR_ANY)
		put(l, " %s=%s", name, ipv4_text(a, text));
}

static void put_prefix(struct line *l, const char *name, struct ipv4_prefix p)
{
	char text[INET_ADDRSTRLEN];

	put(l, " %s=%s/%u", name, ipv4_text(p.addr, text), p.len);
}

static void put_number(struct line *l, const char *name, uint64_t v)
{
	if (v)
		put(l, " %s=%llu", name, (unsigned long long)v);
}

static void put_device(struct line *l, int ifindex)
{
	if (ifindex == EFFECT_DEV_TUN)
		put(l, " dev=tun");
	else if (ifindex)
		put(l, " dev=%d", ifindex);
}

static void put_mac(struct line *l, const char *name, struct mac mac)
{
	char text[MAC_TEXT_LEN];

	put(l, " %s=%s", name, mac_text(mac, text));
}

static void put_verb(struct line *l, bool add)
{
	put(l, add ? " add" : " delete");
}

static void put_tunnel(struct line *l, const struct tunnel_spec *t)
{
	put_addr(l, "local", t->local);
	put_addr(l, "remote", t->remote);
	put(l, " encap=%s", encap_name(t->encap.kind));
	if (t->encap.gre_key)
		put(l, " key-out=%u key-in=%u", t->encap.gre_key_out,
		    t->encap.gre_key_in);
}

static void put_forward(struct line *l, const struct fwd_edit *f)
{
	static const char *const verbs[] = {
		[FWD_BINDING_SET] = "binding-set",
		[FWD_BINDING_CLEAR] = "binding-clear",
		[FWD_VISITOR_SET] = "visitor-set",
		[FWD_VISITOR_CLEAR] = "visitor-clear",
		[FWD_OWN_SET] = "own-set",
		[FWD_OWN_CLEAR] = "own-clear",
		[FWD_SITE_SET] = "site-set",
		[FWD_SITE_CLEAR] = "site-clear",
	};

	put(l, " %s", verbs[f->kind]);
	put_addr(l, "home", f->home);
	put_tunnel(l, &f->tunnel);
	put(l, "%s%s%s", f->reverse ? " reverse" : "",
	    f->broadcasts ? " broadcasts" : "", f->nested ? " nested" : "");
	if (f->kind == FWD_VISITOR_SET) {
		put_device(l, f->ifindex);
		put_mac(l, "mac", f->mac);
	}
}

static void put_route(struct line *l, const struct effect_route *r)
{
	put_verb(l, r->add);
	put_prefix(l, "dst", r->dst);
	put_addr(l, "via", r->via);
	put_device(l, r->ifindex);
	put_addr(l, "src", r->prefer_src);
	put_number(l, "table", r->table);
	put_number(l, "metric", r->metric);
	put_number(l, "mtu", r->mtu);
	if (r->unreachable)
		put(l, r->silent ? " blackhole" : " unreachable");
}

static void put_rule(struct line *l, const struct effect_rule *r)
{
	put_verb(l, r->add);
	if (r->src.len)
		put_prefix(l, "src", r->src);
	if (r->dst.len)
		put_prefix(l, "dst", r->dst);
	if (r->iif == EFFECT_DEV_LO)
		put(l, " iif=lo");
	else
		put(l, " iif=%d", r->iif);
	put_number(l, "table", r->table);
	put_number(l, "priority", r->priority);
}

static void put_neighbour(struct line *l, const struct effect_neighbour *n)
{
	put_verb(l, n->add);
	put_addr(l, "addr", n->addr);
	put_device(l, n->ifindex);
	put_mac(l, "mac", n->mac);
}

static void put_address(struct line *l, const struct effect_address *a)
{
	put_verb(l, a->add);
	put_prefix(l, "addr", a->addr);
	put_device(l, a->ifindex);
}

static void put_arp(struct line *l, const struct effect_arp *a)
{
	put_device(l, a->ifindex);
	put(l, a->arp.op == ARP_REQUEST ? " request" : " reply");
	put_mac(l, "to", a->to);
	put_addr(l, "sender", a->arp.sender);
	put_mac(l, "sender-mac", a->arp.sender_mac);
	put_addr(l, "target", a->arp.target);
}

static void put_udp(struct line *l, const struct effect_udp *u)
{
	put_addr(l, "src", u->src);
	put_number(l, "src-port", u->src_port);
	put_addr(l, "dst", u->dst);
	put_number(l, "dst-port", u->dst_port);
	put_number(l, "ttl", u->ttl);
	put(l, " len=%u", u->len);
}

static void put_note(struct line *l, const struct note *n)
{
	put(l, " %s", note_name(n->kind));
	put_addr(l, "home", n->home);
	put_addr(l, "care-of", n->care_of);
	put_addr(l, "agent", n->agent);
	put_addr(l, "source", n->source);
	put_device(l, n->ifindex);
	if (n->has_code)
		put(l, " code=%u", n->code);
	put_number(l, "lifetime", n->lifetime);
	put_number(l, "spi", n->spi);
	if (n->ident)
		put(l, " ident=%016llx", (unsigned long long)n->ident);
	if (n->reason)
		put(l, " reason=\"%s\"", n->reason);
}

static void put_body(struct line *l, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_FORWARD:
		put_forward(l, &e->forward);
		break;
	case EFFECT_ROUTE:
		put_route(l, &e->route);
		break;
	case EFFECT_RULE:
		put_rule(l, &e->rule);
		break;
	case EFFECT_NEIGHBOUR:
		put_neighbour(l, &e->neighbour);
		break;
	case EFFECT_ADDRESS:
		put_address(l, &e->address);
		break;
	case EFFECT_ARP_POLICY:
		put_device(l, e->arp_policy.ifindex);
		put(l, e->arp_policy.answer ? " answer" : " silent");
		break;
	case EFFECT_REMEMBER:
		put_addr(l, "home", e->home);
		put(l, " len=%u", e->record.len);
		break;
	case EFFECT_PROTECT:
		put_addr(l, "home", e->home);
		put_addr(l, "local", e->protect.local);
		put_addr(l, "remote", e->protect.remote);
		put(l, " policy=%s", protect_policy_name(e->protect.policy));
		break;
	case EFFECT_SEND_ARP:
		put_arp(l, &e->arp);
		break;
	case EFFECT_SEND_UDP:
		put_udp(l, &e->udp);
		break;
	case EFFECT_SEND_LINK:
		put_device(l, e->frame.ifindex);
		put_mac(l, "to", e->frame.to);
		put(l, " len=%u", e->frame.len);
		break;
	case EFFECT_NOTE:
		put_note(l, &e->note);
		break;
	case EFFECT_KIND_COUNT:
		break;
	}
}

const char *effect_describe(const struct effect *e, char *text, size_t size)
{
	struct line l = { .text = text, .size = size };

	put(&l, "%s", effect_name(e->kind));
	put_body(&l, e);
	put_number(&l, "txn", e->txn);
	return text;
}
