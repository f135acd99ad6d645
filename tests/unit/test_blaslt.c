/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_blaslt.c - gemm by cuBLASLt over a fake library that computes what its descriptors say
 * (tests/fakes/libcublasLt.c), on a device that is host memory with a clock that only products move. The benchmark's
 * own verification judges: what is right here was told in the library's terms. What it refuses, with neighbours; which
 * algorithm is chosen; what the record is told.
 */
#include "../../kernels/libs/blaslt_api.h"

#include "core/problem.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 11, SETS = 2, PAGE = 4096, WORKSPACE = 32 << 20 };

extern const struct wm_impl wm_impl_gemm_blaslt, wm_impl_gemm_blaslt_tuned;
static const struct wm_impl *const first = &wm_impl_gemm_blaslt, *const tuned = &wm_impl_gemm_blaslt_tuned;

/* ---- a device ----------------------------------------------------------------------------------- */

static double now, mark_at[WM_MAX_MARKS];
static char queue;
static int buffers;
static uint64_t allocated;
static bool no_memory;
static int (*live_descriptors)(void);

static void spend(void *on, double seconds) {
	assert_ptr_equal(on, &queue);
	now += seconds;
}

static enum wm_status get_memory(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	(void)dev;
	assert_int_equal(bytes % PAGE, 0);
	if (no_memory)
		return wm_fail(WM_NOMEM, "the device has no memory left");
	*buf_p = (struct wm_buf){aligned_alloc(PAGE, bytes), bytes, false};
	allocated += bytes;
	buffers++;
	return WM_OK;
}

static void give_memory(struct wm_device *dev, struct wm_buf *buf) {
	(void)dev;
	free(buf->ptr);
	buffers--;
}

static enum wm_status put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	(void)dev;
	memcpy((char *)dst->ptr + offset, src, bytes);
	return WM_OK;
}

static enum wm_status sync(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	(void)dev;
	mark_at[slot] = now;
	return WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	(void)dev;
	*seconds_p = mark_at[to] - mark_at[from];
	return WM_OK;
}

static void *native(struct wm_device *dev, const char *what) {
	(void)dev;
	return strcmp(what, "queue") == 0 ? &queue : NULL;
}

static const struct wm_backend backend = {
	.alloc = get_memory,
	.free = give_memory,
	.put = put,
	.sync = sync,
	.mark = mark,
	.between = between,
	.native = native,
};
static struct wm_device dev;

static int start(void **state) {
	char path[512];
	const char *b = getenv("B");
	void *fake;
	void (**hook)(void *, double);

	(void)state;
	/* once loaded under its name, a library of that name is not looked for elsewhere */
	snprintf(path, sizeof(path), "%s/tests/fakes/cuda/libcublasLt.so.13", b ? b : "build");
	fake = dlopen(path, RTLD_LOCAL | RTLD_NOW);
	if (!fake) {
		fprintf(stderr, "%s (make tests builds it)\n", dlerror());
		return -1;
	}
	hook = dlsym(fake, "wm_fake_cublaslt_spend");
	*hook = spend;
	*(void **)&live_descriptors = dlsym(fake, "wm_fake_cublaslt_live");
	return 0;
}

static int each(void **state) {
	(void)state;
	dev = (struct wm_device){.id = "cuda:0", .backend = "cuda", .arch = "sm_90"};
	setenv("WM_FAKE_CUBLASLT", "5000", 1);
	unsetenv("CUBLAS_EMULATE_SINGLE_PRECISION");
	unsetenv("CUBLAS_EMULATE_DOUBLE_PRECISION");
	unsetenv("NVIDIA_TF32_OVERRIDE");
	no_memory = false;
	allocated = 0;
	buffers = 0;
	return 0;
}

/* ---- a problem on it ---------------------------------------------------------------------------- */

struct job {
	struct wm_problem p;
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	struct wm_buf buf[SETS * WM_MAX_TENSORS];
	struct wm_run run;
};

static void open_job(struct job *job, const char *problem) {
	memset(job, 0, sizeof(*job));
	if (wm_problem_parse(problem, &job->p) != WM_OK || job->p.bench->tensors(&job->p, job->t, &job->n) != WM_OK)
		fail_msg("%s: %s", problem, wm_why());
	job->run = (struct wm_run){.problem = &job->p, .backend = &backend, .dev = &dev, .tensors = job->n, .sets = SETS};
}

