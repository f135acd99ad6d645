/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wm.h - every contract that a plug-in sees: backends, benchmarks, implementations, reports, and the services
 * of the core. A plug-in includes this header and system headers, nothing else of ours.
 *
 * Units are SI throughout: seconds, joules, bytes, flop, hertz. Units that people read exist only in reports.
 *
 * Errors: a function that can fail returns enum wm_status. The first one that detects the error calls wm_fail(),
 * which keeps the exact cause; callers pass the status up in silence. Output arguments come last, end in _p, and
 * are set only on success. Members marked (optional) may be NULL; all others are required, and registry.c refuses
 * a plug-in that lacks one.
 */
#ifndef WM_H
#define WM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- status ------------------------------------------------------------------------------------------------- */

/* What a row's status means for the exit status of a run: good and skipped rows leave it 0, bad rows make it 1. */
enum wm_row_class { WM_ROW_GOOD, WM_ROW_SKIPPED, WM_ROW_BAD };

/* X(enum suffix, word in records, class of a row with it, meaning) */
#define WM_STATUS_MAP(X)                                                                                   \
	X(OK, "ok", WM_ROW_GOOD, "ran, verified, timed")                                                       \
	X(SUSPECT, "suspect", WM_ROW_GOOD, "ran and verified, but a consistency check of its time failed")     \
	X(SKIP, "skip", WM_ROW_SKIPPED, "not run, for the reason given")                                       \
	X(UNSUPPORTED, "unsupported", WM_ROW_SKIPPED, "this device or implementation cannot run this problem") \
	X(WRONG, "wrong", WM_ROW_BAD, "the output was wrong or memory outside a buffer was written")           \
	X(FAILED, "failed", WM_ROW_BAD, "a device, library or system call reported an error")                  \
	X(NOMEM, "nomem", WM_ROW_BAD, "memory ran out")                                                        \
	X(CRASH, "crash", WM_ROW_BAD, "the worker process died")                                               \
	X(HANG, "hang", WM_ROW_BAD, "the worker did not finish a phase before its deadline")                   \
	X(INPUT, "input", WM_ROW_BAD, "what the user gave cannot be used (exit status 2)")

enum wm_status {
#define X(id, word, cls, meaning) WM_##id,
	WM_STATUS_MAP(X)
#undef X
		WM_STATUSES
};

const char *wm_status_word(enum wm_status st);    /* "ok", "suspect", ..; static */
const char *wm_status_meaning(enum wm_status st); /* one sentence; static */
enum wm_row_class wm_status_class(enum wm_status st);
/* The status with that word, or WM_STATUSES. */
enum wm_status wm_status_parse(const char *word);

