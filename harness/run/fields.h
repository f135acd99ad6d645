/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - members of JSON objects, one call each: what a record is written with. */
#ifndef WM_FIELDS_H
#define WM_FIELDS_H

#include <jansson.h>
#include <stdint.h>

/* A JSON string of any bytes (new reference, never NULL): where they are no UTF-8, as a driver's name for itself or a
 * user's path may be, every byte outside ASCII becomes '?'. */
json_t *wm_json_text(const char *text);

void wm_set_text(json_t *object, const char *key, const char *text);
/* null when it is not finite. */
void wm_set_number(json_t *object, const char *key, double value);
void wm_set_count(json_t *object, const char *key, uint64_t value);
/* null when it is 0: a count of what was not reached. */
void wm_set_reached(json_t *object, const char *key, uint64_t value);
/* 16 hex digits, "" when it is 0: a checksum that was not made. */
void wm_set_hex(json_t *object, const char *key, uint64_t value);
void wm_set_bool(json_t *object, const char *key, int value);
/* Steals value; NULL becomes null. */
void wm_set(json_t *object, const char *key, json_t *value);

#endif
