/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blaslt.c - gemm by cuBLASLt or hipBLASLt, over the table of the device's vendor. Two implementations: blaslt takes
 * the heuristic's first answer, which is what users of the library get; blaslt_tuned the fastest of up to 64, found by
 * trying for at most 30 s. Both are told dense operands as the problem has them, and that is all that they are told.
 */
#include "blaslt_api.h"

#include "choose.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What NVIDIA advises for Hopper and later (cublasSetWorkspace()). The record says how much of it was used. */
enum { WORKSPACE = 32 << 20 };
#define BUDGET_S 30.0
enum { TRIAL_SEED = 1, CHUNK = 1 << 20 };

enum { A, B, C, OPERANDS };
enum { CALLS = sizeof(struct wm_blaslt_calls) / sizeof(void (*)(void)), NAME_CHARS = 64 };

static const struct wm_blaslt_vendor *const vendors[] = {&wm_blaslt_cuda};

struct plan {
	const struct wm_blaslt_vendor *vendor;
	const struct wm_blaslt_type *type; /* of the operands */
	struct wm_blaslt_calls call;
	char version[32];
	void *handle, *desc, *preference, *layout[OPERANDS], *queue;
	struct wm_buf workspace;
	_Alignas(8) unsigned char one[8], zero[8]; /* alpha and beta */
	struct wm_blaslt_algo algos[WM_CHOOSE_MOST];
	int found, chosen;
};

static const struct wm_blaslt_vendor *vendor_of(const struct wm_device *dev) {
	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
		if (strcmp(vendors[i]->backend, dev->backend) == 0)
			return vendors[i];
	return NULL;
}

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_blaslt_vendor *vendor = vendor_of(run->dev);
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (!vendor)
		return wm_fail(WM_UNSUPPORTED, "no such library for backend %s", run->dev->backend);
	if (!vendor->types[t].word)
		return wm_fail(WM_UNSUPPORTED, "%s has no products of %s", vendor->name, wm_dtype_word(t));
	if (run->dev->max_alloc_bytes && run->dev->max_alloc_bytes < WORKSPACE)
		return wm_fail(WM_SKIP, "its workspace needs a buffer of %d bytes, the device's largest is %llu bytes",
		               WORKSPACE, (unsigned long long)run->dev->max_alloc_bytes);
	return vendor->can_run(run);
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	(void)dev;
	(void)p;
	return WORKSPACE;
}

/* ---- calls -------------------------------------------------------------------------------------- */

/* WM_OK for the status 0, else the function and the status by their names. */
static enum wm_status checked(const struct plan *x, const char *function, int status) {
	if (status == 0)
		return WM_OK;
	return wm_fail(status == x->vendor->no_memory ? WM_NOMEM : WM_FAILED, "%s%s: %s", x->vendor->prefix, function,
	               x->vendor->status(status));
}

/* The names of the functions, in the order of the members of wm_blaslt_calls. */
static enum wm_status open_library(struct plan *x, const char **lib_p) {
	const char *const suffixes[CALLS] = {
#define X(member, name, arguments) name,
		WM_BLASLT_FUNCTIONS(X) WM_BLASLT_FUNCTIONS_MAYBE(X)
#undef X
			x->vendor->version_call};
	char text[CALLS][NAME_CHARS];
	const char *names[CALLS];
	void (*fn[CALLS])(void);
	enum wm_status st;

	for (int i = 0; i < CALLS; i++) {
		bool maybe = suffixes[i][0] == '?';

		snprintf(text[i], NAME_CHARS, "%s%s%s", maybe ? "?" : "", x->vendor->prefix, suffixes[i] + maybe);
		names[i] = text[i];
	}
	st = wm_load_library(x->vendor->libraries, names, CALLS, fn, lib_p);
	if (st == WM_OK)
		memcpy(&x->call, fn, sizeof(x->call));
	return st;
}

/* ---- the problem, as the library is told it ----------------------------------------------------- */

