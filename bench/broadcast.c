/* SPDX-License-Identifier: Apache-2.0 */
/* broadcast.c - every rank gets the send of rank 0. */
#include "collective.h"

static struct wm_source source(int rank, int ranks, int block, size_t part) {
	(void)rank;
	(void)ranks;
	(void)block;
	(void)part;
	return (struct wm_source){0, 0};
}

static const struct wm_collective broadcast = {.source = source};

static enum wm_status accept(const struct wm_problem *p) {
	return wm_collective_accept(p, &broadcast);
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	return wm_collective_tensors(p, &broadcast, t, n_p);
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	*work_p = (struct wm_work){.bytes = wm_collective_bytes(p), .wire_bytes = wm_collective_bytes(p)};
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	(void)i;
	wm_collective_fill(p, &broadcast, part, seed, host);
}

static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	return wm_collective_verify(p, &broadcast, part, seed, host, check_p);
}

const struct wm_bench wm_bench_broadcast = {
	.name = "broadcast",
	.about = "every rank gets what rank 0 has",
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
