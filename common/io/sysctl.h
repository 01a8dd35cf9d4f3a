/* SPDX-License-Identifier: ISC */
/*
 * The few kernel settings of a link that agents need, remembered and put back.
 */
#ifndef COMMON_IO_SYSCTL_H
#define COMMON_IO_SYSCTL_H

#include <stdbool.h>

enum { SYSCTLS_MAX = 128 };

/* One setting that we changed. */
struct sysctl_change {
	char path[96];
	int before;
};

/* Zero-initialised is empty. */
struct sysctls {
	unsigned count;
	struct sysctl_change change[SYSCTLS_MAX];
};

/* net.ipv4.conf.LINK.KEY; 0 or -errno. */
int sysctl_get_link(const char *link, const char *key, int *value);

/* Set it; the value that it had the first time is remembered. */
int sysctl_set_link(struct sysctls *s, const char *link, const char *key, int value);

/* Set it for good: on a device of our own, or to mend what a crash left. */
int sysctl_put_link(const char *link, const char *key, int value);

/* No IPv6 on a device of our own: no addresses, no solicitations. */
int sysctl_disable_ipv6(const char *link);

/* Put back the value that it had before us, if we changed it. */
int sysctl_restore_link(struct sysctls *s, const char *link, const char *key);
void sysctl_restore_all(struct sysctls *s);

/* Whether the machine forwards packets that come in on this link. */
bool sysctl_forwards(const char *link);

/* The reverse-path filter in force there: 0 off, 1 strict, 2 loose. */
int sysctl_rp_filter(const char *link);

#endif
