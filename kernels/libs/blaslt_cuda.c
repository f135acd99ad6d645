/* SPDX-License-Identifier: Apache-2.0 */
/* blaslt_cuda.c - what blaslt.c has to know of cuBLASLt. */
#include "blaslt_api.h"
#include "cublaslt_api.h"

#include <stdlib.h>
#include <string.h>

/* The newest first; the last where a toolkit was unpacked without telling the loader. */
static const char *const libraries[] = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11",
                                        "/usr/local/cuda/lib64/libcublasLt.so", NULL};

static const struct wm_blaslt_config config[] = {
	{"id", WM_CUBLASLT_CONFIG_ID, 4},
	{"tile", WM_CUBLASLT_CONFIG_TILE_ID, 4},
	{"stages", WM_CUBLASLT_CONFIG_STAGES_ID, 4},
	{"splitk", WM_CUBLASLT_CONFIG_SPLITK_NUM, 4},
	{"reduction", WM_CUBLASLT_CONFIG_REDUCTION_SCHEME, 4},
	{"swizzle", WM_CUBLASLT_CONFIG_CTA_SWIZZLING, 4},
	{"custom", WM_CUBLASLT_CONFIG_CUSTOM_OPTION, 4},
	{"inner", WM_CUBLASLT_CONFIG_INNER_SHAPE_ID, 2},
	{"cluster", WM_CUBLASLT_CONFIG_CLUSTER_SHAPE_ID, 2},
	{0},
};

static const char *status_name(int status) {
	switch (status) {
#define X(name, value) \
	case value: return "CUBLAS_STATUS_" #name;
		WM_CUBLASLT_STATUSES(X)
#undef X
	default: return "a status that cublas_api.h of CUDA 13 does not have";
	}
}

static bool answer(const void *answers, int i, struct wm_blaslt_algo *algo_p) {
	const struct wm_cublaslt_answer *x = (const struct wm_cublaslt_answer *)answers + i;

	if (x->state != WM_CUBLASLT_SUCCESS)
		return false;
	memcpy(algo_p->bytes, &x->algo, sizeof(x->algo));
	algo_p->workspace = x->workspace;
	return true;
}

/* By cublasLtGetProperty(): the one number of cublasLtGetVersion() has meant two things. */
static void version(const struct wm_blaslt_calls *call, void *handle, char *text, size_t bytes) {
	int (*property)(int part, int *value);
	int part[3] = {0};

	(void)handle;
	memcpy(&property, &call->version, sizeof(property));
	for (int i = 0; i < 3; i++)
		property(WM_CUBLASLT_MAJOR_VERSION + i, &part[i]);
	snprintf(text, bytes, "%d.%d.%d", part[0], part[1], part[2]);
}

/* ---- what the documentation of cublasLtMatmul() rules out --------------------------------------- */

/* Variables of the environment under which the library computes a type in another way than the problem asks for:
 * emulation where they are on, no tf32 where it is 0. libcublasLt itself reads all three. */
static enum wm_status environment_allows(enum wm_dtype t) {
	static const struct {
		enum wm_dtype type;
		const char *name, *means;
		bool when_off;
	} variables[] = {
		{WM_F32, "CUBLAS_EMULATE_SINGLE_PRECISION", "lets cuBLASLt emulate f32", false},
		{WM_F64, "CUBLAS_EMULATE_DOUBLE_PRECISION", "lets cuBLASLt emulate f64", false},
		{WM_TF32, "NVIDIA_TF32_OVERRIDE", "keeps cuBLASLt from tf32", true},
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = variables[i].type == t ? getenv(variables[i].name) : NULL;

		if (value && value[0] && (strcmp(value, "0") == 0) == variables[i].when_off)
			return wm_fail(WM_UNSUPPORTED, "%s=%s %s, which is another problem; unset it", variables[i].name, value,
			               variables[i].means);
	}
	return WM_OK;
}

/* "sm_90" is 90; 0: the device does not say. */
static int capability(const struct wm_device *dev) {
	return strncmp(dev->arch, "sm_", 3) == 0 ? atoi(dev->arch + 3) : 0;
}

static enum wm_status only_tn(const struct wm_problem *p, const struct wm_device *dev) {
	if (strcmp(wm_get_word(p, "trans"), "tn") == 0)
		return WM_OK;
	return wm_fail(WM_UNSUPPORTED, "with dtype=%s cuBLASLt has trans=tn alone on %s", wm_get_word(p, "dtype"),
	               dev->arch);
}

/* A size is a multiple of so many elements. */
static enum wm_status is_multiple(const struct wm_problem *p, const char *key, size_t of) {
	if ((size_t)wm_get(p, key) % of == 0)
		return WM_OK;
	return wm_fail(WM_UNSUPPORTED, "with dtype=%s cuBLASLt needs %s to be a multiple of %zu, not %ld",
	               wm_get_word(p, "dtype"), key, of, wm_get(p, key));
}