static enum wm_status set_transposes(struct plan *x, const char *trans) {
	int32_t a = trans[0] == 't' ? x->vendor->op_t : x->vendor->op_n;
	int32_t b = trans[1] == 't' ? x->vendor->op_t : x->vendor->op_n;
	enum wm_status st =
		checked(x, "MatmulDescSetAttribute", x->call.desc_set(x->desc, x->vendor->trans_a, &a, sizeof(a)));

	if (st != WM_OK)
		return st;
	return checked(x, "MatmulDescSetAttribute", x->call.desc_set(x->desc, x->vendor->trans_b, &b, sizeof(b)));
}

/* Sums of fp8 products are promoted to f32 as they go: the off of fast accumulation is said, not left to a default. */
static enum wm_status set_accumulation(struct plan *x) {
	int8_t off = 0;

	if (!x->type->fast_accum_off)
		return WM_OK;
	return checked(x, "MatmulDescSetAttribute", x->call.desc_set(x->desc, x->vendor->fast_accum, &off, sizeof(off)));
}

/* A matrix is told as it lies in memory, dense: the other way round where its letter is t. */
static enum wm_status make_layouts(struct plan *x, const struct wm_problem *p) {
	uint64_t m = (uint64_t)wm_get(p, "m"), n = (uint64_t)wm_get(p, "n"), k = (uint64_t)wm_get(p, "k");
	const char *trans = wm_get_word(p, "trans");
	const uint64_t rows[OPERANDS] = {trans[0] == 't' ? k : m, trans[1] == 't' ? n : k, m};
	const uint64_t cols[OPERANDS] = {trans[0] == 't' ? m : k, trans[1] == 't' ? k : n, n};
	struct wm_tensor t[WM_MAX_TENSORS];
	int count;
	enum wm_status st = p->bench->tensors(p, t, &count);

	for (int i = 0; i < OPERANDS && st == WM_OK; i++)
		st = checked(x, "MatrixLayoutCreate",
		             x->call.layout_create(&x->layout[i], x->vendor->types[t[i].dtype].type, rows[i], cols[i],
		                                   (int64_t)rows[i]));
	return st;
}

static void set_scalars(struct plan *x, enum wm_dtype operands) {
	double f64 = 1;
	float f32 = 1;
	int32_t i32 = 1;

	if (operands == WM_F64)
		memcpy(x->one, &f64, sizeof(f64));
	else if (operands == WM_I8)
		memcpy(x->one, &i32, sizeof(i32));
	else
		memcpy(x->one, &f32, sizeof(f32));
}

static enum wm_status tell(struct plan *x, const struct wm_problem *p) {
	uint64_t most = WORKSPACE;
	enum wm_status st = checked(x, "MatmulDescCreate", x->call.desc_create(&x->desc, x->type->compute, x->type->scale));

	if (st == WM_OK)
		st = set_transposes(x, wm_get_word(p, "trans"));
	if (st == WM_OK)
		st = set_accumulation(x);
	if (st == WM_OK)
		st = make_layouts(x, p);
	if (st == WM_OK)
		st = checked(x, "MatmulPreferenceCreate", x->call.pref_create(&x->preference));
	if (st == WM_OK)
		st = checked(x, "MatmulPreferenceSetAttribute",
		             x->call.pref_set(x->preference, x->vendor->max_workspace, &most, sizeof(most)));
	set_scalars(x, wm_get_dtype(p));
	return st;
}

/* ---- algorithms --------------------------------------------------------------------------------- */

static enum wm_status ask(struct plan *x, int wanted) {
	const struct wm_blaslt_vendor *v = x->vendor;
	void *answers = wm_zalloc((size_t)wanted * v->answer_bytes);
	int count = 0;
	int status = x->call.heuristic(x->handle, x->desc, x->layout[A], x->layout[B], x->layout[C], x->layout[C],
	                               x->preference, wanted, answers, &count);
	enum wm_status st = WM_OK;

