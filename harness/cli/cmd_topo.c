/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_topo.c - the machine, and where each device hangs; as text, and as a drawing. */
#include "commands.h"

#include "run/probe.h"
#include "system/draw.h"
#include "system/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The devices of a machine that is not at hand: the host, and accelerators as their backends would name them. */
static enum wm_status read_devices(const struct wm_topology *topo, struct wm_machine *machine) {
	enum wm_status st = wm_topology_host(topo, "host", &machine->devs[0]);
	int n = 0;

	if (st == WM_OK)
		st = wm_topology_accelerators(topo, machine->devs + 1, WM_MAX_DEVICES - 1, &n);
	machine->n = n + 1;
	return st;
}

/* Text that was written in full, or why not. */
static enum wm_status write_file(const char *path, const char *text) {
	FILE *f = fopen(path, "we");
	bool written;

	if (!f)
		return wm_fail(WM_INPUT, "%s: cannot be written: %s", path, strerror(errno));
	written = fputs(text, f) >= 0;
	written = fclose(f) == 0 && written;
	return written ? WM_OK : wm_fail(WM_FAILED, "%s: cannot be written: %s", path, strerror(errno));
}

/* A drawing that was asked for and cannot be made is bad input: the user learns what to install. */
static enum wm_status write_svg(const struct wm_topology *topo, const char *path) {
	char *svg;
	enum wm_status st = wm_topology_svg(topo, &svg);

	if (st == WM_SKIP)
		return wm_fail(WM_INPUT, "%s was not written: %s", path, wm_why());
	if (st != WM_OK)
		return st;
	st = write_file(path, svg);
	free(svg);
	return st;
}

static void print(const struct wm_topology *topo, const struct wm_machine *machine) {
	wm_picture_machine(stdout, topo);
	wm_picture_devices(stdout, topo, "", machine->devs, machine->n);
	for (int i = 0; i < machine->nmissing; i++)
		printf("  %-11s unavailable: %s\n", machine->missing[i].backend, machine->missing[i].why);
	wm_picture_links(stdout, topo, "", machine->devs, machine->n);
}

int wm_cmd_topo(const struct wm_option_values *options) {
	static struct wm_machine machine;
	const char *file = options->v[WM_OPT_TOPOLOGY], *svg = options->v[WM_OPT_SVG];
	struct wm_topology *topo;
	enum wm_status st = wm_topology_open(file, &topo);

	if (st != WM_OK)
		return wm_complain(st);
	st = file ? read_devices(topo, &machine) : wm_probe_machine(topo, &machine);
	if (st == WM_OK) {
		print(topo, &machine);
		/* before what may have to be said of the drawing */
		if (fflush(stdout) != 0)
			st = wm_fail(WM_FAILED, "standard output cannot be written: %s", strerror(errno));
	}
	if (st == WM_OK && svg)
		st = write_svg(topo, svg);
	wm_topology_close(topo);
	return st == WM_OK ? WM_EXIT_OK : wm_complain(st);
}
