/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a router discovery message, once as they are and once with the
 * checksum made good, as a hostile neighbour would. What is decoded keeps within
 * its arrays and survives being encoded and decoded again.
 */
#include "common/wire/checksum.h"
#include "common/wire/mip_advert.h"
#include "common/wire/mip_text.h"

#include "tests/fuzz/fuzz.h"

static void check_again(const struct mip_advert *a)
{
	uint8_t bytes[ADVERT_LEN_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct mip_advert b;

	mip_advert_encode(&w, a);
	PROMISE(!w.bad && writer_len(&w) % 2 == 0);
	PROMISE(mip_advert_decode(reader_over(bytes, writer_len(&w)), &b) == ADVERT_OK);
	PROMISE(a->code == b.code && a->lifetime == b.lifetime);
	PROMISE(a->mobility == b.mobility && a->flags == b.flags);
	PROMISE(a->sequence == b.sequence);
	PROMISE(a->registration_lifetime == b.registration_lifetime);
	PROMISE(a->router_count == b.router_count);
	PROMISE(memcmp(a->router, b.router, sizeof(b.router)) == 0);
	PROMISE(memcmp(a->preference, b.preference, sizeof(b.preference)) == 0);
	PROMISE(a->care_of_count == b.care_of_count);
	PROMISE(memcmp(a->care_of, b.care_of, sizeof(b.care_of)) == 0);
	PROMISE(a->prefix_count == b.prefix_count);
	PROMISE(memcmp(a->prefix_len, b.prefix_len, sizeof(b.prefix_len)) == 0);
}

static void check_message(struct reader in)
{
	char text[MIP_TEXT_MAX];
	struct mip_advert a;
	enum advert_fault fault = mip_advert_decode(in, &a);

	PROMISE(fault < ADVERT_FAULT_COUNT);
	PROMISE(mip_solicit_decode(in) < ADVERT_FAULT_COUNT);
	if (fault != ADVERT_OK)
		return;
	PROMISE(a.router_count <= ADVERT_ROUTERS_MAX);
	PROMISE(a.care_of_count <= ADVERT_CARE_OF_MAX);
	PROMISE(a.prefix_count == 0 || a.prefix_count == a.router_count);
	PROMISE(strlen(mip_advert_text(&a, text, sizeof(text))) < sizeof(text));
	check_again(&a);
}

void fuzz_advert(const uint8_t *data, size_t size)
{
	uint8_t *sealed;

	check_message(reader_over(data, size));
	if (size < 4)
		return;
	sealed = malloc(size);
	if (!sealed)
		return;
	memcpy(sealed, data, size);
	checksum_write(sealed, size, 2);
	check_message(reader_over(sealed, size));
	free(sealed);
}
