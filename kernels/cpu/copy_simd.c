/* SPDX-License-Identifier: Apache-2.0 */
/* copy_simd.c - c = a, each thread its own pages: the ceiling of copying. */
#include "loops.h"

struct work {
	const struct wm_loops *loops;
	const void *a;
	void *c;
	enum wm_dtype type;
	size_t n;
};

static void copy_part(void *arg, int thread, int threads) {
	const struct work *work = arg;
	size_t from, to;

	wm_loops_part(work->n, wm_dtype_bytes(work->type), thread, threads, &from, &to);
	if (work->type == WM_F64)
		work->loops->copy_f64((double *)work->c + from, (const double *)work->a + from, to - from);
	else
		work->loops->copy_f32((float *)work->c + from, (const float *)work->a + from, to - from);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	enum wm_dtype type = wm_get_dtype(run->problem);
	struct work work = {
		.loops = wm_loops(),
		.a = wm_loops_tensor(run, set, 0),
		.c = wm_loops_tensor(run, set, 1),
		.type = type,
		.n = (size_t)wm_get(run->problem, "bytes") / wm_dtype_bytes(type),
	};

	return run->backend->parallel(run->dev, copy_part, &work);
}

const struct wm_impl wm_impl_copy_simd = {
	.name = "simd",
	.bench = "copy",
	.backends = "host",
	.about = "vector loads and stores, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = wm_loops_prepare_stores,
	.enqueue = enqueue,
};