static void make_buffers(struct job *job) {
	for (int i = 0; i < SETS * job->n; i++) {
		const struct wm_tensor *t = &job->t[i % job->n];
		size_t bytes = (t->count * wm_dtype_bytes(t->dtype) / PAGE + 1) * PAGE;

		assert_int_equal(get_memory(&dev, bytes, &job->buf[i]), WM_OK);
		memset(job->buf[i].ptr, 0xff, bytes);
	}
	job->run.buf = job->buf;
}

/* What was made is gone, and nothing was left in the library. */
static void close_job(struct job *job, const struct wm_impl *impl) {
	impl->finish(&job->run);
	for (int i = 0; i < SETS * job->n; i++)
		give_memory(&dev, &job->buf[i]);
	assert_int_equal(buffers, 0);
	assert_int_equal(live_descriptors(), 0);
}

static enum wm_status prepare(struct job *job, const struct wm_impl *impl, const char *problem) {
	enum wm_status st;

	open_job(job, problem);
	st = impl->can_run(&job->run);
	if (st != WM_OK)
		fail_msg("%s by %s: %s", problem, impl->name, wm_why());
	make_buffers(job);
	return impl->prepare(&job->run);
}

static enum wm_status verify(struct job *job, const struct wm_impl *impl, enum wm_data_part part, int set) {
	void *host[WM_MAX_TENSORS];
	struct wm_check check = {0};
	enum wm_status st;

	for (int i = 0; i < job->n; i++) {
		host[i] = job->buf[set * job->n + i].ptr;
		memset(host[i], 0xff, job->buf[i].bytes);
		if (!job->t[i].output)
			job->p.bench->fill(&job->p, i, part, SEED, host[i]);
	}
	st = impl->enqueue(&job->run, set);
	if (st == WM_OK)
		st = job->p.bench->verify(&job->p, part, SEED, host, &check);
	for (int i = 0; i < job->n && st == WM_OK; i++)
		for (size_t at = job->t[i].count * wm_dtype_bytes(job->t[i].dtype); at < job->buf[i].bytes; at++)
			if (((unsigned char *)host[i])[at] != 0xff)
				st = wm_fail(WM_WRONG, "byte %zu of %s was written", at, job->t[i].name);
	return st;
}

static void holds(const char *problem, const struct wm_impl *impl) {
	struct job job;

	if (prepare(&job, impl, problem) != WM_OK)
		fail_msg("%s by %s: %s", problem, impl->name, wm_why());
	for (int i = 0; i < 2 * SETS; i++)
		if (verify(&job, impl, i / SETS ? WM_TIMED : WM_EXACT, i % SETS) != WM_OK)
			fail_msg("%s by %s: %s", problem, impl->name, wm_why());
	close_job(&job, impl);
}

/* ---- products ----------------------------------------------------------------------------------- */

static void every_type_and_layout_holds(void **state) {
	static const char *const types[] = {"f64", "f32", "tf32", "f16", "bf16", "f16,out=f32", "bf16,out=f32"};
	static const char *const layouts[] = {"nn", "nt", "tn", "tt"};
	static const char *const shapes[] = {"m=1", "m=7,n=13,k=129", "m=65,n=3,k=70", "m=33,n=90,k=1"};
	char problem[128];

	(void)state;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
		for (int l = 0; l < 4; l++)
			for (int s = 0; s < 4; s++) {
				snprintf(problem, sizeof(problem), "gemm:%s,trans=%s,dtype=%s", shapes[s], layouts[l], types[t]);
				holds(problem, first);
			}
	holds("gemm:m=33,n=17,k=65,trans=nt,dtype=bf16", tuned);
}

static void integers_hold(void **state) {
	static const char *const shapes[] = {"m=4", "m=4,n=1,k=8", "m=68,n=7,k=132", "m=36,n=91,k=4"};
	char problem[128];

	(void)state;
	for (int s = 0; s < 4; s++) {
		snprintf(problem, sizeof(problem), "gemm:%s,dtype=i8", shapes[s]);
		holds(problem, first);
		holds(problem, tuned);
	}
}

