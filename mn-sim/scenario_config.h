/* SPDX-License-Identifier: ISC */
/*
 * A scenario: which ends there are, what traffic flows between them, and when
 * the node is moved where; as values, read from XML (see mn-sim.xml(5)).
 */
#ifndef MN_SIM_SCENARIO_CONFIG_H
#define MN_SIM_SCENARIO_CONFIG_H

#include "common/agent/config.h"
#include "common/base/clock.h"
#include "mn-sim/netns.h"

#include <netinet/in.h>
#include <stdint.h>

enum { SCENARIO_LABEL_MAX = 64, SCENARIO_SAID_MAX = 256, SCENARIO_PATH_MAX = 256 };

/* <end>: a place where traffic begins or ends. */
struct scenario_end {
	char name[CONF_NAME_MAX];
	char netns[NETNS_NAME_MAX]; /* "": where mn-sim runs */
	struct in_addr addr;
	int line;
};

/* <udp>: a numbered flow. */
struct scenario_udp {
	char name[CONF_NAME_MAX];
	char from[CONF_NAME_MAX], to[CONF_NAME_MAX];
	uint16_t port;
	duration_t interval;
	uint16_t size; /* octets of UDP payload */
	char text[SCENARIO_SAID_MAX];
	int line;
};

/* <tcp>: one connection, sent at a rate, checked by SHA-256. */
struct scenario_tcp {
	char name[CONF_NAME_MAX];
	char from[CONF_NAME_MAX], to[CONF_NAME_MAX];
	uint16_t port;
	uint32_t rate; /* octets a second */
	int line;
};

/* <replay>: a capture file as traffic from one end to the other. */
struct scenario_replay {
	char name[CONF_NAME_MAX];
	char from[CONF_NAME_MAX], to[CONF_NAME_MAX];
	char file[SCENARIO_PATH_MAX];
	char interface[IF_NAMESIZE]; /* where the packets arrive */
	duration_t start;
	uint32_t speed_percent; /* 100: as recorded */
	uint16_t max_size;      /* longer packets are left out and counted */
	int line;
};

/* <move>: the cable goes to another switch. */
struct scenario_move {
	duration_t at;
	duration_t unplugged;           /* from pulling the cable to plugging it in */
	char to[CONF_NAME_MAX];         /* bridge, "" to pull it out */
	char label[SCENARIO_LABEL_MAX]; /* "first visit" */
	char expect
		[CONF_NAME_MAX]; /* event that ends it: "registered", "deregistered" */
	int line;
};

/* <watch>: an agent whose events and tunnels are shown. */
struct scenario_watch {
	char name[CONF_NAME_MAX];
	char control[CONF_PATH_MAX];
	bool node;    /* the mobile node: its events time the moves */
	bool tunnels; /* show what its tunnels carry */
	int line;
};

/* <capture>: what passes an interface, into DIR/FILE. */
struct scenario_capture {
	char netns[NETNS_NAME_MAX];
	char interface[IF_NAMESIZE];
	char file[SCENARIO_PATH_MAX];
	char filter[SCENARIO_PATH_MAX];
	int line;
};

struct scenario_config {
	char name[CONF_NAME_MAX]; /* names the run: "gre" */
	char title[SCENARIO_LABEL_MAX];
	char start_label[SCENARIO_LABEL_MAX]; /* where the node is at the start */
	duration_t duration;
	char cable_netns[NETNS_NAME_MAX];
	char cable[IF_NAMESIZE];

	struct scenario_end *end;
	unsigned end_count;
	struct scenario_udp *udp;
	unsigned udp_count;
	struct scenario_tcp *tcp;
	unsigned tcp_count;
	struct scenario_replay *replay;
	unsigned replay_count;
	struct scenario_move *move;
	unsigned move_count;
	struct scenario_watch *watch;
	unsigned watch_count;
	struct scenario_capture *capture;
	unsigned capture_count;
};

/* The rows; also for the XSD and the list of options. */
struct conf_element;
extern const struct conf_element scenario_config_schema;

/* What they must be among each other (scenario_check.c). */
struct conf_check;
void scenario_check(void *scenario_config, struct conf_check *c);

#endif