/* Keeps the exact cause for this thread (at most 511 bytes, one line) and returns st. Prints nothing. */
enum wm_status wm_fail(enum wm_status st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The cause kept by the last wm_fail of this thread; "" if none. Valid until the next wm_fail. */
const char *wm_why(void);

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* X(enum suffix, word, bytes, significand bits with the hidden one (0: integer), meaning) */
#define WM_DTYPE_MAP(X)                                                          \
	X(F64, "f64", 8, 53, "IEEE binary64")                                        \
	X(F32, "f32", 4, 24, "IEEE binary32, never tf32")                            \
	X(TF32, "tf32", 4, 11, "tf32, stored as binary32 whose last 13 bits are 0")  \
	X(F16, "f16", 2, 11, "IEEE binary16")                                        \
	X(BF16, "bf16", 2, 8, "bfloat16")                                            \
	X(E4M3, "e4m3", 1, 4, "OCP 8-bit float, 4 exponent bits, e4m3fn, up to 448") \
	X(E5M2, "e5m2", 1, 3, "OCP 8-bit float, 5 exponent bits, e5m2, up to 57344") \
	X(I8, "i8", 1, 0, "signed 8-bit integer")                                    \
	X(I32, "i32", 4, 0, "signed 32-bit integer")

enum wm_dtype {
#define X(id, word, bytes, bits, meaning) WM_##id,
	WM_DTYPE_MAP(X)
#undef X
		WM_DTYPES
};

const char *wm_dtype_word(enum wm_dtype t);
size_t wm_dtype_bytes(enum wm_dtype t);
int wm_dtype_bits(enum wm_dtype t);             /* significand bits; 0 for integers */
enum wm_dtype wm_dtype_parse(const char *word); /* WM_DTYPES if unknown */
/* Element i of an array of that type as a double (exact for every type here). */
double wm_load_element(enum wm_dtype t, const void *array, size_t i);
/* Stores x, rounded to nearest even (integers: x must be integral and in range); -0 becomes +0. What is beyond the
 * range becomes infinity, NaN in e4m3, which has no infinity: nothing saturates, so that nothing wrong looks right. */
void wm_store_element(enum wm_dtype t, void *array, size_t i, double x);
float wm_bf16_to_f32(uint16_t x);
uint16_t wm_bf16_from_f32(float x);
float wm_f16_to_f32(uint16_t x);
uint16_t wm_f16_from_f32(float x);

/*
 * Counter-based random bits: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2,
 * 3", SC11). The same (seed, stream, index) gives the same 32 bits on every machine, in any order.
 * Fills out[0..n) with the words of indices first..first+n-1.
 */
void wm_random(uint64_t seed, uint64_t stream, uint64_t first, size_t n, uint32_t *out);

/* 64-bit checksum of memory, word by word with a position-dependent mix; for equality only. */
uint64_t wm_checksum(const void *data, size_t bytes);

double wm_now(void); /* CLOCK_MONOTONIC, seconds */

/* ---- devices and backends ----------------------------------------------------------------------------------- */

enum wm_feature { WM_HAS_F64 = 1, WM_HAS_F16 = 2 }; /* bits of wm_device.features */

/* One device as a probe found it. Plain data but for priv: it travels between processes as JSON. "" = unknown. */
struct wm_device {
	char id[96];      /* "host", "host:cpus=0-3", "opencl:0": what --device takes */
	char backend[16]; /* name of its backend */
	char name[128];   /* the vendor's name for it */
	char vendor[64];
	char driver[256]; /* driver or runtime, with version, and settings of it that change its speed */
	char arch[64];    /* instruction set or target, e.g. "x86-64 avx512", "OpenCL C 1.2" */
	char pci[16];     /* "0000:41:00.0"; joins hwloc and meters */
	char uuid[48];
	char cpuset[8192];        /* cores to run on or near, list form "0-3,8"; one PU a core */
	char nodeset[128];        /* NUMA nodes for host memory, list form */
	char off[256];            /* why it cannot be used; "" = it can */
	char state[320];          /* how it is set up and who else is on it, as key=value words */
	char unlike[320];         /* what of that is not as the device comes, in words; "" = nothing, or not told */
	char links[320];          /* direct links to others, as END=HOW_MANY words, END a PCI address or "switch" */
	uint64_t mem_bytes;       /* total memory, 0 = unknown */
	uint64_t free_bytes;      /* free when probed, 0 = unknown */
	uint64_t max_alloc_bytes; /* largest single buffer, 0 = no limit but the memory */
	uint64_t cache_bytes;     /* all cache levels from L2 up, instances x size; 0 = unknown */
	int ordinal;              /* the backend's own index */
	int threads;              /* host threads that work on it: one per core of cpuset; 0 = not a CPU */
	int units;                /* compute units or cores; 0 = unknown */
	uint32_t features;        /* WM_HAS_* */
	int ranks;                /* of a group, "cuda:0-3": its devices, each a rank in a process of its own; else 0 */
	bool on_host;             /* its silicon is the host's CPU (PoCL): core fills caches, cores and memory */
	void *priv;               /* set by open, released by close */
};

/* Memory on a device. ptr is the backend's handle (host address, cl_mem, device pointer). Made by alloc or view. */
struct wm_buf {
	void *ptr;
	size_t bytes;
	bool is_view; /* its free leaves the memory to the buffer that it is a part of */
};

/* One kernel argument: a buffer, or bytes of a value that lives until the launch returns. */
struct wm_arg {
	const struct wm_buf *buf; /* non-NULL: a buffer */
	const void *value;        /* else: the value */
	size_t bytes;
};

struct wm_grid {
	unsigned groups[3];    /* work-groups (blocks) */
	unsigned items[3];     /* work-items (threads) a group */
	unsigned shared_bytes; /* of local memory that a group gets at launch, besides its arrays; CUDA and HIP only */
};

enum { WM_MAX_MARKS = 8 }; /* slots of mark: the start and the end of each batch in flight */

/* A vendor API: knows devices, memory and time; knows no benchmark. open .. close run in a worker process only. */
struct wm_backend {
	const char *name;  /* "host" */
	const char *about; /* one line */
	bool asynchronous; /* launches return before the work is done */
	/* (optional) NULL-terminated names of environment variables that must hold the thread count before open */
	const char *const *thread_env;
	/* (optional) NULL-terminated pairs NAME, VALUE set in the environment before open; what the user has set stands */
	const char *const *env;
	double probe_s; /* (optional) how long its find may take; 0: 5 s */

	/* Finds devices, at most max, owned by the caller. Runs in a probe process. WM_SKIP + reason: none here. */
	enum wm_status (*find)(struct wm_device *devs, int max, int *n_p);
	/* Opens the device of id dev->id; afterwards name, driver and threads are what is really used. */
	enum wm_status (*open)(struct wm_device *dev);
	void (*close)(struct wm_device *dev);
	/* bytes is a multiple of 4 KiB, as is the address. WM_NOMEM when memory ran out. */
	enum wm_status (*alloc)(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p);
	/* A part of whole; offset is a multiple of 4 KiB. The view is freed before whole. */
	enum wm_status (*view)(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
	                       struct wm_buf *view_p);
	void (*free)(struct wm_device *dev, struct wm_buf *buf);
	/* Copies bytes between host memory and [offset, offset + bytes) of a buffer; returns when done. */
	enum wm_status (*put)(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
	                      size_t bytes);
	enum wm_status (*get)(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes);
	/* Returns when everything enqueued is done, with its error if it had one. */
	enum wm_status (*sync)(struct wm_device *dev);
	/* Puts a timestamp into the device's queue. */
	enum wm_status (*mark)(struct wm_device *dev, int slot);
	/* (optional) Returns when the mark in that slot has been reached, while what was enqueued behind it goes on. */
	enum wm_status (*wait)(struct wm_device *dev, int slot);
	/* Device time from one mark to a later one, both reached (sync, wait). */
	enum wm_status (*between)(struct wm_device *dev, int from, int to, double *seconds_p);
	/* Keeps the device busy for about that long with work that is not matrix work, to raise its clock. */
	enum wm_status (*rouse)(struct wm_device *dev, double seconds);
	/* (optional) CPU only: fn(arg, thread, threads) on every pinned thread; returns when all are done. Thread t
	 * owns part t of every buffer: alloc has touched it from there (see wm_part). */
	enum wm_status (*parallel)(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads), void *arg);
	/* (optional, all three or none) Kernel text: build compiles it behind the text of kernels/gpu/device.h. */
	enum wm_status (*build)(struct wm_device *dev, const char *text, const char *flags, void **module_p);
	enum wm_status (*launch)(struct wm_device *dev, void *module, const char *entry, const struct wm_grid *grid,
	                         const struct wm_arg *args, int nargs);
	void (*unbuild)(struct wm_device *dev, void *module);
	/* (optional, all four or none) Between begin and end nothing of what is enqueued is done: it is kept, and play
	 * enqueues all of it at once. What record_end returns is released by forget. WM_FAILED + why: it cannot be kept;
	 * recording is over then, and what follows is done as before. */
	enum wm_status (*record_begin)(struct wm_device *dev);
	enum wm_status (*record_end)(struct wm_device *dev, void **recording_p);
	enum wm_status (*play)(struct wm_device *dev, void *recording);
	void (*forget)(struct wm_device *dev, void *recording);
	/* (optional) The kernels of a text that this backend's vendor alone compiles, by its path in the tree
	 * ("kernels/cuda/gemm_wgmma.k"): from the code that was made of it when wattmark was built, where there is some for
	 * this device, else compiled now. */
	enum wm_status (*load)(struct wm_device *dev, const char *path, void **module_p);
	/* (optional) What made a module's code: compiler, version, target, flags. Lives as long as the module. */
	const char *(*made_by)(struct wm_device *dev, void *module);
	/* (optional) What is the vendor's own behind the device: the handle "queue" (stream), "context" or "device", or the
	 * address of a driver's function by its name ("cuTensorMapEncodeTiled"). NULL: there is none of that name. Used
	 * only under kernels/libs, kernels/cuda and kernels/hip. */
	void *(*native)(struct wm_device *dev, const char *what);
};

