/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - the phases of one case, in order. A wrong kernel is never timed, and the timed output is checked. */
#include "measure.h"

#include "core/cases.h"
#include "buffers.h"
#include "load.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Everything that a case holds while it runs. */
struct bench_run {
	const struct wm_measure_job *job;
	struct wm_measurement *m;
	const struct wm_bench *bench;
	struct wm_tensor tensors[WM_MAX_TENSORS];
	int ntensors;
	struct wm_buffers buffers;
	void *host[WM_MAX_TENSORS]; /* one set on the host */
	struct wm_run run;
	bool prepared;
	double op_s; /* of one operation while it was verified, everything cold */
};

static void enter(struct bench_run *r, const char *phase, double expect_s, bool tight) {
	if (r->job->enter)
		r->job->enter(r->job->arg, phase, expect_s, tight);
}

/* Every buffer is allocated on its own, guards included. */
static enum wm_status largest_fits(const struct wm_tensor *t, int n, const struct wm_device *dev) {
	for (int i = 0; i < n; i++) {
		uint64_t bytes = wm_guarded_bytes(wm_tensor_bytes(&t[i]));

		if (dev->max_alloc_bytes && bytes > dev->max_alloc_bytes)
			return wm_fail(WM_SKIP,
			               "does not fit: tensor %s needs a buffer of %llu bytes, the device's largest is %llu bytes",
			               t[i].name, (unsigned long long)bytes, (unsigned long long)dev->max_alloc_bytes);
	}
	return WM_OK;
}

enum wm_status wm_measure_fit(const struct wm_problem *p, const struct wm_impl *impl, const struct wm_device *dev,
                              struct wm_footprint *footprint_p) {
	struct wm_tensor t[WM_MAX_TENSORS];
	struct wm_footprint f = {0};
	uint64_t guarded = 0, beside = impl->workspace ? impl->workspace(p, dev) : 0;
	int n;
	enum wm_status st = wm_problem_bytes(p, &f.set_bytes);

	if (st == WM_OK)
		st = wm_rotation_sets(p, dev->cache_bytes, &f.sets);
	if (st == WM_OK)
		st = p->bench->tensors(p, t, &n);
	if (st == WM_OK)
		st = largest_fits(t, n, dev);
	if (st != WM_OK)
		return st;
	for (int i = 0; i < n; i++)
		guarded += wm_guarded_bytes(wm_tensor_bytes(&t[i]));
	if (dev->on_host)
		beside += f.set_bytes;
	if (__builtin_mul_overflow(guarded, (uint64_t)f.sets, &f.device_bytes) ||
	    __builtin_add_overflow(f.device_bytes, beside, &f.device_bytes))
		return wm_fail(WM_SKIP, "does not fit: %d buffer sets of %.4g GB are more than can be counted", f.sets,
		               (double)guarded / 1e9);
	if (dev->free_bytes && f.device_bytes > dev->free_bytes / 2)
		return wm_fail(WM_SKIP,
		               "does not fit: needs %llu bytes (%d buffer sets), half of the free memory is %llu bytes",
		               (unsigned long long)f.device_bytes, f.sets, (unsigned long long)(dev->free_bytes / 2));
	*footprint_p = f;
	return WM_OK;
}

/* ---- ranks ---- */

/* Have all ranks fared well? Every rank gets the same answer. */
static enum wm_status agree(const struct bench_run *r, enum wm_status own) {
	return r->job->meeting ? wm_meet(r->job->meeting, own, NULL, 0, NULL) : own;
}

/* What the ranks tell each other of their checks. */
struct checked {
	double exact, timed;
	uint64_t exact_compared, timed_compared, fingerprint, output_checksum;
};

/* The last meeting: of all ranks' checks the worst error and the sum of what was compared; a checksum of checksums. */
static enum wm_status join_checks(const struct bench_run *r, enum wm_status own) {
	struct wm_measurement *m = r->m;
	const struct checked mine = {.exact = m->exact.worst,
	                             .timed = m->timed.worst,
	                             .exact_compared = m->exact.compared,
	                             .timed_compared = m->timed.compared,
	                             .fingerprint = m->fingerprint,
	                             .output_checksum = m->output_checksum};
	struct checked all[WM_MAX_RANKS];
	uint64_t inputs[WM_MAX_RANKS], outputs[WM_MAX_RANKS];
	size_t n = (size_t)r->job->problem->ranks;
	enum wm_status st;

