/* SPDX-License-Identifier: ISC */
/*
 * Programs of three parts: the octets that tell the flow are put together, mixed, and
 * compared with whose they are. A raw socket's filter sees the IPv4 header first.
 */
#define _GNU_SOURCE
#include "common/io/pktio_filter.h"

#include "common/tunnel/encap_ops.h"
#include "common/wire/ipv4.h"
#include "common/wire/udp.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

enum { CODE_MAX = 48, KEEP = 0x40000, SOURCE = 12, DESTINATION = 16 };

/* GRE: flags in the first octet. */
enum {
	CHECKSUM = GRE_CHECKSUM >> 8,
	KEYED = GRE_KEY >> 8,
	NUMBERED = GRE_SEQUENCE >> 8,
	GRE_WORD = 4,
	MINIMAL_INSIDE = 4, /* where its destination is */
};

struct program {
	unsigned short count;
	struct sock_filter code[CODE_MAX];
};

static void add(struct program *p, struct sock_filter instruction)
{
	assert(p->count < CODE_MAX);
	p->code[p->count++] = instruction;
}

static void statement(struct program *p, unsigned code, unsigned value)
{
	add(p, (struct sock_filter)BPF_STMT((unsigned short)code, value));
}

/* Over that many instructions, if the condition holds, or if it does not. */
static void jump(struct program *p, unsigned test, unsigned value, uint8_t yes,
		 uint8_t no)
{
	add(p, (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | test | BPF_K),
					    value, yes, no));
}

/* X is where the header behind the outer one begins. */
static void skip_outer(struct program *p)
{
	statement(p, BPF_LDX | BPF_B | BPF_MSH, 0);
}

/*
 * Where fewer octets than that are left from X on, A is the outer source and the next
 * `over` instructions are passed over: what is cut off is ours to refuse.
 */
static void need(struct program *p, unsigned octets, unsigned over)
{
	statement(p, BPF_LD | BPF_W | BPF_LEN, 0);
	statement(p, BPF_ALU | BPF_SUB | BPF_X, 0);
	jump(p, BPF_JGE, octets, 2, 0);
	statement(p, BPF_LD | BPF_W | BPF_ABS, SOURCE);
	statement(p, BPF_JMP | BPF_JA, over);
}

/* A is both addresses of the packet at X, in one. */
static void load_addresses(struct program *p)
{
	need(p, IPV4_HEADER, 5);
	statement(p, BPF_LD | BPF_W | BPF_IND, SOURCE);
	statement(p, BPF_ST, 0);
	statement(p, BPF_LD | BPF_W | BPF_IND, DESTINATION);
	statement(p, BPF_LDX | BPF_MEM, 0);
	statement(p, BPF_ALU | BPF_XOR | BPF_X, 0);
}

/* X moves on by a word where that flag is set in the octet that is kept. */
static void skip_word(struct program *p, unsigned flag)
{
	statement(p, BPF_LD | BPF_MEM, 1);
	jump(p, BPF_JSET, flag, 0, 3);
	statement(p, BPF_MISC | BPF_TXA, 0);
	statement(p, BPF_ALU | BPF_ADD | BPF_K, GRE_WORD);
	statement(p, BPF_MISC | BPF_TAX, 0);
}

/* A is the outer source if packets are numbered, and the addresses inside if not. */
static void load_gre(struct program *p)
{
	skip_outer(p);
	need(p, GRE_WORD, 28);
	statement(p, BPF_LD | BPF_B | BPF_IND, 0);
	statement(p, BPF_ST, 1);
	jump(p, BPF_JSET, NUMBERED, 0, 2);
	statement(p, BPF_LD | BPF_W | BPF_ABS, SOURCE);
	statement(p, BPF_JMP | BPF_JA, 23);
	statement(p, BPF_MISC | BPF_TXA, 0);
	statement(p, BPF_ALU | BPF_ADD | BPF_K, GRE_WORD);
	statement(p, BPF_MISC | BPF_TAX, 0);
	skip_word(p, CHECKSUM);
	skip_word(p, KEYED);
	load_addresses(p);
}

static void load_flow(struct program *p, uint8_t protocol)
{
	switch (protocol) {
	case PROTO_GRE:
		load_gre(p);
		return;
	case PROTO_IPIP:
		skip_outer(p);
		load_addresses(p);
		return;
	case PROTO_ESP:
		skip_outer(p);
		need(p, sizeof(uint32_t), 1);
		statement(p, BPF_LD | BPF_W | BPF_IND, 0);
		return;
	case PROTO_MINIMAL:
		skip_outer(p);
		need(p, MINIMAL_SHORT, 1);
		statement(p, BPF_LD | BPF_W | BPF_IND, MINIMAL_INSIDE);
		return;
	default:
		statement(p, BPF_LD | BPF_W | BPF_ABS, SOURCE);
	}
}

/* Keep what is ours; neighbours in what tells the flow end apart. */
static void decide(struct program *p, struct pktio_share share)
{
	statement(p, BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1);
	statement(p, BPF_ALU | BPF_RSH | BPF_K, 16);
	statement(p, BPF_ALU | BPF_MOD | BPF_K, share.of);
	jump(p, BPF_JEQ, share.nth, 1, 0);
	statement(p, BPF_RET | BPF_K, 0);
	statement(p, BPF_RET | BPF_K, KEEP);
}

static int attach(int fd, struct program *p)
{
	const struct sock_fprog program = { p->count, p->code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) !=
	    0)
		return -errno;
	return 0;
}

int pktio_filter_share(int fd, uint8_t protocol, struct pktio_share share)
{
	struct program p = { .count = 0 };

	load_flow(&p, protocol);
	decide(&p, share);
	return attach(fd, &p);
}

int pktio_filter_udp(int fd, uint16_t port, uint8_t first, struct pktio_share share)
{
	struct program p = { .count = 0 };

	skip_outer(&p);
	statement(&p, BPF_LD | BPF_H | BPF_IND, 2); /* destination */
	jump(&p, BPF_JEQ, port, 1, 0);
	statement(&p, BPF_RET | BPF_K, 0);
	statement(&p, BPF_LD | BPF_B | BPF_IND, UDP_HEADER);
	jump(&p, BPF_JEQ, first, 1, 0);
	statement(&p, BPF_RET | BPF_K, 0);
	load_flow(&p, PROTO_UDP);
	decide(&p, share);
	return attach(fd, &p);
}
