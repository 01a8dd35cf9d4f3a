/* SPDX-License-Identifier: ISC */
/*
 * Recording by libpcap, driven by the loop.
 */
#include "mn-sim/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { SNAP_LEN = 65535, KERNEL_BUFFER = 16 << 20, READ_TIMEOUT_MS = 50, BURST = 256 };

struct capture {
	pcap_t *live;
	pcap_dumper_t *file;
	struct loop_watch *watch;
	uint64_t packets;
};

static void on_packet(unsigned char *arg, const struct pcap_pkthdr *header,
		      const unsigned char *bytes)
{
	struct capture *c = (struct capture *)arg;

	c->packets++;
	pcap_dump((unsigned char *)c->file, header, bytes);
}

static void on_readable(void *arg)
{
	struct capture *c = arg;

	(void)pcap_dispatch(c->live, BURST, on_packet, (unsigned char *)c);
}

static int set_filter(struct capture *c, const char *text)
{
	struct bpf_program program;
	int rc;

	if (!*text)
		return 0;
	if (pcap_compile(c->live, &program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return -EINVAL;
	rc = pcap_setfilter(c->live, &program);
	pcap_freecode(&program);
	return rc < 0 ? -EINVAL : 0;
}

/* In the namespace of the interface. */
static int open_live(struct capture *c, const struct scenario_capture *config,
		     char *error)
{
	c->live = pcap_create(config->interface, error);
	if (!c->live)
		return -ENODEV;
	pcap_set_snaplen(c->live, SNAP_LEN);
	pcap_set_buffer_size(c->live, KERNEL_BUFFER);
	pcap_set_timeout(c->live, READ_TIMEOUT_MS);
	pcap_set_immediate_mode(c->live, 1);
	if (pcap_activate(c->live) < 0) {
		snprintf(error, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(c->live));
		return -ENODEV;
	}
	if (pcap_setnonblock(c->live, 1, error) < 0)
		return -EIO;
	return set_filter(c, config->filter);
}

static int open_file(struct capture *c, const char *dir, const char *name)
{
	char path[SCENARIO_PATH_MAX * 2];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	c->file = pcap_dump_open(c->live, path);
	return c->file ? 0 : -EIO;
}

int capture_open(struct capture **out, struct loop *loop,
		 const struct scenario_capture *config, const char *dir, char *error,
		 size_t error_size)
{
	struct capture *c = calloc(1, sizeof(*c));
	char text[PCAP_ERRBUF_SIZE] = "";
	int home, rc;

	if (!c)
		return -ENOMEM;
	rc = netns_enter(config->netns, &home);
	if (rc == 0) {
		rc = open_live(c, config, text);
		netns_leave(home);
	}
	if (rc == 0)
		rc = open_file(c, dir, config->file);
	if (rc == 0) {
		c->watch = loop_watch_fd(loop, pcap_get_selectable_fd(c->live),
					 on_readable, c);
		rc = c->watch ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		snprintf(error, error_size, "%s",
			 *text || !c->live ? text : pcap_geterr(c->live));
		capture_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	loop_unwatch(c->watch);
	if (c->file) {
		on_readable(c);
		pcap_dump_close(c->file);
	}
	if (c->live)
		pcap_close(c->live);
	free(c);
}

uint64_t capture_packets(const struct capture *c)
{
	return c->packets;
}
