/* SPDX-License-Identifier: ISC */
/*
 * Our values as jansson values.  Names are stable: they are what scripts read.
 * Every function here returns a new reference, NULL when out of memory, and
 * "set" functions leave a field out when the value is not there.
 */
#ifndef COMMON_CTL_JSON_H
#define COMMON_CTL_JSON_H

#include "common/agent/effect.h"
#include "common/base/clock.h"
#include "common/wire/arp.h"
#include "common/wire/ipv4.h"

#include <jansson.h>
#include <stdint.h>

json_t *json_addr(struct in_addr a);
json_t *json_mac(struct mac m);
json_t *json_prefix(struct ipv4_prefix p);
json_t *json_hex32(uint32_t v); /* "0x00000100", as SPIs are written */
json_t *json_hex64(uint64_t v);

/* Seconds until `expires`; -1 is for ever. */
json_t *json_seconds_left(instant_t expires, instant_t now);

/* Unix seconds of an NTP time, right on both sides of its wrap in 2036. */
double json_ntp_seconds(uint64_t ntp);

/* Leaves the field out when the address is 0.0.0.0. */
void json_set_addr(json_t *object, const char *key, struct in_addr a);

void json_set_count(json_t *object, const char *key, uint64_t count);

/* The fields of an encapsulation: name, keys, flags. */
void json_set_encap(json_t *object, const struct encap_spec *e);

/*
 * An event: {"time":..., "program":..., "event":..., "level":..., ...}.
 * `unix_us` is wall-clock microseconds; `interface` may be NULL.
 */
json_t *json_note(const struct note *n, const char *program, int64_t unix_us,
		  const char *interface);

#endif
