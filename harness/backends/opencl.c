/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opencl.c - the OpenCL backend: any device that the ICD loader shows, found and used through OpenCL 1.2.
 * Devices are numbered over all platforms in the loader's order: opencl:0, opencl:1, ..
 */
#include "opencl_api.h"

#include "core/wm.h"
#include "system/accelerators.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* An open device: one context and one in-order queue whose commands carry timestamps. */
struct place {
	cl_device_id id;
	cl_context context;
	cl_command_queue queue;
	cl_event marks[WM_MAX_MARKS];
	cl_event last;           /* the newest launch: its status says whether a kernel failed */
	cl_mem tick;             /* 4 bytes that a mark fills where markers carry no timestamps; else NULL */
	size_t align;            /* bytes, of a view's offset */
	void *rouser;            /* module of rouse, built at its first call */
	struct wm_buf rouse_out; /* one integer per work-item of rouse */
	cl_uint rouse_rounds;    /* rounds that last about a millisecond */
};

/* A built program and the kernels made from it so far. */
struct module {
	cl_program program;
	struct entry {
		char name[64];
		cl_kernel kernel;
	} entries[8];
	int n;
};

enum { ROUSE_ITEMS = 64, ROUSE_GROUPS_PER_UNIT = 4 };

/* Integer work that no compiler removes: a linear congruential generator per work-item. */
static const char rouse_text[] =
	"WM_ENTRY(64) rouse(WM_GLOBAL unsigned *out, unsigned rounds) {\n"
	"	unsigned i = wm_group_id(0) * 64u + wm_local_id(), x = i;\n"
	"	for (unsigned r = 0; r < rounds; r++)\n"
	"		x = x * 1664525u + 1013904223u;\n"
	"	out[i] = x;\n"
	"}\n";

static struct wm_cl_api cl;
static bool affinity_is_ours; /* POCL_AFFINITY was not set before we did */

/* ---- errors ------------------------------------------------------------------------------------ */

static const char *error_name(cl_int err) {
	switch (err) {
#define X(name) \
	case CL_##name: return "CL_" #name;
		WM_CL_ERRORS(X)
#undef X
	default: return "unknown OpenCL error";
	}
}

/* The status of a failed call, with the call's name and the error's. Running out of memory has its own
 * status. */
static enum wm_status failed(const char *call, cl_int err) {
	bool nomem = err == CL_MEM_OBJECT_ALLOCATION_FAILURE || err == CL_OUT_OF_RESOURCES || err == CL_OUT_OF_HOST_MEMORY;
	return wm_fail(nomem ? WM_NOMEM : WM_FAILED, "%s: %s (%d)", call, error_name(err), (int)err);
}

/* ---- devices ----------------------------------------------------------------------------------- */

/*
 * PoCL leaves its threads unbound unless it is asked before it is loaded, and the kernel often puts two of
 * them on one core for many short launches. Asked, it binds thread i to CPU i, so only where those are the
 * CPUs that this process may use. What the user has set stands.
 */
static void bind_pocl_threads(void) {
	cpu_set_t ours;
	if (sched_getaffinity(0, sizeof(ours), &ours))
		return;
	for (int i = CPU_COUNT(&ours) - 1; i >= 0; i--)
		if (!CPU_ISSET(i, &ours))
			return;
	affinity_is_ours = !getenv("POCL_AFFINITY") && !setenv("POCL_AFFINITY", "1", 0);
}

/* Short launches take up to twice as long with another setting, so it is a part of what ran. */
static void describe_affinity(struct wm_device *dev) {
	const char *value = getenv("POCL_AFFINITY");
	size_t n = strlen(dev->driver);

	if (!strcasestr(dev->driver, "pocl"))
		return;
	if (value)
		snprintf(dev->driver + n, sizeof(dev->driver) - n, ", POCL_AFFINITY=%s %s", value,
		         affinity_is_ours ? "set by wattmark" : "as found");
	else
		snprintf(dev->driver + n, sizeof(dev->driver) - n, ", POCL_AFFINITY not set");
}

