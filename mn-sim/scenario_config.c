/* SPDX-License-Identifier: ISC */
/*
 * The rows of a scenario.
 */
#include "mn-sim/scenario_config.h"

#include "common/conf/schema.h"

enum { MANY = 64, MS_DAY = 24 * 3600 * 1000 };

#define ROWS(table) .attr = (table), .attr_count = sizeof(table) / sizeof((table)[0])
#define CHILDREN(table) \
	.child = (table), .child_count = sizeof(table) / sizeof((table)[0])

static const struct conf_attr end_rows[] = {
	CONF_ROW(scenario_end, name, "name", CONF_NAME, .required = true,
		 .help = "what flows call this end"),
	CONF_ROW(scenario_end, netns, "netns", CONF_NAME,
		 .help = "network namespace; without it the one that mn-sim runs in"),
	CONF_ROW(scenario_end, addr, "address", CONF_ADDRESS, .required = true,
		 .help = "address that traffic is from or to"),
};

#define FLOW_ROWS(struct_)                                                   \
	CONF_ROW(struct_, name, "name", CONF_NAME, .required = true,         \
		 .help = "name in the report"),                              \
		CONF_ROW(struct_, from, "from", CONF_NAME, .required = true, \
			 .help = "end that sends"),                          \
		CONF_ROW(struct_, to, "to", CONF_NAME, .required = true,     \
			 .help = "end that receives")

static const struct conf_attr udp_rows[] = {
	FLOW_ROWS(scenario_udp),
	CONF_ROW(scenario_udp, port, "port", CONF_NUMBER, .required = true, .min = 1,
		 .max = 65535, .help = "UDP port at the receiver"),
	CONF_ROW(scenario_udp, interval, "interval", CONF_DURATION, .def = "20ms",
		 .min = 1, .max = 60000, .help = "between packets"),
	CONF_ROW(scenario_udp, size, "size", CONF_NUMBER, .def = "200", .min = 16,
		 .max = 9000, .help = "octets of UDP payload"),
	CONF_ROW(scenario_udp, text, "text", CONF_TEXT,
		 .help = "what the packets say, again and again; zeros if not given"),
};

static const struct conf_attr tcp_rows[] = {
	FLOW_ROWS(scenario_tcp),
	CONF_ROW(scenario_tcp, port, "port", CONF_NUMBER, .required = true, .min = 1,
		 .max = 65535, .help = "TCP port at the receiver"),
	CONF_ROW(scenario_tcp, rate, "rate", CONF_NUMBER, .def = "1000000", .min = 1000,
		 .max = 1000000000, .help = "octets a second"),
};

static const struct conf_attr replay_rows[] = {
	FLOW_ROWS(scenario_replay),
	CONF_ROW(scenario_replay, file, "file", CONF_PATH, .required = true,
		 .help = "capture file (pcap); its IPv4 packets are sent"),
	CONF_ROW(scenario_replay, interface, "interface", CONF_INTERFACE,
		 .required = true, .help = "interface of the receiver they arrive on"),
	CONF_ROW(scenario_replay, start, "start", CONF_DURATION, .def = "0",
		 .max = MS_DAY, .help = "when the first packet is sent"),
	CONF_ROW(scenario_replay, speed_percent, "speed", CONF_NUMBER, .def = "100",
		 .min = 1, .max = 100000, .help = "percent of the recorded pace"),
	CONF_ROW(scenario_replay, max_size, "max-size", CONF_NUMBER, .def = "1400",
		 .min = 68, .max = 65535, .help = "longer packets are left out"),
};

static const struct conf_attr move_rows[] = {
	CONF_ROW(scenario_move, at, "at", CONF_DURATION, .required = true,
		 .max = MS_DAY, .help = "when, from the start"),
	CONF_ROW(scenario_move, unplugged, "unplugged", CONF_DURATION, .def = "50ms",
		 .max = MS_DAY, .help = "from pulling the cable to plugging it in"),
	CONF_ROW(scenario_move, to, "to", CONF_NAME,
		 .help = "switch that the cable is plugged into; none: pulled out"),
	CONF_ROW(scenario_move, label, "label", CONF_TEXT, .required = true,
		 .help = "name of the place in the report"),
	CONF_ROW(scenario_move, expect, "expect", CONF_NAME,
		 .help = "event of the node that ends the move, such as registered"),
};

