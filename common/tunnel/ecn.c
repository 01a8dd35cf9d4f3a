/* SPDX-License-Identifier: ISC */
/*
 * RFC 6040 figure 4 as a table, rows by the inner field, columns by the outer.
 */
#include "common/tunnel/ecn.h"

enum { FIELD = 3 };

struct ecn_exit ecn_at_exit(uint8_t inner, uint8_t outer)
{
	/* Columns: Not-ECT, ECT(1), ECT(0), CE, the order of the code points. */
	static const struct ecn_exit table[4][4] = {
		[ECN_NOT_ECT] = { { .ecn = ECN_NOT_ECT },
				  { .ecn = ECN_NOT_ECT, .odd = true },
				  { .ecn = ECN_NOT_ECT, .odd = true },
				  { .drop = true, .odd = true } },
		[ECN_ECT_1] = { { .ecn = ECN_ECT_1 },
				{ .ecn = ECN_ECT_1 },
				{ .ecn = ECN_ECT_1, .odd = true },
				{ .ecn = ECN_CE } },
		[ECN_ECT_0] = { { .ecn = ECN_ECT_0 },
				{ .ecn = ECN_ECT_1 },
				{ .ecn = ECN_ECT_0 },
				{ .ecn = ECN_CE } },
		[ECN_CE] = { { .ecn = ECN_CE },
			     { .ecn = ECN_CE, .odd = true },
			     { .ecn = ECN_CE },
			     { .ecn = ECN_CE } },
	};

	return table[inner & FIELD][outer & FIELD];
}
