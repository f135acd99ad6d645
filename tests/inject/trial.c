/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 4096, MOST_DEVICES = 16 };

bool wm_trial_open(struct wm_trial_place *at, const char *backend) {
	struct wm_device all[MOST_DEVICES];
	int n;
	at->backend = wm_backend_find(backend);
	at->found = false;
	if (at->backend->find(all, MOST_DEVICES, &n)) {
		printf("skipped: %s\n", wm_why());
		return true;
	}
	at->dev = all[0];
	if (at->dev.off[0])
		return true;
	at->found = !at->backend->open(&at->dev);
	return at->found;
}

void wm_trial_close(struct wm_trial_place *at) {
	if (at->found)
		at->backend->close(&at->dev);
}

void wm_trial_must(const char *problem, const char *step, enum wm_status st) {
	if (st)
		print_error("%s: %s: %s: %s\n", problem, step, wm_status_word(st), wm_why());
	assert_int_equal(st, WM_OK);
}

/* One problem, from filling to verifying. */
struct trial {
	struct wm_trial_place *at;
	const struct wm_impl *impl;
	struct wm_problem problem;
	struct wm_tensor tensors[WM_MAX_TENSORS];
	struct wm_buf whole[WM_MAX_TENSORS], buf[WM_MAX_TENSORS];
	void *host[WM_MAX_TENSORS];
	size_t room[WM_MAX_TENSORS]; /* bytes of what the kernels are given: whole pages, or exact without guard */
	struct wm_run run;
};

static void set_up(struct trial *t) {
	const struct wm_backend *backend = t->at->backend;
	size_t guard = t->at->guard;
	int n;
	wm_trial_must(t->problem.str, "tensors", t->problem.bench->tensors(&t->problem, t->tensors, &n));
	for (int i = 0; i < n; i++) {
		size_t bytes = t->tensors[i].count * wm_dtype_bytes(t->tensors[i].dtype);
		t->room[i] = guard ? (bytes + PAGE - 1) / PAGE * PAGE : bytes;
		t->host[i] = wm_zalloc(t->room[i] + guard);
		wm_trial_must(t->problem.str, "alloc", backend->alloc(&t->at->dev, t->room[i] + 2 * guard, &t->whole[i]));
		t->buf[i] = t->whole[i];
		if (guard)
			wm_trial_must(t->problem.str, "view",
			              backend->view(&t->at->dev, &t->whole[i], guard, t->room[i], &t->buf[i]));
	}
	t->run.tensors = n;
	t->run.buf = t->buf;
	wm_trial_must(t->problem.str, "prepare", t->impl->prepare(&t->run));
}

static void tear_down(struct trial *t) {
	const struct wm_backend *backend = t->at->backend;
	t->impl->finish(&t->run);
	for (int i = 0; i < t->run.tensors; i++) {
		if (t->at->guard)
			backend->free(&t->at->dev, &t->buf[i]);
		backend->free(&t->at->dev, &t->whole[i]);
		free(t->host[i]);
	}
}

/* Nothing is written beyond the last element: neither in the view's own last page nor in the page after. */
static void check_after_end(struct trial *t, int i) {
	size_t bytes = t->tensors[i].count * wm_dtype_bytes(t->tensors[i].dtype), guard = t->at->guard;
	unsigned char *host = t->host[i];
	wm_trial_must(t->problem.str, "get",
	              t->at->backend->get(&t->at->dev, host, &t->whole[i], guard, t->room[i] + guard));
	for (size_t at = bytes; at < t->room[i] + guard; at++)
		if (host[at] != 0xa5)
			fail_msg("%s: byte %zu after the end of tensor %d was written", t->problem.str, at - bytes, i);
}

