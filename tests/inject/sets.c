/* SPDX-License-Identifier: Apache-2.0 */
/* sets.c - one buffer set in host memory, for tests of benchmarks and implementations without a worker. */
#include "sets.h"

#include "core/problem.h"

#include <stdlib.h>
#include <string.h>

void wm_set_open(struct wm_set *set, const char *problem) {
	wm_set_open_ranks(set, problem, 0, 1);
}

void wm_set_open_ranks(struct wm_set *set, const char *problem, int rank, int ranks) {
	enum wm_status st;

	memset(set, 0, sizeof(*set));
	st = wm_problem_parse(problem, &set->p);
	set->p.rank = rank;
	set->p.ranks = ranks;
	if (st != WM_OK || set->p.bench->tensors(&set->p, set->t, &set->n) != WM_OK) {
		fprintf(stderr, "%s: %s\n", problem, wm_why());
		exit(1);
	}
	for (int i = 0; i < set->n; i++) {
		set->bytes[i] = set->t[i].count * wm_dtype_bytes(set->t[i].dtype);
		set->host[i] = aligned_alloc(4096, (set->bytes[i] / 4096 + 1) * 4096 + WM_SET_SLACK);
		if (!set->host[i]) {
			fprintf(stderr, "%s: out of memory\n", problem);
			exit(1);
		}
	}
}

void wm_set_close(struct wm_set *set) {
	for (int i = 0; i < set->n; i++)
		free(set->host[i]);
}

void wm_set_fill(struct wm_set *set, enum wm_data_part part, uint64_t seed) {
	for (int i = 0; i < set->n; i++) {
		memset(set->host[i], 0xff, set->bytes[i] + WM_SET_SLACK);
		if (!set->t[i].output)
			set->p.bench->fill(&set->p, i, part, seed, set->host[i]);
	}
}

static enum wm_status one_after_another(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads),
                                        void *arg) {
	for (int t = 0; t < dev->threads; t++)
		fn(arg, t, dev->threads);
	return WM_OK;
}

enum wm_status wm_set_run(struct wm_set *set, const struct wm_impl *impl, int threads) {
	const struct wm_backend backend = {.name = "host", .parallel = one_after_another};
	struct wm_device dev = {.id = "host", .backend = "host", .threads = threads};
	struct wm_buf buf[WM_MAX_TENSORS];
	struct wm_run run = {.problem = &set->p, .backend = &backend, .dev = &dev, .tensors = set->n, .sets = 1};
	enum wm_status st = impl->can_run(&run);

	if (st != WM_OK)
		return st;
	for (int i = 0; i < set->n; i++)
		buf[i] = (struct wm_buf){.ptr = set->host[i], .bytes = set->bytes[i]};
	run.buf = buf;
	if (impl->prepare)
		st = impl->prepare(&run);
	if (st == WM_OK)
		st = impl->enqueue(&run, 0);
	if (impl->finish)
		impl->finish(&run);
	return st;
}

enum wm_status wm_set_verify(struct wm_set *set, enum wm_data_part part, uint64_t seed, struct wm_check *check_p) {
	return set->p.bench->verify(&set->p, part, seed, set->host, check_p);
}

bool wm_set_slack_whole(const struct wm_set *set) {
	for (int i = 0; i < set->n; i++)
		for (size_t at = 0; at < WM_SET_SLACK; at++)
			if (((const unsigned char *)set->host[i])[set->bytes[i] + at] != 0xff)
				return false;
	return true;
}