static enum wm_status load(void) {
	static const char *const libs[] = {"libOpenCL.so.1", NULL};
	static const char *const names[] = {
#define X(name) "cl" #name,
		WM_CL_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(cl) == COUNT * sizeof(void (*)(void)), "wm_cl_api is an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	if (cl.GetPlatformIDs)
		return WM_OK;
	bind_pocl_threads();
	enum wm_status st = wm_load_library(libs, names, COUNT, fn, &lib);
	if (st)
		return st;
	memcpy(&cl, fn, sizeof(cl));
	return WM_OK;
}

/* A text property, cut to fit, without the blanks at its end; "" when the device does not know it. */
static void device_text(cl_device_id id, cl_device_info what, char *out, size_t room) {
	size_t bytes = 0;
	out[0] = '\0';
	if (cl.GetDeviceInfo(id, what, 0, NULL, &bytes) || bytes == 0)
		return;
	char *text = wm_zalloc(bytes + 1);
	if (!cl.GetDeviceInfo(id, what, bytes, text, NULL))
		snprintf(out, room, "%s", text);
	free(text);
	for (size_t n = strlen(out); n > 0 && out[n - 1] == ' '; n--)
		out[n - 1] = '\0';
}

/* A number of the given size; 0 when the device does not know it. */
static void device_value(cl_device_id id, cl_device_info what, void *out, size_t bytes) {
	memset(out, 0, bytes);
	if (cl.GetDeviceInfo(id, what, bytes, out, NULL))
		memset(out, 0, bytes);
}

static bool has_word(const char *list, const char *word) {
	size_t n = strlen(word);
	for (const char *at = strstr(list, word); at; at = strstr(at + n, word))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/* Name of the runtime: the platform's version, then the driver's. */
static void describe_driver(cl_platform_id platform, cl_device_id id, char *out, size_t room) {
	char version[160] = "", driver[64];
	cl.GetPlatformInfo(platform, CL_PLATFORM_VERSION, sizeof(version), version, NULL);
	version[sizeof(version) - 1] = '\0';
	device_text(id, CL_DRIVER_VERSION, driver, sizeof(driver));
	int n = snprintf(out, room, "%s", version);
	if (n > 0 && (size_t)n < room)
		snprintf(out + n, room - (size_t)n, ", driver %s", driver);
}

static void describe_identity(cl_device_id id, const char *extensions, struct wm_device *dev) {
	if (has_word(extensions, "cl_khr_pci_bus_info")) {
		cl_device_pci_bus_info_khr pci;
		if (!cl.GetDeviceInfo(id, CL_DEVICE_PCI_BUS_INFO_KHR, sizeof(pci), &pci, NULL))
			snprintf(dev->pci, sizeof(dev->pci), "%04x:%02x:%02x.%x", pci.pci_domain & 0xffffu, pci.pci_bus & 0xffu,
			         pci.pci_device & 0x1fu, pci.pci_function & 7u);
	}
	if (has_word(extensions, "cl_khr_device_uuid")) {
		unsigned char uuid[CL_UUID_SIZE_KHR];
		if (!cl.GetDeviceInfo(id, CL_DEVICE_UUID_KHR, sizeof(uuid), uuid, NULL))
			for (int i = 0; i < CL_UUID_SIZE_KHR; i++) {
				bool dash = i == 4 || i == 6 || i == 8 || i == 10;
				size_t n = strlen(dev->uuid);
				snprintf(dev->uuid + n, sizeof(dev->uuid) - n, "%s%02x", dash ? "-" : "", uuid[i]);
			}
	}
}

static void describe(cl_platform_id platform, cl_device_id id, int ordinal, struct wm_device *dev) {
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->id, sizeof(dev->id), "opencl:%d", ordinal);
	snprintf(dev->backend, sizeof(dev->backend), "opencl");
	dev->ordinal = ordinal;
	device_text(id, CL_DEVICE_NAME, dev->name, sizeof(dev->name));
	device_text(id, CL_DEVICE_VENDOR, dev->vendor, sizeof(dev->vendor));
	device_text(id, CL_DEVICE_OPENCL_C_VERSION, dev->arch, sizeof(dev->arch));
	describe_driver(platform, id, dev->driver, sizeof(dev->driver));

	cl_device_type type;
	cl_uint units;
	cl_ulong mem, max_alloc;
	cl_bool available, compiler;
	device_value(id, CL_DEVICE_TYPE, &type, sizeof(type));
	device_value(id, CL_DEVICE_MAX_COMPUTE_UNITS, &units, sizeof(units));
	device_value(id, CL_DEVICE_GLOBAL_MEM_SIZE, &mem, sizeof(mem));
	device_value(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, &max_alloc, sizeof(max_alloc));
	device_value(id, CL_DEVICE_AVAILABLE, &available, sizeof(available));
	device_value(id, CL_DEVICE_COMPILER_AVAILABLE, &compiler, sizeof(compiler));
	dev->on_host = (type & CL_DEVICE_TYPE_CPU) != 0;
	dev->units = (int)units;
	dev->threads = dev->on_host ? (int)units : 0;
	dev->mem_bytes = mem;
	dev->max_alloc_bytes = max_alloc;
	if (!available)
		snprintf(dev->off, sizeof(dev->off), "CL_DEVICE_AVAILABLE is false");
	else if (!compiler)
		snprintf(dev->off, sizeof(dev->off), "CL_DEVICE_COMPILER_AVAILABLE is false: no compiler for kernel text");

	char extensions[8192];
	device_text(id, CL_DEVICE_EXTENSIONS, extensions, sizeof(extensions));
	if (has_word(extensions, "cl_khr_fp64"))
		dev->features |= WM_HAS_F64;
	if (has_word(extensions, "cl_khr_fp16"))
		dev->features |= WM_HAS_F16;
	describe_identity(id, extensions, dev);
	/* CL_DEVICE_GLOBAL_MEM_CACHE_SIZE is one cache of a level that is not said; all of them are wanted here, and those
	 * of a device on the host come from the topology. */
	if (!dev->on_host)
		dev->cache_bytes = wm_accelerator_cache_bytes("", dev->pci);
}

/* Every device of every platform in the loader's order, at most max. WM_SKIP + why when there is none. */
static enum wm_status enumerate(cl_platform_id *platforms, cl_device_id *ids, int max, int *n_p) {
	enum { PLATFORMS = 32 };
	cl_platform_id all[PLATFORMS];
	cl_uint nplatforms = 0;
	enum wm_status st = load();
	if (st)
		return st;
	cl_int err = cl.GetPlatformIDs(PLATFORMS, all, &nplatforms);
	if (err)
		return wm_fail(WM_SKIP, "no OpenCL platform: clGetPlatformIDs: %s (%d)", error_name(err), (int)err);
	if (nplatforms == 0)
		return wm_fail(WM_SKIP, "no OpenCL platform: clGetPlatformIDs found 0");
	if (nplatforms > PLATFORMS)
		nplatforms = PLATFORMS;