/* WM_SKIP + why where one buffer of that many bytes is more than the device gives; what says what it is for. */
enum wm_status wm_fits_buffer(const struct wm_device *dev, const char *what, uint64_t bytes);

/* Part t of n of [0, count), in whole units of grain: the split that first touch and all CPU loops share. */
void wm_part(size_t count, size_t grain, int t, int n, size_t *from_p, size_t *to_p);

/* ---- problems and benchmarks -------------------------------------------------------------------------------- */

enum { WM_MAX_AXES = 16, WM_MAX_TENSORS = 8, WM_PROBLEM_CHARS = 256 };

/*
 * One axis of a benchmark. With words the value is the index of the word; else it is a number in [min, max].
 * def is a value, or "@key" to tie it to another axis.
 */
struct wm_axis {
	const char *key;
	const char *def;
	const char *words; /* "f64 f32": space separated; NULL: a number */
	long min, max;     /* for numbers */
	const char *help;  /* one line, with the unit */
	bool late;         /* added after method 1.0: the canonical string has it only when it is not def */
};

/* The axes that every benchmark has besides its own (problem.c): cache, data, regime, load. */
enum wm_cache { WM_COLD, WM_HOT };
enum wm_data { WM_UNIFORM, WM_NORMAL, WM_ZEROS };
enum wm_regime { WM_SUSTAINED, WM_BURST, WM_FIXED };
enum wm_machine_load { WM_ALONE, WM_NODE };

