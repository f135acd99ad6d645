/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c - members of JSON objects. */
#include "fields.h"

#include "core/wm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *wm_json_text(const char *text) {
	json_t *value = json_string(text);
	char *ascii;

	if (value)
		return value;
	ascii = wm_zalloc(strlen(text) + 1);
	for (size_t i = 0; text[i]; i++)
		ascii[i] = (unsigned char)text[i] < 128 ? text[i] : '?';
	value = json_string(ascii);
	free(ascii);
	return value;
}

void wm_set(json_t *object, const char *key, json_t *value) {
	json_object_set_new(object, key, value ? value : json_null());
}

void wm_set_text(json_t *object, const char *key, const char *text) {
	wm_set(object, key, wm_json_text(text));
}

void wm_set_number(json_t *object, const char *key, double value) {
	wm_set(object, key, isfinite(value) ? json_real(value) : NULL);
}

void wm_set_count(json_t *object, const char *key, uint64_t value) {
	wm_set(object, key, json_integer((json_int_t)value));
}

void wm_set_reached(json_t *object, const char *key, uint64_t value) {
	wm_set(object, key, value ? json_integer((json_int_t)value) : NULL);
}

void wm_set_hex(json_t *object, const char *key, uint64_t value) {
	char text[17] = "";

	if (value)
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
	wm_set_text(object, key, text);
}

void wm_set_bool(json_t *object, const char *key, int value) {
	wm_set(object, key, json_boolean(value));
}
