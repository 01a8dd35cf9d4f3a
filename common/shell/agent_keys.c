/* SPDX-License-Identifier: ISC */
/*
 * The life of ESP in an agent.  What must not go in clear is told to the forwarding
 * table before anything else is done, so that there is no moment without it; keys
 * are agreed on once the agent serves.
 */
#include "common/shell/agent_keys.h"

#include "common/io/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* RFC 3948 4. */
enum { KEEPALIVE_S = 20 };

struct keyed_pair *agent_keys_pair(struct agent_keys *k, struct keying_pair ends)
{
	struct keyed_pair *p;

	HASH_FIND(hh, k->pairs, &ends, sizeof(ends), p);
	return p;
}

static struct carrier_spec carrier_of(const struct keyed_pair *p)
{
	enum carrier_kind kind = p->manual ? p->manual->carrier : p->esp.carrier;
	uint16_t port = p->manual ? p->manual->port : p->esp.port;

	if (kind == CARRIER_NONE)
		return (struct carrier_spec){ .kind = CARRIER_NONE };
	return (struct carrier_spec){ kind, port, port };
}

/* A way through a translator is kept open as long as somebody comes that way. */
int agent_keys_shield(struct agent_shell *s, const struct keyed_pair *p)
{
	const bool keeps = p->carrier.kind == CARRIER_UDP && (p->agreed || p->manual);
	const struct protect_spec spec = {
		.local = p->ends.local,
		.remote = p->ends.remote,
		.policy = p->policy,
		.carrier = p->carrier,
		.keepalive_s = keeps ? KEEPALIVE_S : 0,
	};

	return fwd_protect_set(datapath_fwd(s->data), &spec);
}

static struct keyed_pair *pair_new(struct agent_keys *k, struct keying_pair ends)
{
	struct keyed_pair *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ends = ends;
	HASH_ADD(hh, k->pairs, ends, sizeof(p->ends), p);
	if (hashmap_added(p, hh))
		return p;
	free(p);
	return NULL;
}

static void pair_free(struct agent_shell *s, struct keyed_pair *p)
{
	(void)fwd_protect_clear(datapath_fwd(s->data), p->ends.local, p->ends.remote);
	HASH_DELETE(hh, s->keys->pairs, p);
	free(p);
}

/* -- What is configured ----------------------------------------------------- */

/* The pair, new or as it was, with what it is to be now; NULL: no memory. */
static struct keyed_pair *name_pair(struct agent_shell *s, struct in_addr local,
				    struct in_addr remote)
{
	const struct keying_pair ends = { local, remote };
	struct keyed_pair *p = agent_keys_pair(s->keys, ends);

	if (!p)
		p = pair_new(s->keys, ends);
	if (p)
		p->stale = false;
	return p;
}

static int receive_udp(struct agent_shell *s, const struct keyed_pair *p)
{
	if (carrier_of(p).kind != CARRIER_UDP)
		return 0;
	return datapath_receive(s->data, s->loop, DATAPATH_ESP_UDP);
}

/* Associations by keys given by hand end with the configuration that had them. */
static void forget_manual(struct agent_shell *s, struct keyed_pair *p)
{
	struct fwd *f = datapath_fwd(s->data);

	if (!p->manual)
		return;
	(void)fwd_sa_in_del(f, p->ends.local, p->manual->spi_in);
	(void)fwd_sa_out_clear(f, p->ends.local, p->ends.remote);
	p->manual = NULL;
}

static int protect_peer(struct agent_shell *s, struct in_addr local, enum sa_kind kind,
			struct in_addr remote, struct in_addr home,
			const struct peer_config *peer)
{
	struct keyed_pair *p = name_pair(s, local, remote);
	int error;

	if (!p)
		return -ENOMEM;
	forget_manual(s, p);
	p->policy = peer->protection.policy;
	p->kind = kind;
	p->peer = peer;
	p->home = home;
	p->esp = config_esp_for(agent_common(s), remote);
	if (!p->agreed)
		p->carrier = carrier_of(p);
	error = agent_keys_shield(s, p);
	return error ? error : receive_udp(s, p);
}

static bool same_manual(const struct manual_esp_config *a,
			const struct manual_esp_config *b)
{
	return a && a->spi_in == b->spi_in && a->spi_out == b->spi_out &&
	       a->algorithm == b->algorithm && a->carrier == b->carrier &&
	       a->port == b->port && secret_equal(&a->key_in, &b->key_in) &&
	       secret_equal(&a->key_out, &b->key_out) &&
	       secret_equal(&a->integrity_in, &b->integrity_in) &&
	       secret_equal(&a->integrity_out, &b->integrity_out);
}