/*
 * One point: a value per axis (the benchmark's, then the core's). str is canonical and parses back to it. Where ranks
 * compute it together (a collective), rank says whose part this process has, WM_ALL_RANKS that it has every rank's:
 * sizes, work and inputs may depend on both. Parsing gives rank 0 of 1; the device decides (wm_problem_place), so
 * neither is in str.
 */
enum { WM_ALL_RANKS = -1 };
struct wm_problem {
	const struct wm_bench *bench;
	long v[WM_MAX_AXES];
	int rank, ranks;
	char str[WM_PROBLEM_CHARS];
};

/* The value of an axis by key; the key must exist (a programming error aborts). */
long wm_get(const struct wm_problem *p, const char *key);
/* The word of an axis whose values are words, e.g. "tn"; static. */
const char *wm_get_word(const struct wm_problem *p, const char *key);
enum wm_dtype wm_get_dtype(const struct wm_problem *p); /* axis "dtype" */

struct wm_tensor {
	const char *name;
	enum wm_dtype dtype;
	size_t count; /* elements, dense */
	bool output;  /* written, never read, by the operation */
};

/* The work of one operation: a model with a formula in bench/README.md, not a measurement. */
struct wm_work {
	double flop;       /* operations on the numbers of the problem; 0 for memory benchmarks and collectives */
	double bytes;      /* read + written once each, sizes of the real input and output types; collectives: S, the size
	                    * that their algorithm bandwidth is counted by */
	double wire_bytes; /* collectives: S times the busbw factor; else 0 */
};

/* The two data sets of verification: EXACT has no rounding anywhere; TIMED is what is timed. */
enum wm_data_part { WM_EXACT, WM_TIMED };

struct wm_check {
	double worst;      /* largest error / bound over what was compared; <= 1 passes */
	uint64_t compared; /* elements (or rows of an identity) compared */
	char method[48];   /* e.g. "freivalds mod 2^31-1" */
};