static void compute(struct trial *t, enum wm_data_part part) {
	const char *name = t->problem.str;
	const struct wm_backend *backend = t->at->backend;
	const struct wm_bench *bench = t->problem.bench;
	size_t guard = t->at->guard;
	struct wm_check check;
	for (int i = 0; i < t->run.tensors; i++) {
		memset(t->host[i], 0xa5, t->room[i] + guard);
		if (!t->tensors[i].output)
			bench->fill(&t->problem, i, part, WM_TRIAL_SEED, t->host[i]);
		wm_trial_must(name, "put", backend->put(&t->at->dev, &t->whole[i], guard, t->host[i], t->room[i] + guard));
	}
	wm_trial_must(name, "enqueue", t->impl->enqueue(&t->run, 0));
	wm_trial_must(name, "sync", backend->sync(&t->at->dev));
	for (int i = 0; i < t->run.tensors; i++)
		if (t->tensors[i].output)
			check_after_end(t, i);
	wm_trial_must(name, part == WM_EXACT ? "verify exact" : "verify timed",
	              bench->verify(&t->problem, part, WM_TRIAL_SEED, t->host, &check));
	assert_true(check.compared > 0);
}

void wm_trial(struct wm_trial_place *at, const struct wm_impl *impl, const char *problem) {
	struct trial t = {.at = at, .impl = impl};
	if (!at->found)
		skip();
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &t.problem));
	t.run = (struct wm_run){.problem = &t.problem, .backend = at->backend, .dev = &at->dev, .sets = 1};
	enum wm_status st = impl->can_run(&t.run);
	if (st == WM_UNSUPPORTED)
		skip();
	wm_trial_must(problem, "can_run", st);
	set_up(&t);
	compute(&t, WM_EXACT);
	compute(&t, WM_TIMED);
	tear_down(&t);
}

static const struct wm_backend *counted;
static uint64_t allocated, largest;

static enum wm_status count_alloc(struct wm_device *device, size_t bytes, struct wm_buf *buf_p) {
	assert_true(bytes > 0 && bytes % PAGE == 0);
	allocated += bytes;
	largest = bytes > largest ? bytes : largest;
	return counted->alloc(device, bytes, buf_p);
}

void wm_trial_workspace(struct wm_trial_place *at, const struct wm_impl *impl, const char *problem) {
	struct wm_problem p;
	struct wm_backend counting = *at->backend;
	struct wm_device small = at->dev;
	struct wm_run run = {.problem = &p, .backend = &counting, .dev = &at->dev, .sets = 1};
	char needs[80];
	if (!at->found)
		skip();
	counted = at->backend;
	counting.alloc = count_alloc;
	allocated = largest = 0;
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &p));
	wm_trial_must(problem, "prepare", impl->prepare(&run));
	impl->finish(&run);
	assert_int_equal(impl->workspace(&p, &at->dev), allocated);
	if (allocated == 0)
		return;
	run.dev = &small;
	small.features = WM_HAS_F16 | WM_HAS_F64;
	small.max_alloc_bytes = largest;
	assert_int_equal(impl->can_run(&run), WM_OK);
	small.max_alloc_bytes = largest - 1;
	assert_int_equal(impl->can_run(&run), WM_SKIP);
	snprintf(needs, sizeof(needs), "a buffer of %llu bytes, the device's largest is %llu bytes",
	         (unsigned long long)largest, (unsigned long long)largest - 1);
	assert_non_null(strstr(wm_why(), needs));
}

/* ---- one problem that was asked for --------------------------------------------------------------------------- */

static struct {
	struct wm_trial_place place;
	const char *impl, *problem;
	bool for_gpu;
} asked;

/* The shape is set once the device is open. */
static int open_asked(void **state) {
	enum { UNITS = 64 };
	(void)state;
	if (!wm_trial_open(&asked.place, "opencl"))
		return -1;
	asked.place.dev.on_host = !asked.for_gpu;
	asked.place.dev.threads = asked.place.dev.units = UNITS;
	return 0;
}

static int close_asked(void **state) {
	(void)state;
	wm_trial_close(&asked.place);
	return 0;
}

static void the_problem_asked_for_is_right(void **state) {
	char bench[16];
	(void)state;
	snprintf(bench, sizeof(bench), "%.*s", (int)strcspn(asked.problem, ":"), asked.problem);
	wm_trial(&asked.place, wm_impl_find(bench, asked.impl), asked.problem);
}

int wm_trial_asked(const char *impl, const char *problem, bool for_gpu) {
	const struct CMUnitTest one[] = {cmocka_unit_test(the_problem_asked_for_is_right)};
	asked.impl = impl;
	asked.problem = problem;
	asked.for_gpu = for_gpu;
	return cmocka_run_group_tests(one, open_asked, close_asked);
}
