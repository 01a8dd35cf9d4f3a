/* SPDX-License-Identifier: ISC */
/*
 * Loads the programme by libbpf and keeps its maps.  Whatever cannot be put into a map
 * is taken out of it, so that the kernel knows nothing that is no longer true: user
 * space serves that then.
 */
#include "common/io/fastpath.h"

#include "common/bpf/tunnel_fast.h"
#include "common/bpf/tunnel_fast.skel.h"
#include "common/io/rtnl_filter.h"
#include "common/tunnel/fwd_simple.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A link that was seen, and whether the programme is at it. */
struct seen {
	int ifindex;
	struct mac mac;
	bool attached;
};

struct fastpath {
	struct tunnel_fast *object;
	struct fwd *fwd; /* that is mirrored, or NULL */
	struct fastpath_sizes sizes;
	int bindings, visitors, tunnels, links, counts;
	int counted; /* where the counts of tunnels stand: tunnels, but for a moment */
	uint64_t *per_processor; /* one value of a counter each */
	unsigned processors;
	uint64_t values[FAST_COUNTS];
	int fd; /* to ask about links */
	unsigned seen_count;
	struct seen seen[LINKS_MAX];
};

static const struct counter_row rows[] = {
#define COUNTER COUNTER_ROW
#include "common/bpf/tunnel_fast.def"
#undef COUNTER
};

/* ---- the mirror ---- */

static struct fast_tunnel_key key_of(const struct tunnel *t)
{
	return (struct fast_tunnel_key){ .local = t->key.local.s_addr,
					 .remote = t->key.remote.s_addr,
					 .key_in = htonl(t->key.gre_key),
					 .protocol = t->key.protocol,
					 .keyed = t->key.has_gre_key };
}

static struct fast_tunnel value_of(const struct tunnel *t)
{
	const struct path_mtu *m = &t->path->mtu;

	return (struct fast_tunnel){
		.key_out = htonl(t->spec.encap.gre_key_out),
		.ttl = t->encap.outer.header.ttl,
		.tos = t->encap.outer.header.tos,
		.uniform = t->encap.outer.uniform,
		.open = t->spec.encap.fast_path == FAST_PATH_REQUIRED,
		.mtu = m->mtu,
		.most = m->most,
		.forget = instant_is_never(m->forget) ? 0 : (uint64_t)m->forget.ns,
	};
}

/* Packets that pass between the look and the change are not counted. */
static void keep_counts(const struct fastpath *fp, const struct fast_tunnel_key *key,
			struct fast_tunnel *value)
{
	struct fast_tunnel old;

	if (bpf_map_lookup_elem(fp->counted, key, &old) != 0)
		return;
	value->in_packets = old.in_packets;
	value->in_octets = old.in_octets;
	value->out_packets = old.out_packets;
	value->out_octets = old.out_octets;
}

static void put(int map, const void *key, const void *value)
{
	if (bpf_map_update_elem(map, key, value, BPF_ANY) != 0)
		bpf_map_delete_elem(map, key);
}

static void on_tunnel(void *arg, const struct tunnel *t, bool gone)
{
	const struct fastpath *fp = arg;
	const struct fast_tunnel_key key = key_of(t);
	struct fast_tunnel value = value_of(t);

	if (t->spec.carrier.kind != CARRIER_NONE)
		return; /* its key may be that of another in clear */
	if (gone || !fwd_simple_tunnel(t)) {
		bpf_map_delete_elem(fp->tunnels, &key);
		return;
	}
	keep_counts(fp, &key, &value);
	put(fp->tunnels, &key, &value);
}

static void on_binding(void *arg, struct in_addr home)
{
	const struct fastpath *fp = arg;
	struct simple_binding b;

	if (fwd_simple_binding(fp->fwd, home, &b)) {
		const struct fast_binding value = { .tunnel = key_of(b.tunnel),
						    .reverse = b.reverse };

		put(fp->bindings, &home, &value);
	} else {
		bpf_map_delete_elem(fp->bindings, &home);
	}
}

static void on_visitor(void *arg, struct in_addr home)
{
	const struct fastpath *fp = arg;
	struct simple_visitor v;

	if (fwd_simple_visitor(fp->fwd, home, &v)) {
		struct fast_visitor value = { .tunnel = key_of(v.tunnel),
					      .ifindex = (uint32_t)v.ifindex,
					      .reverse = v.reverse };

		memcpy(value.mac, v.mac.octet, sizeof(value.mac));
		put(fp->visitors, &home, &value);
	} else {
		bpf_map_delete_elem(fp->visitors, &home);
	}
}

