/* SPDX-License-Identifier: ISC */
/*
 * Intrusive doubly linked list with a sentinel: the list head is a link too.
 * Order is insertion order.  An element is in at most one list per link.
 */
#ifndef COMMON_BASE_LIST_H
#define COMMON_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Safe against removal of `it` in the body. */
#define list_each(it, nx, head)                                            \
	for (struct list *it = (head)->next, *nx = it->next; it != (head); \
	     it = nx, nx = it->next)

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_add_tail(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* Removing an element that was list_init'ed but is in no list does nothing. */
static inline void list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#endif
