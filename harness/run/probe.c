/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - one child per backend opens its driver and tells what it finds. */
#include "probe.h"

#include "child.h"
#include "fields.h"
#include "wire.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_DEADLINE_S 5.0
enum { MAX_BACKENDS = 16, MAX_FOUND = 64 };

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
		return wm_wire_send(WM_CHILD_OUT, json_pack("{s:o}", "why", wm_json_text(wm_why()))) == WM_OK ? 0 : 1;
	for (int i = 0; i < n; i++)
		if (wm_wire_send(WM_CHILD_OUT, json_pack("{s:o}", "device", wm_device_to_json(&devs[i]))) != WM_OK)
			return 1;
	/* a driver's own clean-up at exit may crash: all that was asked is answered */
	_exit(wm_wire_send(WM_CHILD_OUT, json_pack("{s:b}", "end", 1)) == WM_OK ? 0 : 1);
}

/* ---- the parent ---- */

struct probe {
	const struct wm_backend *backend;
	struct wm_child child;
	struct wm_wire wire;
	struct wm_device *devs; /* what it told of so far */
	int n;
	bool done; /* it said all it has */
	char why[256];
};

static void take_messages(struct probe *p) {
	json_t *message;

	while (wm_wire_next(&p->wire, &message) == WM_OK && message) {
		const json_t *device = json_object_get(message, "device");
		const char *why = json_string_value(json_object_get(message, "why"));

		if (device && p->n < MAX_FOUND) {
			if (!p->devs)
				p->devs = wm_zalloc(MAX_FOUND * sizeof(*p->devs));
			wm_device_from_json(device, &p->devs[p->n++]);
		}
		if (why)
			snprintf(p->why, sizeof(p->why), "%s", why);
		if (why || json_object_get(message, "end"))
			p->done = true;
		json_decref(message);
	}
}

/* Reads from all probes until each is done, gone, or late. */
static void listen(struct probe *probes, int n) {
	double until = wm_now() + PROBE_DEADLINE_S;

	for (;;) {
		struct pollfd fds[MAX_BACKENDS];
		int waiting = 0;

		for (int i = 0; i < n; i++) {
			bool open = probes[i].child.pid && !probes[i].done && !probes[i].wire.closed;

			fds[i] = (struct pollfd){.fd = open ? probes[i].wire.fd : -1, .events = POLLIN};
			waiting += open;
		}
		if (!waiting || wm_now() >= until)
			return;
		poll(fds, (nfds_t)n, (int)(1e3 * (until - wm_now())) + 1);
		for (int i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			wm_wire_fill(&probes[i].wire);
			take_messages(&probes[i]);
		}
	}
}

static void start(struct probe *p, int log_fd) {
	const char *argv[] = {"wattmark", "--as-probe", p->backend->name, NULL};

	if (wm_child_start(argv, log_fd, &p->child) != WM_OK)
		snprintf(p->why, sizeof(p->why), "%s", wm_why());
	p->wire.fd = p->child.from;
}

/* Ends the child and, unless it said all it has, says how it ended. */
static void finish(struct probe *p) {
	bool late = p->child.pid && !p->done && !p->wire.closed;
	int wstatus = 0;
	size_t used;

	if (p->child.pid)
		wm_child_end(&p->child, late ? 0 : 1, NULL, &wstatus);
	wm_wire_free(&p->wire);
	if (p->done && p->n == 0 && !p->why[0])
		snprintf(p->why, sizeof(p->why), "no device");
	if (p->done || p->why[0])
		return;
	if (late)
		snprintf(p->why, sizeof(p->why), "its probe took over %.0f s and was ended", PROBE_DEADLINE_S);
	else if (WIFSIGNALED(wstatus))
		snprintf(p->why, sizeof(p->why), "its probe was killed by signal %d (%s)", WTERMSIG(wstatus),
		         strsignal(WTERMSIG(wstatus)));
	else
		snprintf(p->why, sizeof(p->why), "its probe ended with status %d before it was done", WEXITSTATUS(wstatus));
	used = strlen(p->why);
	if (p->n > 0)
		snprintf(p->why + used, sizeof(p->why) - used, "; devices that it had told of by then: %d", p->n);
}

static void collect(const struct wm_topology *topo, const struct probe *p, struct wm_machine *machine) {
	if (p->why[0]) {
		int at = machine->nmissing++;

		snprintf(machine->missing[at].backend, sizeof(machine->missing[at].backend), "%s", p->backend->name);
		snprintf(machine->missing[at].why, sizeof(machine->missing[at].why), "%s", p->why);
	}
	for (int i = 0; i < p->n && machine->n < WM_MAX_DEVICES; i++) {
		struct wm_device *dev = &machine->devs[machine->n];

		*dev = p->devs[i];
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
	static struct probe probes[MAX_BACKENDS];
	int n = 0, log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (log_fd < 0)
		return wm_fail(WM_FAILED, "cannot open /dev/null");
	memset(probes, 0, sizeof(probes));
	memset(machine_p, 0, sizeof(*machine_p));
	for (; wm_backends[n] && n < MAX_BACKENDS; n++) {
		probes[n].backend = wm_backends[n];
		start(&probes[n], log_fd);
	}
	listen(probes, n);
	for (int i = 0; i < n; i++) {
		finish(&probes[i]);
		collect(topo, &probes[i], machine_p);
		free(probes[i].devs);
	}
	close(log_fd);
	return WM_OK;
}
