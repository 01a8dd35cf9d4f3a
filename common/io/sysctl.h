/* SPDX-License-Identifier: ISC */
/*
 * The few kernel settings of a link that agents need, remembered and put back; also
 * by a successor, if there is a record and the agent was killed.
 */
#ifndef COMMON_IO_SYSCTL_H
#define COMMON_IO_SYSCTL_H

#include <net/if.h>
#include <stdbool.h>

enum { SYSCTLS_MAX = 128, SYSCTL_KEY_MAX = 32, SYSCTL_RECORD_MAX = 160 };

/* One setting that we changed. */
struct sysctl_change {
	char link[IF_NAMESIZE];
	char key[SYSCTL_KEY_MAX];
	int before, value;
};

/* Zero-initialised is empty, and keeps no record. */
struct sysctls {
	unsigned count;
	struct sysctl_change change[SYSCTLS_MAX];
	char record[SYSCTL_RECORD_MAX];
};

/*
 * Keep a record of what is changed in the file `path`, which is there only while
 * something is; put back what a predecessor has recorded there, unless somebody has
 * changed it since.  How many settings that were, or -errno.
 */
int sysctl_recover(struct sysctls *s, const char *path);

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
