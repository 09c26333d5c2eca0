/* Port SPECs as libFuzzer sees fit. A SPEC that is taken holds to its ceilings. */
#include "port.h"

#include "value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	char *text = malloc(count + 1);
	struct port_spec spec;
	struct why why = {.code = ERR_NONE};

	if (!text) {
		return 0;
	}
	memcpy(text, bytes, count);
	text[count] = '\0';
	enum err err = port_spec_parse(text, &spec, &why);

	if (err == ERR_NONE) {
		if (!utf8_is_valid(spec.target, strnlen(spec.target, sizeof(spec.target))) ||
			spec.target[0] == '\0' || strlen(spec.label) > 32 || spec.dtr < -1 ||
			spec.dtr > 1 || spec.sampling > 16383) {
			abort();
		}
	} else if (err != ERR_INVALID || !utf8_is_valid(why.text[LANG_EN], strlen(why.text[LANG_EN])) ||
		!utf8_is_valid(why.text[LANG_ZH], strlen(why.text[LANG_ZH]))) {
		abort();
	}
	free(text);
	return 0;
}
