/* SPDX-License-Identifier: ISC */
/*
 * A socket at an end of a scenario: in its namespace, bound to its address.
 */
#ifndef MN_SIM_END_SOCKET_H
#define MN_SIM_END_SOCKET_H

#include "mn-sim/scenario_config.h"

/*
 * `type` is SOCK_DGRAM or SOCK_STREAM, port 0 the kernel's choice.  The socket
 * does not block, and may be bound before the address is there.  A descriptor,
 * or -errno.
 */
int end_socket(const struct scenario_end *end, int type, uint16_t port);

#endif
