/* SPDX-License-Identifier: ISC */
/*
 * Keys as lines of the table esp_sa:
 *
 *     "IPv4","10.1.0.1","10.0.2.2","0x1a2b3c4d","CIPHER","0xKEY","INTEGRITY","0xKEY"
 *
 * A cipher that readers of our day have no name for becomes a comment.
 */
#define _GNU_SOURCE
#include "common/io/key_log.h"

#include "common/wire/ipv4.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_MAX = 3 + 2 * ESP_MATERIAL_MAX, LINE_MAX_OCTETS = 512 };

struct key_log {
	int fd;
};

/* NULL: there is no name for it. */
static const struct {
	const char *cipher, *integrity;
} names[ESP_ALGORITHM_COUNT] = {
	[ESP_AES_128_GCM] = { "AES-GCM with 16 octet ICV [RFC4106]", "NULL" },
	[ESP_AES_256_GCM] = { "AES-GCM with 16 octet ICV [RFC4106]", "NULL" },
	[ESP_AES_128_CBC_SHA256] = { "AES-CBC [RFC3602]",
				     "HMAC-SHA-256-128 [RFC4868]" },
	[ESP_AES_256_CBC_SHA256] = { "AES-CBC [RFC3602]",
				     "HMAC-SHA-256-128 [RFC4868]" },
	[ESP_AES_256_CBC_SHA512] = { "AES-CBC [RFC3602]",
				     "HMAC-SHA-512-256 [RFC4868]" },
	[ESP_NULL_SHA256] = { "NULL", "HMAC-SHA-256-128 [RFC4868]" },
};

static bool is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

int key_log_open(struct key_log **out, const char *path)
{
	struct key_log *log = calloc(1, sizeof(*log));
	int error;

	if (!log)
		return -ENOMEM;
	log->fd = open(path,
		       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
			       O_NONBLOCK,
		       S_IRUSR | S_IWUSR);
	error = log->fd < 0 ? -errno : is_ours(log->fd) ? 0 : -EPERM;
	if (error != 0) {
		key_log_close(log);
		return error;
	}
	*out = log;
	return 0;
}

void key_log_close(struct key_log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log);
}

/* "0x001122", or "" for none. */
static void to_hex(const uint8_t *bytes, size_t len, char text[HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	if (len > 0) {
		*at++ = '0';
		*at++ = 'x';
	}
	for (size_t i = 0; i < len; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	*at = '\0';
}

/* Half a line would spoil the one that follows. */
static void take_back(const struct key_log *log, ssize_t written)
{
	off_t end = lseek(log->fd, 0, SEEK_CUR);

	if (end >= written && ftruncate(log->fd, end - written) != 0)
		return; /* there is no room, and nothing else to be done */
}

static int write_line(const struct key_log *log, char *line, int len)
{
	ssize_t written;

	if (len < 0 || len >= LINE_MAX_OCTETS)
		return -EMSGSIZE;
	written = write(log->fd, line, (size_t)len);
	if (written < 0)
		return -errno;
	if (written == len)
		return 0;
	take_back(log, written);
	return -ENOSPC;
}

static int format(char *line, const struct esp_sa_spec *sa, struct in_addr from,
		  struct in_addr to)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(sa->algorithm);
	const size_t cipher_len = info->key_len + info->salt_len;
	char source[INET_ADDRSTRLEN], destination[INET_ADDRSTRLEN];
	char cipher[HEX_MAX], integrity[HEX_MAX];
	int len;

	ipv4_text(from, source);
	ipv4_text(to, destination);
	to_hex(sa->material->bytes, cipher_len, cipher);
	to_hex(sa->material->bytes + cipher_len, info->auth_len, integrity);
	len = names[sa->algorithm].cipher
		      ? snprintf(line, LINE_MAX_OCTETS,
				 "\"IPv4\",\"%s\",\"%s\",\"0x%08" PRIx32
				 "\",\"%s\",\"%s\",\"%s\",\"%s\"\n",
				 source, destination, sa->spi,
				 names[sa->algorithm].cipher, cipher,
				 names[sa->algorithm].integrity, integrity)
		      : snprintf(line, LINE_MAX_OCTETS,
				 "# %s %s 0x%08" PRIx32 " %s %s\n", source, destination,
				 sa->spi, info->name, cipher);
	secret_wipe(cipher, sizeof(cipher));
	secret_wipe(integrity, sizeof(integrity));
	return len;
}

int key_log_write(struct key_log *log, const struct esp_sa_spec *sa,
		  struct in_addr from, struct in_addr to)
{
	char line[LINE_MAX_OCTETS];
	int error = write_line(log, line, format(line, sa, from, to));

	secret_wipe(line, sizeof(line));
	return error;
}
