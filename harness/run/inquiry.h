/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry.h - questions to several children at once, each of which may open a driver, hang or die. */
#ifndef WM_INQUIRY_H
#define WM_INQUIRY_H

#include "child.h"
#include "wire.h"

enum { WM_MAX_INQUIRIES = 32, WM_MOST_ANSWERS = 1024 };

/* One child and what it said. argv is the caller's; the rest starts from {0} and is released by wm_inquiry_free. */
struct wm_inquiry {
	const char *argv[5]; /* NULL-terminated */
	json_t *order;       /* what it is told first; NULL: nothing. Taken over by wm_inquire */
	double deadline_s;   /* its own; 0: that of the call */
	json_t *answers;     /* array of the messages that came, but for the last one */
	char why[256];       /* what the child itself gave as reason, or how it came to its end before it had said all */
	bool done;           /* it said all it has */
	/* private */
	struct wm_child child;
	struct wm_wire wire;
};

/* Starts n children and listens until each has ended its answers with {"end": true} or {"why": reason}, is gone, or
 * has had its deadline; then ends them. Their output goes nowhere. WM_FAILED only when nothing can be started. */
enum wm_status wm_inquire(struct wm_inquiry *inquiries, int n, double deadline_s);
void wm_inquiry_free(struct wm_inquiry *inquiry);

/* The child's side: its last message, all said or (why not NULL) the reason why there is nothing to say. Does not
 * return: a driver's own clean-up at exit may crash. */
void wm_inquiry_end(const char *why) __attribute__((noreturn));

#endif
