/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - JSON lines over the pipes between supervisor and children, and what travels over them. */
#ifndef WM_WIRE_H
#define WM_WIRE_H

#include "core/wm.h"
#include "measure/window.h"

#include <jansson.h>

/* The reading end: bytes that have come, cut into lines. Start from {.fd = ..}; released by wm_wire_free. */
struct wm_wire {
	int fd;
	bool closed; /* the other end is gone */
	char *text;
	size_t n, room;
};
void wm_wire_free(struct wm_wire *wire);
/* Reads what is there (blocks when nothing is). Sets closed at the end. */
enum wm_status wm_wire_fill(struct wm_wire *wire);
/* Takes the next whole line: a new reference, or NULL when there is none yet. Lines that are no JSON object are an
 * error: WM_FAILED. */
enum wm_status wm_wire_next(struct wm_wire *wire, json_t **message_p);
/* Waits for the next message: WM_FAILED when the other end is gone before it came. */
enum wm_status wm_wire_wait(struct wm_wire *wire, json_t **message_p);
/* Writes one message as one line; steals the reference. WM_FAILED when the other end is gone. */
enum wm_status wm_wire_send(int fd, json_t *message);

/* A device as JSON (new reference) and back; members that are missing stay zero. priv does not travel. */
json_t *wm_device_to_json(const struct wm_device *dev);
void wm_device_from_json(const json_t *object, struct wm_device *dev_p);

/* A load as JSON (new reference) and back; the caller frees it. */
json_t *wm_load_to_json(const struct wm_load *load);
void wm_load_from_json(const json_t *object, struct wm_load *load_p);

#endif
