/* SPDX-License-Identifier: ISC */
/*
 * The filter in the classic form, which needs no privilege of its own
 * (networking/filter.rst of the kernel).  It runs for every packet that comes
 * in on the link, so the cheapest and most frequent refusal stands first.  Last
 * comes what is seldom: the socket hears all protocols, and the frames of VLANs on
 * top of the link before they are sorted out.
 */
#include "common/io/link_filter.h"

#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

enum {
	PKTTYPE = SKF_AD_OFF + SKF_AD_PKTTYPE,
	ETHERTYPE = SKF_AD_OFF + SKF_AD_PROTOCOL,
	VLAN_TAG = SKF_AD_OFF + SKF_AD_VLAN_TAG,
	VLAN_ID = 0xfff, /* without one the tag is a priority, on the link itself */
	KEEP = 0x40000,
};

int link_filter_attach(int fd, bool broadcasts, bool redirects)
{
	/* No packet is of type 255, so this comparison never holds. */
	const unsigned wanted = broadcasts ? PACKET_BROADCAST : 255;
	const unsigned redirect = redirects ? ICMP_REDIRECT_ : ICMP_ROUTER_ADVERT;
	struct sock_filter code[] = {
		/*  0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)PKTTYPE),
		/*  1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, 20, 0),
		/*  2 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 13, 0),
		/*  3 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), /* protocol */
		/*  4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_ICMP, 1, 0),
		/*  5 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_UDP, 0, 16),
		/*  6 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* header length */
		/*  7 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_UDP, 4, 0),
		/*  8 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0), /* ICMP type */
		/*  9 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ROUTER_ADVERT, 4, 0),
		/* 10 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ROUTER_SOLICIT, 3, 0),
		/* 11 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, redirect, 2, 10),
		/* 12 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2), /* UDP destination */
		/* 13 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_PORT, 0, 8),
		/* 14 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6), /* a later fragment? */
		/* 15 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPV4_OFFSET, 6, 0),
		/* 16 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)ETHERTYPE),
		/* 17 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 1, 0),
		/* 18 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3), /* local */
		/* 19 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)VLAN_TAG),
		/* 20 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, VLAN_ID, 1, 0),
		/* 21 */ BPF_STMT(BPF_RET | BPF_K, KEEP),
		/* 22 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	const socklen_t size = sizeof(program);

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, size) != 0)
		return -errno;
	return 0;
}
