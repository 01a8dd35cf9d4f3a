/* SPDX-License-Identifier: ISC */
/*
 * Any message as one line of key=value text, for logs at level debug, mipctl
 * and test output.  Authenticators are shown by type and SPI only.
 */
#ifndef COMMON_WIRE_MIP_TEXT_H
#define COMMON_WIRE_MIP_TEXT_H

#include "common/base/bytes.h"
#include "common/wire/mip_advert.h"

#include <stddef.h>

enum { MIP_TEXT_MAX = 512 };

/* Both cut to `size`, always terminate, and return `text`. */
const char *mip_message_text(struct reader message, char *text, size_t size);
const char *mip_advert_text(const struct mip_advert *a, char *text, size_t size);

#endif
