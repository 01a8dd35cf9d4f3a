/* SPDX-License-Identifier: ISC */
/*
 * Keys are arbitrary octets (RFC 5944 5.1): hexadecimal can say all of them, text
 * says what it shows.  Copies made on the way are wiped.
 */
#include "common/conf/key.h"

#include "common/conf/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_TEXT_MAX = 5 + 2 * CONF_KEY_MAX };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Octets into `to`; false for an odd number of digits or what is no digit. */
static bool from_hex(const char *text, size_t octets, uint8_t *to)
{
	for (size_t i = 0; i < octets; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool keep(struct secret *key, const void *bytes, size_t len,
		 struct conf_reason *why)
{
	if (len == 0)
		return conf_refuse(why, "is empty");
	if (len > CONF_KEY_MAX)
		return conf_refuse(why, "has more than %d octets", CONF_KEY_MAX);
	if (secret_init(key, bytes, len) < 0)
		return conf_refuse(why, "no memory");
	return true;
}

static bool parse_hex(const char *text, struct secret *key, struct conf_reason *why)
{
	size_t len = strlen(text) / 2;
	uint8_t bytes[CONF_KEY_MAX];
	bool good;

	if (len > CONF_KEY_MAX)
		return conf_refuse(why, "has more than %d octets", CONF_KEY_MAX);
	if (strlen(text) % 2 != 0 || !from_hex(text, len, bytes))
		return conf_refuse(
			why,
			"must have an even number of hexadecimal digits after hex:");
	good = keep(key, bytes, len, why);
	secret_wipe(bytes, sizeof(bytes));
	return good;
}

bool conf_key_parse(const char *text, struct secret *key, struct conf_reason *why)
{
	if (strncmp(text, "hex:", 4) == 0)
		return parse_hex(text + 4, key, why);
	if (strncmp(text, "text:", 5) == 0)
		return keep(key, text + 5, strlen(text + 5), why);
	/* What was written is not repeated: it may be the key. */
	return conf_refuse(why, "must begin with hex: or text:");
}

static bool regular(int fd, const char *path, struct stat *st, struct conf_reason *why)
{
	if (fstat(fd, st) < 0)
		return conf_refuse(why, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return conf_refuse(why, "%s is not a regular file", path);
	return true;
}

bool conf_file_is_regular(int fd, const char *path, struct conf_reason *why)
{
	struct stat st;

	return regular(fd, path, &st, why);
}

bool conf_file_is_private(int fd, const char *path, struct conf_reason *why)
{
	struct stat st;

	if (!regular(fd, path, &st, why))
		return false;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return conf_refuse(why, "%s is open to others; chmod 600 it", path);
	return true;
}

/* The whole file as one line, without its end. */
static bool read_line(int fd, char text[KEY_TEXT_MAX + 2], struct conf_reason *why)
{
	ssize_t len = read(fd, text, KEY_TEXT_MAX + 1);

	if (len < 0)
		return conf_refuse(why, "cannot be read: %s", strerror(errno));
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (memchr(text, '\0', (size_t)len) || memchr(text, '\n', (size_t)len))
		return conf_refuse(why, "the file must be one line, hex: or text:");
	text[len] = '\0';
	return true;
}

static bool read_key(int fd, const char *path, struct secret *key,
		     struct conf_reason *why)
{
	char text[KEY_TEXT_MAX + 2];
	bool good = conf_file_is_private(fd, path, why) && read_line(fd, text, why) &&
		    conf_key_parse(text, key, why);

	secret_wipe(text, sizeof(text));
	return good;
}

int conf_file_open(const char *dir, const char *path, char whole[CONF_FILE_NAME],
		   struct conf_reason *why)
{
	int fd;

	if (path[0] == '\0') {
		conf_refuse(why, "must not be empty");
		return -1;
	}
	if (path[0] == '/' || dir[0] == '\0')
		snprintf(whole, CONF_FILE_NAME, "%s", path);
	else
		snprintf(whole, CONF_FILE_NAME, "%s/%s", dir, path);
	/* Not to hang on a pipe that somebody put there. */
	fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		conf_refuse(why, "%s: %s", whole, strerror(errno));
	return fd;
}

bool conf_key_read(const char *dir, const char *path, struct secret *key,
		   struct conf_reason *why)
{
	char whole[CONF_FILE_NAME];
	int fd = conf_file_open(dir, path, whole, why);
	bool good;

	if (fd < 0)
		return false;
	good = read_key(fd, whole, key, why);
	close(fd);
	return good;
}
