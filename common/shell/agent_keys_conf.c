/* SPDX-License-Identifier: ISC */
/*
 * The configuration as keying wants it: peers as values, certificates in memory.
 */
#include "common/shell/agent_keys.h"

#include "common/io/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any chain of certificates has. */
enum { PEM_MAX = 1 << 20 };

/* The whole file, with a NUL behind it; -errno. */
static int read_pem(const char *path, char **out, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 ? -errno : 0;
	struct stat st;
	ssize_t n = 0;

	*out = NULL;
	if (error == 0 && fstat(fd, &st) != 0)
		error = -errno;
	if (error == 0 && (!S_ISREG(st.st_mode) || st.st_size > PEM_MAX))
		error = -EINVAL;
	if (error == 0 && !(*out = calloc(1, (size_t)st.st_size + 1)))
		error = -ENOMEM;
	if (error == 0 && (n = read(fd, *out, (size_t)st.st_size)) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	*len = n > 0 ? (size_t)n : 0;
	return error;
}

static int read_private_key(const char *path, struct secret *out)
{
	char *text;
	size_t len;
	int error = read_pem(path, &text, &len);

	if (error == 0)
		error = secret_init(out, text, len);
	if (text)
		secret_wipe(text, len);
	free(text);
	return error;
}

int agent_keys_certificates(const struct keying_options *from,
			    struct keys_certificates *out, const char **file)
{
	size_t len;
	int error;

	*out = (struct keys_certificates){ 0 };
	if (!from->certificate[0])
		return 0;
	*file = from->certificate;
	error = read_pem(from->certificate, &out->chain, &len);
	if (error == 0) {
		*file = from->authorities;
		error = read_pem(from->authorities, &out->authorities, &len);
	}
	if (error == 0) {
		*file = from->private_key;
		error = read_private_key(from->private_key, &out->private_key);
	}
	if (error != 0)
		agent_keys_certificates_fini(out);
	return error;
}

void agent_keys_certificates_fini(struct keys_certificates *c)
{
	free(c->chain);
	free(c->authorities);
	secret_fini(&c->private_key);
	*c = (struct keys_certificates){ 0 };
}

/* Those to send with first, since the first is the one that is offered. */
static void take_keys(struct keying_peer_spec *spec, const struct peer_config *peer,
		      enum sa_kind kind, bool accept_only)
{
	for (unsigned i = 0; i < peer->assoc_count; i++) {
		const struct assoc_config *a = &peer->assoc[i];

		if (a->accept_only != accept_only ||
		    a->key.len < PSK_ASSOCIATION_KEY_MIN ||
		    spec->key_count == KEYING_PEER_KEYS_MAX)
			continue;
		spec->keys[spec->key_count++] =
			(struct keying_key){ kind, a->spi, &a->key };
	}
}

struct keying_peer_spec agent_keys_spec(const struct keyed_pair *p,
					const struct keying_options *options)
{
	const struct esp_config *e = &p->esp;
	struct keying_peer_spec spec = {
		.pair = p->ends,
		.algorithms = { e->algorithm },
		.algorithm_count = 1,
		.esn = e->esn,
		.carrier =
			e->carrier == CARRIER_UDP ? KEY_CARRIER_UDP : KEY_CARRIER_RAW,
		.port = e->port,
		.rekey = duration_s(e->rekey_seconds),
		.rekey_octets = e->rekey_octets,
		.rekey_packets = e->rekey_packets,
		.reauthenticate = duration_s(e->reauthenticate_seconds),
		.dead_after = e->dead_after,
	};

	if (options->certificate[0] && p->kind == SA_FA_HA) {
		spec.name =
			p->peer->protection.name[0] ? p->peer->protection.name : NULL;
		return spec;
	}
	take_keys(&spec, p->peer, p->kind, false);
	take_keys(&spec, p->peer, p->kind, true);
	return spec;
}

/* ---- what only reading certificates tells ---- */

static void say(const struct agent_faults *to, const char *path, int line,
		const char *kind, const char *where, const char *what)
{
	char text[LOG_LINE_MAX];

	snprintf(text, sizeof(text), "%s:%d: %s%s: %s", path, line, kind, where, what);
	to->say(to->arg, text);
}

static enum key_fault check(const struct keys_certificates *read)
{
	const struct keying_config c = {
		.certificates = { read->chain, &read->private_key, read->authorities }
	};
	int which;

	return keying_check(&c, &which);
}

bool agent_keys_check(const struct agent_program *program, const void *config,
		      const char *path, const struct agent_faults *faults)
{
	const struct keying_options *options = &program->config.common(config)->keying;
	const char *file = "", *lapse = NULL;
	struct keys_certificates read;
	enum key_fault fault;
	int error = agent_keys_certificates(options, &read, &file);

	if (error != 0) {
		say(faults, path, options->line, "keying: ", file, strerror(-error));
		return false;
	}
	fault = check(&read);
	if (read.chain && fault == KEY_OK)
		lapse = tls_chain_lapse(read.chain, host_now().ntp);
	agent_keys_certificates_fini(&read);
	if (fault != KEY_OK)
		say(faults, path, options->line, "", "keying/@certificate",
		    key_fault_text(fault));
	if (lapse)
		say(faults, path, options->line, "warning: ", "keying/@certificate",
		    lapse);
	return fault == KEY_OK;
}
