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

/* -- The engine ------------------------------------------------------------- */

/* Tests run each; nobody else has a reason to choose. */
static enum esp_engine_wish engine_wish(struct agent_shell *s)
{
	const char *name = getenv("SOJOURN_ESP_ENGINE");
	enum esp_engine_wish wish = ESP_ENGINE_AUTO;

	if (name && !esp_engine_wish_by_name(name, &wish))
		log_say(s->log, NOTE_WARN,
			"SOJOURN_ESP_ENGINE is auto, openssl or ipsec-mb");
	return wish;
}

/* One that is not there is missed by who asked for it; one that errs, by all. */
static void open_engine(struct agent_shell *s)
{
	enum esp_engine_wish wish = engine_wish(s);
	enum esp_engine_fault fault = esp_engine_init(&s->keys->engine, wish);

	if (fault == ESP_ENGINE_DIFFERS ||
	    (fault != ESP_ENGINE_OK && wish == ESP_ENGINE_IPSEC_MB))
		log_say(s->log, NOTE_WARN, "OpenSSL computes ESP, not ipsec-mb: %s",
			esp_engine_fault_text(fault));
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
	agent_keys_refusals_init(s->keys, s->now.mono);
	open_engine(s);
	open_key_log(s);
	error = agent_keys_protect_all(s);
	if (error != 0)
		agent_keys_unprotect(s);
	return error;
}

void agent_keys_unprotect(struct agent_shell *s)
{
	struct keyed_pair *p, *next;

	HASH_ITER(hh, s->keys->pairs, p, next)
		agent_keys_pair_free(s, p);
	peer_index_fini(&s->keys->nodes);
	keying_effects_fini(&s->keys->spare);
	keying_effects_fini(&s->keys->fx);
	key_log_close(s->keys->log);
	esp_engine_fini(&s->keys->engine);
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
	error = agent_keys_protect_all(s);
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
