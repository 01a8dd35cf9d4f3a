/* SPDX-License-Identifier: ISC */
/*
 * Rows of what concerns ESP, and the checks of one element by itself.  What
 * concerns several of them is in protect_check.c.
 */
#include "common/conf/protect.h"

#include "common/conf/shared.h"
#include "common/tunnel/esp_sa.h"

enum { DAY_S = 86400, MS_PER_S = 1000 };

const struct conf_choice conf_protections[] = {
	{ "none", PROTECTION_NONE },
	{ "esp", PROTECTION_ESP },
	{ 0 },
};

const struct conf_choice conf_policies[] = {
	{ "required", PROTECT_REQUIRED },
	{ "preferred", PROTECT_PREFERRED },
	{ "off", PROTECT_OFF },
	{ 0 },
};

/* Who wants protection and says no more, wants it always. */
void conf_settle_protection(struct peer_protection *p, struct conf_check *c)
{
	bool given = conf_given(c, "policy");

	if (p->kind == PROTECTION_ESP && !given)
		p->policy = PROTECT_REQUIRED;
	if (p->kind == PROTECTION_ESP || !given)
		return;
	if (p->policy != PROTECT_OFF)
		conf_fault(c->faults, c->line, c->element, "policy",
			   "goes with protection=\"esp\" only");
	p->policy = PROTECT_OFF;
}

/* ---- <esp> ---- */

static const struct conf_choice algorithms[] = {
	{ "aes-128-gcm", ESP_AES_128_GCM },
	{ "aes-256-gcm", ESP_AES_256_GCM },
	{ "chacha20-poly1305", ESP_CHACHA20_POLY1305 },
	{ "aes-128-cbc-hmac-sha-256", ESP_AES_128_CBC_SHA256 },
	{ "aes-256-cbc-hmac-sha-256", ESP_AES_256_CBC_SHA256 },
	{ "aes-256-cbc-hmac-sha-512", ESP_AES_256_CBC_SHA512 },
	{ "null-hmac-sha-256", ESP_NULL_SHA256 },
	{ 0 },
};

static const struct conf_choice carriers[] = {
	{ "udp", CARRIER_UDP },
	{ "raw", CARRIER_NONE },
	{ 0 },
};

static const struct conf_attr esp_rows[] = {
	CONF_ROW(esp_config, peer, "peer", CONF_PEER, .def = "any",
		 .help = "the other end, or any that has no row of its own"),
	CONF_ROW(esp_config, algorithm, "algorithm", CONF_CHOICE, .def = "aes-128-gcm",
		 .choices = algorithms, .help = "how packets to us are protected"),
	CONF_ROW(esp_config, carrier, "carrier", CONF_CHOICE, .def = "udp",
		 .choices = carriers,
		 .help = "what ESP travels in: UDP, or IP (protocol 50)"),
	CONF_ROW(esp_config, port, "port", CONF_NUMBER, .def = "4500", .min = 1,
		 .max = 65535, .help = "port of UDP, ours and the peer's"),
	CONF_ROW(esp_config, esn, "esn", CONF_BOOL, .def = "yes",
		 .help = "sequence numbers of 64 bits"),
	CONF_ROW(esp_config, window, "window", CONF_NUMBER, .def = "1024", .min = 64,
		 .max = 4096, .help = "how many packets late one may come"),
	CONF_ROW(esp_config, rekey_seconds, "rekey-seconds", CONF_SECONDS,
		 .def = "3600", .min = 1, .max = 7 * DAY_S,
		 .help = "age at which keys are replaced"),
	CONF_ROW(esp_config, rekey_octets, "rekey-octets", CONF_NUMBER,
		 .def = "68719476736", .min = 100000, .max = INT64_MAX,
		 .help = "octets after which they are"),
	CONF_ROW(esp_config, rekey_packets, "rekey-packets", CONF_NUMBER,
		 .def = "1000000000", .min = 1000, .max = INT64_MAX,
		 .help = "packets after which they are"),
	CONF_ROW(esp_config, reauthenticate_seconds, "reauthenticate-seconds",
		 CONF_SECONDS, .def = "28800", .min = 10, .max = 30 * DAY_S,
		 .help = "age at which the agents prove anew who they are"),
	CONF_ROW(esp_config, dead_after, "dead-after", CONF_DURATION, .def = "30",
		 .min = 500, .max = 3600 * MS_PER_S,
		 .help = "silence after which the peer counts as dead"),
	CONF_ROW(esp_config, tfc, "tfc", CONF_NUMBER, .def = "0", .max = ESP_TFC_MAX,
		 .help = "hide lengths: pad packets to a multiple of so many octets"),
};

