/* SPDX-License-Identifier: ISC */
/*
 * Tunnels and their protection in a line.
 */
#include "mn-sim/tunnel_view.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suites.h"

static void give(struct tunnel_view *v, const char *text,
		 void (*take)(struct tunnel_view *v, const json_t *row))
{
	json_t *row = json_loads(text, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	take(v, row);
	json_decref(row);
}

#define TUNNEL                                                               \
	"{\"local\":\"10.1.0.1\",\"remote\":\"10.0.2.2\",\"encapsulation\":" \
	"\"gre\",\"packets-out\":513,\"packets-in\":245}"

static void protect(struct tunnel_view *v, const char *carrier)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "{\"remote\":\"10.0.2.2\",\"carrier\":\"%s\",\"rekeys\":2}", carrier);
	give(v, text, tunnel_view_protection);
}

static void associate(struct tunnel_view *v, const char *kind, const char *peer)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "{\"kind\":\"%s\",\"peer\":\"%s\",\"spi\":\"0x1a2b\",\"algorithm\":"
		 "\"aes-128-gcm\"}",
		 kind, peer);
	give(v, text, tunnel_view_association);
}

static void a_plain_tunnel(void)
{
	struct tunnel_view v;

	tunnel_view_init(&v);
	give(&v, TUNNEL, tunnel_view_tunnel);
	CU_ASSERT_STRING_EQUAL(v.text, "10.1.0.1>10.0.2.2 gre out 513 in 245  ");
}

static void a_tunnel_in_esp(void)
{
	struct tunnel_view v;

	tunnel_view_init(&v);
	protect(&v, "raw");
	associate(&v, "fa", "10.0.2.2");
	associate(&v, "esp-in", "10.0.2.2");
	associate(&v, "esp-out", "10.0.3.2");
	give(&v, TUNNEL, tunnel_view_tunnel);
	CU_ASSERT_PTR_NULL(strstr(v.text, "esp")); /* none sends */
	associate(&v, "esp-out", "10.0.2.2");
	v.text[0] = '\0';
	give(&v, TUNNEL, tunnel_view_tunnel);
	CU_ASSERT_STRING_EQUAL(v.text, "10.1.0.1>10.0.2.2 gre in esp (aes-128-gcm, spi "
				       "0x1a2b, rekeys 2) out 513 in 245  ");
}

static void a_tunnel_in_esp_in_udp(void)
{
	struct tunnel_view v;

	tunnel_view_init(&v);
	protect(&v, "udp");
	associate(&v, "esp-out", "10.0.2.2");
	give(&v, TUNNEL, tunnel_view_tunnel);
	CU_ASSERT_PTR_NOT_NULL(strstr(v.text, " gre in esp in udp (aes-128-gcm,"));
}

/* More than there is room for is cut. */
static void any_number_of_rows(void)
{
	struct tunnel_view v;

	tunnel_view_init(&v);
	for (int i = 0; i < 2 * TUNNEL_VIEW_PEERS; i++)
		protect(&v, "raw");
	associate(&v, "esp-out", "10.0.2.2");
	for (int i = 0; i < 20; i++)
		give(&v, TUNNEL, tunnel_view_tunnel);
	CU_ASSERT_EQUAL(strlen(v.text), TUNNEL_VIEW_TEXT - 1);
}

void suite_tunnel_view(void)
{
	CU_pSuite s = CU_add_suite("tunnel_view", NULL, NULL);

	CU_add_test(s, "a plain tunnel", a_plain_tunnel);
	CU_add_test(s, "a tunnel in ESP", a_tunnel_in_esp);
	CU_add_test(s, "a tunnel in ESP in UDP", a_tunnel_in_esp_in_udp);
	CU_add_test(s, "any number of rows", any_number_of_rows);
}
