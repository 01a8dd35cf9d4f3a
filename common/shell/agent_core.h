/* SPDX-License-Identifier: ISC */
/*
 * Gives the functions of a core, which know their own types, the form that
 * struct agent_core_ops wants.  AGENT_CORE_FUNCTIONS(ha)
 * defines them for ha_core_*(); AGENT_CORE_OPS(ha) names them.
 */
#ifndef COMMON_SHELL_AGENT_CORE_H
#define COMMON_SHELL_AGENT_CORE_H

#include "common/shell/agent_program.h"

#define AGENT_CORE_FUNCTIONS(core)                                                   \
	static void *core##_new(const void *config, const struct links *links,       \
				struct rng rng, struct now now,                      \
				struct effect_list *fx)                              \
	{                                                                            \
		return core##_core_new(config, links, rng, now, fx);                 \
	}                                                                            \
	static void core##_free(void *c)                                             \
	{                                                                            \
		core##_core_free(c);                                                 \
	}                                                                            \
	static void core##_datagram(void *c, const struct datagram *dg,              \
				    struct now now, struct effect_list *fx)          \
	{                                                                            \
		core##_core_datagram(c, dg, now, fx);                                \
	}                                                                            \
	static void core##_icmp(void *c, const struct icmp_datagram *dg,             \
				struct now now, struct effect_list *fx)              \
	{                                                                            \
		core##_core_icmp(c, dg, now, fx);                                    \
	}                                                                            \
	static void core##_deadline(void *c, struct now now, struct effect_list *fx) \
	{                                                                            \
		core##_core_deadline(c, now, fx);                                    \
	}                                                                            \
	static instant_t core##_next_deadline(const void *c)                         \
	{                                                                            \
		return core##_core_next_deadline(c);                                 \
	}                                                                            \
	static void core##_failed(void *c, const struct effect *e, int error,        \
				  struct now now, struct effect_list *fx)            \
	{                                                                            \
		core##_core_failed(c, e, error, now, fx);                            \
	}                                                                            \
	static void core##_links(void *c, const struct links *links, struct now now, \
				 struct effect_list *fx)                             \
	{                                                                            \
		core##_core_links(c, links, now, fx);                                \
	}                                                                            \
	static int core##_reconfigure(void *c, const void *config, struct now now,   \
				      struct effect_list *fx)                        \
	{                                                                            \
		return core##_core_reconfigure(c, config, now, fx);                  \
	}                                                                            \
	static void core##_stop(void *c, struct now now, struct effect_list *fx)     \
	{                                                                            \
		core##_core_stop(c, now, fx);                                        \
	}                                                                            \
	static unsigned core##_counters(const void *c, struct counter_set *sets,     \
					unsigned room)                               \
	{                                                                            \
		return core##_core_counters(c, sets, room);                          \
	}                                                                            \
	static void core##_protection(void *c, struct in_addr remote, bool stands,   \
				      struct now now, struct effect_list *fx)        \
	{                                                                            \
		core##_core_protection(c, remote, stands, now, fx);                  \
	}                                                                            \
	static struct sa_store *core##_associations(const void *c)                   \
	{                                                                            \
		return core##_core_associations(c);                                  \
	}                                                                            \
	struct agent_core_functions_end /* so that a semicolon may follow */

#define AGENT_CORE_OPS(core)                                                           \
	.new = core##_new, .free = core##_free, .datagram = core##_datagram,           \
	.icmp = core##_icmp, .deadline = core##_deadline,                              \
	.next_deadline = core##_next_deadline, .failed = core##_failed,                \
	.links = core##_links, .reconfigure = core##_reconfigure, .stop = core##_stop, \
	.counters = core##_counters, .protection = core##_protection,                  \
	.associations = core##_associations

#endif
