/* SPDX-License-Identifier: ISC */
/*
 * The same packet in the captures of two runs, one of them in ESP: found by the key
 * log, shown as it was on the wire.
 */
#define _GNU_SOURCE
#include "mn-sim/report_wire.h"

#include "common/io/key_log.h"
#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"
#include "mn-sim/flow_packet.h"
#include "mn-sim/report.h"
#include "mn-sim/wire_keys.h"

#include <CUnit/CUnit.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

enum { FLOW = 5001, SAID = 60, ETHERNET = 14 };

#define ENDS  "\"IPv4\",\"10.1.0.1\",\"10.0.2.2\","
#define WORDS "my PIN is 4711. "

struct lab {
	char dir[32];
	struct pkt_pool pool;
	struct esp_sa_out *sa;
	struct esp_sa_spec spec;
	uint8_t key[ESP_MATERIAL_MAX];
	struct secret material;
};

static const char *path_in(const struct lab *l, const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", l->dir, name);
	return path;
}

static void up(struct lab *l, enum esp_algorithm algorithm, bool esn)
{
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, 7);

	*l = (struct lab){ .dir = "/tmp/sj-wire-XXXXXX" };
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(l->dir));
	CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&l->pool, 2), 0);
	for (size_t i = 0; i < sizeof(l->key); i++)
		l->key[i] = (uint8_t)(3 * i + 1);
	l->material = (struct secret){ l->key, esp_key_material_len(algorithm) };
	l->spec = (struct esp_sa_spec){ .spi = 0x1234,
					.local = addr_of("10.1.0.1"),
					.remote = addr_of("10.0.2.2"),
					.algorithm = algorithm,
					.material = &l->material,
					.esn = esn };
	l->sa = esp_sa_out_new(&l->spec, &rng);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->sa);
}

static void down(struct lab *l)
{
	static const char *const names[] = { "gre.pcap", "esp.pcap", "esp.keys" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_in(l, names[i]));
	CU_ASSERT_EQUAL(rmdir(l->dir), 0);
	esp_sa_out_free(l->sa);
	pkt_pool_fini(&l->pool);
}

/* The key log as the home agent writes it. */
static void write_keys(const struct lab *l)
{
	struct key_log *log;

	CU_ASSERT_EQUAL_FATAL(key_log_open(&log, path_in(l, "esp.keys")), 0);
	CU_ASSERT_EQUAL(key_log_write(log, &l->spec, l->spec.local, l->spec.remote), 0);
	key_log_close(log);
}

static void put_header(struct pkt *p, const char *src, const char *dst,
		       uint8_t protocol)
{
	struct ipv4_fields f = { .src = addr_of(src),
				 .dst = addr_of(dst),
				 .protocol = protocol,
				 .ttl = 64 };
	size_t payload = p->len;
	uint8_t *to = pkt_push(p, IPV4_HEADER);

	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	ipv4_build(to, &f, payload);
}

/* Packet `number` of the flow, in a tunnel of that protocol, as it leaves the agent. */
static struct pkt *tunnelled(struct lab *l, uint64_t number, uint8_t protocol)
{
	static const uint8_t udp[] = { 0xc0, 1, 0x13, 0x89, 0, 8 + SAID, 0, 0 };
	static const uint8_t gre[] = { 0, 0, 8, 0 };
	struct pkt *p = pkt_take(&l->pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->len = sizeof(udp) + SAID;
	memcpy(p->data, udp, sizeof(udp));
	flow_packet_write(p->data + sizeof(udp), SAID, FLOW, number, WORDS);
	put_header(p, "10.0.9.2", "10.1.0.10", PROTO_UDP);
	if (protocol == PROTO_GRE)
		memcpy(pkt_push(p, sizeof(gre)), gre, sizeof(gre));
	put_header(p, "10.1.0.1", "10.0.2.2", protocol);
	return p;
}

static void record(pcap_dumper_t *file, const struct pkt *p)
{
	uint8_t frame[ETHERNET + 1500] = { [12] = 0x08 };
	struct pcap_pkthdr header = { .caplen = (bpf_u_int32)(ETHERNET + p->len) };

	header.len = header.caplen;
	memcpy(frame + ETHERNET, p->data, p->len);
	pcap_dump((unsigned char *)file, &header, frame);
}

enum way { BY_GRE, BY_ESP, BY_ESP_IN_UDP };

static void protect(struct lab *l, struct pkt *packet, enum way way)
{
	static const struct carrier_spec carrier = { CARRIER_UDP, CARRIER_PORT_ESP,
						     CARRIER_PORT_ESP };
	struct pkt_vec v = vec_of(packet);

	if (way != BY_GRE)
		esp_push(l->sa, &v);
	if (way == BY_ESP_IN_UDP)
		carrier_push(&carrier, &v);
	CU_ASSERT_EQUAL(packet->drop, DROP_NONE);
}

/* A capture of packets `first` to `last`; ESP is in tunnel mode. */
static void write_capture(struct lab *l, const char *name, uint64_t first,
			  uint64_t last, enum way way)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *file = pcap_dump_open(p, path_in(l, name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (uint64_t n = first; n <= last; n++) {
		struct pkt *packet =
			tunnelled(l, n, way == BY_GRE ? PROTO_GRE : PROTO_IPIP);

		protect(l, packet, way);
		record(file, packet);
		pkt_give(&l->pool, packet);
	}
	pcap_dump_close(file);
	pcap_close(p);
}

static json_t *run_json(const char *name)
{
	char capture[32];

	snprintf(capture, sizeof(capture), "%s.pcap", name);
	return json_pack("{s:s,s:[{s:s,s:i}],s:[s]}", "name", name, "flows", "name",
			 "talk", "port", FLOW, "captures", capture);
}

static char *page_of(const json_t *runs)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	report_wire_html(f, runs);
	fclose(f);
	return text;
}

static const json_t *packet_of(const json_t *runs, size_t run)
{
	return json_array_get(json_object_get(json_array_get(runs, run), "wire"), 0);
}

static bool has_octets(const json_t *packet, const char *text)
{
	struct hex h = hex_of(json_string_value(json_object_get(packet, "octets")));

	return memmem(h.bytes, h.len, text, strlen(text)) != NULL;
}

static long long frame_of(const json_t *packet)
{
	return (long long)json_integer_value(json_object_get(packet, "frame"));
}

/* The first that both have: packet 4, first frame of one, third of the other. */
static void one_packet_in_two_tunnels_by(enum esp_algorithm algorithm, bool esn,
					 enum way way)
{
	struct lab l;
	json_t *runs;
	char *page;

