/* SPDX-License-Identifier: ISC */
/*
 * TCP in IPv4 (RFC 9293 3.1): where the fields of a header are, and its flags.
 */
#ifndef COMMON_WIRE_TCP_H
#define COMMON_WIRE_TCP_H

enum {
	TCP_HEADER = 20, /* without options */
	TCP_HEADER_MAX = 60,

	TCP_SEQUENCE_AT = 4,
	TCP_ACK_AT = 8,
	TCP_WORDS_AT = 12, /* header length in words of 32 bits, in the upper half */
	TCP_FLAGS_AT = 13,
	TCP_WINDOW_AT = 14,
	TCP_CHECKSUM_AT = 16,

	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_CWR = 0x80,
};

#endif
