/* SPDX-License-Identifier: ISC */
/*
 * The data planes of a made-up world (key_world.h): what each agent was told to
 * receive and to send by, and whether the two go together.
 */
#ifndef TESTS_UNIT_KEY_PLANE_H
#define TESTS_UNIT_KEY_PLANE_H

#include "tests/unit/key_world.h"

/* The first promise that was broken stays. */
void key_world_break(struct key_world *w, const char *what, int node);

/* 0, or a positive errno, at random too. */
int key_plane_add(struct key_world *w, int node, const struct keying_sa *sa);
void key_plane_delete(struct key_world *w, int node, uint32_t spi);
/* `life`: of the receiver that announced it; 0: judge it by nothing. */
int key_plane_set(struct key_world *w, int node, const struct keying_sa *sa,
		  unsigned life);

/* What `node` sends by is what the other one receives by. */
bool key_plane_receives(const struct key_world *w, int node);
void key_plane_judge(struct key_world *w, int node);

#endif