	if (!r->job->meeting)
		return own;
	st = wm_meet(r->job->meeting, own, &mine, sizeof(mine), all);
	if (st != WM_OK)
		return st;
	m->exact.compared = m->timed.compared = 0;
	for (size_t i = 0; i < n; i++) {
		m->exact.worst = fmax(m->exact.worst, all[i].exact);
		m->timed.worst = fmax(m->timed.worst, all[i].timed);
		m->exact.compared += all[i].exact_compared;
		m->timed.compared += all[i].timed_compared;
		inputs[i] = all[i].fingerprint;
		outputs[i] = all[i].output_checksum;
	}
	m->fingerprint = wm_checksum(inputs, n * sizeof(*inputs));
	m->output_checksum = wm_checksum(outputs, n * sizeof(*outputs));
	return WM_OK;
}

/* ---- fill ---- */

static void fill_inputs(struct bench_run *r, enum wm_data_part part) {
	for (int i = 0; i < r->ntensors; i++)
		if (!r->tensors[i].output)
			r->bench->fill(r->job->problem, i, part, r->job->seed, r->host[i]);
}

static enum wm_status allocate(struct bench_run *r) {
	struct wm_footprint f;
	enum wm_status st = wm_measure_fit(r->job->problem, r->job->impl, r->job->dev, &f);

	if (st != WM_OK)
		return st;
	enter(r, "fill", (double)(f.device_bytes + f.set_bytes) / 200e6, false);
	for (int i = 0; i < r->ntensors; i++) {
		r->host[i] = malloc(wm_tensor_bytes(&r->tensors[i]));
		if (!r->host[i])
			return wm_fail(WM_NOMEM, "no host memory for tensor %s (%zu bytes)", r->tensors[i].name,
			               wm_tensor_bytes(&r->tensors[i]));
	}
	st = wm_buffers_make(r->job->backend, r->job->dev, r->tensors, r->ntensors, f.sets, &r->buffers);
	if (st != WM_OK)
		return st;
	r->m->sets = r->run.sets = f.sets;
	r->m->rotation_bytes = f.set_bytes * (uint64_t)f.sets;
	r->run.buf = r->buffers.part;
	return WM_OK;
}

/* ---- verify ---- */

static enum wm_status sync(struct bench_run *r) {
	return r->job->backend->sync(r->job->dev);
}

/* Exact data in set 0: no rounding anywhere, so the whole output must be right to the bit. */
static enum wm_status verify_exact(struct bench_run *r) {
	enum wm_status st;

	fill_inputs(r, WM_EXACT);
	st = wm_buffers_put_inputs(&r->buffers, 0, r->host);
	if (st == WM_OK)
		st = wm_buffers_poison(&r->buffers, 0);
	if (st == WM_OK)
		st = r->job->impl->enqueue(&r->run, 0);
	if (st == WM_OK)
		st = sync(r);
	if (st == WM_OK)
		st = wm_buffers_guards(&r->buffers, 0);
	if (st == WM_OK)
		st = wm_buffers_get_outputs(&r->buffers, 0, r->host);
	if (st == WM_OK)
		st = r->bench->verify(r->job->problem, WM_EXACT, r->job->seed, r->host, &r->m->exact);
	r->m->has_exact = st == WM_OK;
	return st;
}

static uint64_t checksum(struct bench_run *r, bool outputs) {
	uint64_t sum = 0;

	for (int i = 0; i < r->ntensors; i++)
		if (r->tensors[i].output == outputs)
			sum = sum * 0x9E3779B97F4A7C15u + wm_checksum(r->host[i], wm_tensor_bytes(&r->tensors[i]));
	return sum;
}

/* The outputs of one set on timed data: those of the verified set to the bit, or verified again where an
 * implementation may add in any order. The host copies of the inputs must be the timed ones. */
static enum wm_status check_set(struct bench_run *r, int set) {
	struct wm_check check;
	enum wm_status st = wm_buffers_get_outputs(&r->buffers, set, r->host);

	if (st != WM_OK)
		return st;
	if (r->job->impl->any_order)
		return r->bench->verify(r->job->problem, WM_TIMED, r->job->seed, r->host, &check);
	if (checksum(r, true) == r->m->output_checksum)
		return WM_OK;
	/* say where, when the sampled elements show it */
	st = r->bench->verify(r->job->problem, WM_TIMED, r->job->seed, r->host, &check);
	if (st != WM_OK)
		return st;
	return wm_fail(WM_WRONG, "output of set %d differs from the verified one (checksum)", set);
}

/* Timed data in every set: set 0 is verified, the others must equal it. */
static enum wm_status verify_timed(struct bench_run *r) {
	enum wm_status st = WM_OK;
	double from;