/* WHAT is measured. Knows no vendor and no way of computing it. */
struct wm_bench {
	const char *name;
	const char *about;
	/* what a row is read by: "flop/s", "B/s" (work.bytes), "B/s bus" (work.wire_bytes) */
	const char *metric;
	const struct wm_axis *axes; /* ends with {0} */
	/* (optional) WM_UNSUPPORTED or WM_INPUT + reason for a point that has no meaning. */
	enum wm_status (*accept)(const struct wm_problem *p);
	/* Inputs first, then outputs; at most WM_MAX_TENSORS. WM_INPUT when a size overflows. */
	enum wm_status (*tensors)(const struct wm_problem *p, struct wm_tensor *t, int *n_p);
	void (*work)(const struct wm_problem *p, struct wm_work *work_p);
	/* Writes input tensor i (count elements) into host memory. */
	void (*fill)(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host);
	/* host[i] = tensor i. WM_WRONG + what was expected where. The oracle of a run. Must cost less than ref. */
	enum wm_status (*verify)(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
	                         struct wm_check *check_p);
	/* Memory benchmarks: the smallest input must be at least this many times cache_bytes when cold; else 0. */
	int cold_factor;
	/* (optional) What sets benchmarks apart that share their functions, which find it at problem->bench->own; constant.
	 */
	const void *own;
	bool hot;        /* its cache axis is hot where nobody says otherwise */
	bool collective; /* ranks compute it together: refused with fewer than two */
	/* (optional) Is every operation timed by itself, after a barrier of the ranks, and not many back to back? */
	bool (*apart)(const struct wm_problem *p);
};

/* Helper of the benchmarks' fill: n timed values by the problem's data axis (uniform on a 2^-24 grid in [-1,1),
 * normal, zeros; i8: integers in [-127,127]); stream tells tensors apart. */
void wm_fill_timed(const struct wm_problem *p, enum wm_dtype t, uint64_t seed, uint64_t stream, size_t n, void *out);

/* ---- ranks that are processes ------------------------------------------------------------------------------- */

/* What the ranks of one collective share, each in a worker process of its own on a device of its own. */
struct wm_meeting;
enum { WM_MAX_RANKS = 64, WM_MEET_BYTES = 256 };

/*
 * All ranks call it, and each returns when all have come: a barrier. mine (bytes of it, at most WM_MEET_BYTES, the same
 * for all) is handed to all: those of rank r lie at all + r * bytes. own is how this rank has fared; where one comes
 * with anything but WM_OK, all get the worst such status and no bytes, and wm_why() names the rank and its cause. A
 * rank that comes so does not wait for others that have stopped coming for longer than 2 s.
 */
enum wm_status wm_meet(struct wm_meeting *meeting, enum wm_status own, const void *mine, size_t bytes, void *all);

/* ---- implementations ---------------------------------------------------------------------------------------- */

enum wm_origin { WM_REFERENCE, WM_PORTABLE, WM_TUNED, WM_LIBRARY };
const char *wm_origin_word(enum wm_origin o);

/* One problem on one device, in a worker. The core owns everything but priv and what prepare hangs on it. */
struct wm_run {
	const struct wm_problem *problem;
	const struct wm_backend *backend;
	struct wm_device *dev;
	int tensors;              /* per set */
	int sets;                 /* buffer sets of the rotation; all hold the same inputs */
	const struct wm_buf *buf; /* buf[set * tensors + i] */
	void *priv;               /* set by prepare, released by finish */
	int threads;              /* prepare may set: threads really used, read back; 0 = unknown */
	char library[160];        /* prepare may set: library, version, kernel or core type */
	char detail[1024];        /* prepare may set: how it was set up, "key=value key=value": what repeating it needs */
	/* Where the ranks meet that are processes of their own; NULL: this process has all ranks that there are. */
	struct wm_meeting *meeting;
};

/* How long the ranks of a group took for n operations, by their own clocks. */
struct wm_rank_times {
	double
		seconds;   /* n times the time of one operation, as the problem defines that over the ranks (bench/README.md) */
	double skew_s; /* per operation, between the first and the last rank to be done; the median where there are many */
};

