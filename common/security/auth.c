/* SPDX-License-Identifier: ISC */
/*
 * Authentication extensions 32, 33 and 34 (RFC 5944 3.5.2 to 3.5.4):
 *
 *   Type(1) Length(1)=4+n SPI(4) Authenticator(n)
 *
 * Association and algorithm are those of the peer and the SPI in the extension
 * (RFC 5944 3.2), never a default of the peer.
 */
#include "common/security/auth.h"

enum { SPI_LEN = 4 };

static const uint8_t extension_of[SA_KIND_COUNT] = {
	[SA_MN_HA] = MIP_EXT_MN_HA,
	[SA_MN_FA] = MIP_EXT_MN_FA,
	[SA_FA_HA] = MIP_EXT_FA_HA,
};

const char *auth_result_text(enum auth_result r)
{
	static const char *const texts[AUTH_RESULT_COUNT] = {
		[AUTH_OK] = "authentic",
		[AUTH_MISSING] = "authentication extension missing",
		[AUTH_DUPLICATE] = "authentication extension more than once",
		[AUTH_NO_SA] = "no association for this peer and SPI",
		[AUTH_MISMATCH] = "wrong authenticator",
	};

	return texts[r];
}

/* The authenticator over `len` octets that end with the SPI. */
static void authenticate(const struct mip_sa *sa, const uint8_t *covered, size_t len,
			 uint8_t out[AUTH_LEN_MAX])
{
	/* RFC 2002 3.5.1 ended before the SPI; RFC 3344 and 5944 include it. */
	if (sa->spi_not_covered)
		len -= SPI_LEN;
	crypto_mac(sa->mac, covered, len, out);
}

void auth_append(struct writer *w, struct mip_sa *sa)
{
	size_t len = auth_algorithm_len(sa->algorithm);
	uint8_t mac[AUTH_LEN_MAX];

	write_u8(w, extension_of[sa->kind]);
	write_u8(w, (uint8_t)(SPI_LEN + len));
	write_u32(w, sa->spi);
	if (w->bad)
		return;
	authenticate(sa, w->start, writer_len(w), mac);
	write_bytes(w, mac, len);
	if (!w->bad)
		sa->used++;
}

const struct mip_auth_ext *auth_ext_of(const struct mip_ext_index *ix,
				       enum sa_kind kind, unsigned *count)
{
	switch (kind) {
	case SA_MN_HA:
		*count = ix->mn_ha_count;
		return &ix->mn_ha;
	case SA_MN_FA:
		*count = ix->mn_fa_count;
		return &ix->mn_fa;
	default:
		*count = ix->fa_ha_count;
		return &ix->fa_ha;
	}
}

static bool authenticator_matches(const struct mip_sa *sa, struct reader message,
				  const struct mip_auth_ext *ext)
{
	size_t len = auth_algorithm_len(sa->algorithm);
	uint8_t mac[AUTH_LEN_MAX];

	if (ext->authenticator_len != len)
		return false;
	authenticate(sa, message.at, (size_t)(ext->authenticator - message.at), mac);
	return secret_bytes_equal(mac, ext->authenticator, len);
}

enum auth_result auth_verify(struct sa_store *s, enum sa_kind kind, struct in_addr peer,
			     struct reader message, const struct mip_ext_index *ix,
			     struct mip_sa **sa)
{
	unsigned count;
	const struct mip_auth_ext *ext = auth_ext_of(ix, kind, &count);
	struct mip_sa *found;

	if (count == 0)
		return AUTH_MISSING;
	if (count > 1)
		return AUTH_DUPLICATE;
	found = sa_find(s, kind, peer, ext->spi);
	if (!found)
		return AUTH_NO_SA;
	if (sa)
		*sa = found;
	if (!authenticator_matches(found, message, ext)) {
		found->failures++;
		return AUTH_MISMATCH;
	}
	found->used++;
	return AUTH_OK;
}