void fastpath_mirror(struct fastpath *fp, struct fwd *fwd)
{
	const struct fwd_mirror mirror = { .binding = on_binding,
					   .visitor = on_visitor,
					   .tunnel = on_tunnel,
					   .arg = fp };

	if (!fwd && fp->fwd)
		fwd_mirror(fp->fwd, NULL);
	fp->fwd = fwd;
	if (fwd)
		fwd_mirror(fwd, &mirror);
}

/* ---- links ---- */

/* Loopback and devices without frames have no address of six octets but zeros. */
static bool is_ethernet(const struct link *link, int tun)
{
	static const struct mac none;

	return link->ifindex != tun && !mac_equal(link->mac, none);
}

static struct seen *find_seen(struct fastpath *fp, int ifindex)
{
	for (unsigned i = 0; i < fp->seen_count; i++)
		if (fp->seen[i].ifindex == ifindex)
			return &fp->seen[i];
	return NULL;
}

/* With the link its filter went too. */
static void forget_gone(struct fastpath *fp, const struct links *links)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < fp->seen_count; i++) {
		const struct seen *s = &fp->seen[i];

		if (links_by_index(links, s->ifindex))
			fp->seen[kept++] = *s;
		else
			bpf_map_delete_elem(fp->links, &s->ifindex);
	}
	fp->seen_count = kept;
}

/* What hands packets to another host or namespace in memory, by its driver. */
static bool is_virtual(int fd, const struct link *link)
{
	static const char *const drivers[] = { "veth",       "tun",     "bridge",
					       "virtio_net", "macvlan", "ipvlan",
					       "macvtap",    "dummy",   "openvswitch",
					       "vmxnet3",    "vif",     "hv_netvsc",
					       "uml-vector" };
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (void *)&info };

	memcpy(request.ifr_name, link->name, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCETHTOOL, &request) != 0)
		return true; /* nobody knows */
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strncmp(info.driver, drivers[i], sizeof(info.driver)) == 0)
			return true;
	return false;
}

static void set_link(struct fastpath *fp, struct seen *s, const struct link *link)
{
	struct fast_link value = { .is_virtual = is_virtual(fp->fd, link) };

	s->mac = link->mac;
	memcpy(value.mac, link->mac.octet, sizeof(value.mac));
	put(fp->links, &s->ifindex, &value);
}

void fastpath_see_links(struct fastpath *fp, const struct links *links, int tun,
			void (*refused)(void *arg, const struct link *link, int error),
			void *arg)
{
	fp->object->bss->tun = (uint32_t)tun;
	forget_gone(fp, links);
	for (unsigned i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];
		struct seen *s = find_seen(fp, link->ifindex);
		int error;

		if (!is_ethernet(link, tun))
			continue;
		if (s && !mac_equal(s->mac, link->mac))
			set_link(fp, s, link);
		if (s || fp->seen_count == LINKS_MAX)
			continue;
		error = rtnl_filter_attach(link->ifindex, fastpath_programme(fp));
		s = &fp->seen[fp->seen_count++];
		*s = (struct seen){ .ifindex = link->ifindex, .attached = error == 0 };
		set_link(fp, s, link);
		if (error != 0)
			refused(arg, link, error);
	}
}

bool fastpath_is_on(const struct fastpath *fp, int ifindex)
{
	for (unsigned i = 0; i < fp->seen_count; i++)
		if (fp->seen[i].ifindex == ifindex)
			return fp->seen[i].attached;
	return false;
}

/* ---- counts ---- */

bool fastpath_counts(const struct fastpath *fp, const struct tunnel *t,
		     struct tunnel_counts *out)
{
	const struct fast_tunnel_key key = key_of(t);
	struct fast_tunnel value;

	if (t->spec.carrier.kind != CARRIER_NONE ||
	    bpf_map_lookup_elem(fp->tunnels, &key, &value) != 0)
		return false;
	*out = (struct tunnel_counts){ .in_packets = value.in_packets,
				       .in_octets = value.in_octets,
				       .out_packets = value.out_packets,
				       .out_octets = value.out_octets };
	return true;
}

static uint64_t sum_of(struct fastpath *fp, uint32_t row)
{
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(fp->counts, &row, fp->per_processor) != 0)
		return 0;
	for (unsigned i = 0; i < fp->processors; i++)
		sum += fp->per_processor[i];
	return sum;
}

struct counter_set fastpath_counters(struct fastpath *fp)
{
	for (uint32_t row = 0; row < FAST_COUNTS; row++)
		fp->values[row] = sum_of(fp, row);
	return (struct counter_set){ .group = "fast",
				     .rows = rows,
				     .values = fp->values,
				     .count = FAST_COUNTS };
}

