/* SPDX-License-Identifier: ISC */
/*
 * ARP for IPv4 over Ethernet (RFC 826), and the gratuitous and proxy forms that
 * RFC 5944 4.6 asks for.  A frame here is the ARP message without the Ethernet
 * header.
 */
#ifndef COMMON_WIRE_ARP_H
#define COMMON_WIRE_ARP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARP_LEN = 28, ARP_REQUEST = 1, ARP_REPLY = 2, MAC_LEN = 6 };

struct mac {
	uint8_t octet[MAC_LEN];
};

#define MAC_BROADCAST ((struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } })
#define MAC_TEXT_LEN  18

struct arp_message {
	uint16_t op;
	struct mac sender_mac;
	struct in_addr sender;
	struct mac target_mac;
	struct in_addr target;
};

bool arp_decode(const void *bytes, size_t len, struct arp_message *out);
void arp_encode(const struct arp_message *m, uint8_t to[ARP_LEN]);

/*
 * The gratuitous form of RFC 5944 4.6: sender and target are both `addr`, the
 * hardware address to put into everybody's cache is `mac`.  As an ARP Reply the
 * target hardware address repeats it.
 */
struct arp_message arp_gratuitous(struct in_addr addr, struct mac mac, uint16_t op);

/* The answer to `request` that gives `mac` as the address of its target. */
struct arp_message arp_answer(const struct arp_message *request, struct mac mac);

bool mac_equal(struct mac a, struct mac b);
bool mac_is_unicast(struct mac a); /* individual and not all zero */
const char *mac_text(struct mac a, char text[MAC_TEXT_LEN]);

#endif
