/* SPDX-License-Identifier: ISC */
/*
 * What a link's packet socket lets through, as a filter for the kernel.
 */
#ifndef COMMON_IO_LINK_FILTER_H
#define COMMON_IO_LINK_FILTER_H

#include <stdbool.h>

/*
 * Only router discovery, UDP to port 434, with `broadcasts` what was sent to the
 * link's broadcast address, and with `redirects` ICMP redirects.  For SOCK_DGRAM
 * sockets: the IPv4 header comes first.  0 or -errno.
 */
int link_filter_attach(int fd, bool broadcasts, bool redirects);

#endif
