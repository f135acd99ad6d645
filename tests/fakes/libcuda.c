/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcuda.c - a fake libcuda.so.1 over host memory that plays the script of WM_FAKE_CUDA (script.h). Work is done when
 * it is enqueued, so its times are those of this CPU; kernels are those of cuda_kernels.c. Further keys of the script,
 * with what stands for them where nothing is said:
 *
 * version 13000, of the driver. none 1: it has no device. slow: seconds that cuInit takes.
 *
 * Of a device: memory 16e9 (bytes that it says it has), really (those after which there are no more), sms 132,
 * l2 1048576, cc 90, ecc 1, mode 0 (of computing), mig 0, nofat 0 (1: it takes no code that was compiled
 * ahead).
 *
 * What goes wrong with a piece of work (a launch, a copy inside the device, a node of a graph) of a device: fault CODE,
 * an error that then stays (700 is an illegal address); refuse CODE, an error of its launch that does not stay; hang 1:
 * it never ends; crash 1: the process dies of it; lost 1: the device falls off the bus, 719 now, and from then on no
 * process gets a context (46). after N: it is the Nth piece of work of a process. once 1: in one process only, the
 * first that gets there; the same for really. What must outlive a process are files: SCRIPT.once.DEVICE,
 * SCRIPT.lost.DEVICE.
 */
#include "libcuda.h"
#include "script.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "WM_FAKE_CUDA"

enum {
	SUCCESS = 0,
	INVALID_VALUE = 1,
	OUT_OF_MEMORY = 2,
	NOT_INITIALIZED = 3,
	DEVICE_UNAVAILABLE = 46,
	NO_DEVICE = 100,
	INVALID_DEVICE = 101,
	INVALID_IMAGE = 200,
	INVALID_CONTEXT = 201,
	NO_BINARY_FOR_GPU = 209,
	INVALID_HANDLE = 400,
	NOT_FOUND = 500,
	NOT_READY = 600,
	ILLEGAL_ADDRESS = 700,
	LAUNCH_OUT_OF_RESOURCES = 701,
	LAUNCH_FAILED = 719,
	STREAM_CAPTURE_UNSUPPORTED = 900,
	STREAM_CAPTURE_INVALIDATED = 901,
	UNKNOWN = 999,

	MOST_SHARED = 227 << 10
};

/* A piece of work: a copy, a fill or a kernel with its arguments. */
struct work {
	const struct wm_fake_kernel *kernel;
	struct wm_fake_grid grid;
	unsigned char values[WM_FAKE_ARGS][128];
	void *to;
	const void *from; /* NULL: a fill */
	size_t bytes;
	int value;
};

struct graph {
	struct work *work;
	int n;
	bool broken;
};

struct allocation {
	struct allocation *next;
	void *at;
	size_t bytes;
};

struct event {
	double at_s;
	bool recorded;
};

struct function {
	const struct wm_fake_kernel *kernel;
	int dynamic_shared;
	struct function *next;
};
static struct function *functions; /* they live as long as the process */

struct module {
	char *text; /* of the fake libnvrtc; NULL: real code, whose names cannot be seen */
};

/* What the script says of a device's work, when its context was made. */
struct faults {
	int fault, refuse;
	bool hang, crash, lost;
	long after;
};

/* The process's one context. */
static struct {
	struct faults faults;
	bool initialised, retained, current, hung, faulted;
	int device;
	int error; /* that stays */
	long works;
	size_t used;
	struct allocation *allocations;
	struct graph *capture;
} self;

static struct wm_script script(void) {
	return wm_script_read(VARIABLE);
}

static double value(int device, const char *key, double otherwise) {
	struct wm_script s = script();

	return wm_script_value(&s, device, key, otherwise);
}

static double now(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void nap(double seconds) {
	struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))};

	nanosleep(&t, NULL);
}

/* Every call that touches the context: its error stays, and what hangs hangs. */
static int state(void) {
	if (!self.initialised)
		return NOT_INITIALIZED;
	if (!self.current)
		return INVALID_CONTEXT;
	return self.error;
}

/* ---- faults ------------------------------------------------------------------------------------------------- */

static void marker(char *path, size_t room, const char *what, int device) {
	snprintf(path, room, "%s.%s.%d", getenv(VARIABLE), what, device);
}

