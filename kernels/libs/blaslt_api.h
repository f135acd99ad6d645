/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blaslt_api.h - cuBLASLt and hipBLASLt are one interface under two prefixes: the same functions, arguments and order
 * of calls; other numbers, other structs for an algorithm and for the answer of the heuristic. So there is one
 * implementation (blaslt.c) over one table per vendor (blaslt_cuda.c). Handles and descriptors are pointers, enums are
 * ints. Private to kernels/libs.
 */
#ifndef WM_BLASLT_API_H
#define WM_BLASLT_API_H

#include "core/wm.h"

/* X(member, name behind the prefix, arguments); all return a status. */
#define WM_BLASLT_FUNCTIONS(X)                                                                                      \
	X(create, "Create", (void **handle))                                                                            \
	X(destroy, "Destroy", (void *handle))                                                                           \
	X(desc_create, "MatmulDescCreate", (void **desc, int compute_type, int scale_type))                             \
	X(desc_destroy, "MatmulDescDestroy", (void *desc))                                                              \
	X(desc_set, "MatmulDescSetAttribute", (void *desc, int attribute, const void *value, size_t bytes))             \
	X(layout_create, "MatrixLayoutCreate", (void **layout, int type, uint64_t rows, uint64_t cols, int64_t ld))     \
	X(layout_destroy, "MatrixLayoutDestroy", (void *layout))                                                        \
	X(pref_create, "MatmulPreferenceCreate", (void **preference))                                                   \
	X(pref_destroy, "MatmulPreferenceDestroy", (void *preference))                                                  \
	X(pref_set, "MatmulPreferenceSetAttribute", (void *preference, int attribute, const void *value, size_t bytes)) \
	X(heuristic, "MatmulAlgoGetHeuristic",                                                                          \
	  (void *handle, void *desc, void *a, void *b, void *c, void *d, void *preference, int wanted, void *answers,   \
	   int *found_p))                                                                                               \
	X(matmul, "Matmul",                                                                                             \
	  (void *handle, void *desc, const void *alpha, const void *a, void *a_layout, const void *b, void *b_layout,   \
	   const void *beta, const void *c, void *c_layout, void *d, void *d_layout, const void *algo, void *workspace, \
	   size_t workspace_bytes, void *queue))

/* What only one vendor may have: NULL where the library lacks it. */
#define WM_BLASLT_FUNCTIONS_MAYBE(X)                                                 \
	X(algo_config, "?MatmulAlgoConfigGetAttribute",                                  \
	  (const void *algo, int attribute, void *value, size_t bytes, size_t *written)) \
	X(algo_cap, "?MatmulAlgoCapGetAttribute",                                        \
	  (const void *algo, int attribute, void *value, size_t bytes, size_t *written))

struct wm_blaslt_calls {
#define X(member, name, arguments) int(*member) arguments;
	WM_BLASLT_FUNCTIONS(X)
	WM_BLASLT_FUNCTIONS_MAYBE(X)
#undef X
	void (*version)(void); /* wm_blaslt_vendor.version calls it */
};

enum { WM_BLASLT_ALGO_BYTES = 64 }; /* of the larger of the vendors' structs */

/* One answer of the heuristic. */
struct wm_blaslt_algo {
	_Alignas(8) unsigned char bytes[WM_BLASLT_ALGO_BYTES]; /* the vendor's struct */
	size_t workspace;                                      /* bytes that it needs */
};

/* How elements of a type are told to the library, and products of it. */
struct wm_blaslt_type {
	bool has;
	int type;            /* of the elements */
	int compute, scale;  /* of products of two matrices of this type; scale: type of alpha and beta */
	const char *word;    /* the vendor's name of compute; NULL: only a type of results */
	bool fast_accum_off; /* the attribute fast_accum is set to 0 */
};

/* A number of the algorithm that is worth recording. */
struct wm_blaslt_config {
	const char *key; /* NULL: the end */
	int attribute;
	size_t bytes;
};

struct wm_blaslt_vendor {
	const char *backend; /* that it belongs to */
	const char *name;
	const char *prefix;                          /* of all functions */
	const char *version_call;                    /* name behind the prefix */
	const char *const *libraries;                /* for wm_load_library */
	int no_memory, not_supported, arch_mismatch; /* statuses; 0 is success */
	const char *(*status)(int status);           /* its name in the vendor's header */
	int op_n, op_t;                              /* int32_t */
	int trans_a, trans_b;                        /* attributes of the product, int32_t */
	int fast_accum;                              /* the same, int8_t */
	int max_workspace;                           /* attribute of the preference, uint64_t */
	const struct wm_blaslt_config *config;       /* for algo_config */
	int numerics;                                /* attribute for algo_cap, uint64_t; -1: none */
	struct wm_blaslt_type types[WM_DTYPES];
	size_t algo_bytes, answer_bytes;
	/* Answer i of an array of them; false: it is no good. */
	bool (*answer)(const void *answers, int i, struct wm_blaslt_algo *algo_p);
	/* "13.1.0" */
	void (*version)(const struct wm_blaslt_calls *call, void *handle, char *text, size_t bytes);
	/* What the library's documentation rules out: WM_UNSUPPORTED + why. */
	enum wm_status (*can_run)(const struct wm_run *run);
};

extern const struct wm_blaslt_vendor wm_blaslt_cuda;

#endif
