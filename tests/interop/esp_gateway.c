/* SPDX-License-Identifier: ISC */
/*
 * A gateway of two sites with the data plane of the agents and keys from the command
 * line, of every algorithm: what agents never allow for AEAD (RFC 8221 3), and what
 * another implementation that has no keying of ours can be held against.
 *
 *     esp_gateway LOCAL REMOTE ipip|gre raw|udp ALGORITHM esn|plain WINDOW
 *                 LOCAL-NET REMOTE-NET IN OUT
 *
 * IN and OUT are SPI:MATERIAL:NUMBER, in hexadecimal; the number is the last that was
 * used, so that an association can begin anywhere. The TUN device is esp0. Prints
 * "ready", and, ended by SIGTERM, what it counted: "NAME VALUE" a line; which engine
 * encrypted is one of them, chosen by SOJOURN_ESP_ENGINE as in the agents.
 */
#include "common/agent/links.h"
#include "common/io/datapath.h"
#include "common/io/host.h"
#include "common/security/esp_engine.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/protect.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument {
	LOCAL = 1,
	REMOTE,
	ENCAPSULATION,
	CARRIER,
	ALGORITHM,
	ESN,
	WINDOW,
	LOCAL_NET,
	REMOTE_NET,
	IN,
	OUT,
	ARGUMENTS
};

struct gateway {
	struct links links; /* none: nothing of ours is looked up */
	struct io_counts counts;
	struct loop *loop;
	struct datapath *data;
	struct esp_engine engine;
	struct in_addr local, remote;
};

static void die(const char *what)
{
	fprintf(stderr, "esp_gateway: %s\n", what);
	exit(1);
}

static struct in_addr address_of(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		die("not an address");
	return a;
}

static struct ipv4_prefix network_of(const char *text)
{
	char address[INET_ADDRSTRLEN] = "";
	struct ipv4_prefix p;

	p.len = 0;
	if (sscanf(text, "%15[0-9.]/%hhu", address, &p.len) != 2)
		die("not a network");
	p.addr = address_of(address);
	return p;
}

static void no_icmp(void *arg, const struct icmp_datagram *dg)
{
	(void)arg;
	(void)dg;
}

static void open_data(struct gateway *g)
{
	const struct datapath_config config = { .tun = "esp0",
						.max_entries = 4,
						.max_tunnels = 4,
						.links = &g->links,
						.counts = &g->counts,
						.icmp = no_icmp };
	struct datapath_fault fault = { "loop" };

	host_seed_tables();
	g->loop = loop_new();
	if (!g->loop || datapath_open(&g->data, &config, &fault) != 0 ||
	    datapath_start(g->data, g->loop) != 0)
		die(fault.what);
}

static void add_site(struct gateway *g, char **args)
{
	struct fwd_edit edit = { .kind = FWD_SITE_SET,
				 .tunnel.local = g->local,
				 .tunnel.remote = g->remote,
				 .tunnel.encap.mss_clamp = 1,
				 .local_count = 1,
				 .remote_count = 1 };

	edit.local_nets[0] = network_of(args[LOCAL_NET]);
	edit.remote_nets[0] = network_of(args[REMOTE_NET]);
	if (!encap_by_name(args[ENCAPSULATION], &edit.tunnel.encap.kind))
		die("no such encapsulation");
	if (fwd_apply(datapath_fwd(g->data), &edit) != 0)
		die("site tunnel");
}

static void protect(struct gateway *g, char **args)
{
	struct protect_spec spec = { .local = g->local,
				     .remote = g->remote,
				     .policy = PROTECT_REQUIRED };

	if (strcmp(args[CARRIER], "udp") == 0) {
		spec.carrier = (struct carrier_spec){ CARRIER_UDP, CARRIER_PORT_ESP,
						      CARRIER_PORT_ESP };
		if (datapath_receive(g->data, g->loop, DATAPATH_ESP_UDP) != 0)
			die("UDP socket for ESP");
	}
	if (fwd_protect_set(datapath_fwd(g->data), &spec) != 0)
		die("protection");
}

/* The octets that hexadecimal digits stand for, ended by ':'. */
static size_t material_of(const char *hex, uint8_t *to)
{
	size_t len = 0;
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1 && len < ESP_MATERIAL_MAX; hex += 2)
		to[len++] = (uint8_t)octet;
	if (*hex != ':')
		die("not key material");
	return len;
}