	int n = 0;
	err = CL_SUCCESS;
	for (cl_uint p = 0; p < nplatforms && n < max; p++) {
		cl_uint found = 0;
		cl_int e = cl.GetDeviceIDs(all[p], CL_DEVICE_TYPE_ALL, (cl_uint)(max - n), ids + n, &found);
		if (e) {
			err = e;
			continue;
		}
		for (int end = n + (int)found; n < end && n < max; n++)
			platforms[n] = all[p];
	}
	if (n == 0)
		return wm_fail(WM_SKIP, "no OpenCL device on %u platform%s: clGetDeviceIDs: %s (%d)", nplatforms,
		               nplatforms == 1 ? "" : "s", err ? error_name(err) : "0 devices", (int)err);
	*n_p = n;
	return WM_OK;
}

static enum wm_status find(struct wm_device *devs, int max, int *n_p) {
	cl_platform_id *platforms = wm_zalloc((size_t)max * sizeof(cl_platform_id));
	cl_device_id *ids = wm_zalloc((size_t)max * sizeof(cl_device_id));
	int n = 0;
	enum wm_status st = enumerate(platforms, ids, max, &n);
	for (int i = 0; i < n; i++)
		describe(platforms[i], ids[i], i, &devs[i]);
	if (!st)
		*n_p = n;
	free(ids);
	free(platforms);
	return st;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static enum wm_status timestamp(cl_event event, cl_ulong *ns_p) {
	cl_ulong ns = 0;
	cl_int err = cl.GetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(ns), &ns, NULL);
	if (err)
		return failed("clGetEventProfilingInfo(CL_PROFILING_COMMAND_END)", err);
	*ns_p = ns;
	return WM_OK;
}

/* Do markers carry the time at which the work before them ended? Some drivers give none, or 0. */
static bool markers_have_time(struct place *at) {
	cl_event event;
	cl_ulong ns = 0;
	if (cl.EnqueueMarkerWithWaitList(at->queue, 0, NULL, &event))
		return false;
	bool good = !cl.Finish(at->queue) && !timestamp(event, &ns) && ns > 0;
	cl.ReleaseEvent(event);
	return good;
}

static void shut(struct place *at);

static enum wm_status open_place(struct place *at) {
	cl_int err;
	at->context = cl.CreateContext(NULL, 1, &at->id, NULL, NULL, &err);
	if (err)
		return failed("clCreateContext", err);
	at->queue = cl.CreateCommandQueue(at->context, at->id, CL_QUEUE_PROFILING_ENABLE, &err);
	if (err)
		return failed("clCreateCommandQueue(CL_QUEUE_PROFILING_ENABLE)", err);
	if (!markers_have_time(at)) {
		at->tick = cl.CreateBuffer(at->context, CL_MEM_READ_WRITE, sizeof(cl_uint), NULL, &err);
		if (err)
			return failed("clCreateBuffer", err);
	}
	cl_uint bits;
	device_value(at->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, &bits, sizeof(bits));
	at->align = bits >= 8 ? bits / 8 : 1;
	return WM_OK;
}

static enum wm_status open_device(struct wm_device *dev) {
	enum { MAX = 128 };
	cl_platform_id platforms[MAX];
	cl_device_id ids[MAX];
	struct wm_device now;
	int n = 0;
	enum wm_status st = enumerate(platforms, ids, MAX, &n);
	if (st)
		return st;
	if (dev->ordinal < 0 || dev->ordinal >= n)
		return wm_fail(WM_FAILED, "%s is gone: %d OpenCL device%s now", dev->id, n, n == 1 ? "" : "s");

