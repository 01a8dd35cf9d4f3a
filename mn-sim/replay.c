/* SPDX-License-Identifier: ISC */
/*
 * Replay of a capture file (libpcap).
 */
#define _GNU_SOURCE
#include "mn-sim/replay.h"

#include "common/base/bytes.h"
#include "common/base/hashmap.h"
#include "common/io/host.h"
#include "common/security/crypto.h"
#include "common/wire/checksum.h"
#include "common/wire/ipv4.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PACKETS_MAX = 200000,
	KEY_LEN = 16, /* of the digest that tells packets apart */
	BURST = 64,
	RECEIVE_BUFFER = 8 << 20,
};

/* One recorded packet, ready to send. */
struct recorded {
	UT_hash_handle hh;
	uint8_t key[KEY_LEN];
	struct recorded *same; /* the next one with the same key */
	size_t number;         /* in the log, once sent */
	bool sent, arrived;
	duration_t at; /* after the first */
	uint8_t *bytes;
	size_t len;
};

struct replay {
	struct recorded *packet; /* in file order */
	size_t count, next;
	struct recorded *by_key;
	struct replay_counts counts;
	struct flow_log log;
	uint32_t speed_percent;
	duration_t start;
	struct in_addr from, to;
	int send_fd, receive_fd;
	struct loop_watch *watch;
};

/* What must be the same at both ends. */
static void make_key(const uint8_t *packet, size_t len, uint8_t key[KEY_LEN])
{
	uint8_t sum[DIGEST_LEN] = { 0 };
	struct ipv4 ip;
	struct crypto_digest *d = crypto_digest_new();

	memcpy(&ip, packet, sizeof(ip));
	ip.tos = ip.ttl = 0;
	ip.id = ip.checksum = 0;
	if (d) {
		crypto_digest_add(d, &ip, sizeof(ip));
		crypto_digest_add(d, packet + sizeof(ip), len - sizeof(ip));
		crypto_digest_end(d, sum);
	}
	crypto_digest_free(d);
	memcpy(key, sum, KEY_LEN);
}

/* Offset of the checksum that covers the addresses, or 0. */
static size_t checksum_offset(const struct ipv4 *ip, size_t len)
{
	size_t header = ipv4_header_len(ip), at = 0;

	if (ntohs(ip->fragment) & IPV4_OFFSET)
		return 0;
	if (ip->protocol == PROTO_TCP)
		at = header + 16;
	else if (ip->protocol == PROTO_UDP)
		at = header + 6;
	return at && at + 2 <= len ? at : 0;
}

