/* SPDX-License-Identifier: Apache-2.0 */
/* dnnl.c - oneDNN 2.x and 3.x behind one set of calls: the versions differ in how memory and operations are described.
 */
#include "dnnl.h"

#include <dlfcn.h>
#include <string.h>

/* Newest first; Debian 13 gives 3.7.2 a soname of its own. */
static const char *const libraries[] = {"libdnnl.so.3", "libdnnl.so.3.6", "libdnnl.so.2", NULL};

/* A description of memory, by the version that is open: 2.x a struct, 3.x an object. */
struct description {
	union wm_dnnl_md2 v2;
	void *v3;
};

static bool is_3(const struct wm_dnnl *d) {
	return d->call.version()->major >= 3;
}

static enum wm_status check(const char *what, int status) {
	switch (status) {
	case WM_DNNL_SUCCESS: return WM_OK;
	case WM_DNNL_OUT_OF_MEMORY: return wm_fail(WM_NOMEM, "%s: dnnl_out_of_memory", what);
	case WM_DNNL_UNIMPLEMENTED:
		return wm_fail(WM_UNSUPPORTED, "%s: dnnl_unimplemented: not for these types on this CPU", what);
	default: return wm_fail(WM_FAILED, "%s: status %d of dnnl_types.h", what, status);
	}
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* What the OpenMP runtime that the library has brought along says; 0 = it brought none that is known. */
static int openmp_threads(void) {
	static const char *const runtimes[] = {"libgomp.so.1", "libomp.so.5", "libiomp5.so", NULL};
	int (*max_threads)(void) = NULL;

	for (int i = 0; runtimes[i] && !max_threads; i++) {
		void *handle = dlopen(runtimes[i], RTLD_NOW | RTLD_NOLOAD);
		void *symbol = handle ? dlsym(handle, "omp_get_max_threads") : NULL;

		memcpy(&max_threads, &symbol, sizeof(max_threads));
	}
	return max_threads ? max_threads() : 0;
}

static void describe(const struct wm_dnnl *d, struct wm_run *run) {
	const struct wm_dnnl_version *v = d->call.version();

	snprintf(run->library, sizeof(run->library), "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
	run->threads = v->cpu_runtime == WM_DNNL_RUNTIME_SEQ   ? 1
	               : v->cpu_runtime == WM_DNNL_RUNTIME_OMP ? openmp_threads()
	                                                       : 0;
}

/* Are all functions of the version there that only one of them has? */
static enum wm_status check_version(const struct wm_dnnl *d, const char *lib) {
	const struct wm_dnnl_calls *c = &d->call;
	const struct wm_dnnl_version *v = c->version();
	bool whole = v->major == 2   ? c->md2_init && c->matmul2_init && c->softmax2_init && c->desc2_create
	             : v->major == 3 ? c->md3_create && c->md3_destroy && c->matmul3_create && c->softmax3_create
	                             : false;

	if (whole)
		return WM_OK;
	return wm_fail(WM_UNSUPPORTED, "%s is oneDNN %d.%d.%d: not the interface of 2.x or 3.x", lib, v->major, v->minor,
	               v->patch);
}

enum wm_status wm_dnnl_open(struct wm_dnnl *d, struct wm_run *run) {
	static const char *const names[] = {
#define X(member, name, result, arguments) name,
		WM_DNNL_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(d->call) == COUNT * sizeof(void (*)(void)), "the calls are an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st = wm_load_library(libraries, names, COUNT, fn, &lib);

	if (st != WM_OK)
		return st;
	memcpy(&d->call, fn, sizeof(d->call));
	st = check_version(d, lib);
	if (st == WM_OK)
		st = check("dnnl_engine_create", d->call.engine_create(&d->engine, WM_DNNL_CPU, 0));
	if (st == WM_OK)
		st = check("dnnl_stream_create", d->call.stream_create(&d->stream, d->engine, WM_DNNL_IN_ORDER));
	if (st == WM_OK)
		describe(d, run);
	return st;
}

void wm_dnnl_close(struct wm_dnnl *d) {
	if (d->stream)
		d->call.stream_destroy(d->stream);
	if (d->engine)
		d->call.engine_destroy(d->engine);
	*d = (struct wm_dnnl){0};
}

/* ---- operands ----------------------------------------------------------------------------------- */

/* 0: it has none, or not by that name in each version that we use (f8 begins with 3.4). */
static int type_of(enum wm_dtype t) {
	static const int types[WM_DTYPES] = {[WM_F32] = WM_DNNL_F32,
	                                     [WM_F16] = WM_DNNL_F16,
	                                     [WM_BF16] = WM_DNNL_BF16,
	                                     [WM_I8] = WM_DNNL_S8,
	                                     [WM_I32] = WM_DNNL_S32};

	return types[t];
}

bool wm_dnnl_has(enum wm_dtype t) {
	return type_of(t) != 0;
}

static enum wm_status describe_memory(struct wm_dnnl *d, const struct wm_dnnl_layout *l, struct description *desc) {
	int type = type_of(l->type);

	if (is_3(d))
		return check("dnnl_memory_desc_create_with_strides",
		             d->call.md3_create(&desc->v3, l->n, l->dims, type, l->strides));
	return check("dnnl_memory_desc_init_by_strides", d->call.md2_init(&desc->v2, l->n, l->dims, type, l->strides));
}

static const void *description_of(const struct wm_dnnl *d, const struct description *desc) {
	return is_3(d) ? desc->v3 : (const void *)&desc->v2;
}

static void forget(struct wm_dnnl *d, struct description *desc) {
	if (desc->v3)
		d->call.md3_destroy(desc->v3);
}

enum wm_status wm_dnnl_memory(struct wm_dnnl *d, const struct wm_dnnl_layout *layout, void *data, void **memory_p) {
	struct description desc = {.v3 = NULL};
	enum wm_status st = describe_memory(d, layout, &desc);

	if (st == WM_OK)
		st = check("dnnl_memory_create", d->call.memory_create(memory_p, description_of(d, &desc), d->engine, data));
	forget(d, &desc);
	return st;
}

/* ---- operations --------------------------------------------------------------------------------- */

/* The primitive of a description, which is used up; its implementation's name goes behind what library says. */
static enum wm_status make_primitive(struct wm_dnnl *d, void *desc, struct wm_run *run, void **primitive_p) {
	size_t used = strlen(run->library);
	const char *impl = NULL;
	enum wm_status st = check("dnnl_primitive_create", d->call.primitive_create(primitive_p, desc));

	if (st == WM_OK && d->call.desc_query(desc, WM_DNNL_QUERY_IMPL_INFO, 0, &impl) == WM_DNNL_SUCCESS && impl)
		snprintf(run->library + used, sizeof(run->library) - used, ", %s", impl);
	d->call.desc_destroy(desc);
	return st;
}

int wm_dnnl_after_arg(const struct wm_dnnl *d, int i) {
	return (is_3(d) ? WM_DNNL_ARG_POST_OP_BASE_3 : WM_DNNL_ARG_POST_OP_BASE_2) * (i + 1) | WM_DNNL_ARG_SRC_1;
}

static enum wm_status append(struct wm_dnnl *d, const struct wm_dnnl_after *after, void *post_ops) {
	struct description desc = {.v3 = NULL};
	enum wm_status st = describe_memory(d, after->layout, &desc);

	if (st == WM_OK)
		st = check("dnnl_post_ops_append_binary",
		           d->call.post_ops_binary(post_ops, after->what, description_of(d, &desc)));
	forget(d, &desc);
	return st;
}

/* The attribute of a product with operations after it, to be destroyed. */
static enum wm_status make_attribute(struct wm_dnnl *d, const struct wm_dnnl_after *after, int n, void **attr_p) {
	void *post_ops = NULL;
	enum wm_status st = check("dnnl_primitive_attr_create", d->call.attr_create(attr_p));

	if (st == WM_OK)
		st = check("dnnl_post_ops_create", d->call.post_ops_create(&post_ops));
	for (int i = 0; i < n && st == WM_OK; i++)
		st = append(d, &after[i], post_ops);
	if (st == WM_OK)
		st = check("dnnl_primitive_attr_set_post_ops", d->call.attr_set_post_ops(*attr_p, post_ops));
	if (post_ops)
		d->call.post_ops_destroy(post_ops);
	return st;
}

static int describe_matmul(struct wm_dnnl *d, const void *src, const void *weights, const void *dst, const void *attr,
                           void **desc_p) {
	union wm_dnnl_op2 op;
	int status;

	if (is_3(d))
		return d->call.matmul3_create(desc_p, d->engine, src, weights, NULL, dst, attr);
	status = d->call.matmul2_init(&op, src, weights, NULL, dst);
	return status ? status : d->call.desc2_create(desc_p, &op, attr, d->engine, NULL);
}

enum wm_status wm_dnnl_matmul(struct wm_dnnl *d, const struct wm_dnnl_layout *src, const struct wm_dnnl_layout *weights,
                              const struct wm_dnnl_layout *dst, const struct wm_dnnl_after *after, int n,
                              struct wm_run *run, void **primitive_p) {
	struct description s = {.v3 = NULL}, w = {.v3 = NULL}, t = {.v3 = NULL};
	void *attr = NULL, *desc = NULL;
	enum wm_status st = describe_memory(d, src, &s);

	if (st == WM_OK)
		st = describe_memory(d, weights, &w);
	if (st == WM_OK)
		st = describe_memory(d, dst, &t);
	if (st == WM_OK)
		st = make_attribute(d, after, n, &attr);
	if (st == WM_OK)
		st = check("matmul", describe_matmul(d, description_of(d, &s), description_of(d, &w), description_of(d, &t),
		                                     attr, &desc));
	if (st == WM_OK)
		st = make_primitive(d, desc, run, primitive_p);
	if (attr)
		d->call.attr_destroy(attr);
	forget(d, &t);
	forget(d, &w);
	forget(d, &s);
	return st;
}

static int describe_softmax(struct wm_dnnl *d, const void *src, const void *dst, int axis, void **desc_p) {
	union wm_dnnl_op2 op;
	int status;

	if (is_3(d))
		return d->call.softmax3_create(desc_p, d->engine, WM_DNNL_FORWARD_INFERENCE, WM_DNNL_SOFTMAX_ACCURATE, src, dst,
		                               axis, NULL);
	status = d->call.softmax2_init(&op, WM_DNNL_FORWARD_INFERENCE, WM_DNNL_SOFTMAX_ACCURATE, src, dst, axis);
	return status ? status : d->call.desc2_create(desc_p, &op, NULL, d->engine, NULL);
}

enum wm_status wm_dnnl_softmax(struct wm_dnnl *d, const struct wm_dnnl_layout *src, const struct wm_dnnl_layout *dst,
                               struct wm_run *run, void **primitive_p) {
	struct description s = {.v3 = NULL}, t = {.v3 = NULL};
	void *desc = NULL;
	enum wm_status st = describe_memory(d, src, &s);

	if (st == WM_OK)
		st = describe_memory(d, dst, &t);
	if (st == WM_OK)
		st = check("softmax", describe_softmax(d, description_of(d, &s), description_of(d, &t), src->n - 1, &desc));
	if (st == WM_OK)
		st = make_primitive(d, desc, run, primitive_p);
	forget(d, &t);
	forget(d, &s);
	return st;
}

enum wm_status wm_dnnl_execute(struct wm_dnnl *d, const void *primitive, const struct wm_dnnl_arg *args, int n) {
	enum wm_status st = check("dnnl_primitive_execute", d->call.primitive_execute(primitive, d->stream, n, args));

	return st == WM_OK ? check("dnnl_stream_wait", d->call.stream_wait(d->stream)) : st;
}
