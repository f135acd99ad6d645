/* SPDX-License-Identifier: Apache-2.0 */
/* triad_simd.c - a = b + 3 c, each thread its own pages: the ceiling of two streams in and one out. */
#include "loops.h"

struct work {
	const struct wm_loops *loops;
	const void *b, *c;
	void *a;
	enum wm_dtype type;
	size_t n;
};

static void triad_part(void *arg, int thread, int threads) {
	const struct work *work = arg;
	size_t from, to;

	wm_loops_part(work->n, wm_dtype_bytes(work->type), thread, threads, &from, &to);
	if (work->type == WM_F64)
		work->loops->triad_f64((double *)work->a + from, (const double *)work->b + from,
							   (const double *)work->c + from, 3, to - from);
	else
		work->loops->triad_f32((float *)work->a + from, (const float *)work->b + from,
							   (const float *)work->c + from, 3, to - from);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	enum wm_dtype type = wm_get_dtype(run->problem);
	struct work work = {
		.loops = wm_loops(),
		.b = wm_loops_tensor(run, set, 0),
		.c = wm_loops_tensor(run, set, 1),
		.a = wm_loops_tensor(run, set, 2),
		.type = type,
		.n = (size_t)wm_get(run->problem, "bytes") / wm_dtype_bytes(type),
	};

	return run->backend->parallel(run->dev, triad_part, &work);
}

const struct wm_impl wm_impl_triad_simd = {
	.name = "simd",
	.bench = "triad",
	.backends = "host",
	.about = "vector loads and stores, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = wm_loops_prepare_stores,
	.enqueue = enqueue,
};