	if (status == v->not_supported || status == v->arch_mismatch)
		st = wm_fail(WM_UNSUPPORTED,
		             "%s %s has no algorithm for this problem on this device: %sMatmulAlgoGetHeuristic: %s", v->name,
		             x->version, v->prefix, v->status(status));
	else
		st = checked(x, "MatmulAlgoGetHeuristic", status);
	for (int i = 0; i < count && st == WM_OK; i++)
		x->found += v->answer(answers, i, &x->algos[x->found]) && x->algos[x->found].workspace <= WORKSPACE;
	free(answers);
	if (st == WM_OK && x->found == 0)
		st = wm_fail(WM_UNSUPPORTED,
		             "%s %s has no algorithm for this problem on this device: none of %d answers of %s%s", v->name,
		             x->version, count, v->prefix, "MatmulAlgoGetHeuristic is usable");
	return st;
}

static enum wm_status product(struct wm_run *run, int algo, int set) {
	struct plan *x = run->priv;
	const struct wm_buf *buf = run->buf + set * run->tensors;

	return checked(x, "Matmul",
	               x->call.matmul(x->handle, x->desc, x->one, buf[A].ptr, x->layout[A], buf[B].ptr, x->layout[B],
	                              x->zero, buf[C].ptr, x->layout[C], buf[C].ptr, x->layout[C], x->algos[algo].bytes,
	                              x->workspace.ptr, WORKSPACE, x->queue));
}

/* The beginning of an input's timed values, again and again, in all sets. */
static enum wm_status fill_input(struct wm_run *run, const struct wm_tensor *t, int i) {
	size_t size = wm_dtype_bytes(t->dtype), n = t->count < CHUNK ? t->count : CHUNK;
	void *chunk = wm_zalloc(n * size);
	enum wm_status st = WM_OK;

	wm_fill_timed(run->problem, t->dtype, TRIAL_SEED, (uint64_t)i, n, chunk);
	for (int set = 0; set < run->sets; set++)
		for (size_t at = 0; at < t->count && st == WM_OK; at += n)
			st = run->backend->put(run->dev, &run->buf[set * run->tensors + i], at * size, chunk,
			                       (t->count - at < n ? t->count - at : n) * size);
	free(chunk);
	return st;
}

/* What an algorithm takes depends on its operands, through the power that they cost. */
static enum wm_status fill_inputs(struct wm_run *run) {
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	enum wm_status st = run->problem->bench->tensors(run->problem, t, &n);

	for (int i = 0; i < n && st == WM_OK; i++)
		if (!t[i].output)
			st = fill_input(run, &t[i], i);
	return st;
}

/* ---- the record --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(struct wm_run *run, const char *fmt, ...) {
	size_t used = strlen(run->detail);
	va_list args;

	va_start(args, fmt);
	vsnprintf(run->detail + used, sizeof(run->detail) - used, fmt, args);
	va_end(args);
}

static void say_config(struct wm_run *run, const struct wm_blaslt_algo *algo) {
	const struct plan *x = run->priv;
	uint64_t flags = 0;
	size_t written;

	for (const struct wm_blaslt_config *c = x->vendor->config; x->call.algo_config && c->key; c++) {
		uint32_t value = 0; /* little endian: a shorter one fills its beginning */

		if (x->call.algo_config(algo->bytes, c->attribute, &value, c->bytes, &written) == 0)
			say(run, " %s=%u", c->key, value);
	}
	if (x->call.algo_cap && x->vendor->numerics >= 0 &&
	    x->call.algo_cap(algo->bytes, x->vendor->numerics, &flags, sizeof(flags), &written) == 0)
		say(run, " numerics=0x%llx", (unsigned long long)flags);
}

/* Enough to run the same algorithm elsewhere, under the same version of the library. */
static void describe(struct wm_run *run, const char *lib) {
	struct plan *x = run->priv;
	const struct wm_blaslt_algo *algo = &x->algos[x->chosen];

	snprintf(run->library, sizeof(run->library), "%s %s, %s", x->vendor->name, x->version, lib);
	say(run, " rank=%d compute=%s", x->chosen, x->type->word);
	if (x->type->fast_accum_off)
		say(run, " fast_accum=0 scales=none");
	say(run, " workspace=%zu workspace_limit=%d", algo->workspace, WORKSPACE);
	say_config(run, algo);
	say(run, " algo=");
	for (size_t i = 0; i < x->vendor->algo_bytes; i++)
		say(run, "%02x", algo->bytes[i]);
}