/* A number of 32 bits must not run out before the keys are replaced. */
static void check_esp(void *object, struct conf_check *c)
{
	const struct esp_config *e = object;

	if (e->carrier == CARRIER_NONE && conf_given(c, "port"))
		conf_fault(c->faults, c->line, c->element, "port",
			   "goes with carrier=\"udp\" only");
	if (!e->esn && e->rekey_packets > UINT32_MAX / 4 * 3)
		conf_fault(c->faults, c->line, c->element, "rekey-packets",
			   "must be %u at most with esn=\"no\"", UINT32_MAX / 4 * 3);
	if (e->algorithm == ESP_NULL_SHA256)
		conf_warn(c->faults, c->line, c->element, "algorithm",
			  "null-hmac-sha-256 hides nothing; it is for debugging");
	if (e->reauthenticate_seconds < e->rekey_seconds)
		conf_warn(c->faults, c->line, c->element, "reauthenticate-seconds",
			  "is less than rekey-seconds, which is without effect then");
}

const struct conf_element conf_esp = {
	.name = "esp",
	.help = "how packets to and from a protected peer are secured",
	.attr = esp_rows,
	.attr_count = CONF_COUNT(esp_rows),
	.size = sizeof(struct esp_config),
	.line = offsetof(struct esp_config, line),
	.check = check_esp,
};

/* ---- <manual-esp> ---- */

static const struct conf_attr manual_rows[] = {
	CONF_ROW(manual_esp_config, peer, "peer", CONF_ADDRESS, .required = true,
		 .help = "the other end"),
	CONF_ROW(manual_esp_config, spi_in, "spi-in", CONF_IDENT, .required = true,
		 .min = ESP_SPI_MIN, .max = UINT32_MAX,
		 .help = "SPI of what comes to us"),
	CONF_ROW(manual_esp_config, spi_out, "spi-out", CONF_IDENT, .required = true,
		 .min = ESP_SPI_MIN, .max = UINT32_MAX, .help = "SPI of what we send"),
	CONF_ROW(manual_esp_config, algorithm, "algorithm", CONF_CHOICE,
		 .def = "aes-256-cbc-hmac-sha-256", .choices = algorithms,
		 .help = "of both ways"),
	CONF_ROW(manual_esp_config, key_in, "key-in", CONF_KEY,
		 .help = "key of the cipher for what comes to us"),
	CONF_ROW(manual_esp_config, key_in, "key-in-file", CONF_KEY_FILE,
		 .help = "a file with it, readable by its owner only"),
	CONF_ROW(manual_esp_config, key_out, "key-out", CONF_KEY,
		 .help = "key of the cipher for what we send"),
	CONF_ROW(manual_esp_config, key_out, "key-out-file", CONF_KEY_FILE,
		 .help = "a file with it, readable by its owner only"),
	CONF_ROW(manual_esp_config, integrity_in, "integrity-key-in", CONF_KEY,
		 .help = "key of the HMAC for what comes to us"),
	CONF_ROW(manual_esp_config, integrity_in, "integrity-key-in-file",
		 CONF_KEY_FILE, .help = "a file with it, readable by its owner only"),
	CONF_ROW(manual_esp_config, integrity_out, "integrity-key-out", CONF_KEY,
		 .help = "key of the HMAC for what we send"),
	CONF_ROW(manual_esp_config, integrity_out, "integrity-key-out-file",
		 CONF_KEY_FILE, .help = "a file with it, readable by its owner only"),
	CONF_ROW(manual_esp_config, carrier, "carrier", CONF_CHOICE, .def = "raw",
		 .choices = carriers,
		 .help = "what ESP travels in: UDP, or IP (protocol 50)"),
	CONF_ROW(manual_esp_config, port, "port", CONF_NUMBER, .def = "4500", .min = 1,
		 .max = 65535, .help = "port of UDP, ours and the peer's"),
};

/* One key, by one of two attributes, of a length. */
static void check_key(struct conf_check *c, const char *attr, const char *file_attr,
		      const struct secret *key, size_t len)
{
	bool here = conf_given(c, attr), file = conf_given(c, file_attr);

	if (here && file)
		conf_fault(c->faults, c->line, c->element, file_attr,
			   "there is a key already");
	else if (len == 0 && (here || file))
		conf_fault(c->faults, c->line, c->element, here ? attr : file_attr,
			   "this algorithm has no such key");
	else if (len > 0 && !here && !file)
		conf_fault(c->faults, c->line, c->element, attr, "is missing (or %s)",
			   file_attr);
	/* One that could not be read is told already. */
	else if (key->len > 0 && key->len != len)
		conf_fault(c->faults, c->line, c->element, here ? attr : file_attr,
			   "must have %zu octets, not %zu", len, key->len);
}

