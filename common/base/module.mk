# SPDX-License-Identifier: ISC

pure_sources += \
	common/base/addr_table.c common/base/addr_table.h \
	common/base/bucket.c common/base/bucket.h \
	common/base/bytes.h \
	common/base/clock.h \
	common/base/counters.h \
	common/base/hashmap.c common/base/hashmap.h \
	common/base/list.h \
	common/base/ntp64.c common/base/ntp64.h \
	common/base/pool.c common/base/pool.h \
	common/base/rng.c common/base/rng.h \
	common/base/secret.c common/base/secret.h \
	common/base/timers.c common/base/timers.h