	struct place *at = wm_zalloc(sizeof(*at));
	at->id = ids[dev->ordinal];
	st = open_place(at);
	if (st) {
		shut(at);
		return st;
	}
	describe(platforms[dev->ordinal], at->id, dev->ordinal, &now);
	memcpy(dev->name, now.name, sizeof(dev->name));
	memcpy(dev->driver, now.driver, sizeof(dev->driver));
	dev->threads = now.threads;
	dev->max_alloc_bytes = now.max_alloc_bytes;
	dev->priv = at;
	describe_affinity(dev);
	return WM_OK;
}

static void unbuild(struct wm_device *dev, void *module) {
	(void)dev;
	struct module *mod = module;
	for (int i = 0; i < mod->n; i++)
		cl.ReleaseKernel(mod->entries[i].kernel);
	cl.ReleaseProgram(mod->program);
	free(mod);
}

/* Releases whatever of the place exists. */
static void shut(struct place *at) {
	if (at->queue)
		cl.Finish(at->queue);
	if (at->rouser)
		unbuild(NULL, at->rouser);
	if (at->rouse_out.ptr)
		cl.ReleaseMemObject(at->rouse_out.ptr);
	for (int i = 0; i < WM_MAX_MARKS; i++)
		if (at->marks[i])
			cl.ReleaseEvent(at->marks[i]);
	if (at->last)
		cl.ReleaseEvent(at->last);
	if (at->tick)
		cl.ReleaseMemObject(at->tick);
	if (at->queue)
		cl.ReleaseCommandQueue(at->queue);
	if (at->context)
		cl.ReleaseContext(at->context);
	free(at);
}

static void close_device(struct wm_device *dev) {
	shut(dev->priv);
	dev->priv = NULL;
}

/* ---- memory ------------------------------------------------------------------------------------ */

/* Drivers may put off an allocation until its first use; filling it makes "out of memory" come from here. */
static enum wm_status alloc(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	struct place *at = dev->priv;
	const unsigned char zero = 0;
	cl_int err;
	if (dev->max_alloc_bytes && bytes > dev->max_alloc_bytes)
		return wm_fail(WM_NOMEM, "a buffer of %zu bytes: %s allows %llu (CL_DEVICE_MAX_MEM_ALLOC_SIZE)", bytes, dev->id,
		               (unsigned long long)dev->max_alloc_bytes);
	cl_mem mem = cl.CreateBuffer(at->context, CL_MEM_READ_WRITE, bytes, NULL, &err);
	if (err)
		return failed("clCreateBuffer", err);
	err = cl.EnqueueFillBuffer(at->queue, mem, &zero, sizeof(zero), 0, bytes, 0, NULL, NULL);
	if (!err)
		err = cl.Finish(at->queue);
	if (err) {
		cl.ReleaseMemObject(mem);
		return failed("clEnqueueFillBuffer", err);
	}
	*buf_p = (struct wm_buf){.ptr = mem, .bytes = bytes};
	return WM_OK;
}

/* OpenCL allows no view of a view: one of those becomes a view of the first buffer. */
static enum wm_status view(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                           struct wm_buf *view_p) {
	struct place *at = dev->priv;
	cl_mem owner = NULL;
	size_t base = 0;
	cl_int err;
	if (offset > whole->bytes || bytes > whole->bytes - offset)
		return wm_fail(WM_FAILED, "view [%zu, %zu) of a buffer of %zu bytes", offset, offset + bytes, whole->bytes);
	err = cl.GetMemObjectInfo(whole->ptr, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(cl_mem), &owner, NULL);
	if (!err)
		err = cl.GetMemObjectInfo(whole->ptr, CL_MEM_OFFSET, sizeof(base), &base, NULL);
	if (err)
		return failed("clGetMemObjectInfo", err);
	cl_buffer_region region = {(owner ? base : 0) + offset, bytes};
	if (region.origin % at->align)
		return wm_fail(WM_FAILED, "view at byte %zu: %s needs a multiple of %zu (CL_DEVICE_MEM_BASE_ADDR_ALIGN)",
		               region.origin, dev->id, at->align);
	cl_mem mem =
		cl.CreateSubBuffer(owner ? owner : whole->ptr, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
	if (err)
		return failed("clCreateSubBuffer", err);
	*view_p = (struct wm_buf){.ptr = mem, .bytes = bytes, .is_view = true};
	return WM_OK;
}

static void free_buf(struct wm_device *dev, struct wm_buf *buf) {
	(void)dev;
	if (buf->ptr)
		cl.ReleaseMemObject(buf->ptr);
	*buf = (struct wm_buf){0};
}

static enum wm_status put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	struct place *at = dev->priv;
	cl_int err = cl.EnqueueWriteBuffer(at->queue, dst->ptr, CL_TRUE, offset, bytes, src, 0, NULL, NULL);
	return err ? failed("clEnqueueWriteBuffer", err) : WM_OK;
}

static enum wm_status get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes) {
	struct place *at = dev->priv;
	cl_int err = cl.EnqueueReadBuffer(at->queue, src->ptr, CL_TRUE, offset, bytes, dst, 0, NULL, NULL);
	return err ? failed("clEnqueueReadBuffer", err) : WM_OK;
}