/* Is this the process that a fault is for? */
static bool is_ours(int device) {
	static int answer = -1;
	char path[4096];
	int fd;

	if (value(device, "once", 0) == 0)
		return true;
	if (answer < 0) {
		marker(path, sizeof(path), "once", device);
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		answer = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return answer == 1;
}

static int lose(int device) {
	char path[4096];
	int fd;

	marker(path, sizeof(path), "lost", device);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return LAUNCH_FAILED;
}

static bool is_lost(int device) {
	char path[4096];

	marker(path, sizeof(path), "lost", device);
	return value(device, "lost", 0) != 0 && access(path, F_OK) == 0;
}

/* Before a piece of work is done: the script's fault, if this is its turn. A result that is not 0 is refused. */
static int meet_faults(void) {
	const struct faults *f = &self.faults;

	if (++self.works < f->after || self.faulted || !(f->fault || f->refuse || f->hang || f->crash || f->lost))
		return SUCCESS;
	self.faulted = true;
	if (!is_ours(self.device))
		return SUCCESS;
	if (f->crash)
		abort();
	self.hung = f->hang;
	self.error = f->lost ? lose(self.device) : f->fault;
	return f->refuse;
}

/* ---- work --------------------------------------------------------------------------------------------------- */

static int perform(struct work *w) {
	void *args[WM_FAKE_ARGS];
	int code = w->from || w->kernel ? meet_faults() : SUCCESS;

	if (code != SUCCESS || self.error || self.hung)
		return code;
	for (int i = 0; i < WM_FAKE_ARGS; i++)
		args[i] = w->values[i];
	if (w->kernel)
		w->kernel->run(&w->grid, args);
	else if (w->from)
		memmove(w->to, w->from, w->bytes);
	else
		memset(w->to, w->value, w->bytes);
	return SUCCESS;
}

static int enqueue(const struct work *w) {
	struct work copy = *w;
	int code = state();

	if (code != SUCCESS)
		return code;
	if (!self.capture)
		return perform(&copy);
	self.capture->work = realloc(self.capture->work, (size_t)(self.capture->n + 1) * sizeof(copy));
	self.capture->work[self.capture->n++] = copy;
	return SUCCESS;
}

/* The end of all that was enqueued. */
static int finish(void) {
	int code = state();

	if (code == SUCCESS && self.capture) {
		self.capture->broken = true;
		return STREAM_CAPTURE_UNSUPPORTED;
	}
	while (code == SUCCESS && self.hung)
		nap(1);
	return code;
}

/* ---- the library and its devices ------------------------------------------------------------------------------ */

int cuInit(unsigned flags) {
	struct wm_script s = script();

	(void)flags;
	nap(wm_script_value(&s, WM_SCRIPT_ALL, "slow", 0));
	if (wm_script_value(&s, WM_SCRIPT_ALL, "init", 0) != 0)
		return (int)wm_script_value(&s, WM_SCRIPT_ALL, "init", 0);
	if (wm_script_value(&s, WM_SCRIPT_ALL, "none", 0) != 0 || s.ndevices == 0)
		return NO_DEVICE;
	self.initialised = true;
	return SUCCESS;
}

int cuDriverGetVersion(int *version) {
	*version = (int)value(WM_SCRIPT_ALL, "version", 13000);
	return SUCCESS;
}

int cuDeviceGetCount(int *n) {
	*n = script().ndevices;
	return self.initialised ? SUCCESS : NOT_INITIALIZED;
}

int cuDeviceGet(int *device, int ordinal) {
	*device = ordinal;
	return ordinal >= 0 && ordinal < script().ndevices ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int room, int device) {
	snprintf(name, (size_t)room, "Fake H100%s", value(device, "mig", 0) ? " MIG 1g.10gb" : "");
	return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
	*bytes = (size_t)value(device, "memory", 16e9);
	return SUCCESS;
}

int cuDeviceGetAttribute(int *out, int attribute, int device) {
	int capability = (int)value(device, "cc", 90);

	switch (attribute) {
	case 13: *out = 1980000; break;
	case 16: *out = (int)value(device, "sms", 132); break;
	case 20: *out = (int)value(device, "mode", 0); break;
	case 32: *out = (int)value(device, "ecc", 1); break;
	case 36: *out = 2619000; break;
	case 38: *out = (int)value(device, "l2", 1 << 20); break;
	case 75: *out = capability / 10; break;
	case 76: *out = capability % 10; break;
	case 97: *out = MOST_SHARED; break;
	default: return INVALID_VALUE;
	}
	return SUCCESS;
}

int cuDeviceGetPCIBusId(char *address, int room, int device) {
	snprintf(address, (size_t)room, "%s", script().devices[device].pci);
	return SUCCESS;
}

int cuDeviceGetUuid_v2(unsigned char uuid[16], int device) {
	struct wm_script s = script();
	const char *at = strncmp(s.devices[device].uuid, "GPU-", 4) ? s.devices[device].uuid : s.devices[device].uuid + 4;

	for (int i = 0; i < 16; i++, at += 2) {
		unsigned byte = 0;

		at += *at == '-';
		if (sscanf(at, "%2x", &byte) != 1)
			return UNKNOWN;
		uuid[i] = (unsigned char)byte;
	}
	return SUCCESS;
}

int cuDeviceCanAccessPeer(int *can, int device, int peer) {
	*can = device != peer;
	return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
	if (is_lost(device))
		return DEVICE_UNAVAILABLE;
	self.retained = true;
	self.device = device;
	self.faults = (struct faults){.fault = (int)value(device, "fault", 0),
	                              .refuse = (int)value(device, "refuse", 0),
	                              .hang = value(device, "hang", 0) != 0,
	                              .crash = value(device, "crash", 0) != 0,
	                              .lost = value(device, "lost", 0) != 0,
	                              .after = (long)value(device, "after", 1)};
	*context = &self;
	return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
	(void)device;
	while (self.allocations) {
		struct allocation *a = self.allocations;

		self.allocations = a->next;
		free(a->at);
		free(a);
	}
	memset(&self, 0, sizeof(self));
	self.initialised = true;
	return SUCCESS;
}

int cuCtxSetCurrent(void *context) {
	self.current = context == &self;
	return SUCCESS;
}

int cuCtxSynchronize(void) {
	return finish();
}

int cuGetErrorName(int code, const char **name) {
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
		{OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
		{NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED"},
		{DEVICE_UNAVAILABLE, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
		{NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
		{INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE"},
		{INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE"},
		{INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
		{NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
		{INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
		{NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
		{ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
		{LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
		{LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
		{STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
		{STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
		{UNKNOWN, "CUDA_ERROR_UNKNOWN"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code) {
			*name = names[i].name;
			return SUCCESS;
		}
	return INVALID_VALUE;
}

/* The real libnvrtc asks a libcuda.so.1 that it finds for this, and takes no for an answer. */
int cuGetExportTable(const void **table, const void *id) {
	(void)id;
	*table = NULL;
	return INVALID_VALUE;
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

int cuMemGetInfo_v2(size_t *free_bytes, size_t *bytes) {
	cuDeviceTotalMem_v2(bytes, self.device);
	*free_bytes = *bytes - self.used;
	return state();
}

int cuMemAlloc_v2(void **address, size_t bytes) {
	double memory = value(self.device, "memory", 16e9), really = value(self.device, "really", memory);
	struct allocation *a;
	int code = state();

	if (code != SUCCESS)
		return code;
	if (bytes == 0)
		return INVALID_VALUE;
	if ((double)(self.used + bytes) > memory || ((double)(self.used + bytes) > really && is_ours(self.device)))
		return OUT_OF_MEMORY;
	a = calloc(1, sizeof(*a));
	if (!a || posix_memalign(&a->at, 2 << 20, bytes))
		abort();
	a->bytes = bytes;
	a->next = self.allocations;
	self.allocations = a;
	self.used += bytes;
	*address = a->at;
	return SUCCESS;
}

int cuMemFree_v2(void *address) {
	for (struct allocation **a = &self.allocations; *a; a = &(*a)->next)
		if ((*a)->at == address) {
			struct allocation *gone = *a;

			*a = gone->next;
			self.used -= gone->bytes;
			free(gone->at);
			free(gone);
			return state();
		}
	return INVALID_VALUE;
}

int cuMemHostRegister_v2(void *host, size_t bytes, unsigned flags) {
	(void)flags;
	return host && bytes ? state() : INVALID_VALUE;
}

int cuMemHostUnregister(void *host) {
	return host ? state() : INVALID_VALUE;
}

int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *queue) {
	int code = finish();

	(void)queue;
	if (code == SUCCESS)
		memcpy(to, from, bytes);
	return code;
}

int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, void *queue) {
	return cuMemcpyHtoDAsync_v2(to, from, bytes, queue);
}

int cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t bytes, void *queue) {
	(void)queue;
	return enqueue(&(struct work){.to = to, .from = from, .bytes = bytes});
}

int cuMemsetD8Async(void *to, unsigned char byte, size_t bytes, void *queue) {
	(void)queue;
	return enqueue(&(struct work){.to = to, .value = byte, .bytes = bytes});
}

/* ---- streams, events ------------------------------------------------------------------------------------------ */

int cuStreamCreate(void **queue, unsigned flags) {
	(void)flags;
	*queue = &self.current;
	return state();
}

int cuStreamDestroy_v2(void *queue) {
	(void)queue;
	return state();
}

int cuStreamSynchronize(void *queue) {
	(void)queue;
	return finish();
}

int cuEventCreate(void **event, unsigned flags) {
	(void)flags;
	*event = calloc(1, sizeof(struct event));
	return state();
}

int cuEventDestroy_v2(void *event) {
	free(event);
	return state();
}

int cuEventRecord(void *event, void *queue) {
	(void)queue;
	*(struct event *)event = (struct event){now(), true};
	return state();
}

int cuEventSynchronize(void *event) {
	(void)event;
	return finish();
}

int cuEventQuery(void *event) {
	(void)event;
	return self.hung ? NOT_READY : state();
}

/* In steps of half a microsecond, as real ones. */
int cuEventElapsedTime(float *milliseconds, void *from, void *to) {
	const struct event *a = from, *b = to;

	if (!a->recorded || !b->recorded)
		return INVALID_HANDLE;
	*milliseconds = (float)(5e-4 * floor((b->at_s - a->at_s) * 1e3 / 5e-4));
	return state();
}

/* ---- modules, launches ---------------------------------------------------------------------------------------- */

/* What the fake libnvrtc makes: a first line with the target, then the text; or real code, which is believed. */
int cuModuleLoadData(void **module, const void *image) {
	static const unsigned char fatbin[] = {0x50, 0xed, 0x55, 0xba}, elf[] = {0x7f, 'E', 'L', 'F'};
	int capability = (int)value(self.device, "cc", 90), target = 0, code = state();
	struct module *m;

	if (code != SUCCESS)
		return code;
	if (sscanf(image, "fake code for sm_%d", &target) == 1 && target != capability)
		return NO_BINARY_FOR_GPU;
	if (!target && sscanf(image, "fake code for compute_%d", &target) == 1 && target > capability)
		return NO_BINARY_FOR_GPU;
	if (!target && memcmp(image, fatbin, sizeof(fatbin)) != 0 && memcmp(image, elf, sizeof(elf)) != 0)
		return INVALID_IMAGE;
	if (!target && value(self.device, "nofat", 0) != 0)
		return NO_BINARY_FOR_GPU;
	m = calloc(1, sizeof(*m));
	if (!m || (target && !(m->text = strdup(image))))
		abort();
	*module = m;
	return SUCCESS;
}

int cuModuleUnload(void *module) {
	free(((struct module *)module)->text);
	free(module);
	return state();
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
	const struct module *m = module;
	struct function *f;

	if (m->text && !strstr(m->text, name))
		return NOT_FOUND;
	for (const struct wm_fake_kernel *k = wm_fake_kernels; k->name; k++)
		if (strcmp(k->name, name) == 0) {
			f = calloc(1, sizeof(*f));
			if (!f)
				abort();
			*f = (struct function){.kernel = k, .next = functions};
			functions = f;
			*function = f;
			return state();
		}
	fprintf(stderr, "the fake libcuda.so.1 cannot run %s: tests/fakes/cuda_kernels.c\n", name);
	return NOT_FOUND;
}

int cuFuncSetAttribute(void *function, int attribute, int bytes) {
	if (attribute != 8 || bytes > MOST_SHARED)
		return INVALID_VALUE;
	((struct function *)function)->dynamic_shared = bytes;
	return state();
}

int cuLaunchKernel(void *function, unsigned groups_x, unsigned groups_y, unsigned groups_z, unsigned items_x,
                   unsigned items_y, unsigned items_z, unsigned shared_bytes, void *queue, void **args, void **extra) {
	const struct function *f = function;
	struct work w = {.kernel = f->kernel,
	                 .grid = {{groups_x, groups_y, groups_z}, {items_x, items_y, items_z}, shared_bytes}};

	(void)queue;
	if (extra || !groups_x || !groups_y || !groups_z || groups_y > 65535 || groups_z > 65535 || !items_x || !items_y ||
	    !items_z || items_x * items_y * items_z > 1024)
		return INVALID_VALUE;
	if (shared_bytes > 48 << 10 && (int)shared_bytes > f->dynamic_shared)
		return INVALID_VALUE;
	for (int i = 0; i < WM_FAKE_ARGS && f->kernel->bytes[i]; i++)
		memcpy(w.values[i], args[i], f->kernel->bytes[i]);
	return enqueue(&w);
}

/* A function of the host in the queue: what fake libraries do their work by. */
static void call_host(const struct wm_fake_grid *grid, void **args) {
	void (*fn)(void *);

	(void)grid;
	memcpy(&fn, args[0], sizeof(fn));
	fn(*(void **)args[1]);
}

int cuLaunchHostFunc(void *queue, void (*fn)(void *), void *data) {
	static const struct wm_fake_kernel kernel = {"host function", {sizeof(fn), sizeof(data)}, call_host};
	struct work w = {.kernel = &kernel};

	(void)queue;
	memcpy(w.values[0], &fn, sizeof(fn));
	memcpy(w.values[1], &data, sizeof(data));
	return enqueue(&w);
}

/* ---- graphs --------------------------------------------------------------------------------------------------- */

int cuStreamBeginCapture_v2(void *queue, int mode) {
	(void)queue;
	(void)mode;
	self.capture = calloc(1, sizeof(*self.capture));
	return state();
}

int cuStreamEndCapture(void *queue, void **graph) {
	struct graph *g = self.capture;

	(void)queue;
	self.capture = NULL;
	*graph = NULL;
	if (g->broken) {
		free(g->work);
		free(g);
		return STREAM_CAPTURE_INVALIDATED;
	}
	*graph = g;
	return state();
}

int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
	const struct graph *from = graph;
	struct graph *copy = calloc(1, sizeof(*copy));

	(void)flags;
	if (!copy || !(copy->work = calloc((size_t)from->n + 1, sizeof(*copy->work))))
		abort();
	copy->n = from->n;
	if (from->n)
		memcpy(copy->work, from->work, (size_t)from->n * sizeof(*copy->work));
	*executable = copy;
	return state();
}

int cuGraphLaunch(void *executable, void *queue) {
	const struct graph *g = executable;
	int code = state();

	(void)queue;
	for (int i = 0; i < g->n && code == SUCCESS; i++)
		code = enqueue(&g->work[i]);
	return code;
}

int cuGraphDestroy(void *graph) {
	free(((struct graph *)graph)->work);
	free(graph);
	return state();
}

int cuGraphExecDestroy(void *executable) {
	return cuGraphDestroy(executable);
}

/* ---- what only kernels under kernels/cuda ask for --------------------------------------------------------------- */

/* Holds a descriptor to the rules of cuda.h: the address a multiple of 16 bytes, strides too, boxes of at most 256. */
int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *address, const uint64_t *sizes,
                           const uint64_t *strides, const uint32_t *box, const uint32_t *steps, int interleave,
                           int swizzle, int promotion, int fill) {
	(void)type;
	(void)interleave;
	(void)swizzle;
	(void)promotion;
	(void)fill;
	if ((uintptr_t)map % 64 || (uintptr_t)address % 16 || rank < 1 || rank > 5)
		return INVALID_VALUE;
	for (uint32_t i = 0; i < rank; i++)
		if (!sizes[i] || sizes[i] > UINT64_C(1) << 32 || !box[i] || box[i] > 256 || !steps[i] || steps[i] > 8 ||
		    (i + 1 < rank && strides[i] % 16))
			return INVALID_VALUE;
	memset(map, 0, 128);
	return SUCCESS;
}