	fill_inputs(r, WM_TIMED);
	r->m->fingerprint = checksum(r, false);
	for (int s = 0; s < r->run.sets && st == WM_OK; s++) {
		st = wm_buffers_put_inputs(&r->buffers, s, r->host);
		if (st == WM_OK)
			st = wm_buffers_poison(&r->buffers, s);
	}
	from = wm_now();
	for (int s = 0; s < r->run.sets && st == WM_OK; s++)
		st = r->job->impl->enqueue(&r->run, s);
	if (st == WM_OK)
		st = sync(r);
	r->op_s = (wm_now() - from) / r->run.sets;
	if (st == WM_OK)
		st = wm_buffers_get_outputs(&r->buffers, 0, r->host);
	if (st == WM_OK)
		st = r->bench->verify(r->job->problem, WM_TIMED, r->job->seed, r->host, &r->m->timed);
	if (st != WM_OK)
		return st;
	r->m->has_timed = true;
	r->m->output_checksum = checksum(r, true);
	for (int s = 1; s < r->run.sets && st == WM_OK; s++)
		st = check_set(r, s);
	return st;
}

/* ---- check after timing ---- */

/* The inputs of a set must still be what was put there. The host copies of the inputs are overwritten by it. */
static enum wm_status inputs_kept(struct bench_run *r, int set) {
	enum wm_status st = wm_buffers_get_inputs(&r->buffers, set, r->host);

	if (st == WM_OK && checksum(r, false) != r->m->fingerprint)
		return wm_fail(WM_WRONG, "inputs of set %d were changed by the operation", set);
	return st;
}

/* Sets that the last batch was given are checked; all others must still hold the poison. */
static enum wm_status check_after(struct bench_run *r, int first, int given) {
	int sets = r->run.sets;
	enum wm_status st = WM_OK;

	for (int i = 0; i < given && st == WM_OK; i++)
		st = check_set(r, (first + i) % sets);
	for (int i = given; i < sets && st == WM_OK; i++) {
		st = wm_buffers_get_outputs(&r->buffers, (first + i) % sets, r->host);
		if (st == WM_OK)
			st = wm_buffers_still_poison(&r->buffers, (first + i) % sets, r->host);
	}
	for (int i = 0; i < sets && st == WM_OK; i++)
		st = wm_buffers_guards(&r->buffers, i);
	for (int i = 0; i < given && st == WM_OK; i++)
		st = inputs_kept(r, (first + i) % sets);
	return st;
}

/*
 * The last batch is timed like all others, on outputs that were poisoned just before: what stands in them afterwards
 * was written by that batch. A batch that would go round all sets leaves the last one out, so that an operation that
 * takes another set than it was given shows too: all sets hold the same inputs, only the poison tells them apart.
 */
static enum wm_status last_batch(struct bench_run *r, struct wm_sampler *s) {
	int sets = r->run.sets, first, given;
	enum wm_status st = WM_OK;

	if (sets > 1 && s->m->batch >= sets) {
		s->span = sets - 1;
		s->next_set = 0;
		if (s->graphs.n) /* what is checked is done as what was timed */
			st = wm_graphs_record(s);
	}
	first = s->next_set;
	given = s->m->batch < s->span ? (int)s->m->batch : s->span;
	for (int i = 0; i < sets && st == WM_OK; i++)
		st = wm_buffers_poison(&r->buffers, i);
	if (st == WM_OK)
		st = wm_sampler_checked(s);
	if (st == WM_OK)
		st = check_after(r, first, given);
	if (st == WM_OK)
		r->m->sets_checked = given;
	return st;
}

/* ---- the whole ---- */

/* The load that windows are cut from. */
static enum wm_status load_it(struct bench_run *r, struct wm_sampler *s) {
	double length_s = wm_load_window(r->job->windows, r->m->median_s);
	double seconds = wm_load_seconds(r->job->windows, length_s);

	enter(r, "window", seconds + 2 * r->op_s, true);
	r->job->loading(r->job->arg, wm_now(), length_s);
	return wm_load_device(s, seconds, &r->m->load);
}

static enum wm_status take_times(struct bench_run *r, struct wm_sampler *s) {
	const struct wm_profile *profile = r->job->profile;
	bool burst = wm_get(r->job->problem, "regime") == WM_BURST;
	enum wm_status st;

	enter(r, "warm", 1 + 4 * r->op_s, false);
	st = wm_sampler_batch(s);
	if (st != WM_OK)
		return st;
	enter(r, "warm", profile->warm_cap_s + profile->block_s + r->op_s, true);
	st = wm_sampler_warm(s);
	if (st != WM_OK)
		return st;
	enter(r, "sample", burst ? WM_BURSTS_SECONDS + 30 * r->op_s : profile->sample_cap_s + 5 * r->op_s, true);
	st = wm_sampler_run(s);
	if (st != WM_OK)
		return st;
	wm_sampler_summarise(r->m);
	if (r->job->windows) {
		st = load_it(r, s);
		if (st != WM_OK)
			return st;
	}
	enter(r, "check", (double)r->m->rotation_bytes / 100e6 + 2 * r->op_s, false);
	return last_batch(r, s);
}