/* HOW it is computed: one way to run one benchmark on some backends. Holds no work model and no check. */
struct wm_impl {
	const char *name;     /* unique within its benchmark: "ref", "cblas", "tiled" */
	const char *bench;    /* name of its benchmark */
	const char *backends; /* names, space separated: "host", "opencl cuda hip" */
	const char *about;    /* one line */
	enum wm_origin origin;
	bool asked_only; /* runs only when asked for by name */
	bool any_order;  /* output may differ in rounding from call to call */
	bool recordable; /* enqueue does nothing but enqueue, the same for a set at every call: a backend may record it */
	/* (optional) NULL-terminated names of environment variables that must hold the thread count */
	const char *const *thread_env;
	/* (optional) NULL-terminated pairs NAME, VALUE set in the environment before a library is opened, such as the wait
	 * policy of idle threads; what the user has set stands */
	const char *const *env;
	/* Before anything is allocated: WM_OK, or WM_UNSUPPORTED / WM_SKIP + why not. run->buf is NULL here. */
	enum wm_status (*can_run)(const struct wm_run *run);
	/* (optional) Bytes that prepare will allocate on the device besides the buffer sets. */
	uint64_t (*workspace)(const struct wm_problem *p, const struct wm_device *dev);
	/* (optional) Untimed: build, plan, workspace, descriptors for every set. */
	enum wm_status (*prepare)(struct wm_run *run);
	double prepare_s; /* (optional) how long prepare usually takes, where that is seconds: for the plan of a run */
	/* Timed: one operation on that set; may return before it is done. */
	enum wm_status (*enqueue)(struct wm_run *run, int set);
	/* (optional) Ranks that are threads of one process and keep their own time: n operations, the i-th on set
	 * (first + i) % span, begun by a barrier of all ranks. Times are then taken from here and not from the device's
	 * marks; enqueue is still what verification calls. Ranks that are processes need none of this: the core lets
	 * them meet, and joins the times of their devices. */
	enum wm_status (*batch)(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p);
	/* (optional) Releases what prepare made; also called when prepare failed half way. */
	void (*finish)(struct wm_run *run);
};

/* ---- meters ------------------------------------------------------------------------------------------------- */

/* What joules are of; energies stand beside each other only within one class (method 4).
 * X(enum suffix, word in records, meaning) */
#define WM_SCOPE_MAP(X)                                                                                     \
	X(ACCELERATOR, "accelerator", "a whole accelerator module, at its own input")                           \
	X(SUPERCHIP, "superchip", "the processor and the accelerator of one module together")                   \
	X(CPU, "cpu", "the packages or socket rails of the processors, without DRAM")                           \
	X(CPU_DRAM, "cpu+dram", "the packages of the processors and their DRAM")                                \
	X(SERVER, "host (GPUs excluded)", "the server, of which nobody has shown that its accelerators are in") \
	X(NODE, "node", "the whole server, at the input of its power supplies")                                 \
	X(WALL, "wall", "whatever hangs at an outlet, as an external meter sees it")                            \
	X(PART, "part", "a part of one of the others: shown by wattmark meters, never a case's energy")

enum wm_scope {
#define X(id, word, meaning) WM_SCOPE_##id,
	WM_SCOPE_MAP(X)
#undef X
		WM_SCOPES
};
const char *wm_scope_word(enum wm_scope scope);
const char *wm_scope_meaning(enum wm_scope scope);
enum wm_scope wm_scope_parse(const char *word); /* WM_SCOPES if unknown */
bool wm_scope_is_server(enum wm_scope scope);   /* the whole server, by its own meters: they need a minute (method 4) */

enum wm_source_kind {
	WM_COUNTER, /* joules since some start */
	WM_POWER    /* watts */
};

/*
 * One thing that a meter can read, as it was found: the energy of one physical package, or of the node. Plain data but
 * for priv: it travels between processes as JSON. Numbers that nobody states are NAN, words "".
 */
