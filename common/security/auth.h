/* SPDX-License-Identifier: ISC */
/*
 * Authentication extensions (RFC 5944 3.5): append one, verify one.
 *
 * The authenticator covers the UDP payload from its first octet, all earlier
 * extensions whole, then Type, Length and SPI of the extension itself; not the
 * UDP and IP headers, not the authenticator (RFC 5944 3.5.1).
 */
#ifndef COMMON_SECURITY_AUTH_H
#define COMMON_SECURITY_AUTH_H

#include "common/base/bytes.h"
#include "common/security/sa.h"
#include "common/wire/mip_ext.h"

enum auth_result {
	AUTH_OK,
	AUTH_MISSING,   /* an association is shared, the extension is not there */
	AUTH_DUPLICATE, /* more than one where exactly one may be */
	AUTH_NO_SA,     /* no association under this peer and SPI */
	AUTH_MISMATCH,  /* wrong length or wrong authenticator */
	AUTH_RESULT_COUNT
};

const char *auth_result_text(enum auth_result r);

/*
 * Append the extension of sa->kind over all that `w` holds.  Sets w->bad on want of
 * room.
 */
void auth_append(struct writer *w, struct mip_sa *sa);

/*
 * Verify the extension of `kind` in a message from or for `peer`: exactly one,
 * under a known association, and right.  `message` is the whole UDP payload
 * that `ix` was made from.  On AUTH_OK and AUTH_MISMATCH *sa is the
 * association (may be NULL if not wanted).
 */
enum auth_result auth_verify(struct sa_store *s, enum sa_kind kind, struct in_addr peer,
			     struct reader message, const struct mip_ext_index *ix,
			     struct mip_sa **sa);

/* The extension of a kind in the index and how many there were. */
const struct mip_auth_ext *auth_ext_of(const struct mip_ext_index *ix,
				       enum sa_kind kind, unsigned *count);

#endif