static void check_manual_keys(const struct manual_esp_config *m, struct conf_check *c)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(m->algorithm);

	check_key(c, "key-in", "key-in-file", &m->key_in, info->key_len);
	check_key(c, "key-out", "key-out-file", &m->key_out, info->key_len);
	check_key(c, "integrity-key-in", "integrity-key-in-file", &m->integrity_in,
		  info->auth_len);
	check_key(c, "integrity-key-out", "integrity-key-out-file", &m->integrity_out,
		  info->auth_len);
}

/* ESP says which way a packet goes by nothing but SPI and key. */
static void warn_of_echoes(const struct manual_esp_config *m, struct conf_check *c)
{
	if (m->spi_in == m->spi_out && m->integrity_in.len > 0 &&
	    secret_equal(&m->integrity_in, &m->integrity_out))
		conf_warn(c->faults, c->line, c->element, "spi-out",
			  "is spi-in, and the keys of both ways are alike: what we "
			  "send can be sent back to us and passes for the peer's");
}

static void check_manual(void *object, struct conf_check *c)
{
	const struct manual_esp_config *m = object;

	if (esp_algorithm_info(m->algorithm)->aead)
		conf_fault(
			c->faults, c->line, c->element, "algorithm",
			"%s must not be used with keys given by hand: after a restart "
			"it would encrypt under nonces that it had before, which "
			"gives the key away (RFC 8221 3); aes-256-cbc-hmac-sha-256 "
			"may",
			esp_algorithm_info(m->algorithm)->name);
	else
		check_manual_keys(m, c);
	warn_of_echoes(m, c);
	if (m->carrier == CARRIER_NONE && conf_given(c, "port"))
		conf_fault(c->faults, c->line, c->element, "port",
			   "goes with carrier=\"udp\" only");
}

const struct conf_element conf_manual_esp = {
	.name = "manual-esp",
	.help = "ESP with keys given by hand, for systems that are not ours",
	.attr = manual_rows,
	.attr_count = CONF_COUNT(manual_rows),
	.size = sizeof(struct manual_esp_config),
	.line = offsetof(struct manual_esp_config, line),
	.check = check_manual,
};

/* ---- <keying> ---- */

#define KEYING_PORT_ROW                                                             \
	CONF_ROW(keying_options, port, "port", CONF_NUMBER, .def = "434", .min = 1, \
		 .max = 65535, .help = "port of TCP, ours and the peers'")
#define KEY_LOG_ROW                                                                 \
	CONF_ROW(keying_options, key_log, "key-log", CONF_PATH,                     \
		 .help = "write every key of ESP to this file, as Wireshark reads " \
			 "them")

static const struct conf_attr keying_rows[] = {
	KEYING_PORT_ROW,
	CONF_ROW(keying_options, certificate, "certificate", CONF_FILE,
		 .help = "our certificate and those between it and the authority, PEM"),
	CONF_ROW(keying_options, private_key, "private-key", CONF_OWN_FILE,
		 .help = "its key, PEM; readable by its owner only"),
	CONF_ROW(keying_options, authorities, "authorities", CONF_FILE,
		 .help = "certificates of the authorities that we trust, PEM"),
	KEY_LOG_ROW,
};

static const struct conf_attr node_keying_rows[] = {
	KEYING_PORT_ROW,
	KEY_LOG_ROW,
};

static void check_keying(void *object, struct conf_check *c)
{
	static const char *const parts[] = { "certificate", "private-key",
					     "authorities" };
	struct keying_options *options = object;
	unsigned given = 0;

	options->certified = conf_given(c, "certificate");
	for (unsigned i = 0; i < CONF_COUNT(parts); i++)
		given += conf_given(c, parts[i]);
	for (unsigned i = 0; given > 0 && i < CONF_COUNT(parts); i++)
		if (!conf_given(c, parts[i]))
			conf_fault(c->faults, c->line, c->element, parts[i],
				   "is missing: certificate, private-key and "
				   "authorities go together");
	if (conf_given(c, "key-log"))
		conf_warn(c->faults, c->line, c->element, "key-log",
			  "who reads this file reads all that ESP hides; it is for "
			  "debugging");
}

#define KEYING_ELEMENT(rows_)                                                        \
	{                                                                            \
		.name = "keying",                                                    \
		.help = "how agents prove who they are and agree on keys for ESP",   \
		.attr = rows_, .attr_count = CONF_COUNT(rows_),                      \
		.size = sizeof(struct keying_options),                               \
		.line = offsetof(struct keying_options, line), .check = check_keying \
	}

const struct conf_element conf_keying = KEYING_ELEMENT(keying_rows);
const struct conf_element conf_node_keying = KEYING_ELEMENT(node_keying_rows);