static int protect_manual(struct agent_shell *s, struct in_addr local,
			  const struct manual_esp_config *m)
{
	struct keyed_pair *p = name_pair(s, local, m->peer);
	bool same;
	int error;

	if (!p)
		return -ENOMEM;
	same = same_manual(p->manual, m);
	if (!same)
		forget_manual(s, p);
	p->policy = PROTECT_REQUIRED;
	p->peer = NULL;
	p->manual = m;
	p->home.s_addr = 0;
	p->agreed = false;
	p->carrier = carrier_of(p);
	error = agent_keys_shield(s, p);
	if (error == 0)
		error = receive_udp(s, p);
	return error || same ? error : agent_keys_manual(s, p);
}

static const struct peer_config *node_of(const struct protected_config *c,
					 struct in_addr home)
{
	for (unsigned i = 0; i < c->node_count; i++)
		if (c->node[i].addr.s_addr == home.s_addr)
			return &c->node[i];
	return NULL;
}

/* Nodes come and go by themselves, but the configuration may know them no more. */
static int rename_node(struct agent_shell *s, const struct protected_config *c,
		       struct keyed_pair *p)
{
	const struct peer_config *node = node_of(c, p->home);

	if (!node || !peer_is_protected(node) ||
	    c->local.s_addr != p->ends.local.s_addr)
		return 0;
	return protect_peer(s, p->ends.local, SA_MN_HA, p->ends.remote, p->home, node);
}

static int name_all(struct agent_shell *s, const struct protected_config *c)
{
	const struct common_config *common = agent_common(s);
	const struct in_addr nobody = { 0 };
	struct keyed_pair *p, *next;
	int error = 0;

	HASH_ITER(hh, s->keys->pairs, p, next)
		if (p->home.s_addr != 0 && error == 0)
			error = rename_node(s, c, p);
	for (unsigned i = 0; i < c->agent_count && error == 0; i++)
		if (peer_is_protected(&c->agent[i]))
			error = protect_peer(s, c->local, c->kind, c->agent[i].addr,
					     nobody, &c->agent[i]);
	for (unsigned i = 0; i < common->manual_count && error == 0; i++)
		error = protect_manual(s, c->local, &common->manual[i]);
	return error;
}

/* What the configuration says is protected, and nothing else. */
static int protect_all(struct agent_shell *s)
{
	const struct protected_config c = s->program->config.protects(s->config);
	struct keyed_pair *p, *next;
	int error;

	HASH_ITER(hh, s->keys->pairs, p, next)
		p->stale = true;
	error = name_all(s, &c);
	HASH_ITER(hh, s->keys->pairs, p, next) {
		if (p->stale && error == 0) {
			pair_free(s, p);
		} else if (p->stale) { /* what it was is about to be freed */
			p->peer = NULL;
			p->manual = NULL;
		}
	}
	s->keys->here = links_owns(&s->links, c.local);
	return error;
}

/* -- Agreeing --------------------------------------------------------------- */

static bool is_agreed_on(const struct keyed_pair *p)
{
	return p->peer != NULL;
}

/* All that keys are to be agreed on with now; none while our end is not here. */
static struct keying_peer_spec *specs_of(struct agent_shell *s, size_t *count)
{
	struct agent_keys *k = s->keys;
	struct keying_peer_spec *specs =
		calloc(HASH_COUNT(k->pairs) + 1u, sizeof(*specs));
	struct keyed_pair *p, *next;

	*count = 0;
	HASH_ITER(hh, k->pairs, p, next)
		if (specs && k->here && is_agreed_on(p))
			specs[(*count)++] =
				agent_keys_spec(p, &agent_common(s)->keying);
	return specs;
}

/* Begin, or go on under another configuration. */
static int agree(struct agent_shell *s, const struct keying_config *c, struct now now)
{
	struct agent_keys *k = s->keys;

	if (k->keying)
		return keying_reconfigure(k->keying, c, now, &k->fx);
	k->keying = keying_new(c, host_rng(), now, &k->fx);
	return k->keying ? 0 : -ENOMEM;
}

