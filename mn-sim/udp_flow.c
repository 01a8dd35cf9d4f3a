/* SPDX-License-Identifier: ISC */
/*
 * A numbered UDP flow.
 */
#include "mn-sim/udp_flow.h"

#include "common/io/host.h"
#include "mn-sim/end_socket.h"
#include "mn-sim/flow_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PAYLOAD_MAX = 9000,
	BURST = 64, /* packets taken a turn of the loop */
	RECEIVE_BUFFER = 4 << 20,
};

struct udp_flow {
	int from_fd, to_fd;
	struct loop_watch *watch;
	struct sockaddr_in to;
	uint32_t id;
	size_t size;
	const char *text;
	struct flow_log log;
	uint64_t refused;
};

static void take_packet(struct udp_flow *f, struct reader in, instant_t now)
{
	uint32_t id;
	uint64_t number;

	if (flow_packet_read(in, &id, &number) && id == f->id)
		flow_log_received(&f->log, number, now);
	else
		f->log.foreign++;
}

static void on_readable(void *arg)
{
	struct udp_flow *f = arg;
	uint8_t buffer[PAYLOAD_MAX];

	for (int i = 0; i < BURST; i++) {
		ssize_t n = recv(f->to_fd, buffer, sizeof(buffer), 0);

		if (n < 0)
			return;
		take_packet(f, reader_over(buffer, (size_t)n), host_now().mono);
	}
}

static int open_ends(struct udp_flow *f, const struct scenario_end *from,
		     const struct scenario_end *to, uint16_t port)
{
	int size = RECEIVE_BUFFER;

	f->from_fd = end_socket(from, SOCK_DGRAM, 0);
	if (f->from_fd < 0)
		return f->from_fd;
	f->to_fd = end_socket(to, SOCK_DGRAM, port);
	if (f->to_fd < 0)
		return f->to_fd;
	setsockopt(f->to_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

int udp_flow_open(struct udp_flow **out, struct loop *loop,
		  const struct scenario_udp *config, const struct scenario_end *from,
		  const struct scenario_end *to, size_t packets)
{
	struct udp_flow *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	f->from_fd = f->to_fd = -1;
	f->id = config->port;
	f->size = config->size;
	f->text = config->text;
	f->to = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_port = htons(config->port),
				      .sin_addr = to->addr };
	rc = flow_log_init(&f->log, packets);
	if (rc == 0)
		rc = open_ends(f, from, to, config->port);
	if (rc == 0 && !(f->watch = loop_watch_fd(loop, f->to_fd, on_readable, f)))
		rc = -ENOMEM;
	if (rc < 0) {
		udp_flow_close(f);
		return rc;
	}
	*out = f;
	return 0;
}

void udp_flow_close(struct udp_flow *f)
{
	if (!f)
		return;
	loop_unwatch(f->watch);
	if (f->from_fd >= 0)
		close(f->from_fd);
	if (f->to_fd >= 0)
		close(f->to_fd);
	flow_log_fini(&f->log);
	free(f);
}

void udp_flow_send(struct udp_flow *f)
{
	uint8_t buffer[PAYLOAD_MAX];
	int64_t number = flow_log_sent(&f->log, host_now().mono);

	if (number < 0)
		return;
	flow_packet_write(buffer, f->size, f->id, (uint64_t)number, f->text);
	if (sendto(f->from_fd, buffer, f->size, 0, (struct sockaddr *)&f->to,
		   sizeof(f->to)) < 0)
		f->refused++;
}

const struct flow_log *udp_flow_log(const struct udp_flow *f)
{
	return &f->log;
}

uint64_t udp_flow_refused(const struct udp_flow *f)
{
	return f->refused;
}
