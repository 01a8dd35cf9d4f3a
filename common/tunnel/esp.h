/* SPDX-License-Identifier: ISC */
/*
 * ESP (RFC 4303) as a layer over finished outer packets: a whole IPv4 packet of
 * protocol X becomes a whole IPv4 packet of protocol 50 that carries its payload
 * with next header X, and back.
 *
 *     outer IPv4, X | payload                                            | in clear
 *     outer IPv4, 50 | SPI | seq | IV | payload | TFC | pad | len | X | ICV
 *                                  |<------ encrypted ------------------>|
 *                    |<------ authenticated -----------------------------|
 *
 * With X = 4 that is tunnel mode of IP-in-IP (RFC 4303 3.1.2), with 47 GRE and with
 * 55 minimal encapsulation in transport mode (3.1.1).  Type of service, ECN, TTL, DF,
 * identification and options of the outer header stay as the tunnel made them, and
 * the tunnel judges them at the far end as ever.
 *
 * Contract: as of encap.h.  Neither call allocates, locks, logs or asks the time;
 * before and after, pkt->data is a sound IPv4 header or pkt->drop is set.  Every
 * live packet of a vector is of the one association.
 */
#ifndef COMMON_TUNNEL_ESP_H
#define COMMON_TUNNEL_ESP_H

#include "common/tunnel/esp_sa.h"
#include "common/tunnel/pkt_vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROTO_NONE = 59 }; /* the next header of dummies (RFC 4303 2.6) */

/*
 * Protocols 4, 47 and 55; of others DROP_ESP_NEXT_HEADER.  Fragments are refused:
 * one is made after ESP, never before (RFC 4303 3.3.4).  A number that would come
 * again is DROP_ESP_EXHAUSTED.  Needs esp_overhead_most() octets of room, most of
 * it behind the packet.
 */
void esp_push(struct esp_sa_out *sa, struct pkt_vec *v);

/*
 * Packets of protocol 50, or of whatever carrier was taken off and made that.  The
 * outer addresses of what comes out are the association's, not the packet's: it is
 * the ICV that says who sent it, and a NAT may have changed them.  A dummy ends as
 * DROP_ESP_DUMMY, which is no fault.  DROP_ESP_NO_SA for the SPI of another.
 */
void esp_pull(struct esp_sa_in *sa, struct pkt_vec *v);

/*
 * Make the empty packet `p` a dummy: sealed, whole and ready to go, as large as
 * `size` octets in all allow.
 */
void esp_dummy(struct esp_sa_out *sa, struct pkt *p, size_t size);

/* The SPI of a sound IPv4 packet of protocol 50, for finding its association. */
bool esp_spi_of(const struct pkt *p, uint32_t *spi);

/* The largest payload behind the outer header whose ESP packet has `packet_most`. */
size_t esp_payload_most(enum esp_algorithm a, size_t packet_most);

/* Octets that ESP adds to a packet at most, TFC padding aside. */
size_t esp_overhead_most(enum esp_algorithm a);

#endif