static int agree_with_all(struct agent_shell *s, struct now now, const char **file)
{
	struct keys_certificates certificates;
	struct keying_config c = { 0 };
	struct keying_peer_spec *specs;
	int error;

	error = agent_keys_certificates(&agent_common(s)->keying, &certificates, file);
	if (error != 0)
		return error;
	c.certificates = (struct tls_certificates){ certificates.chain,
						    &certificates.private_key,
						    certificates.authorities };
	specs = specs_of(s, &c.peer_count);
	c.peers = specs;
	error = specs ? agree(s, &c, now) : -ENOMEM;
	free(specs);
	agent_keys_certificates_fini(&certificates);
	return error;
}

/* -- What comes over streams ------------------------------------------------ */

static void on_offered(void *shell, struct in_addr local, struct in_addr remote, int fd)
{
	struct agent_shell *s = shell;
	const struct keying_pair ends = { local, remote };
	struct now now;
	uint32_t stream;

	agent_shell_begin(s, &now);
	stream = keying_accepted(s->keys->keying, ends, now, &s->keys->fx);
	if (stream != 0)
		key_sock_take(s->keys->sock, stream, fd);
	else
		close(fd);
	agent_shell_done(s);
}

static void on_connected(void *shell, uint32_t stream)
{
	struct agent_shell *s = shell;
	struct now now;

	agent_shell_begin(s, &now);
	keying_connected(s->keys->keying, stream, now, &s->keys->fx);
	agent_shell_done(s);
}

static void on_received(void *shell, uint32_t stream, const void *bytes, size_t len)
{
	struct agent_shell *s = shell;
	struct now now;

	agent_shell_begin(s, &now);
	keying_received(s->keys->keying, stream, bytes, len, now, &s->keys->fx);
	agent_shell_done(s);
}

static void on_closed(void *shell, uint32_t stream, int error)
{
	struct agent_shell *s = shell;
	struct now now;

	agent_shell_begin(s, &now);
	keying_closed(s->keys->keying, stream, error, now, &s->keys->fx);
	agent_shell_done(s);
}

/* The listener is there as long as there is anybody who may come. */
static int listen_for_peers(struct agent_shell *s)
{
	const struct key_sock_handlers on = { on_offered, on_connected, on_received,
					      on_closed, s };

	if (s->keys->sock)
		return 0;
	return key_sock_open(&s->keys->sock, loop_base(s->loop),
			     agent_common(s)->keying.port, &on);
}

/* -- The key log ------------------------------------------------------------ */

static void open_key_log(struct agent_shell *s)
{
	const char *path = agent_common(s)->keying.key_log;
	int error;

	key_log_close(s->keys->log);
	s->keys->log = NULL;
	if (!path[0])
		return;
	error = key_log_open(&s->keys->log, path);
	if (error != 0)
		log_say(s->log, NOTE_WARN, "no key is logged: %s: %s", path,
			error == -EPERM ? "must be a regular file of ours, mode 0600"
					: strerror(-error));
	else
		log_say(s->log, NOTE_WARN,
			"EVERY KEY OF ESP IS WRITTEN TO %s: who can read it reads all "
			"protected traffic; take <keying key-log> out when done",
			path);
}

/* -- Life ------------------------------------------------------------------- */

int agent_keys_protect(struct agent_shell *s)
{
	int error;

	s->keys = calloc(1, sizeof(*s->keys));
	if (!s->keys)
		return -ENOMEM;
	keying_effects_init(&s->keys->fx);
	keying_effects_init(&s->keys->spare);
	s->keys->look = INSTANT_NEVER;
	open_key_log(s);
	error = protect_all(s);
	if (error != 0)
		agent_keys_unprotect(s);
	return error;
}

void agent_keys_unprotect(struct agent_shell *s)
{
	struct keyed_pair *p, *next;

	HASH_ITER(hh, s->keys->pairs, p, next)
		pair_free(s, p);
	keying_effects_fini(&s->keys->spare);
	keying_effects_fini(&s->keys->fx);
	key_log_close(s->keys->log);
	free(s->keys);
	s->keys = NULL;
}

/* Nodes are named one by one, as they come. */
static bool may_have_peers(const struct agent_shell *s)
{
	const struct protected_config c = s->program->config.protects(s->config);

	for (unsigned i = 0; i < c.agent_count; i++)
		if (peer_is_protected(&c.agent[i]))
			return true;
	for (unsigned i = 0; i < c.node_count; i++)
		if (peer_is_protected(&c.node[i]))
			return true;
	return false;
}

