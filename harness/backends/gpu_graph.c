/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_graph.c - what is enqueued, recorded as a graph and played as one. */
#include "gpu.h"

enum wm_status wm_gpu_record_begin(struct wm_device *dev) {
	const struct wm_gpu_place *at = dev->priv;

	return WM_GPU(at->vendor, capture_begin, at->queue, WM_GPU_CAPTURE_THIS_THREAD);
}

/* Also ends a recording that was broken: the queue can be used as before. */
enum wm_status wm_gpu_record_end(struct wm_device *dev, void **recording_p) {
	const struct wm_gpu_place *at = dev->priv;
	const struct wm_gpu_vendor *v = at->vendor;
	void *graph = NULL, *executable = NULL;
	enum wm_status st = WM_GPU(v, capture_end, at->queue, &graph);

	if (st == WM_OK)
		st = WM_GPU(v, graph_instantiate, &executable, graph, 0);
	if (graph)
		v->api->graph_destroy(graph);
	if (st == WM_OK)
		*recording_p = executable;
	return st;
}

enum wm_status wm_gpu_play(struct wm_device *dev, void *recording) {
	const struct wm_gpu_place *at = dev->priv;

	return WM_GPU(at->vendor, graph_launch, recording, at->queue);
}

void wm_gpu_forget(struct wm_device *dev, void *recording) {
	const struct wm_gpu_place *at = dev->priv;

	at->vendor->api->graph_drop(recording);
}
