/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's cable: a veth end in a namespace of switches.  Pulling it
 * out takes the carrier from the node's interface, plugging it into a bridge
 * gives it back, as a cable or a radio would.
 */
#ifndef MN_SIM_CABLE_H
#define MN_SIM_CABLE_H

struct cable;

/* Find interface `name` in namespace `netns`.  0 or -errno. */
int cable_open(struct cable **out, const char *netns, const char *name);
void cable_close(struct cable *c);

int cable_pull(struct cable *c);

/* Plug it into `bridge`, from wherever it is. */
int cable_plug(struct cable *c, const char *bridge);

#endif