/* ---- time -------------------------------------------------------------------------------------- */

static enum wm_status sync(struct wm_device *dev) {
	struct place *at = dev->priv;
	cl_int state = CL_COMPLETE;
	cl_int err = cl.Finish(at->queue);
	if (err)
		return failed("clFinish", err);
	if (!at->last)
		return WM_OK;
	err = cl.GetEventInfo(at->last, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(state), &state, NULL);
	if (err)
		return failed("clGetEventInfo", err);
	return state < 0 ? failed("a kernel ended with", state) : WM_OK;
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	struct place *at = dev->priv;
	const cl_uint zero = 0;
	cl_event event;
	cl_int err;
	if (at->tick)
		err = cl.EnqueueFillBuffer(at->queue, at->tick, &zero, sizeof(zero), 0, sizeof(zero), 0, NULL, &event);
	else
		err = cl.EnqueueMarkerWithWaitList(at->queue, 0, NULL, &event);
	if (err)
		return failed(at->tick ? "clEnqueueFillBuffer" : "clEnqueueMarkerWithWaitList", err);
	if (at->marks[slot])
		cl.ReleaseEvent(at->marks[slot]);
	at->marks[slot] = event;
	return WM_OK;
}

static enum wm_status wait(struct wm_device *dev, int slot) {
	struct place *at = dev->priv;
	cl_int err = cl.WaitForEvents(1, &at->marks[slot]);