static int start_agreeing(struct agent_shell *s, struct now now, const char **what)
{
	int error;

	*what = "TCP port of keying";
	error = listen_for_peers(s);
	if (error != 0)
		return error;
	return agree_with_all(s, now, what);
}

int agent_keys_start(struct agent_shell *s, const char **what)
{
	struct now now;
	int error;

	agent_shell_begin(s, &now);
	s->keys->look = now.mono;
	if (!may_have_peers(s)) {
		agent_shell_done(s);
		return 0;
	}
	error = start_agreeing(s, now, what);
	agent_shell_done(s);
	if (error != 0)
		agent_keys_stop(s);
	return error;
}

/* Peers are told, and the kernel has taken it when this returns. */
void agent_keys_stop(struct agent_shell *s)
{
	struct agent_keys *k = s->keys;
	struct now now;

	agent_shell_begin(s, &now);
	if (k->keying) {
		keying_stop(k->keying, now, &k->fx);
		agent_keys_run(s);
	}
	key_sock_close(k->sock);
	keying_free(k->keying);
	k->sock = NULL;
	k->keying = NULL;
	k->look = INSTANT_NEVER;
}

void agent_keys_reload(struct agent_shell *s, struct now now)
{
	const char *what = "";
	int error;

	open_key_log(s); /* or else keys of now would go into the one of before */
	error = protect_all(s);
	if (error == 0 && (s->keys->keying || may_have_peers(s)))
		error = start_agreeing(s, now, &what);
	if (error != 0)
		log_say(s->log, NOTE_WARN, "keys for ESP: %s: %s", what,
			strerror(-error));
}

void agent_keys_links(struct agent_shell *s, struct now now)
{
	const struct protected_config c = s->program->config.protects(s->config);
	bool here = links_owns(&s->links, c.local);
	const char *what = "";

	if (!s->keys || !s->keys->keying || here == s->keys->here)
		return;
	s->keys->here = here;
	if (agree_with_all(s, now, &what) != 0)
		s->keys->here = !here; /* at the next change, then */
}

void agent_keys_deadline(struct agent_shell *s, struct now now)
{
	struct agent_keys *k = s->keys;

	if (!k)
		return;
	if (k->keying)
		keying_deadline(k->keying, now, &k->fx);
	if (instant_due(k->look, now.mono)) {
		agent_keys_look(s, now);
		k->look = instant_add(now.mono, duration_s(1));
	}
}

instant_t agent_keys_next(const struct agent_shell *s)
{
	const struct agent_keys *k = s->keys;
	instant_t look;

	if (!k)
		return INSTANT_NEVER;
	look = k->pairs ? k->look : INSTANT_NEVER;
	return k->keying ? instant_min(look, keying_next_deadline(k->keying)) : look;
}

bool agent_keys_busy(const struct agent_shell *s)
{
	return s->keys && (s->keys->fx.count > 0 || s->keys->fx.overflow);
}

/* -- Nodes ------------------------------------------------------------------ */

/* An end that an agent of the configuration has is not a node's to take. */
static bool may_be_nodes(struct agent_keys *k, struct keying_pair ends)
{
	const struct keyed_pair *p = agent_keys_pair(k, ends);

	return !p || p->home.s_addr != 0;
}

static int node_gone(struct agent_shell *s, struct keying_pair ends,
		     struct in_addr home)
{
	struct keyed_pair *p = agent_keys_pair(s->keys, ends);

	if (!p || p->home.s_addr != home.s_addr)
		return 0;
	if (s->keys->keying)
		keying_peer_drop(s->keys->keying, ends, s->now, &s->keys->fx);
	pair_free(s, p);
	return 0;
}

int agent_keys_node(struct agent_shell *s, const struct effect_protect *e,
		    struct in_addr home)
{
	const struct protected_config c = s->program->config.protects(s->config);
	const struct keying_pair ends = { e->local, e->remote };
	const struct peer_config *node = node_of(&c, home);
	struct keying_peer_spec spec;
	int error;

	if (e->policy == PROTECT_OFF)
		return node_gone(s, ends, home);
	if (!node || !may_be_nodes(s->keys, ends))
		return 0;
	error = protect_peer(s, e->local, SA_MN_HA, e->remote, home, node);
	if (error != 0 || !s->keys->keying || !s->keys->here)
		return error;
	spec = agent_keys_spec(agent_keys_pair(s->keys, ends),
			       &agent_common(s)->keying);
	return keying_peer_set(s->keys->keying, &spec, s->now, &s->keys->fx);
}
