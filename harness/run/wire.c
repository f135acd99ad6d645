/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - messages and devices as JSON lines. */
#include "fields.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, LONGEST = 1 << 28 };

void wm_wire_free(struct wm_wire *wire) {
	free(wire->text);
	wire->text = NULL;
	wire->n = wire->room = 0;
}

enum wm_status wm_wire_fill(struct wm_wire *wire) {
	ssize_t got;

	if (wire->room - wire->n < CHUNK) {
		size_t room = wire->room ? 2 * wire->room : 2 * CHUNK;
		char *more = room <= LONGEST ? realloc(wire->text, room) : NULL;

		if (!more)
			return wm_fail(WM_FAILED, "a message of over %zu bytes", wire->n);
		wire->text = more;
		wire->room = room;
	}
	do
		got = read(wire->fd, wire->text + wire->n, wire->room - wire->n);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		wire->closed = true;
	else
		wire->n += (size_t)got;
	return WM_OK;
}

enum wm_status wm_wire_next(struct wm_wire *wire, json_t **message_p) {
	char *end = wire->n ? memchr(wire->text, '\n', wire->n) : NULL;
	json_error_t error;
	json_t *message;
	size_t bytes;

	*message_p = NULL;
	if (!end)
		return WM_OK;
	bytes = (size_t)(end - wire->text) + 1;
	message = json_loadb(wire->text, bytes, JSON_REJECT_DUPLICATES, &error);
	wire->n -= bytes;
	memmove(wire->text, end + 1, wire->n);
	if (!json_is_object(message)) {
		json_decref(message);
		return wm_fail(WM_FAILED, "a message that is no JSON object");
	}
	*message_p = message;
	return WM_OK;
}

enum wm_status wm_wire_wait(struct wm_wire *wire, json_t **message_p) {
	json_t *message = NULL;
	enum wm_status st = wm_wire_next(wire, &message);

	while (st == WM_OK && !message && !wire->closed) {
		st = wm_wire_fill(wire);
		if (st == WM_OK)
			st = wm_wire_next(wire, &message);
	}
	if (st != WM_OK || !message)
		return st != WM_OK ? st : wm_fail(WM_FAILED, "no order came");
	*message_p = message;
	return WM_OK;
}

enum wm_status wm_wire_send(int fd, json_t *message) {
	char *text = json_dumps(message, JSON_COMPACT);
	size_t n, done = 0;
	ssize_t put = 0;

	json_decref(message);
	if (!text)
		return wm_fail(WM_FAILED, "a message that cannot be written as JSON");
	n = strlen(text);
	text[n++] = '\n'; /* in the place of the 0 byte */
	while (done < n) {
		put = write(fd, text + done, n - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		done += (size_t)put;
	}
	free(text);
	return done == n ? WM_OK : wm_fail(WM_FAILED, "cannot write a message: %s", strerror(errno));
}

/* ---- devices ---- */

struct text_member {
	const char *key;
	size_t at, room;
};
struct number_member {
	const char *key;
	size_t at;
	enum { U64, INT, U32, BOOL } type;
};

#define TEXT(m) \
	{ #m, offsetof(struct wm_device, m), sizeof(((struct wm_device *)0)->m) }
static const struct text_member texts[] = {
	TEXT(id),   TEXT(backend), TEXT(name),    TEXT(vendor), TEXT(driver), TEXT(arch),   TEXT(pci),
	TEXT(uuid), TEXT(cpuset),  TEXT(nodeset), TEXT(off),    TEXT(state),  TEXT(unlike), TEXT(links),
};
#undef TEXT
#define NUMBER(m, type) \
	{ #m, offsetof(struct wm_device, m), type }
static const struct number_member numbers[] = {
	NUMBER(mem_bytes, U64), NUMBER(free_bytes, U64), NUMBER(max_alloc_bytes, U64), NUMBER(cache_bytes, U64),
	NUMBER(ordinal, INT),   NUMBER(threads, INT),    NUMBER(units, INT),           NUMBER(features, U32),
	NUMBER(on_host, BOOL),  NUMBER(ranks, INT),
};
#undef NUMBER
enum { TEXTS = sizeof(texts) / sizeof(texts[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

json_t *wm_device_to_json(const struct wm_device *dev) {
	const char *base = (const char *)dev;
	json_t *o = json_object();

	for (int i = 0; i < TEXTS; i++)
		json_object_set_new(o, texts[i].key, wm_json_text(base + texts[i].at));
	for (int i = 0; i < NUMBERS; i++) {
		const void *at = base + numbers[i].at;
		json_t *v = NULL;

		switch (numbers[i].type) {
		case U64: v = json_integer((json_int_t) * (const uint64_t *)at); break;
		case INT: v = json_integer(*(const int *)at); break;
		case U32: v = json_integer(*(const uint32_t *)at); break;
		case BOOL: v = json_boolean(*(const bool *)at); break;
		}
		json_object_set_new(o, numbers[i].key, v);
	}
	return o;
}

void wm_device_from_json(const json_t *object, struct wm_device *dev_p) {
	char *base = (char *)dev_p;

	memset(dev_p, 0, sizeof(*dev_p));
	for (int i = 0; i < TEXTS; i++) {
		const char *s = json_string_value(json_object_get(object, texts[i].key));

		snprintf(base + texts[i].at, texts[i].room, "%s", s ? s : "");
	}
	for (int i = 0; i < NUMBERS; i++) {
		const json_t *v = json_object_get(object, numbers[i].key);
		void *at = base + numbers[i].at;

		switch (numbers[i].type) {
		case U64: *(uint64_t *)at = (uint64_t)json_integer_value(v); break;
		case INT: *(int *)at = (int)json_integer_value(v); break;
		case U32: *(uint32_t *)at = (uint32_t)json_integer_value(v); break;
		case BOOL: *(bool *)at = json_is_true(v); break;
		}
	}
}

/* ---- loads ---- */

json_t *wm_load_to_json(const struct wm_load *load) {
	json_t *batches = json_array();

	for (size_t i = 0; i < load->n; i++)
		json_array_append_new(batches,
		                      json_pack("[f, f, f]", load->v[i].at_s, load->v[i].operations, load->v[i].busy_s));
	return json_pack("{s:f, s:f, s:o}", "began_s", load->began_s, "ended_s", load->ended_s, "batches", batches);
}

void wm_load_from_json(const json_t *object, struct wm_load *load_p) {
	struct wm_load load = {.began_s = json_number_value(json_object_get(object, "began_s")),
	                       .ended_s = json_number_value(json_object_get(object, "ended_s"))};
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(object, "batches"), i, v) {
		wm_load_add(&load, json_number_value(json_array_get(v, 0)), json_number_value(json_array_get(v, 1)),
		            json_number_value(json_array_get(v, 2)));
	}
	*load_p = load;
}