	return err ? failed("clWaitForEvents", err) : WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	struct place *at = dev->priv;
	cl_ulong start = 0, end = 0;
	if (!at->marks[from] || !at->marks[to])
		return wm_fail(WM_FAILED, "%s: no mark in slot %d", dev->id, at->marks[from] ? to : from);
	enum wm_status st = timestamp(at->marks[from], &start);
	if (!st)
		st = timestamp(at->marks[to], &end);
	if (st)
		return st;
	if (end < start)
		return wm_fail(WM_FAILED, "%s: its clock went back by %llu ns between two marks", dev->id,
		               (unsigned long long)(start - end));
	*seconds_p = (double)(end - start) * 1e-9;
	return WM_OK;
}

/* ---- kernels ----------------------------------------------------------------------------------- */

/* The first lines of a build log as one line of at most room - 1 bytes. */
static void first_lines(const char *log, char *out, size_t room) {
	size_t n = 0;
	for (; *log && n + 1 < room; log++) {
		if (*log != '\n' && *log != '\r')
			out[n++] = *log;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	out[n] = '\0';
}

/* What the compiler said: all of it to stderr (worker.log), its beginning into the reason. */
static enum wm_status build_failed(struct place *at, cl_program program, cl_int err) {
	size_t bytes = 0;
	char brief[320];
	cl.GetProgramBuildInfo(program, at->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
	char *log = wm_zalloc(bytes + 1);
	cl.GetProgramBuildInfo(program, at->id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
	fprintf(stderr, "clBuildProgram: %s\n%s\n", error_name(err), log);
	first_lines(log, brief, sizeof(brief));
	free(log);
	return wm_fail(WM_FAILED, "clBuildProgram: %s: %s", error_name(err), brief[0] ? brief : "(empty build log)");
}

static enum wm_status build(struct wm_device *dev, const char *text, const char *flags, void **module_p) {
	struct place *at = dev->priv;
	/* the compiler counts lines from the start of the text that its author wrote */
	const char *texts[3] = {wm_embedded("kernels/gpu/device.h"), "\n#line 1 \"kernel text\"\n", text};
	cl_int err;
	if (!texts[0])
		return wm_fail(WM_FAILED, "kernels/gpu/device.h is not embedded in this binary");
	cl_program program = cl.CreateProgramWithSource(at->context, 3, texts, NULL, &err);
	if (err)
		return failed("clCreateProgramWithSource", err);
	err = cl.BuildProgram(program, 1, &at->id, flags ? flags : "", NULL, NULL);
	if (err) {
		enum wm_status st = build_failed(at, program, err);
		cl.ReleaseProgram(program);
		return st;
	}
	struct module *mod = wm_zalloc(sizeof(*mod));
	mod->program = program;
	*module_p = mod;
	return WM_OK;
}

/* The module's kernel of that name, made at its first use. */
static enum wm_status find_kernel(struct module *mod, const char *name, cl_kernel *kernel_p) {
	enum { MAX = sizeof(mod->entries) / sizeof(mod->entries[0]) };
	cl_int err;
	for (int i = 0; i < mod->n; i++)
		if (!strcmp(mod->entries[i].name, name)) {
			*kernel_p = mod->entries[i].kernel;
			return WM_OK;
		}
	struct entry *e = &mod->entries[mod->n];
	if (mod->n == MAX || strlen(name) >= sizeof(e->name))
		return wm_fail(WM_FAILED, "kernel %s: a module holds at most %d of under %zu letters", name, (int)MAX,
		               sizeof(e->name));
	e->kernel = cl.CreateKernel(mod->program, name, &err);
	if (err)
		return wm_fail(WM_FAILED, "clCreateKernel(%s): %s (%d)", name, error_name(err), (int)err);
	snprintf(e->name, sizeof(e->name), "%s", name);
	mod->n++;
	*kernel_p = e->kernel;
	return WM_OK;
}

static enum wm_status launch(struct wm_device *dev, void *module, const char *entry, const struct wm_grid *grid,
                             const struct wm_arg *args, int nargs) {
	struct place *at = dev->priv;
	cl_kernel kernel = NULL;
	size_t global[3], local[3];
	enum wm_status st = find_kernel(module, entry, &kernel);
	if (st)
		return st;
	for (int i = 0; i < nargs; i++) {
		size_t bytes = args[i].buf ? sizeof(cl_mem) : args[i].bytes;
		const void *value = args[i].buf ? (const void *)&args[i].buf->ptr : args[i].value;
		cl_int err = cl.SetKernelArg(kernel, (cl_uint)i, bytes, value);
		if (err)
			return wm_fail(WM_FAILED, "clSetKernelArg(%s, %d): %s (%d)", entry, i, error_name(err), (int)err);
	}
	for (int d = 0; d < 3; d++) {
		local[d] = grid->items[d];
		global[d] = local[d] * grid->groups[d];
	}
	cl_event event;
	cl_int err = cl.EnqueueNDRangeKernel(at->queue, kernel, 3, NULL, global, local, 0, NULL, &event);
	if (err)
		return failed("clEnqueueNDRangeKernel", err);
	if (at->last)
		cl.ReleaseEvent(at->last);
	at->last = event;
	return WM_OK;
}

/* ---- the handles themselves -------------------------------------------------------------------- */

static void *native(struct wm_device *dev, const char *what) {
	struct place *at = dev->priv;
	if (!strcmp(what, "queue"))
		return at->queue;
	if (!strcmp(what, "context"))
		return at->context;
	return strcmp(what, "device") ? NULL : at->id;
}

/* ---- raising the clock ------------------------------------------------------------------------- */

static enum wm_status rouse_once(struct wm_device *dev, cl_uint rounds) {
	struct place *at = dev->priv;
	struct wm_grid grid = {.groups = {(unsigned)dev->units * ROUSE_GROUPS_PER_UNIT, 1, 1},
	                       .items = {ROUSE_ITEMS, 1, 1}};
	struct wm_arg args[] = {{.buf = &at->rouse_out}, {.value = &rounds, .bytes = sizeof(rounds)}};
	enum wm_status st = launch(dev, at->rouser, "rouse", &grid, args, 2);
	return st ? st : sync(dev);
}

/* Builds the kernel and finds how many rounds last about a millisecond, by doubling. */
static enum wm_status prepare_rouse(struct wm_device *dev) {
	struct place *at = dev->priv;
	size_t bytes = (size_t)dev->units * ROUSE_GROUPS_PER_UNIT * ROUSE_ITEMS * sizeof(cl_uint);
	enum wm_status st = at->rouse_out.ptr ? WM_OK : alloc(dev, bytes, &at->rouse_out);
	if (!st)
		st = build(dev, rouse_text, "", &at->rouser);
	if (!st)
		st = rouse_once(dev, 1);
	for (at->rouse_rounds = 1024; !st && at->rouse_rounds < 1u << 30; at->rouse_rounds *= 2) {
		double start = wm_now();
		st = rouse_once(dev, at->rouse_rounds);
		if (wm_now() - start >= 1e-3)
			break;
	}
	return st;
}

/* The first call also builds its kernel, outside the time asked for. */
static enum wm_status rouse(struct wm_device *dev, double seconds) {
	struct place *at = dev->priv;
	enum wm_status st = at->rouser ? WM_OK : prepare_rouse(dev);
	for (double end = wm_now() + seconds; !st && wm_now() < end;)
		st = rouse_once(dev, at->rouse_rounds);
	return st;
}

static const char *const thread_env[] = {"POCL_MAX_PTHREAD_COUNT", NULL};

const struct wm_backend wm_backend_opencl = {
	.name = "opencl",
	.about = "any OpenCL 1.2 device; PoCL makes one of every CPU",
	.asynchronous = true,
	.thread_env = thread_env,
	.find = find,
	.open = open_device,
	.close = close_device,
	.alloc = alloc,
	.view = view,
	.free = free_buf,
	.put = put,
	.get = get,
	.sync = sync,
	.mark = mark,
	.wait = wait,
	.between = between,
	.rouse = rouse,
	.build = build,
	.launch = launch,
	.unbuild = unbuild,
	.native = native,
};
