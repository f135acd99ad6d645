/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - devices, benchmarks, implementations, suites; what is unavailable, and why. */
#include "commands.h"

#include "core/job.h"
#include "core/registry.h"
#include "run/probe.h"

#include <string.h>

static void list_devices(const struct wm_machine *machine) {
	printf("devices\n");
	for (int i = 0; i < machine->n; i++) {
		const struct wm_device *d = &machine->devs[i];

		printf("  %-12s %s", d->id, d->name);
		if (d->threads > 0)
			printf(", %d threads on cores %s", d->threads, d->cpuset);
		if (d->mem_bytes)
			printf(", %.1f GB", (double)d->mem_bytes / 1e9);
		if (d->cache_bytes)
			printf(", %.1f MB of caches from L2 up", (double)d->cache_bytes / 1e6);
		printf("%s%s%s%s\n", d->driver[0] ? ", " : "", d->driver, d->off[0] ? "; unavailable: " : "", d->off);
	}
	for (int i = 0; i < machine->nmissing; i++)
		printf("  %-12s unavailable: %s\n", machine->missing[i].backend, machine->missing[i].why);
}

static void list_benchmarks(void) {
	printf("benchmarks\n");
	for (int i = 0; wm_benches[i]; i++) {
		printf("  %-12s %s\n", wm_benches[i]->name, wm_benches[i]->about);
		for (const struct wm_axis *a = wm_benches[i]->axes; a->key; a++)
			printf("    %-10s %s; default %s%s%s\n", a->key, a->help, a->def, a->words ? "; one of " : "",
			       a->words ? a->words : "");
	}
	printf("  every benchmark also has\n");
	for (const struct wm_axis *a = wm_core_axes; a->key; a++)
		printf("    %-10s %s; default %s%s; one of %s\n", a->key, a->help, a->def,
		       a == wm_core_axes ? " (collectives: hot)" : "", a->words);
}

/* Has the machine a device that the implementation can use? */
static bool has_device(const struct wm_impl *impl, const struct wm_machine *machine) {
	for (int i = 0; i < machine->n; i++)
		if (wm_impl_runs_on(impl, machine->devs[i].backend) && !machine->devs[i].off[0])
			return true;
	return false;
}

static void list_implementations(const struct wm_machine *machine) {
	printf("implementations\n");
	for (int i = 0; wm_impls[i]; i++) {
		const struct wm_impl *m = wm_impls[i];

		printf("  %-6s %-8s %-10s on %-16s %s%s%s\n", m->bench, m->name, wm_origin_word(m->origin), m->backends,
		       m->about, m->asked_only ? "; runs when asked for by --impl" : "",
		       has_device(m, machine) ? "" : "; unavailable: no such device here");
	}
}

static void list_suites(void) {
	printf("suites\n");
	for (const char *const *name = wm_suite_names(); *name; name++) {
		const char *file = wm_suite_file(*name);

		if (file)
			printf("  %-12s %s\n", *name, file);
		else
			printf("  %s\n", *name);
	}
}

int wm_cmd_list(const struct wm_option_values *options) {
	static struct wm_machine machine;
	const char *part = options->n ? options->operands[0] : NULL;
	bool devices = !part || strcmp(part, "devices") == 0,
		 implementations = !part || strcmp(part, "implementations") == 0;
	struct wm_topology *topo;
	enum wm_status st;

	if (devices || implementations) {
		st = wm_topology_open(NULL, &topo);
		if (st != WM_OK)
			return wm_complain(st);
		st = wm_probe_machine(topo, &machine);
		wm_topology_close(topo);
		if (st != WM_OK)
			return wm_complain(st);
	}
	if (devices)
		list_devices(&machine);
	if (!part || strcmp(part, "benchmarks") == 0)
		list_benchmarks();
	if (implementations)
		list_implementations(&machine);
	if (!part || strcmp(part, "suites") == 0)
		list_suites();
	return WM_EXIT_OK;
}
