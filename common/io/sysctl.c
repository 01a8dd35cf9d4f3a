/* SPDX-License-Identifier: ISC */
/*
 * Settings under /proc/sys/net/ipv4/conf (ip-sysctl.rst of the kernel).
 */
#include "common/io/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 96 };

/* Interface names have no slash, so the path stays below conf/. */
static int path_of(const char *link, const char *key, char path[PATH_MAX_HERE])
{
	int n = snprintf(path, PATH_MAX_HERE, "/proc/sys/net/ipv4/conf/%s/%s", link,
			 key);

	return n > 0 && n < PATH_MAX_HERE ? 0 : -ENAMETOOLONG;
}

static int read_value(const char *path, int *value)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	*value = (int)strtol(text, NULL, 10);
	return 0;
}

static int write_value(const char *path, int value)
{
	char text[16];
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int len = snprintf(text, sizeof(text), "%d\n", value);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		error = -errno;
	close(fd);
	return error;
}

int sysctl_get_link(const char *link, const char *key, int *value)
{
	char path[PATH_MAX_HERE];
	int error = path_of(link, key, path);

	return error ? error : read_value(path, value);
}

int sysctl_put_link(const char *link, const char *key, int value)
{
	char path[PATH_MAX_HERE];
	int error = path_of(link, key, path);

	return error ? error : write_value(path, value);
}

int sysctl_disable_ipv6(const char *link)
{
	char path[PATH_MAX_HERE];
	int n = snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
			 link);

	return n > 0 && n < PATH_MAX_HERE ? write_value(path, 1) : -ENAMETOOLONG;
}

static struct sysctl_change *find(struct sysctls *s, const char *link, const char *key)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->change[i].link, link) == 0 &&
		    strcmp(s->change[i].key, key) == 0)
			return &s->change[i];
	return NULL;
}

static int write_changes(const struct sysctls *s, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");

	if (!to) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	for (unsigned i = 0; i < s->count; i++)
		fprintf(to, "%s %s %d %d\n", s->change[i].link, s->change[i].key,
			s->change[i].before, s->change[i].value);
	return fclose(to) == 0 ? 0 : -EIO;
}

/* Whole at any time: it is made aside.  Without it a crash leaves the settings. */
static void record(const struct sysctls *s)
{
	char aside[SYSCTL_RECORD_MAX + 4];

	if (!*s->record)
		return;
	if (s->count == 0) {
		unlink(s->record);
		return;
	}
	snprintf(aside, sizeof(aside), "%s.new", s->record);
	if (write_changes(s, aside) != 0 || rename(aside, s->record) != 0)
		unlink(aside);
}

static int remember(struct sysctls *s, const struct sysctl_change *c)
{
	struct sysctl_change *known = find(s, c->link, c->key);

	if (!known && s->count == SYSCTLS_MAX)
		return -ENOSPC;
	if (known)
		known->value = c->value;
	else
		s->change[s->count++] = *c;
	record(s); /* before the setting changes */
	return 0;
}

int sysctl_set_link(struct sysctls *s, const char *link, const char *key, int value)
{
	struct sysctl_change c = { .value = value };
	char path[PATH_MAX_HERE] = "";
	int error;

	if (strlen(link) >= sizeof(c.link) || strlen(key) >= sizeof(c.key))
		return -ENAMETOOLONG;
	strcpy(c.link, link);
	strcpy(c.key, key);
	error = path_of(link, key, path);
	if (error == 0)
		error = read_value(path, &c.before);
	if (error || c.before == value)
		return error;
	error = remember(s, &c);
	return error ? error : write_value(path, value);
}

static int put_back(const struct sysctl_change *c)
{
	return sysctl_put_link(c->link, c->key, c->before);
}

int sysctl_restore_link(struct sysctls *s, const char *link, const char *key)
{
	struct sysctl_change *c = find(s, link, key);
	int error;

	if (!c)
		return 0;
	error = put_back(c);
	*c = s->change[--s->count];
	record(s);
	return error;
}

void sysctl_restore_all(struct sysctls *s)
{
	for (unsigned i = 0; i < s->count; i++)
		put_back(&s->change[i]);
	s->count = 0;
	record(s);
}

/* A line of a record: names without a way out of the folder of settings. */
static bool read_change(FILE *from, struct sysctl_change *c)
{
	return fscanf(from, "%15s %31s %d %d", c->link, c->key, &c->before,
		      &c->value) == 4 &&
	       !strchr(c->link, '/') && c->link[0] != '.' && !strchr(c->key, '/') &&
	       c->key[0] != '.';
}

/* What has another value by now is somebody else's. */
static bool is_as_left(const struct sysctl_change *c)
{
	int now;

	return sysctl_get_link(c->link, c->key, &now) == 0 && now == c->value;
}

int sysctl_recover(struct sysctls *s, const char *path)
{
	struct sysctl_change c;
	FILE *from;
	int n = 0;

	if (strlen(path) >= sizeof(s->record))
		return -ENAMETOOLONG;
	strcpy(s->record, path);
	from = fopen(path, "re");
	if (!from)
		return errno == ENOENT ? 0 : -errno;
	while (read_change(from, &c))
		n += is_as_left(&c) && put_back(&c) == 0;
	fclose(from);
	record(s);
	return n;
}

bool sysctl_forwards(const char *link)
{
	int value = 0;

	return sysctl_get_link(link, "forwarding", &value) == 0 && value != 0;
}

int sysctl_rp_filter(const char *link)
{
	int all = 0, own = 0;

	sysctl_get_link("all", "rp_filter", &all);
	sysctl_get_link(link, "rp_filter", &own);
	return all > own ? all : own;
}
