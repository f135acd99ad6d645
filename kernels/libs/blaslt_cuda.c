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

/* A variable of the environment under which the library computes a type in another way than the problem asks for. */
static enum wm_status environment_allows(enum wm_dtype t) {
	static const struct {
		enum wm_dtype type;
		const char *name;
	} emulation[] = {{WM_F32, "CUBLAS_EMULATE_SINGLE_PRECISION"}, {WM_F64, "CUBLAS_EMULATE_DOUBLE_PRECISION"}};

	for (size_t i = 0; i < sizeof(emulation) / sizeof(emulation[0]); i++) {
		const char *value = getenv(emulation[i].name);

		if (emulation[i].type == t && value && value[0] && strcmp(value, "0") != 0)
			return wm_fail(WM_UNSUPPORTED, "%s=%s lets cuBLASLt emulate %s, which is another problem; unset it",
			               emulation[i].name, value, wm_dtype_word(t));
	}
	return WM_OK;
}

static enum wm_status only_tn(const struct wm_problem *p, const struct wm_device *dev) {
	if (strcmp(wm_get_word(p, "trans"), "tn") == 0)
		return WM_OK;
	return wm_fail(WM_UNSUPPORTED, "with dtype=%s cuBLASLt has trans=tn alone on %s", wm_get_word(p, "dtype"),
	               dev->arch);
}

/* "Using a regular data ordering": TN, m and k and the leading dimensions multiples of 4. */
static enum wm_status can_run_i8(const struct wm_run *run) {
	static const char *const keys[] = {"m", "k"};
	enum wm_status st = only_tn(run->problem, run->dev);

	for (int i = 0; i < 2 && st == WM_OK; i++)
		if (wm_get(run->problem, keys[i]) % 4)
			st = wm_fail(WM_UNSUPPORTED, "with dtype=i8 cuBLASLt needs %s to be a multiple of 4, not %ld", keys[i],
			             wm_get(run->problem, keys[i]));
	return st;
}

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t == WM_I8)
		return can_run_i8(run);
	return environment_allows(t);
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
