/* SPDX-License-Identifier: ISC */
/*
 * ESP of a running agent: with whom it stands, how it is agreed on, what becomes of
 * it.  Joins common/keying, which decides, with the TCP streams that it talks
 * through and the forwarding table that its associations go into.
 *
 *   agent_keys.c       life: start, reload, links, time, end
 *   agent_keys_ends.c  which ends there are
 *   agent_keys_conf.c  the configuration as keying wants it
 *   agent_keys_act.c   effects of keying
 *   agent_keys_look.c  what is looked at each second: limits, refused packets
 *   agent_keys_show.c  for mipctl
 */
#ifndef COMMON_SHELL_AGENT_KEYS_H
#define COMMON_SHELL_AGENT_KEYS_H

#include "common/base/hashmap.h"
#include "common/io/key_log.h"
#include "common/io/key_sock.h"
#include "common/keying/keying.h"
#include "common/security/esp_engine.h"
#include "common/shell/agent_private.h"

_Static_assert((int)KEYING_INBOUND_MAX <= (int)PROTECT_SAS_IN,
	       "what keying asks for has its place in the forwarding table");

/* What was counted of an association, as far as it has been told of. */
struct seen_sa {
	uint32_t spi;
	uint64_t replays, bad_icvs, bad_insides;
};

/* Two ends between which there is ESP, or shall be. */
struct keyed_pair {
	struct keying_pair ends;
	enum protect_policy policy;
	enum sa_kind kind;                      /* of the associations of `peer` */
	const struct peer_config *peer;         /* of the configuration; or */
	const struct manual_esp_config *manual; /* keys are given by hand */
	struct in_addr home;                    /* of a node; else 0 */
	struct esp_config esp;
	struct carrier_spec carrier; /* as agreed on; until then as configured */
	bool agreed;
	bool stale; /* in the midst of a reload: not named yet */

	uint32_t soft_spi; /* that limits are for */
	uint64_t soft_octets, soft_packets;
	bool soft_told;
	struct seen_sa seen[PROTECT_SAS_IN];
	uint64_t seen_not_protected;
	UT_hash_handle hh;
};

struct agent_keys {
	struct keyed_pair *pairs;
	struct peer_index nodes; /* of the configuration */
	struct keying *keying;   /* NULL: nobody to agree with */
	struct key_sock *sock;
	struct key_log *log;
	bool log_fails;           /* and it was told */
	struct esp_engine engine; /* that computes ESP */
	struct keying_effects fx, spare;
	bool here;              /* our end's address is one of this machine's now */
	instant_t look;         /* at the associations, next */
	struct bucket refusals; /* of packets by ESP: lines about them, all pairs' */
};

/* agent_keys_ends.c */
struct keyed_pair *agent_keys_pair(struct agent_keys *k, struct keying_pair ends);
void agent_keys_pair_free(struct agent_shell *s, struct keyed_pair *p);

/* Have the forwarding table protect these ends.  0 or -errno. */
int agent_keys_shield(struct agent_shell *s, const struct keyed_pair *p);

/* What the configuration says is protected, and nothing else.  0 or -errno. */
int agent_keys_protect_all(struct agent_shell *s);

/* agent_keys_conf.c */

/* Certificates of the configuration, in memory. */
struct keys_certificates {
	char *chain, *authorities; /* NULL: none */
	struct secret private_key;
};

/* 0, or -errno and the name of the file that cannot be read. */
int agent_keys_certificates(const struct keying_options *from,
			    struct keys_certificates *out, const char **file);
void agent_keys_certificates_fini(struct keys_certificates *c);

struct keying_peer_spec agent_keys_spec(const struct keyed_pair *p,
					const struct keying_options *options);

/* agent_keys_act.c */
int agent_keys_manual(struct agent_shell *s, struct keyed_pair *p);

/* agent_keys_look.c */
void agent_keys_refusals_init(struct agent_keys *k, instant_t now);
void agent_keys_look(struct agent_shell *s, struct now now);

/* Tell what of a pair's packets was refused and has not been told, within a bound. */
void agent_keys_look_at_refused(struct agent_shell *s, struct keyed_pair *p,
				const struct protect_view *v);

#endif
