/* SPDX-License-Identifier: Apache-2.0 */
/* allreduce.c - every rank gets the sum of all ranks' send. */
#include "collective.h"

static struct wm_source source(int rank, int ranks, int block, size_t part) {
	(void)rank;
	(void)ranks;
	(void)block;
	(void)part;
	return (struct wm_source){WM_ALL_RANKS, 0};
}

static const struct wm_collective allreduce = {.sums = true, .source = source};

static enum wm_status accept(const struct wm_problem *p) {
	return wm_collective_accept(p, &allreduce);
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	return wm_collective_tensors(p, &allreduce, t, n_p);
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	*work_p = (struct wm_work){.bytes = wm_collective_bytes(p),
	                           .wire_bytes = wm_collective_bytes(p) * 2.0 * (p->ranks - 1) / p->ranks};
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	(void)i;
	wm_collective_fill(p, &allreduce, part, seed, host);
}

static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	return wm_collective_verify(p, &allreduce, part, seed, host, check_p);
}

const struct wm_bench wm_bench_allreduce = {
	.name = "allreduce",
	.about = "every rank gets the sum over all ranks",
	.metric = "B/s bus",
	.axes = wm_collective_axes,
	.accept = accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = verify,
	.hot = true,
	.collective = true,
};