/* SPI:MATERIAL:NUMBER; the last is returned. */
static uint64_t read_association(const char *text, struct esp_sa_spec *spec,
				 struct secret *material)
{
	char *rest;

	spec->spi = (uint32_t)strtoul(text, &rest, 16);
	if (*rest != ':')
		die("not an association");
	material->len = material_of(rest + 1, material->bytes);
	spec->material = material;
	return strtoull(rest + 2 + 2 * material->len, NULL, 16);
}

static struct protect_view view_of(const struct gateway *g)
{
	struct protect_view v;

	if (!fwd_protect_view(datapath_fwd(g->data), g->local, g->remote, &v))
		die("protection is gone");
	return v;
}

static void open_engine(struct gateway *g)
{
	const char *name = getenv("SOJOURN_ESP_ENGINE");
	enum esp_engine_wish wish = ESP_ENGINE_AUTO;

	if (name && !esp_engine_wish_by_name(name, &wish))
		die("no such engine");
	if (esp_engine_init(&g->engine, wish) == ESP_ENGINE_DIFFERS)
		die("the engine fails its self-test");
}

/* What is const there is the table's; no packet has gone through it yet. */
static void begin_at(const struct gateway *g, uint64_t in, uint64_t out)
{
	struct protect_view v = view_of(g);

	((struct esp_sa_in *)(uintptr_t)v.in[0])->window.top = in;
	((struct esp_sa_out *)(uintptr_t)v.out)->next = out + 1;
}

static void add_associations(struct gateway *g, char **args)
{
	struct fwd *fwd = datapath_fwd(g->data);
	struct rng rng = host_rng();
	uint8_t bytes[ESP_MATERIAL_MAX];
	struct secret material = { bytes, 0 };
	struct esp_sa_spec spec = { .local = g->local,
				    .remote = g->remote,
				    .esn = strcmp(args[ESN], "esn") == 0,
				    .window = (uint16_t)atoi(args[WINDOW]),
				    .engine = &g->engine };
	uint64_t in, out;

	if (!esp_algorithm_by_name(args[ALGORITHM], &spec.algorithm))
		die("no such algorithm");
	in = read_association(args[IN], &spec, &material);
	if (fwd_sa_in_add(fwd, &spec) != 0)
		die("inbound association");
	out = read_association(args[OUT], &spec, &material);
	if (fwd_sa_out_set(fwd, &spec, &rng) != 0)
		die("outbound association");
	begin_at(g, in, out);
}

static void on_end(void *arg)
{
	loop_stop(arg);
}

static void serve(struct gateway *g)
{
	struct loop_watch *end = loop_watch_signal(g->loop, SIGTERM, on_end, g->loop);

	if (!end)
		die("signal");
	printf("ready\n");
	fflush(stdout);
	loop_run(g->loop);
	loop_unwatch(end);
}

static void tell(const struct gateway *g)
{
	struct protect_view v = view_of(g);
	struct counter_set sets[DATAPATH_COUNTERS];

	printf("engine %s\n", esp_cipher_engine(v.out->cipher[0]));
	printf("in %" PRIu64 "\nin-top %" PRIx64 "\n", v.in[0]->counts.packets,
	       v.in[0]->window.top);
	printf("out %" PRIu64 "\nout-last %" PRIx64 "\n", v.out->counts.packets,
	       v.out->next - 1);
	datapath_counters(g->data, sets);
	for (size_t i = 0; i < sets[0].count; i++)
		if (sets[0].values[i] > 0)
			printf("%s %" PRIu64 "\n", sets[0].rows[i].name,
			       sets[0].values[i]);
}

int main(int argc, char **argv)
{
	static struct gateway g;

	if (argc != ARGUMENTS)
		die("wrong number of arguments");
	g.local = address_of(argv[LOCAL]);
	g.remote = address_of(argv[REMOTE]);
	open_data(&g);
	add_site(&g, argv);
	protect(&g, argv);
	open_engine(&g);
	add_associations(&g, argv);
	serve(&g);
	tell(&g);
	datapath_close(g.data);
	esp_engine_fini(&g.engine);
	loop_free(g.loop);
	return 0;
}
