/* SPDX-License-Identifier: ISC */
/* Which engine serves. */
#include "common/security/esp_engine.h"

#include <string.h>

bool esp_engine_wish_by_name(const char *name, enum esp_engine_wish *out)
{
	static const char *const names[] = { [ESP_ENGINE_AUTO] = "auto",
					     [ESP_ENGINE_OPENSSL] = "openssl",
					     [ESP_ENGINE_IPSEC_MB] = "ipsec-mb" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum esp_engine_wish)i;
			return true;
		}
	return false;
}

const char *esp_engine_fault_text(enum esp_engine_fault f)
{
	static const char *const texts[] = {
		[ESP_ENGINE_OK] = "serves",
		[ESP_ENGINE_ABSENT] = "this was built without it",
		[ESP_ENGINE_PROCESSOR] = "the processor has no AES of its own",
		[ESP_ENGINE_NO_MEMORY] = "out of memory",
		[ESP_ENGINE_DIFFERS] = "it computes something else than OpenSSL",
	};

	return texts[f];
}

enum esp_engine_fault esp_engine_init(struct esp_engine *e, enum esp_engine_wish wish)
{
	enum esp_engine_fault fault;

	*e = *esp_openssl();
	if (wish == ESP_ENGINE_OPENSSL)
		return ESP_ENGINE_OK;
	fault = esp_ipsec_mb_open(e);
	if (fault == ESP_ENGINE_OK && !esp_engine_test(e)) {
		esp_engine_fini(e);
		fault = ESP_ENGINE_DIFFERS;
	}
	return fault;
}

void esp_engine_fini(struct esp_engine *e)
{
	if (e->manager)
		esp_ipsec_mb_close(e);
	*e = *esp_openssl();
}
