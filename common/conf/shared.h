/* SPDX-License-Identifier: ISC */
/*
 * The elements that home agent, foreign agent and mobile node have in common, and
 * the checks of what is right only together.
 */
#ifndef COMMON_CONF_SHARED_H
#define COMMON_CONF_SHARED_H

#include "common/agent/config.h"
#include "common/conf/faults.h"
#include "common/conf/schema.h"

/* Constant tables. */
extern const struct conf_element conf_log;           /* common_config */
extern const struct conf_element conf_limits;        /* common_config */
extern const struct conf_element conf_association;   /* assoc_config */
extern const struct conf_element conf_node;          /* peer_config */
extern const struct conf_element conf_home_node;     /* peer_config, protected */
extern const struct conf_element conf_peer_agent;    /* peer_config */
extern const struct conf_element conf_foreign_agent; /* peer_config */
extern const struct conf_element conf_advertise;     /* advert_config */
extern const struct conf_element conf_tunnel;        /* tunnel_config */
extern const struct conf_element conf_site_tunnel;   /* site_config */

/* <control> and <tun> differ between programs in their defaults. */
#define CONF_ONE_ROW(name_, help_, ...)                                      \
	{                                                                    \
		.name = name_, .help = help_,                                \
		.attr = (const struct conf_attr[]){ CONF_ROW(__VA_ARGS__) }, \
		.attr_count = 1, .size = sizeof(struct common_config),       \
		.line = CONF_NO_LINE                                         \
	}
#define CONF_CONTROL(default_)                                                   \
	CONF_ONE_ROW("control", "the socket for mipctl", common_config, control, \
		     "socket", CONF_PATH, .def = default_,                       \
		     .help = "where mipctl finds the program")
#define CONF_TUN(default_, help_)                                              \
	CONF_ONE_ROW("tun", help_, common_config, tun, "name", CONF_INTERFACE, \
		     .def = default_,                                          \
		     .help = "name of the TUN device that the program makes")

#define CONF_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Rows of a child list; `struct_` holds an array pointer and its count. */
#define CONF_MANY(struct_, element_, at_, count_, min_, max_)             \
	{                                                                 \
		.element = &(element_), .keep = CONF_KEEP_GROWING,        \
		.at = offsetof(struct struct_, at_),                      \
		.count = offsetof(struct struct_, count_), .min = (min_), \
		.max = (max_)                                             \
	}
#define CONF_ONE(struct_, element_, at_)                          \
	{                                                         \
		.element = &(element_), .keep = CONF_KEEP_INSIDE, \
		.at = offsetof(struct struct_, at_), .max = 1     \
	}

/* How many of a kind there may be; generous, against a file gone wrong. */
enum {
	CONF_PEERS_MAX = 1000000,
	CONF_TUNNELS_MAX = 100000,
	CONF_SITES_MAX = 1000,
	CONF_LINKS_MAX = 64,
	CONF_ASSOCIATIONS_MAX = 16,
};

/* An address or a subnet, and where it was given. */
struct conf_mark {
	struct ipv4_prefix prefix;
	int line;
};

/*
 * Every two of the marks are disjoint; each that is not is a fault of its line.
 * Sorts them.  Addresses are prefixes of length 32.
 */
void conf_check_disjoint(struct conf_faults *f, const char *element, const char *attr,
			 struct conf_mark *marks, unsigned count);

/* The SPIs of a peer differ, and there is one to send with. */
void conf_check_spis(struct conf_faults *f, const struct peer_config *p);

/* No peer is given twice. */
void conf_check_peers(struct conf_faults *f, const char *element, const char *attr,
		      const struct peer_config *peer, unsigned count);

/* No interface is served twice. */
void conf_check_adverts(struct conf_faults *f, const struct advert_config *advert,
			unsigned count);

/* Tunnels and site tunnels. */
void conf_check_common(struct conf_faults *f, const struct common_config *c);

#endif
