/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amdgpu.c - the sockets of AMD's GPUs, by the amdgpu driver's own table in /sys, without any library: the energy
 * counter where the table has one (MI200, MI300 ..), else its power. Found again by PCI address.
 */
#include "amd_socket.h"

#include <stdlib.h>

static void describe(const char *root, const char *pci, struct wm_source *s) {
	struct wm_amd_socket socket;
	struct wm_gpu_metrics metrics;
	struct wm_reading r;
	enum wm_status st;

	wm_amd_source("amdgpu", root, pci, s);
	if (s->off[0])
		return;
	st = wm_amd_socket_open(root, pci, &socket);
	if (st == WM_OK)
		st = wm_amd_socket_read(&socket, &r, &metrics);
	wm_amd_socket_close(&socket);
	if (st != WM_OK) {
		snprintf(s->off, sizeof(s->off), "%.250s", wm_why());
		return;
	}
	wm_amd_kind(metrics.joules, metrics.watts, s);
	if (s->kind == WM_COUNTER)
		snprintf(s->word, sizeof(s->word), "energy_accumulator");
	else
		snprintf(s->word, sizeof(s->word), "%s", metrics.averaged ? "average_socket_power" : "curr_socket_power");
	s->limit_w = wm_amd_socket_limit(root, pci);
}

/* Where sources go. */
struct list {
	const char *root;
	struct wm_source *sources;
	int max, n;
};

/* path: /sys/bus/pci/devices/ADDRESS/gpu_metrics */
static void take_table(void *arg, const char *path) {
	struct list *list = arg;
	char pci[16];

	if (list->n == list->max || sscanf(path, "/sys/bus/pci/devices/%15[^/]", pci) != 1)
		return;
	describe(list->root, pci, &list->sources[list->n++]);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct list list = {setup->root, sources, max, 0};

	wm_files_each(setup->root, "/sys/bus/pci/devices/*/gpu_metrics", take_table, &list);
	if (list.n == 0)
		return wm_fail(WM_SKIP, "no device of /sys/bus/pci/devices has gpu_metrics: no AMD GPU with its driver");
	*n_p = list.n;
	return WM_OK;
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct wm_amd_socket *socket = wm_zalloc(sizeof(*socket));
	enum wm_status st = wm_amd_socket_open(setup->root, source->where, socket);

	if (st != WM_OK) {
		wm_amd_socket_close(socket);
		free(socket);
		return st;
	}
	source->priv = socket;
	return WM_OK;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	return wm_amd_socket_read(source->priv, reading_p, NULL);
}

static void close_source(struct wm_source *source) {
	wm_amd_socket_close(source->priv);
	free(source->priv);
	source->priv = NULL;
}

const struct wm_meter wm_meter_amdgpu = {
	.name = "amdgpu",
	.about = "sockets of AMD GPUs: energy counter or power of the driver's gpu_metrics",
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