struct wm_source {
	char id[80];     /* unique on the machine: "powercap:package-0"; the name in power.csv */
	char meter[16];  /* name of the meter that reads it */
	char word[96];   /* the vendor's own word for what it reads: "package-0", "CPU power + IO power" */
	char where[256]; /* how its meter finds it again: a path, an address, a number */
	enum wm_scope scope;
	enum wm_source_kind kind;
	char pci[16], uuid[48]; /* of the accelerator that it weighs */
	int package;            /* of the CPU that it weighs, as the system numbers it; -1: none */
	double refresh_s;       /* between two changes of the value */
	double lag_s;           /* how far the value is behind: the time over which it is averaged */
	double quantum;         /* smallest step, joules or watts */
	double range_j;         /* a counter begins again at 0 there; INFINITY: never in practice */
	double limit_w;         /* more than that it cannot draw; the reading's cap_w goes before it */
	double gain_rel;        /* accuracy of the meter, 95%, relative */
	char note[160];         /* the source of gain_rel, and what else to know */
	char off[256];          /* why it cannot be read; "" = it can */
	void *priv;             /* set by open, released by close */
};

/* One look at a source. NAN: it has none of that. */
struct wm_reading {
	double joules, watts;
	double own_s; /* the meter's own clock at which joules was true, seconds since some start */
	double cap_w; /* power limit in force */
	double clock_hz, temperature_c;
	double thermal_s, brake_s; /* throttled so far by heat, by the power brake, since some start */
	double capped_s;           /* throttled so far by the power limit */
};

/* Where meters look: the file system below root, and what the user's file of meters names. */
struct wm_meter_entry; /* meters/setup.h: one section of that file */
struct wm_meter_setup {
	const char *root; /* "" = the real machine, else a folder that stands for / */
	const struct wm_meter_entry *entries;
	int n;
};

/* A kind of meter: opens what belongs to one physical package or the node, reads it, closes it. find .. close run in
 * child processes only. Knows no window, no work and no benchmark. */
struct wm_meter {
	const char *name;  /* "powercap" */
	const char *about; /* one line */
	bool named;        /* its sources are what the user's file names, and go before what was found */
	bool library;      /* asks a library of this machine, wherever root is: left out of machines that were recorded */
	/* At most max sources, those that cannot be read among them (off). WM_SKIP + reason: none here. */
	enum wm_status (*find)(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p);
	enum wm_status (*open)(const struct wm_meter_setup *setup, struct wm_source *source);
	/* Called by one thread at a time for one source, by several for several. WM_FAILED + reason: this look gave
	 * nothing; the next may. */
	enum wm_status (*read)(struct wm_source *source, struct wm_reading *reading_p);
	void (*close)(struct wm_source *source);
};

/* A reading of nothing: all NAN. */
struct wm_reading wm_no_reading(void);

/* ---- reports ------------------------------------------------------------------------------------------------ */

struct wm_row;  /* report/rows.h: the records of one case */
struct wm_rows; /* report/rows.h: all cases of the bundles, with their runs */

/* Rows in, text out, no other input. */
struct wm_report {
	const char *name; /* "csv" */
	const char *about;
	enum wm_status (*write)(FILE *out, const struct wm_rows *rows);
};

/* ---- services ----------------------------------------------------------------------------------------------- */

/*
 * Opens the first of the NULL-terminated library names that loads (RTLD_LOCAL | RTLD_NOW) and resolves n symbol
 * names into fn[0..n); a name that begins with '?' may be missing and gives NULL. The library stays open.
 * WM_SKIP + dlopen's reason when none loads, WM_FAILED + the symbol's name when one is missing.
 */
enum wm_status wm_load_library(const char *const *libs, const char *const *names, int n, void (**fn)(void),
                               const char **lib_p);

/* A file that was embedded at build time, by its path in the tree ("kernels/gpu/gemm_tiled.k"): text that ends in
 * a 0 byte, static. NULL if there is none. */
const char *wm_embedded(const char *path);
/* The same for a file that is no text; *bytes_p is its size. */
const void *wm_embedded_data(const char *path, size_t *bytes_p);

/* Zeroed memory from malloc; never NULL: memory that small running out ends the process with a message. */
void *wm_zalloc(size_t bytes);

#endif