static enum wm_status time_it(struct bench_run *r) {
	struct wm_sampler s = {.job = r->job, .run = &r->run, .m = r->m, .span = r->run.sets};
	enum wm_status st = take_times(r, &s);

	wm_graphs_drop(&s);
	return st;
}

/* A device clock that runs longer than the host's around it cannot be right. */
static enum wm_status clocks_agree(const struct wm_measurement *m) {
	if (m->host_ratio >= 0.99)
		return WM_OK;
	return wm_fail(WM_SUSPECT, "device clock counts %.4g s where the host clock around it counts %.4g s", m->total_s,
	               m->total_s * m->host_ratio);
}

static enum wm_status unsupported_axes(const struct wm_problem *p) {
	if (wm_get(p, "regime") == WM_FIXED)
		return wm_fail(WM_UNSUPPORTED, "regime=fixed is not in this version: it reads no device's clock yet");
	if (wm_get(p, "load") == WM_NODE)
		return wm_fail(WM_UNSUPPORTED, "load=node is not in this version: it runs one worker at a time");
	return WM_OK;
}

static enum wm_status one_rank(const struct wm_device *dev) {
	if (dev->threads > 0)
		return wm_fail(WM_UNSUPPORTED, "needs >= 2 ranks, %s has %d", dev->id, dev->threads);
	return wm_fail(WM_UNSUPPORTED, "needs >= 2 devices, %s is one", dev->id);
}

/* Sizes are fit for all ranks and memory is there on all of them, or nobody goes on. The sets of a rotation go by the
 * device's caches, and the ranks must take the same ones. */
static enum wm_status allocate_all(struct bench_run *r) {
	uint64_t mine, sets[WM_MAX_RANKS];
	enum wm_status st = allocate(r);

	if (!r->job->meeting)
		return st;
	mine = (uint64_t)r->run.sets;
	st = wm_meet(r->job->meeting, st, &mine, sizeof(mine), sets);
	for (int i = 1; i < r->job->problem->ranks && st == WM_OK; i++)
		if (sets[i] != sets[0])
			st = wm_fail(WM_UNSUPPORTED, "the caches of the group's devices differ in size: cache=hot runs on it");
	return st;
}

static enum wm_status run_phases(struct bench_run *r) {
	const struct wm_problem *p = r->job->problem;
	enum wm_status st = unsupported_axes(p);

	if (st == WM_OK && r->bench->collective && p->ranks < 2)
		st = one_rank(r->job->dev);
	if (st == WM_OK && r->bench->accept)
		st = r->bench->accept(p);
	if (st == WM_OK)
		st = r->job->impl->can_run(&r->run);
	st = agree(r, st);
	if (st == WM_OK)
		st = allocate_all(r);
	if (st != WM_OK)
		return st;
	enter(r, "build", 1 + r->job->impl->prepare_s, false);
	if (r->job->impl->prepare) {
		r->prepared = true;
		st = agree(r, r->job->impl->prepare(&r->run));
		if (st != WM_OK)
			return st;
	}
	r->m->threads = r->run.threads;
	memcpy(r->m->library, r->run.library, sizeof(r->m->library));
	memcpy(r->m->detail, r->run.detail, sizeof(r->m->detail));
	enter(r, "verify", 2 + r->m->work.flop / 1e9 * (1 + r->run.sets) + (double)r->m->rotation_bytes / 100e6, false);
	st = agree(r, verify_exact(r));
	if (st == WM_OK)
		st = agree(r, verify_timed(r));
	if (st == WM_OK)
		st = time_it(r);
	st = join_checks(r, st);
	if (st != WM_OK)
		return st;
	r->m->verified = true;
	return clocks_agree(r->m);
}

enum wm_status wm_measure(const struct wm_measure_job *job, struct wm_measurement *m) {
	struct bench_run r = {.job = job, .m = m, .bench = job->problem->bench};
	enum wm_status st = r.bench->tensors(job->problem, r.tensors, &r.ntensors);

	if (st != WM_OK)
		return st;
	r.bench->work(job->problem, &m->work);
	r.run = (struct wm_run){.problem = job->problem,
	                        .backend = job->backend,
	                        .dev = job->dev,
	                        .tensors = r.ntensors,
	                        .sets = 1,
	                        .meeting = job->meeting};
	st = run_phases(&r);
	if (r.prepared && job->impl->finish)
		job->impl->finish(&r.run);
	wm_buffers_free(&r.buffers);
	for (int i = 0; i < r.ntensors; i++)
		free(r.host[i]);
	return st;
}

void wm_measurement_free(struct wm_measurement *m) {
	free(m->samples);
	free(m->skews);
	wm_load_free(&m->load);
	memset(m, 0, sizeof(*m));
}