/* "Using a regular data ordering": TN, m and k and the leading dimensions multiples of 4. */
static enum wm_status can_run_i8(const struct wm_run *run) {
	enum wm_status st = only_tn(run->problem, run->dev);

	if (st == WM_OK)
		st = is_multiple(run->problem, "m", 4);
	return st == WM_OK ? is_multiple(run->problem, "k", 4) : st;
}

/* The sizes along which matrices are contiguous, which are their leading dimensions too, are multiples of 16 bytes. */
static enum wm_status lines_of_16_bytes(const struct wm_problem *p) {
	const char *trans = wm_get_word(p, "trans");
	const char *const along[] = {trans[0] == 't' ? "k" : "m", trans[1] == 't' ? "n" : "k", "m"};
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	enum wm_status st = p->bench->tensors(p, t, &n);

	for (int i = 0; i < 3 && st == WM_OK; i++)
		st = is_multiple(p, along[i], 16 / wm_dtype_bytes(t[i].dtype));
	return st;
}

/* No table has e5m2 times e5m2. Other layouts than TN: not on Ada (8.9), Hopper (9.0) and GeForce Blackwell (12.x). */
static enum wm_status can_run_fp8(const struct wm_run *run) {
	int sm = capability(run->dev);
	enum wm_status st = WM_OK;

	if (wm_get_dtype(run->problem) == WM_E5M2)
		return wm_fail(WM_UNSUPPORTED, "cuBLASLt has no product of two e5m2 matrices, one has to be e4m3");
	if (sm < 89)
		return wm_fail(WM_UNSUPPORTED, "cuBLASLt has fp8 from sm_89 on, %s is %s", run->dev->id, run->dev->arch);
	if (sm < 100 || sm >= 120)
		st = only_tn(run->problem, run->dev);
	return st == WM_OK ? lines_of_16_bytes(run->problem) : st;
}

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	switch (t) {
	case WM_I8: return can_run_i8(run);
	case WM_E4M3:
	case WM_E5M2: return can_run_fp8(run);
	default: return environment_allows(t);
	}
}

#define FLOATS WM_CUBLASLT_COMPUTE_32F, WM_CUBLASLT_R_32F, "CUBLAS_COMPUTE_32F"

const struct wm_blaslt_vendor wm_blaslt_cuda = {
	.backend = "cuda",
	.name = "cuBLASLt",
	.prefix = "cublasLt",
	.version_call = "GetProperty",
	.libraries = libraries,
	.no_memory = WM_CUBLASLT_ALLOC_FAILED,
	.not_supported = WM_CUBLASLT_NOT_SUPPORTED,
	.arch_mismatch = WM_CUBLASLT_ARCH_MISMATCH,
	.status = status_name,
	.op_n = WM_CUBLASLT_OP_N,
	.op_t = WM_CUBLASLT_OP_T,
	.trans_a = WM_CUBLASLT_DESC_TRANSA,
	.trans_b = WM_CUBLASLT_DESC_TRANSB,
	.fast_accum = WM_CUBLASLT_DESC_FAST_ACCUM,
	.max_workspace = WM_CUBLASLT_PREF_MAX_WORKSPACE_BYTES,
	.config = config,
	.numerics = WM_CUBLASLT_CAP_NUMERICAL_IMPL_FLAGS,
	/* Products of f32 are CUBLAS_COMPUTE_32F: f32 throughout, as its documentation has it; tensor cores take f32 only
     * where COMPUTE_32F_FAST_.. allows it. */
	.types =
		{
			[WM_F64] = {true, WM_CUBLASLT_R_64F, WM_CUBLASLT_COMPUTE_64F, WM_CUBLASLT_R_64F, "CUBLAS_COMPUTE_64F",
                        false},
			[WM_F32] = {true, WM_CUBLASLT_R_32F, FLOATS, false},
			[WM_TF32] = {true, WM_CUBLASLT_R_32F, WM_CUBLASLT_COMPUTE_32F_FAST_TF32, WM_CUBLASLT_R_32F,
                         "CUBLAS_COMPUTE_32F_FAST_TF32", false},
			[WM_E4M3] = {true, WM_CUBLASLT_R_8F_E4M3, FLOATS, true},
			[WM_E5M2] = {true, WM_CUBLASLT_R_8F_E5M2, FLOATS, true},
			[WM_F16] = {true, WM_CUBLASLT_R_16F, FLOATS, false},
			[WM_BF16] = {true, WM_CUBLASLT_R_16BF, FLOATS, false},
			[WM_I8] = {true, WM_CUBLASLT_R_8I, WM_CUBLASLT_COMPUTE_32I, WM_CUBLASLT_R_32I, "CUBLAS_COMPUTE_32I", false},
			[WM_I32] = {.has = true, .type = WM_CUBLASLT_R_32I},
		},
	.algo_bytes = sizeof(struct wm_cublaslt_algo),
	.answer_bytes = sizeof(struct wm_cublaslt_answer),
	.answer = answer,
	.version = version,
	.can_run = can_run,
};