static void replace_word(uint8_t *field, uint16_t old_word, uint16_t new_word)
{
	uint16_t sum = (uint16_t)(field[0] << 8 | field[1]);

	sum = checksum_update(sum, old_word, new_word);
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

static void replace_addr(uint8_t *packet, size_t len, size_t at,
			 struct in_addr new_addr)
{
	const uint8_t *to = (const uint8_t *)&new_addr.s_addr;
	size_t sum = checksum_offset((const struct ipv4 *)packet, len);
	bool covered = sum && (packet[sum] || packet[sum + 1]);

	for (size_t i = 0; i < sizeof(new_addr.s_addr); i += 2) {
		uint16_t old_word =
			(uint16_t)(packet[at + i] << 8 | packet[at + i + 1]);
		uint16_t new_word = (uint16_t)(to[i] << 8 | to[i + 1]);

		if (covered)
			replace_word(packet + sum, old_word, new_word);
	}
	memcpy(packet + at, to, sizeof(new_addr.s_addr));
}

/* The IPv4 packet in a captured frame, or NULL. */
static const uint8_t *find_ipv4(int link_type, const uint8_t *frame, size_t *len)
{
	struct reader r = reader_over(frame, *len);

	if (link_type == DLT_EN10MB) {
		read_skip(&r, 12);
		if (read_u16(&r) != ETH_P_IP)
			return NULL;
	} else if (link_type == DLT_LINUX_SLL) {
		read_skip(&r, 14);
		if (read_u16(&r) != ETH_P_IP)
			return NULL;
	} else if (link_type != DLT_RAW && link_type != DLT_IPV4) {
		return NULL;
	}
	*len = reader_left(&r);
	return r.bad ? NULL : r.at;
}

static void index_packet(struct replay *r, struct recorded *p)
{
	struct recorded *first;

	HASH_FIND(hh, r->by_key, p->key, KEY_LEN, first);
	if (first) {
		p->same = first->same;
		first->same = p;
		return;
	}
	HASH_ADD(hh, r->by_key, key, KEY_LEN, p);
}

static int add_packet(struct replay *r, const uint8_t *ip, size_t len, duration_t at,
		      uint16_t max_size)
{
	struct recorded *p = &r->packet[r->count];
	size_t total;

	if (!ip || ipv4_check(ip, len, &total) != IPV4_OK) {
		r->counts.not_ipv4++;
		return 0;
	}
	if (total > max_size) {
		r->counts.too_long++;
		return 0;
	}
	*p = (struct recorded){ .at = at, .len = total, .bytes = malloc(total) };
	if (!p->bytes)
		return -ENOMEM;
	memcpy(p->bytes, ip, total);
	replace_addr(p->bytes, total, offsetof(struct ipv4, src), r->from);
	replace_addr(p->bytes, total, offsetof(struct ipv4, dst), r->to);
	ipv4_seal((struct ipv4 *)p->bytes);
	make_key(p->bytes, total, p->key);
	r->count++;
	index_packet(r, p);
	return 0;
}

static duration_t between(struct timeval a, struct timeval b)
{
	return (duration_t){ (b.tv_sec - a.tv_sec) * INT64_C(1000000000) +
			     (b.tv_usec - a.tv_usec) * INT64_C(1000) };
}

static int read_packets(struct replay *r, pcap_t *file, uint16_t max_size)
{
	const int link_type = pcap_datalink(file);
	struct timeval first = { 0 };
	struct pcap_pkthdr *header;
	const uint8_t *frame;
	int got, rc = 0;

	while (rc == 0 && r->count < PACKETS_MAX &&
	       (got = pcap_next_ex(file, &header, &frame)) == 1) {
		size_t len = header->caplen;
		const uint8_t *ip = find_ipv4(link_type, frame, &len);

		if (first.tv_sec == 0)
			first = header->ts;
		rc = add_packet(r, ip, len, between(first, header->ts), max_size);
	}
	r->counts.packets = r->count;
	return rc;
}

static int read_file(struct replay *r, const struct scenario_replay *config,
		     char *error)
{
	pcap_t *file = pcap_open_offline(config->file, error);
	int rc;

	if (!file)
		return -EINVAL;
	r->packet = calloc(PACKETS_MAX, sizeof(*r->packet));
	rc = r->packet ? read_packets(r, file, config->max_size) : -ENOMEM;
	pcap_close(file);
	if (rc == 0 && r->count == 0) {
		snprintf(error, PCAP_ERRBUF_SIZE, "no IPv4 packet to replay in it");
		rc = -EINVAL;
	}
	return rc;
}

static struct recorded *find_sent(struct replay *r, const uint8_t *bytes, size_t len)
{
	uint8_t key[KEY_LEN];
	struct recorded *p, *first;

	make_key(bytes, len, key);
	HASH_FIND(hh, r->by_key, key, KEY_LEN, first);
	for (p = first; p; p = p->same)
		if (p->sent && !p->arrived)
			return p;
	return first && first->sent ? first : NULL;
}

static void on_readable(void *arg)
{
	struct replay *r = arg;
	uint8_t bytes[IPV4_MAX];

	for (int i = 0; i < BURST; i++) {
		ssize_t n = recv(r->receive_fd, bytes, sizeof(bytes), 0);
		const struct ipv4 *ip = (const struct ipv4 *)bytes;
		struct recorded *p;
		size_t total;

		if (n < 0)
			return;
		if (ipv4_check(bytes, (size_t)n, &total) != IPV4_OK ||
		    ip->src.s_addr != r->from.s_addr || ip->dst.s_addr != r->to.s_addr)
			continue;
		p = find_sent(r, bytes, total);
		if (!p) /* other traffic of the same ends, or altered: seen as lost */
			continue;
		p->arrived = true;
		flow_log_received(&r->log, p->number, host_now().mono);
	}
}

static int open_sender(const struct scenario_end *from)
{
	int home, fd, rc = netns_enter(from->netns, &home);

	if (rc < 0)
		return rc;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		fd = -errno;
	netns_leave(home);
	return fd;
}

static int open_receiver(const struct scenario_end *to, const char *interface)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_IP) };
	int size = RECEIVE_BUFFER, home, fd, rc = netns_enter(to->netns, &home);

	if (rc < 0)
		return rc;
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	addr.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0)
		rc = -errno;
	else if (addr.sll_ifindex == 0 ||
		 bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		rc = addr.sll_ifindex ? -errno : -ENODEV;
	netns_leave(home);
	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static int open_ends(struct replay *r, struct loop *loop,
		     const struct scenario_replay *config,
		     const struct scenario_end *from, const struct scenario_end *to)
{
	int rc = flow_log_init(&r->log, r->count);

	if (rc < 0)
		return rc;
	r->send_fd = open_sender(from);
	if (r->send_fd < 0)
		return r->send_fd;
	r->receive_fd = open_receiver(to, config->interface);
	if (r->receive_fd < 0)
		return r->receive_fd;
	r->watch = loop_watch_fd(loop, r->receive_fd, on_readable, r);
	return r->watch ? 0 : -ENOMEM;
}

int replay_open(struct replay **out, struct loop *loop,
		const struct scenario_replay *config, const struct scenario_end *from,
		const struct scenario_end *to, char *error, size_t error_size)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	struct replay *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	r->send_fd = r->receive_fd = -1;
	r->from = from->addr;
	r->to = to->addr;
	r->start = config->start;
	r->speed_percent = config->speed_percent ? config->speed_percent : 100;
	rc = read_file(r, config, text);
	if (rc == 0)
		rc = open_ends(r, loop, config, from, to);
	if (rc < 0) {
		snprintf(error, error_size, "%s", *text ? text : strerror(-rc));
		replay_close(r);
		return rc;
	}
	*out = r;
	return 0;
}

