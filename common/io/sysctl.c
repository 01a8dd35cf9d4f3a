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

enum { PATH_MAX_HERE = sizeof(((struct sysctl_change *)0)->path) };

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

static struct sysctl_change *find(struct sysctls *s, const char *path)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->change[i].path, path) == 0)
			return &s->change[i];
	return NULL;
}

static int remember(struct sysctls *s, const char *path, int before)
{
	struct sysctl_change *c;

	if (find(s, path))
		return 0;
	if (s->count == SYSCTLS_MAX)
		return -ENOSPC;
	c = &s->change[s->count++];
	memcpy(c->path, path, sizeof(c->path));
	c->before = before;
	return 0;
}

int sysctl_set_link(struct sysctls *s, const char *link, const char *key, int value)
{
	char path[PATH_MAX_HERE] = "";
	int before = 0, error;

	error = path_of(link, key, path);
	if (error == 0)
		error = read_value(path, &before);
	if (error || before == value)
		return error;
	error = remember(s, path, before);
	return error ? error : write_value(path, value);
}

int sysctl_restore_link(struct sysctls *s, const char *link, const char *key)
{
	char path[PATH_MAX_HERE] = "";
	struct sysctl_change *c;
	int error = path_of(link, key, path);

	c = error ? NULL : find(s, path);
	if (!c)
		return error;
	error = write_value(path, c->before);
	*c = s->change[--s->count];
	return error;
}

void sysctl_restore_all(struct sysctls *s)
{
	for (unsigned i = 0; i < s->count; i++)
		write_value(s->change[i].path, s->change[i].before);
	s->count = 0;
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