/* ---- the two implementations -------------------------------------------------------------------- */

static enum wm_status open_and_tell(struct wm_run *run, const char **lib_p) {
	struct plan *x = wm_zalloc(sizeof(*x));
	enum wm_status st;

	run->priv = x;
	x->vendor = vendor_of(run->dev);
	x->type = &x->vendor->types[wm_get_dtype(run->problem)];
	x->queue = run->backend->native(run->dev, "queue");
	st = open_library(x, lib_p);
	if (st == WM_OK)
		st = checked(x, "Create", x->call.create(&x->handle));
	if (st != WM_OK)
		return st;
	x->vendor->version(&x->call, x->handle, x->version, sizeof(x->version));
	st = tell(x, run->problem);
	return st == WM_OK ? run->backend->alloc(run->dev, WORKSPACE, &x->workspace) : st;
}

static enum wm_status prepare_default(struct wm_run *run) {
	struct plan *x;
	const char *lib;
	enum wm_status st = open_and_tell(run, &lib);

	x = run->priv;
	if (st == WM_OK)
		st = ask(x, 1);
	if (st != WM_OK)
		return st;
	say(run, "choice=default asked=1 found=%d tried=0", x->found);
	describe(run, lib);
	/* what the library loads late is loaded now */
	st = product(run, 0, 0);
	return st == WM_OK ? run->backend->sync(run->dev) : st;
}

static enum wm_status prepare_tuned(struct wm_run *run) {
	struct wm_choice choice;
	struct plan *x;
	const char *lib;
	enum wm_status st = open_and_tell(run, &lib);

	x = run->priv;
	if (st == WM_OK)
		st = ask(x, WM_CHOOSE_MOST);
	if (st == WM_OK)
		st = fill_inputs(run);
	if (st == WM_OK)
		st = wm_choose(run, x->found, product, BUDGET_S, &choice);
	if (st != WM_OK)
		return st;
	x->chosen = choice.best;
	say(run, "choice=tuned asked=%d found=%d tried=%d failed=%d budget_s=%g spent_s=%.3g", WM_CHOOSE_MOST, x->found,
	    choice.tried, choice.failed, BUDGET_S, choice.spent_s);
	describe(run, lib);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct plan *x = run->priv;

	return product(run, x->chosen, set);
}

static void finish(struct wm_run *run) {
	struct plan *x = run->priv;

	if (x->workspace.ptr)
		run->backend->free(run->dev, &x->workspace);
	if (x->preference)
		x->call.pref_destroy(x->preference);
	for (int i = 0; i < OPERANDS; i++)
		if (x->layout[i])
			x->call.layout_destroy(x->layout[i]);
	if (x->desc)
		x->call.desc_destroy(x->desc);
	if (x->handle)
		x->call.destroy(x->handle);
	free(x);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_blaslt = {
	.name = "blaslt",
	.bench = "gemm",
	.backends = "cuda",
	.about = "the vendor's BLASLt, default: the first algorithm that its heuristic names",
	.origin = WM_LIBRARY,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare_default,
	.enqueue = enqueue,
	.finish = finish,
};

const struct wm_impl wm_impl_gemm_blaslt_tuned = {
	.name = "blaslt_tuned",
	.bench = "gemm",
	.backends = "cuda",
	.about = "the vendor's BLASLt, tuned: the fastest of up to 64 algorithms, tried for 30 s at most",
	.origin = WM_LIBRARY,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare_tuned,
	.prepare_s = 6, /* 64 algorithms, in 9 rounds of some 10 ms each */
	.enqueue = enqueue,
	.finish = finish,
};
