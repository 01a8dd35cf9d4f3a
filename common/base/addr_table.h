/* SPDX-License-Identifier: ISC */
/*
 * A hash table of objects by IPv4 address, for tables of millions: an object embeds
 * a link of 16 octets, a bucket takes 8, and there are about as many as objects.
 *
 * It grows by linear hashing (Litwin, 1980): each object that is added splits one
 * bucket in two, so that adding one costs the same whatever the size, and no
 * registration waits while a table is made anew.  It does not shrink.  The hash is
 * keyed, as in hashmap.h.
 */
#ifndef COMMON_BASE_ADDR_TABLE_H
#define COMMON_BASE_ADDR_TABLE_H

#include <netinet/in.h>
#include <stddef.h>

/* Embed in the object; the address is the owner's to set, before it is added. */
struct addr_link {
	struct addr_link *next; /* in its bucket */
	struct in_addr addr;
};

/* All zero is an empty table. */
struct addr_table {
	struct addr_link **bucket;
	size_t buckets; /* in use: `half` and those that were split off */
	size_t half;    /* a power of two: `buckets` is from one to two of it */
	size_t room;    /* of `bucket` */
	size_t count;   /* of objects */
};

/* Frees what the table has; the objects are their owners'. */
void addr_table_fini(struct addr_table *t);

struct addr_link *addr_table_find(const struct addr_table *t, struct in_addr addr);

/*
 * Have the processor fetch what a look-up will need, without waiting for it: first
 * the bucket; then, when that is there, the first object in it, which is returned.
 */
void addr_table_expect(const struct addr_table *t, struct in_addr addr);
struct addr_link *addr_table_fetch(const struct addr_table *t, struct in_addr addr);

/* One that is not there yet.  0, or -ENOMEM and nothing has changed. */
int addr_table_add(struct addr_table *t, struct addr_link *l);

void addr_table_remove(struct addr_table *t, struct addr_link *l);

/* All objects, in no particular order; NULL after the last. */
struct addr_link *addr_table_first(const struct addr_table *t);
struct addr_link *addr_table_next(const struct addr_table *t,
				  const struct addr_link *l);

/* Safe against removal of `it` in the body; nothing may be added there. */
#define addr_table_each(it, nx, t)                            \
	for (struct addr_link *it = addr_table_first(t), *nx; \
	     it && (nx = addr_table_next((t), it), 1); it = nx)

#endif
