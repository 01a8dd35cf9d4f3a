/* SPDX-License-Identifier: ISC */
/*
 * One end of the TLS of keying over a TCP connection to this machine, for another
 * implementation to be the other end.
 *
 *     keying_end client|server PORT IDENTITY KEY(hex)
 *
 * Prints "suite NAME" and "exported HEX" when both ends are authenticated, or "fault
 * NAME: DETAIL". An open connection is closed after the first plaintext, or a second.
 */
#include "common/keying/tls.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/hex.h"

enum { EXPORTED = 32, PATIENCE_MS = 5000 };

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((uint16_t)atoi(port));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* The other end may need a moment to listen. */
static int dial(const char *port)
{
	const struct sockaddr_in a = loopback(port);

	for (int tries = 0; tries < 50; tries++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		usleep(100000);
	}
	return -1;
}

static int answer(const char *port)
{
	const struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, taken;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)
		return -1;
	taken = accept(fd, NULL, NULL);
	close(fd);
	return taken;
}

static bool flush(struct tls *t, int fd)
{
	const uint8_t *bytes;
	size_t len = tls_to_send(t, &bytes);
	bool good = len == 0 || write(fd, bytes, len) == (ssize_t)len;

	tls_sent(t);
	return good;
}

/* True: there was something. */
static bool receive(struct tls *t, int fd, int patience, enum key_fault *fault)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[4096];
	ssize_t len;

	if (poll(&p, 1, patience) != 1)
		return false;
	len = read(fd, bytes, sizeof(bytes));
	if (len <= 0)
		return false;
	*fault = tls_receive(t, bytes, (size_t)len);
	return flush(t, fd);
}

static void tell_open(struct tls *t)
{
	uint8_t out[EXPORTED];

	printf("suite %s\nexported ", tls_suite(t));
	if (tls_export(t, "EXPORTER-sojourn-esp", "", 0, out, sizeof(out)) < 0)
		exit(EXIT_FAILURE);
	for (int i = 0; i < EXPORTED; i++)
		printf("%02X", out[i]);
	printf("\n");
	fflush(stdout);
}

static int tell_fault(const struct tls *t, enum key_fault fault)
{
	printf("fault %s: %s\n", key_fault_name(fault),
	       tls_detail(t) ? tls_detail(t) : "");
	return EXIT_FAILURE;
}

/* What the other end says, and whether it goes on after its last handshake message. */
static int converse(struct tls *t, int fd)
{
	enum key_fault fault = KEY_OK;
	char text[TLS_MESSAGE_MAX];
	size_t len = 0;

	while (fault == KEY_OK && len == 0) {
		fault = tls_read(t, text, sizeof(text), &len);
		if (fault == KEY_OK && len == 0 && !receive(t, fd, 1000, &fault))
			break;
	}
	if (fault != KEY_OK && fault != KEY_FAULT_CUT)
		return tell_fault(t, fault);
	tell_open(t);
	if (len > 0)
		printf("heard %.*s", (int)len, text);
	tls_close(t);
	flush(t, fd);
	return EXIT_SUCCESS;
}

static int run(struct tls *t, int fd)
{
	enum key_fault fault = KEY_OK;

	if (!flush(t, fd))
		return EXIT_FAILURE;
	while (!tls_is_open(t) && fault == KEY_OK)
		if (!receive(t, fd, PATIENCE_MS, &fault))
			break;
	if (!tls_is_open(t))
		return tell_fault(t, fault);
	return converse(t, fd);
}

static struct tls *make(char **argv)
{
	const struct hex key = hex_of(argv[4]);
	struct psk psk = { 0 };
	struct tls_credentials *c;
	struct tls *t;

	snprintf(psk.identity, sizeof(psk.identity), "%s", argv[3]);
	memcpy(psk.key, key.bytes, PSK_LEN);
	c = tls_credentials_psk(&psk, 1);
	t = c ? tls_new(c, argv[1][0] == 'c' ? TLS_CLIENT : TLS_SERVER, 0) : NULL;
	tls_credentials_free(c);
	return t;
}

int main(int argc, char **argv)
{
	struct tls *t;
	int fd, status;

	if (argc != 5) {
		fprintf(stderr, "usage: keying_end client|server PORT IDENTITY KEY\n");
		return 2;
	}
	t = make(argv);
	fd = argv[1][0] == 'c' ? dial(argv[2]) : answer(argv[2]);
	if (!t || fd < 0) {
		perror("keying_end");
		return EXIT_FAILURE;
	}
	status = run(t, fd);
	close(fd);
	tls_free(t);
	return status;
}