	up(&l, algorithm, esn);
	write_keys(&l);
	write_capture(&l, "gre.pcap", 4, 6, BY_GRE);
	write_capture(&l, "esp.pcap", 2, 9, way);
	runs = json_pack("[o,o]", run_json("gre"), run_json("esp"));
	report_wire_add(runs, l.dir);
	CU_ASSERT_FATAL(packet_of(runs, 0) && packet_of(runs, 1));
	CU_ASSERT_EQUAL(frame_of(packet_of(runs, 0)), 1);
	CU_ASSERT_EQUAL(frame_of(packet_of(runs, 1)), 3);
	CU_ASSERT_TRUE(has_octets(packet_of(runs, 0), WORDS));
	CU_ASSERT_FALSE(has_octets(packet_of(runs, 1), WORDS));
	page = page_of(runs);
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "talk, packet 4"));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "anyone can read it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "SPI 0x00001234, sequence number 3"));
	free(page);
	json_decref(runs);
	down(&l);
}

static void one_packet_in_two_tunnels(void)
{
	one_packet_in_two_tunnels_by(ESP_AES_128_GCM, false, BY_ESP);
	one_packet_in_two_tunnels_by(ESP_AES_256_GCM, true, BY_ESP_IN_UDP);
	one_packet_in_two_tunnels_by(ESP_AES_128_CBC_SHA256, true, BY_ESP);
	one_packet_in_two_tunnels_by(ESP_AES_256_CBC_SHA256, false, BY_ESP_IN_UDP);
}

static void one_run_is_enough(void)
{
	struct lab l;
	json_t *runs;
	char *page;

	up(&l, ESP_AES_128_GCM, false);
	write_capture(&l, "gre.pcap", 4, 6, BY_GRE);
	runs = json_pack("[o,o]", run_json("gre"), run_json("esp")); /* no esp.pcap */
	report_wire_add(runs, l.dir);
	CU_ASSERT_EQUAL(frame_of(packet_of(runs, 0)), 1);
	CU_ASSERT_PTR_NULL(packet_of(runs, 1));
	page = page_of(runs);
	CU_ASSERT_PTR_NOT_NULL(strstr(page, "talk, packet 4"));
	CU_ASSERT_PTR_NULL(strstr(page, "only the far end"));
	free(page);
	json_decref(runs);
	down(&l);
}

/* Without keys nothing is known of what is in ESP, and nothing is said of it. */
static void without_keys_there_is_no_picture(void)
{
	struct lab l;
	json_t *runs;
	char *page;

	up(&l, ESP_AES_128_GCM, false);
	write_capture(&l, "esp.pcap", 2, 9, BY_ESP);
	runs = json_pack("[o]", run_json("esp"));
	report_wire_add(runs, l.dir);
	CU_ASSERT_PTR_NULL(packet_of(runs, 0));
	page = page_of(runs);
	CU_ASSERT_STRING_EQUAL(page, "");
	free(page);
	json_decref(runs);
	down(&l);
}

static void lines_that_are_no_keys_are_passed_over(void)
{
	struct lab l;
	struct wire_keys *keys;
	size_t len = 0;
	struct pkt *p;
	FILE *f;

	up(&l, ESP_AES_128_GCM, false);
	CU_ASSERT_TRUE(wire_keys_read(&keys, path_in(&l, "esp.keys")) < 0);
	f = fopen(path_in(&l, "esp.keys"), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("# 10.1.0.1 10.0.2.2 0x1234 chacha20-poly1305 0x00\n\nnonsense\n" ENDS
	      "\"0x1234\",\"x\",\"0x00\",\"y\",\"\"\n" ENDS "\"0x1234\",\"x\"\n",
	      f);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(wire_keys_read(&keys, path_in(&l, "esp.keys")), 0);
	p = tunnelled(&l, 1, PROTO_IPIP);
	esp_push(l.sa, &(struct pkt_vec){ .count = 1, .pkt = { p } });
	CU_ASSERT_PTR_NULL(wire_keys_open(keys, p->data, p->len, &len));
	pkt_give(&l.pool, p);
	wire_keys_free(keys);
	down(&l);
}

void suite_report_wire(void)
{
	CU_pSuite s = CU_add_suite("report_wire", NULL, NULL);

	CU_add_test(s, "one packet in two tunnels", one_packet_in_two_tunnels);
	CU_add_test(s, "one run is enough", one_run_is_enough);
	CU_add_test(s, "without keys there is no picture",
		    without_keys_there_is_no_picture);
	CU_add_test(s, "lines that are no keys are passed over",
		    lines_that_are_no_keys_are_passed_over);
}
