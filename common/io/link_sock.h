/* SPDX-License-Identifier: ISC */
/*
 * Packet sockets on one link: advertisements and solicitations, registrations
 * with their link-layer source (RFC 5944 4.2.2 wants it remembered), ARP, and
 * at a home agent the broadcasts of the home network.  A filter in the kernel
 * leaves everything else to the ordinary ways.
 */
#ifndef COMMON_IO_LINK_SOCK_H
#define COMMON_IO_LINK_SOCK_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/io/io_count.h"

#include <stdbool.h>
#include <stddef.h>

struct link_sock;

struct link_sock_config {
	bool arp;        /* ARP as well */
	bool broadcasts; /* all broadcasts as well */
	bool transit;    /* also registrations whose destination is not ours: a node */
	bool redirects;  /* ICMP redirects as well */
};

struct link_sock_handlers {
	void (*datagram)(void *arg, const struct datagram *dg);
	void (*icmp)(void *arg, const struct icmp_datagram *dg);
	void (*arp)(void *arg, const struct arp_frame *frame);
	/* A whole IPv4 packet that was sent to the link's broadcast address. */
	void (*broadcast)(void *arg, int ifindex, const uint8_t *packet, size_t len);
	void *arg;
	const struct links *links; /* whose addresses are ours */
};

/* 0 or -errno. */
int link_sock_open(struct link_sock **out, int ifindex,
		   const struct link_sock_config *c, struct io_counts *counts);
void link_sock_close(struct link_sock *s);

int link_sock_ifindex(const struct link_sock *s);
int link_sock_ip_fd(const struct link_sock *s);
int link_sock_arp_fd(const struct link_sock *s); /* -1 without ARP */

/* Hand on what has come, at most a batch. */
void link_sock_recv_ip(struct link_sock *s, const struct link_sock_handlers *h);
void link_sock_recv_arp(struct link_sock *s, const struct link_sock_handlers *h);

/* Remember a frame (EFFECT_SEND_LINK) for the next flush; there must be room. */
void link_sock_put_frame(struct link_sock *s, const struct effect *e);
bool link_sock_is_full(const struct link_sock *s);

/* Send what waits, in order; each that the system refuses is told with its errno. */
typedef void link_sock_unsent(void *arg, const struct effect *e, int error);
void link_sock_flush(struct link_sock *s, link_sock_unsent *unsent, void *arg);

/* At once.  0 or -errno. */
int link_sock_send_arp(struct link_sock *s, const struct effect_arp *a);

#endif
