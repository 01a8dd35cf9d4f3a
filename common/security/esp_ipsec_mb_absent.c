/* SPDX-License-Identifier: ISC */
/* In the place of esp_ipsec_mb.c where its library is not there to build with. */
#include "common/security/esp_engine.h"

enum esp_engine_fault esp_ipsec_mb_open(struct esp_engine *e)
{
	(void)e;
	return ESP_ENGINE_ABSENT;
}

void esp_ipsec_mb_close(struct esp_engine *e)
{
	(void)e;
}