/* ---- life ---- */

/* The caller says what failed; what libbpf has to say is for those who debug it. */
static int be_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* The links' addresses and the counts go over from a predecessor, if there is one. */
static int take_over(struct tunnel_fast *o, const struct tunnel_fast *from)
{
	int error = bpf_map__reuse_fd(o->maps.links, bpf_map__fd(from->maps.links));

	if (error != 0)
		return error;
	o->bss->tun = from->bss->tun;
	return bpf_map__reuse_fd(o->maps.counts, bpf_map__fd(from->maps.counts));
}

static int load(struct fastpath *fp, const struct fastpath_sizes *sizes)
{
	struct tunnel_fast *o = tunnel_fast__open();
	int error = 0;

	if (!o)
		return -errno;
	bpf_map__set_max_entries(o->maps.bindings, (uint32_t)sizes->bindings);
	bpf_map__set_max_entries(o->maps.visitors, (uint32_t)sizes->visitors);
	bpf_map__set_max_entries(o->maps.tunnels, (uint32_t)sizes->tunnels);
	if (fp->object)
		error = take_over(o, fp->object);
	if (error == 0)
		error = tunnel_fast__load(o);
	if (error != 0) {
		tunnel_fast__destroy(o);
		return error;
	}
	fp->object = o;
	fp->sizes = *sizes;
	fp->bindings = bpf_map__fd(o->maps.bindings);
	fp->visitors = bpf_map__fd(o->maps.visitors);
	fp->tunnels = bpf_map__fd(o->maps.tunnels);
	fp->links = bpf_map__fd(o->maps.links);
	fp->counts = bpf_map__fd(o->maps.counts);
	return 0;
}

static int prepare(struct fastpath *fp)
{
	int processors = libbpf_num_possible_cpus();

	if (processors < 0)
		return processors;
	fp->processors = (unsigned)processors;
	fp->per_processor = calloc(fp->processors, sizeof(*fp->per_processor));
	if (!fp->per_processor)
		return -ENOMEM;
	fp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fp->fd < 0 ? -errno : 0;
}

int fastpath_open(struct fastpath **out, const struct fastpath_sizes *sizes)
{
	struct fastpath *fp = calloc(1, sizeof(*fp));
	int error;

	if (!fp)
		return -ENOMEM;
	fp->fd = -1;
	libbpf_set_print(be_silent);
	error = prepare(fp);
	if (error == 0)
		error = load(fp, sizes);
	if (error != 0) {
		fastpath_close(fp);
		return error;
	}
	fp->counted = fp->tunnels;
	*out = fp;
	return 0;
}

/* Where ours cannot stand, the predecessor must not: nobody keeps its tables. */
static void attach_again(struct fastpath *fp)
{
	for (unsigned i = 0; i < fp->seen_count; i++) {
		struct seen *s = &fp->seen[i];

		if (!s->attached)
			continue;
		s->attached =
			rtnl_filter_attach(s->ifindex, fastpath_programme(fp)) == 0;
		if (!s->attached)
			(void)rtnl_filter_detach(s->ifindex);
	}
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* A map cannot grow, so there is a second programme until it has all in larger ones. */
int fastpath_reserve(struct fastpath *fp, const struct fastpath_sizes *sizes)
{
	const struct fastpath_sizes wanted = {
		.bindings = larger(sizes->bindings, fp->sizes.bindings),
		.visitors = larger(sizes->visitors, fp->sizes.visitors),
		.tunnels = larger(sizes->tunnels, fp->sizes.tunnels),
	};
	struct tunnel_fast *old = fp->object;
	int error;

	if (wanted.bindings == fp->sizes.bindings &&
	    wanted.visitors == fp->sizes.visitors &&
	    wanted.tunnels == fp->sizes.tunnels)
		return 0;
	error = load(fp, &wanted);
	if (error != 0)
		return error;
	fastpath_mirror(fp, fp->fwd);
	attach_again(fp);
	fp->counted = fp->tunnels;
	tunnel_fast__destroy(old);
	return 0;
}

void fastpath_close(struct fastpath *fp)
{
	if (!fp)
		return;
	fastpath_mirror(fp, NULL);
	for (unsigned i = 0; i < fp->seen_count; i++)
		if (fp->seen[i].attached)
			(void)rtnl_filter_detach(fp->seen[i].ifindex);
	tunnel_fast__destroy(fp->object);
	if (fp->fd >= 0)
		close(fp->fd);
	free(fp->per_processor);
	free(fp);
}

int fastpath_programme(const struct fastpath *fp)
{
	return bpf_program__fd(fp->object->progs.mip_fast);
}