void replay_close(struct replay *r)
{
	if (!r)
		return;
	loop_unwatch(r->watch);
	if (r->send_fd >= 0)
		close(r->send_fd);
	if (r->receive_fd >= 0)
		close(r->receive_fd);
	HASH_CLEAR(hh, r->by_key);
	for (size_t i = 0; i < r->count; i++)
		free(r->packet[i].bytes);
	free(r->packet);
	flow_log_fini(&r->log);
	free(r);
}

static void send_one(struct replay *r, struct recorded *p, instant_t now)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = r->to };
	int64_t number = flow_log_sent(&r->log, now);

	if (number < 0)
		return;
	p->number = (size_t)number;
	p->sent = true;
	/* A refused one is seen as lost. */
	(void)sendto(r->send_fd, p->bytes, p->len, 0, (struct sockaddr *)&to,
		     sizeof(to));
}

static instant_t due_at(const struct replay *r, const struct recorded *p,
			instant_t started)
{
	duration_t after = { p->at.ns / r->speed_percent * 100 };

	return instant_add(instant_add(started, r->start), after);
}

instant_t replay_send_due(struct replay *r, instant_t started, instant_t now)
{
	while (r->next < r->count) {
		struct recorded *p = &r->packet[r->next];
		instant_t due = due_at(r, p, started);

		if (instant_before(now, due))
			return due;
		send_one(r, p, now);
		r->next++;
	}
	return INSTANT_NEVER;
}

const struct flow_log *replay_log(const struct replay *r)
{
	return &r->log;
}

struct replay_counts replay_counts(const struct replay *r)
{
	return r->counts;
}