static const struct conf_attr watch_rows[] = {
	CONF_ROW(scenario_watch, name, "name", CONF_NAME, .required = true,
		 .help = "name in the live view"),
	CONF_ROW(scenario_watch, control, "control", CONF_PATH, .required = true,
		 .help = "control socket of the agent"),
	CONF_ROW(scenario_watch, node, "node", CONF_BOOL, .def = "no",
		 .help = "it is the mobile node: its events end the moves"),
	CONF_ROW(scenario_watch, tunnels, "tunnels", CONF_BOOL, .def = "no",
		 .help = "show what its tunnels carry"),
};

static const struct conf_attr capture_rows[] = {
	CONF_ROW(scenario_capture, netns, "netns", CONF_NAME,
		 .help = "network namespace of the interface"),
	CONF_ROW(scenario_capture, interface, "interface", CONF_INTERFACE,
		 .required = true, .help = "interface to record"),
	CONF_ROW(scenario_capture, file, "file", CONF_PATH, .required = true,
		 .help = "file under the output directory"),
	CONF_ROW(scenario_capture, filter, "filter", CONF_TEXT,
		 .help = "filter in the language of pcap-filter(7)"),
};

static const struct conf_attr scenario_rows[] = {
	CONF_ROW(scenario_config, name, "name", CONF_NAME, .required = true,
		 .help = "name of the run; its file is run-NAME.json"),
	CONF_ROW(scenario_config, title, "title", CONF_TEXT, .required = true,
		 .help = "title in the report"),
	CONF_ROW(scenario_config, start_label, "start", CONF_TEXT, .def = "start",
		 .help = "name of the place where the node is at the start"),
	CONF_ROW(scenario_config, duration, "duration", CONF_DURATION, .required = true,
		 .min = 100, .max = MS_DAY, .help = "how long traffic is sent"),
	CONF_ROW(scenario_config, cable_netns, "cable-netns", CONF_NAME,
		 .help = "network namespace of the cable and the switches"),
	CONF_ROW(scenario_config, cable, "cable", CONF_INTERFACE,
		 .help = "interface that is plugged into the switches"),
};

#define ELEMENT(variable, name_, struct_, rows, help_)  \
	static const struct conf_element variable = {   \
		.name = (name_),                        \
		.help = (help_),                        \
		ROWS(rows),                             \
		.size = sizeof(struct struct_),         \
		.line = offsetof(struct struct_, line), \
	}

ELEMENT(end_element, "end", scenario_end, end_rows,
	"a place where traffic begins or ends");
ELEMENT(udp_element, "udp", scenario_udp, udp_rows, "a numbered UDP flow");
ELEMENT(tcp_element, "tcp", scenario_tcp, tcp_rows, "a TCP stream, checked by SHA-256");
ELEMENT(replay_element, "replay", scenario_replay, replay_rows,
	"a capture file as traffic, compared on arrival");
ELEMENT(move_element, "move", scenario_move, move_rows,
	"the node goes to another link");
ELEMENT(watch_element, "watch", scenario_watch, watch_rows,
	"an agent whose events are shown");
ELEMENT(capture_element, "capture", scenario_capture, capture_rows,
	"what passes an interface, into a file");

#define GROWING(element_, array, counter, least)                                    \
	{                                                                           \
		.element = &(element_), .keep = CONF_KEEP_GROWING,                  \
		.at = offsetof(struct scenario_config, array),                      \
		.count = offsetof(struct scenario_config, counter), .min = (least), \
		.max = MANY,                                                        \
	}

static const struct conf_child scenario_children[] = {
	GROWING(end_element, end, end_count, 0),
	GROWING(udp_element, udp, udp_count, 0),
	GROWING(tcp_element, tcp, tcp_count, 0),
	GROWING(replay_element, replay, replay_count, 0),
	GROWING(move_element, move, move_count, 0),
	GROWING(watch_element, watch, watch_count, 0),
	GROWING(capture_element, capture, capture_count, 0),
};

const struct conf_element scenario_config_schema = {
	.name = "scenario",
	.help = "moves of a mobile node and traffic to and from it",
	ROWS(scenario_rows),
	CHILDREN(scenario_children),
	.size = sizeof(struct scenario_config),
	.line = CONF_NO_LINE,
	.check = scenario_check,
};