static void fp8_holds(void **state) {
	static const char *const shapes[] = {"m=16", "m=8,n=1,k=16", "m=72,n=7,k=144", "m=40,n=91,k=16"};
	char problem[128];

	(void)state;
	for (int s = 0; s < 4; s++) {
		snprintf(problem, sizeof(problem), "gemm:%s,dtype=e4m3", shapes[s]);
		holds(problem, first);
		holds(problem, tuned);
	}
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void refused(const char *problem, const char *why) {
	struct job job;

	open_job(&job, problem);
	for (int i = 0; i < 2; i++) {
		assert_int_equal((i ? tuned : first)->can_run(&job.run), WM_UNSUPPORTED);
		assert_string_equal(wm_why(), why);
	}
}

static void integers_have_one_layout_and_sizes(void **state) {
	(void)state;
	refused("gemm:m=8,dtype=i8,trans=nn", "with dtype=i8 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=8,dtype=i8,trans=nt", "with dtype=i8 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=8,dtype=i8,trans=tt", "with dtype=i8 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=6,n=8,k=8,dtype=i8", "with dtype=i8 cuBLASLt needs m to be a multiple of 4, not 6");
	refused("gemm:m=8,n=8,k=9,dtype=i8", "with dtype=i8 cuBLASLt needs k to be a multiple of 4, not 9");
	holds("gemm:m=8,n=9,k=8,dtype=i8", first);
}

static void fp8_has_one_type_layouts_and_sizes(void **state) {
	(void)state;
	refused("gemm:m=16,dtype=e5m2", "cuBLASLt has no product of two e5m2 matrices, one has to be e4m3");
	refused("gemm:m=16,dtype=e4m3,trans=nn", "with dtype=e4m3 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=16,dtype=e4m3,trans=nt", "with dtype=e4m3 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=16,dtype=e4m3,trans=tt", "with dtype=e4m3 cuBLASLt has trans=tn alone on sm_90");
	refused("gemm:m=12,n=16,k=16,dtype=e4m3", "with dtype=e4m3 cuBLASLt needs m to be a multiple of 8, not 12");
	refused("gemm:m=16,n=16,k=24,dtype=e4m3", "with dtype=e4m3 cuBLASLt needs k to be a multiple of 16, not 24");
	holds("gemm:m=8,n=5,k=32,dtype=e4m3", first);
}

static enum wm_status asked(const char *problem) {
	struct job job;

	open_job(&job, problem);
	return first->can_run(&job.run);
}

/* Which devices have it, and which of them all layouts. */
static void fp8_depends_on_the_device(void **state) {
	static const struct {
		const char *arch;
		enum wm_status tn, nt;
	} devices[] = {
		{"sm_80", WM_UNSUPPORTED, WM_UNSUPPORTED},
		{"sm_89", WM_OK, WM_UNSUPPORTED},
		{"sm_90", WM_OK, WM_UNSUPPORTED},
		{"sm_100", WM_OK, WM_OK},
		{"sm_103", WM_OK, WM_OK},
		{"sm_120", WM_OK, WM_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(dev.arch, sizeof(dev.arch), "%s", devices[i].arch);
		assert_int_equal(asked("gemm:m=16,dtype=e4m3"), devices[i].tn);
		assert_int_equal(asked("gemm:m=16,dtype=e4m3,trans=nt"), devices[i].nt);
	}
	snprintf(dev.arch, sizeof(dev.arch), "sm_80");
	refused("gemm:m=16,dtype=e4m3", "cuBLASLt has fp8 from sm_89 on, cuda:0 is sm_80");
	/* along n, where the letter of B is t */
	snprintf(dev.arch, sizeof(dev.arch), "sm_100");
	refused("gemm:m=16,n=24,k=16,dtype=e4m3,trans=nt",
	        "with dtype=e4m3 cuBLASLt needs n to be a multiple of 16, not 24");
	refused("gemm:m=24,n=16,k=16,dtype=e4m3,trans=nt",
	        "with dtype=e4m3 cuBLASLt needs m to be a multiple of 16, not 24");
}

static void tf32_may_be_forbidden(void **state) {
	(void)state;
	setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
	refused("gemm:m=8,dtype=tf32",
	        "NVIDIA_TF32_OVERRIDE=0 keeps cuBLASLt from tf32, which is another problem; unset it");
	holds("gemm:m=8,dtype=f32", first);
	setenv("NVIDIA_TF32_OVERRIDE", "1", 1);
	holds("gemm:m=8,dtype=tf32", first);
}

static void emulation_is_another_problem(void **state) {
	(void)state;
	setenv("CUBLAS_EMULATE_SINGLE_PRECISION", "1", 1);
	refused("gemm:m=8,dtype=f32",
	        "CUBLAS_EMULATE_SINGLE_PRECISION=1 lets cuBLASLt emulate f32, which is another problem; unset it");
	holds("gemm:m=8,dtype=f64", first);
	setenv("CUBLAS_EMULATE_SINGLE_PRECISION", "0", 1);
	holds("gemm:m=8,dtype=f32", first);
	setenv("CUBLAS_EMULATE_DOUBLE_PRECISION", "1", 1);
	refused("gemm:m=8,dtype=f64",
	        "CUBLAS_EMULATE_DOUBLE_PRECISION=1 lets cuBLASLt emulate f64, which is another problem; unset it");
	holds("gemm:m=8,dtype=f32", first);
	setenv("CUBLAS_EMULATE_DOUBLE_PRECISION", "", 1);
	holds("gemm:m=8,dtype=f64", first);
}

static void other_backends_have_other_libraries(void **state) {
	(void)state;
	snprintf(dev.backend, sizeof(dev.backend), "opencl");
	refused("gemm:m=8", "no such library for backend opencl");
}

/* What prepare allocates is what workspace says, and a device that has no buffer of that size is told so before. */
static void its_workspace_is_known_before(void **state) {
	struct job job;

	(void)state;
	open_job(&job, "gemm:m=8");
	job.run.buf = NULL;
	dev.max_alloc_bytes = WORKSPACE - 1;
	assert_int_equal(first->can_run(&job.run), WM_SKIP);
	assert_string_equal(wm_why(),
	                    "its workspace needs a buffer of 33554432 bytes, the device's largest is 33554431 bytes");
	dev.max_alloc_bytes = WORKSPACE;
	assert_int_equal(first->can_run(&job.run), WM_OK);
	make_buffers(&job);
	allocated = 0;
	assert_int_equal(first->prepare(&job.run), WM_OK);
	assert_int_equal(allocated, first->workspace(&job.p, job.run.dev));
	assert_int_equal(allocated, tuned->workspace(&job.p, job.run.dev));
	close_job(&job, first);
}

/* ---- what the library answers ------------------------------------------------------------------- */

/* Prepare ends so, for both where impl is NULL, and finish cleans up after it. */
static void ends(const char *script, const struct wm_impl *impl, enum wm_status st, const char *why) {
	for (int i = 0; i < 2; i++) {
		const struct wm_impl *here = i ? tuned : first;
		struct job job;

		if (impl && impl != here)
			continue;
		setenv("WM_FAKE_CUBLASLT", script, 1);
		assert_int_equal(prepare(&job, here, "gemm:m=8"), st);
		if (st != WM_OK)
			assert_string_equal(wm_why(), why);
		close_job(&job, here);
	}
}

#define NONE "cuBLASLt 13.1.7 has no algorithm for this problem on this device: "

static void no_algorithm_is_unsupported(void **state) {
	(void)state;
	ends("none", NULL, WM_UNSUPPORTED, NONE "cublasLtMatmulAlgoGetHeuristic: CUBLAS_STATUS_NOT_SUPPORTED");
	ends("5000 mismatch", NULL, WM_UNSUPPORTED, NONE "cublasLtMatmulAlgoGetHeuristic: CUBLAS_STATUS_ARCH_MISMATCH");
	ends("empty", NULL, WM_UNSUPPORTED, NONE "none of 0 answers of cublasLtMatmulAlgoGetHeuristic is usable");
	ends("5000:state", NULL, WM_UNSUPPORTED, NONE "none of 1 answers of cublasLtMatmulAlgoGetHeuristic is usable");
	ends("5000", NULL, WM_OK, "");
}

static void errors_are_the_library_s_own_words(void **state) {
	(void)state;
	ends("init", NULL, WM_FAILED, "cublasLtCreate: CUBLAS_STATUS_NOT_INITIALIZED");
	ends("invalid", NULL, WM_FAILED, "cublasLtMatmulAlgoGetHeuristic: CUBLAS_STATUS_INVALID_VALUE");
	ends("5000:fails", NULL, WM_FAILED, "cublasLtMatmul: CUBLAS_STATUS_NOT_SUPPORTED");
	ends("5000:fails 6000", first, WM_FAILED, "cublasLtMatmul: CUBLAS_STATUS_NOT_SUPPORTED");
	ends("5000:fails 6000", tuned, WM_OK, "");
}

static void no_memory_for_its_workspace(void **state) {
	struct job job;

	(void)state;
	open_job(&job, "gemm:m=8");
	make_buffers(&job);
	no_memory = true;
	assert_int_equal(first->prepare(&job.run), WM_NOMEM);
	close_job(&job, first);
}

/* The library names none that needs more than it was told of; it checks what it is given, as does the fake. */
static void workspace_is_used_up_to_its_limit(void **state) {
	(void)state;
	ends("5000:needs=33554432", NULL, WM_OK, "");
	ends("5000:needs=33554433", NULL, WM_UNSUPPORTED,
	     NONE "none of 0 answers of cublasLtMatmulAlgoGetHeuristic is usable");
}

/* ---- the choice --------------------------------------------------------------------------------- */

static void chosen(const char *script, const struct wm_impl *impl, const char *const *says) {
	struct job job;

	setenv("WM_FAKE_CUBLASLT", script, 1);
	assert_int_equal(prepare(&job, impl, "gemm:m=8,dtype=bf16"), WM_OK);
	assert_string_equal(job.run.library, "cuBLASLt 13.1.7, libcublasLt.so.13");
	for (; *says; says++)
		if (!strstr(job.run.detail, *says))
			fail_msg("'%s' is not in '%s'", *says, job.run.detail);
	close_job(&job, impl);
}

static void default_is_the_first_answer(void **state) {
	static const char *const says[] = {
		"choice=default asked=1 found=1 tried=0 rank=0 compute=CUBLAS_COMPUTE_32F workspace=512 "
		"workspace_limit=33554432 id=0 tile=0 stages=1 splitk=1 reduction=1 swizzle=1 custom=1 inner=1 cluster=1 "
		"numerics=0x80202 algo=05480000",
		NULL};

	(void)state;
	chosen("9000:needs=512 5000", first, says);
}

static void tuned_is_the_fastest(void **state) {
	static const char *const says[] = {"choice=tuned asked=64 found=4 tried=3 failed=1 budget_s=30 spent_s=",
	                                   " rank=3 ", " id=4 tile=4 ", " algo=0548000004000000", NULL};

	(void)state;
	chosen("9000 7200 5000:fails 8000:state 7000 6000:needs=99999999", tuned, says);
}

/* How sums of fp8 go on is said. */
static void fp8_says_how_it_sums(void **state) {
	struct job job;

	(void)state;
	assert_int_equal(prepare(&job, first, "gemm:m=16,dtype=e4m3"), WM_OK);
	assert_non_null(strstr(job.run.detail, " compute=CUBLAS_COMPUTE_32F fast_accum=0 scales=none "));
	close_job(&job, first);
}

static void no_more_than_64_are_tried(void **state) {
	static const char *const says[] = {"asked=64 found=64 tried=64 failed=0", " rank=63 ", NULL};
	char script[1024] = "";

	(void)state;
	for (int i = 0; i < 70; i++)
		snprintf(script + strlen(script), sizeof(script) - strlen(script), "%d ", 9000 - 10 * i);
	chosen(script, tuned, says);
}

/* All bytes of the algorithm are there, and no word has a space in it. */
static void the_record_has_all_of_the_algorithm(void **state) {
	struct job job;
	const char *algo;

	(void)state;
	assert_int_equal(prepare(&job, tuned, "gemm:m=8"), WM_OK);
	algo = strstr(job.run.detail, " algo=");
	assert_non_null(algo);
	assert_int_equal(strlen(algo), strlen(" algo=") + 2 * 64);
	assert_int_equal(strspn(algo + strlen(" algo="), "0123456789abcdef"), 2 * 64);
	close_job(&job, tuned);
}

/* A fast algorithm that is wrong is chosen, and found out. */
static void what_is_wrong_is_found_out(void **state) {
	struct job job;

	(void)state;
	setenv("WM_FAKE_CUBLASLT", "6000 5000:wrong", 1);
	assert_int_equal(prepare(&job, tuned, "gemm:m=8"), WM_OK);
	assert_int_equal(verify(&job, tuned, WM_EXACT, 0), WM_WRONG);
	close_job(&job, tuned);
	assert_int_equal(prepare(&job, first, "gemm:m=8"), WM_OK);
	assert_int_equal(verify(&job, first, WM_EXACT, 0), WM_OK);
	close_job(&job, first);
}

/* The choice is made on the inputs of the problem, in every set, not on what happens to be there. */
static void it_is_chosen_on_real_inputs(void **state) {
	struct job job;
	float *a;

	(void)state;
	assert_int_equal(prepare(&job, tuned, "gemm:m=8"), WM_OK);
	for (int set = 0; set < SETS; set++) {
		a = job.buf[set * job.n].ptr;
		assert_true(a[0] >= -1 && a[0] < 1);
		assert_true(a[63] >= -1 && a[63] < 1);
	}
	close_job(&job, tuned);
	assert_int_equal(prepare(&job, tuned, "gemm:m=8,data=zeros"), WM_OK);
	a = job.buf[0].ptr;
	assert_true(a[0] == 0 && a[63] == 0);
	close_job(&job, tuned);
}

/* Of large inputs too all elements, and nothing behind them. */
static void inputs_are_filled_to_their_end(void **state) {
	enum { K = 1500001 };
	struct job job;

	(void)state;
	assert_int_equal(prepare(&job, tuned, "gemm:m=1,n=1,k=1500001"), WM_OK);
	for (int i = 0; i < SETS * job.n; i++) {
		const float *x = job.buf[i].ptr;
		const unsigned char *behind = (const unsigned char *)(x + K);

		if (job.t[i % job.n].output)
			continue;
		assert_true(x[K / 2] >= -1 && x[K / 2] < 1);
		assert_true(x[K - 1] >= -1 && x[K - 1] < 1);
		for (size_t at = 0; at < job.buf[i].bytes - K * sizeof(*x); at++)
			assert_int_equal(behind[at], 0xff);
	}
	close_job(&job, tuned);
}

/* ---- the real library --------------------------------------------------------------------------- */

/* It loads on machines without a GPU too, so that a name that is not there is seen. */
static void the_real_library_has_all_functions(void **state) {
	static const char *const names[] = {
#define X(member, name, arguments) name,
		WM_BLASLT_FUNCTIONS(X) WM_BLASLT_FUNCTIONS_MAYBE(X)
#undef X
	};
	void *lib = dlopen("/usr/local/cuda/lib64/libcublasLt.so", RTLD_LOCAL | RTLD_LAZY);
	char full[128];

	(void)state;
	if (!lib) {
		print_message("%s\n", dlerror());
		skip();
	}
	for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++) {
		const char *name = i < sizeof(names) / sizeof(names[0]) ? names[i] : wm_blaslt_cuda.version_call;

		snprintf(full, sizeof(full), "%s%s", wm_blaslt_cuda.prefix, name + (name[0] == '?'));
		if (!dlsym(lib, full))
			fail_msg("%s", dlerror());
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_type_and_layout_holds, each),
		cmocka_unit_test_setup(integers_hold, each),
		cmocka_unit_test_setup(fp8_holds, each),
		cmocka_unit_test_setup(integers_have_one_layout_and_sizes, each),
		cmocka_unit_test_setup(fp8_has_one_type_layouts_and_sizes, each),
		cmocka_unit_test_setup(fp8_depends_on_the_device, each),
		cmocka_unit_test_setup(tf32_may_be_forbidden, each),
		cmocka_unit_test_setup(emulation_is_another_problem, each),
		cmocka_unit_test_setup(other_backends_have_other_libraries, each),
		cmocka_unit_test_setup(its_workspace_is_known_before, each),
		cmocka_unit_test_setup(no_algorithm_is_unsupported, each),
		cmocka_unit_test_setup(errors_are_the_library_s_own_words, each),
		cmocka_unit_test_setup(no_memory_for_its_workspace, each),
		cmocka_unit_test_setup(workspace_is_used_up_to_its_limit, each),
		cmocka_unit_test_setup(default_is_the_first_answer, each),
		cmocka_unit_test_setup(tuned_is_the_fastest, each),
		cmocka_unit_test_setup(fp8_says_how_it_sums, each),
		cmocka_unit_test_setup(no_more_than_64_are_tried, each),
		cmocka_unit_test_setup(the_record_has_all_of_the_algorithm, each),
		cmocka_unit_test_setup(what_is_wrong_is_found_out, each),
		cmocka_unit_test_setup(it_is_chosen_on_real_inputs, each),
		cmocka_unit_test_setup(inputs_are_filled_to_their_end, each),
		cmocka_unit_test_setup(the_real_library_has_all_functions, each),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
