/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - one child per backend opens its driver and tells what it finds. */
#include "probe.h"

#include "inquiry.h"

#include <string.h>

#define PROBE_DEADLINE_S 5.0
enum { MAX_FOUND = 64 };

/* ---- the child ---- */

int wm_probe_main(const char *name) {
	static struct wm_device devs[MAX_FOUND];
	const struct wm_backend *backend = wm_backend_find(name);
	enum wm_status st;
	int n = 0;

	wm_child_begin();
	if (!backend)
		return 2;
	st = backend->find(devs, MAX_FOUND, &n);
	if (st != WM_OK)
		wm_inquiry_end(wm_why());
	for (int i = 0; i < n; i++)
		if (wm_wire_send(WM_CHILD_OUT, json_pack("{s:o}", "device", wm_device_to_json(&devs[i]))) != WM_OK)
			return 1;
	wm_inquiry_end(NULL);
}

/* ---- the parent ---- */

static void add_missing(const struct wm_backend *backend, const struct wm_inquiry *q, struct wm_machine *machine) {
	int at = machine->nmissing, told = (int)json_array_size(q->answers);
	char *why = machine->missing[at].why;
	size_t room = sizeof(machine->missing[at].why), used;

	if (!q->why[0] && told > 0)
		return;
	snprintf(machine->missing[at].backend, sizeof(machine->missing[at].backend), "%s", backend->name);
	snprintf(why, room, "%s", q->why[0] ? q->why : "no device");
	used = strlen(why);
	if (told > 0)
		snprintf(why + used, room - used, "; devices that it had told of by then: %d", told);
	machine->nmissing++;
}

static void add_devices(const struct wm_topology *topo, const struct wm_inquiry *q, struct wm_machine *machine) {
	const json_t *answer;
	size_t i;

	json_array_foreach(q->answers, i, answer) {
		struct wm_device *dev = &machine->devs[machine->n];

		if (machine->n >= WM_MAX_DEVICES)
			return;
		wm_device_from_json(json_object_get(answer, "device"), dev);
		machine->n++;
		if (dev->cpuset[0] || wm_topology_near(topo, dev) == WM_OK)
			continue;
		/* an accelerator works without a place near it; a device made of the host's cores is nothing without them */
		dev->cpuset[0] = dev->nodeset[0] = 0;
		if (dev->on_host)
			snprintf(dev->off, sizeof(dev->off), "%.250s", wm_why());
	}
}

enum wm_status wm_probe_machine(const struct wm_topology *topo, struct wm_machine *machine_p) {
	struct wm_inquiry inquiries[WM_MAX_INQUIRIES] = {0};
	enum wm_status st;
	int n = 0;

	memset(machine_p, 0, sizeof(*machine_p));
	for (; wm_backends[n] && n < WM_MAX_INQUIRIES; n++) {
		inquiries[n].argv[0] = "wattmark";
		inquiries[n].argv[1] = "--as-probe";
		inquiries[n].argv[2] = wm_backends[n]->name;
		inquiries[n].deadline_s = wm_backends[n]->probe_s;
	}
	st = wm_inquire(inquiries, n, PROBE_DEADLINE_S);
	for (int i = 0; i < n; i++) {
		add_missing(wm_backends[i], &inquiries[i], machine_p);
		add_devices(topo, &inquiries[i], machine_p);
		wm_inquiry_free(&inquiries[i]);
	}
	return st;
}
