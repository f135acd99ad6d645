/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gpu.c - the CUDA backend on the fake libcuda.so.1 and libnvrtc.so.13 of tests/fakes, which play a script. With
 * WM_TEST_REAL_CUDA set: on the driver, the compiler and the first GPU that are really there, what can be asked of
 * them.
 */
#include "backends/gpu_cuda.h"
#include "core/embedded.h"
#include "core/registry.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, MAX = 16, MANY = 9 << 20 };
#define DEVICE "device 0000:41:00.0 GPU-11111111-2222-3333-4444-55555555555a\n"

static const struct wm_backend *cuda;
static bool real;
static char folder[64], file[96];

/* ---- the machine -------------------------------------------------------------------------------------------- */

/* What the fake driver plays from now on. */
static void play(const char *text) {
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool preload(const char *name) {
	const char *b = getenv("B");
	char path[256];

	snprintf(path, sizeof(path), "%s/tests/fakes/cuda/%s", b ? b : "build", name);
	if (dlopen(path, RTLD_LOCAL | RTLD_NOW))
		return true;
	fprintf(stderr, "%s (make tests builds it)\n", dlerror());
	return false;
}

static int start(void **state) {
	(void)state;
	cuda = wm_backend_find("cuda");
	real = getenv("WM_TEST_REAL_CUDA");
	if (real)
		return 0;
	snprintf(folder, sizeof(folder), "/tmp/wm-test-gpu-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/script", folder);
	setenv("WM_FAKE_CUDA", file, 1);
	/* once they are loaded, they are what a name without a path means */
	return preload("libcuda.so.1") && preload("libnvrtc.so.13") ? 0 : -1;
}

static int stop(void **state) {
	char path[128];

	(void)state;
	if (real)
		return 0;
	snprintf(path, sizeof(path), "%s.lost.0", file);
	unlink(path);
	unlink(file);
	return rmdir(folder);
}

#define NEED_FAKE() \
	do {            \
		if (real)   \
			skip(); \
	} while (0)

/* The first device, open, on a machine that plays that script. */
static struct wm_device open_with(const char *script) {
	static struct wm_device all[MAX];
	int n = 0;

	if (!real)
		play(script);
	if (cuda->find(all, MAX, &n) != WM_OK || cuda->open(&all[0]) != WM_OK)
		fail_msg("%s", wm_why());
	return all[0];
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

static void devices_are_described(void **state) {
	struct wm_device all[MAX];
	int n = 0;

	(void)state;
	NEED_FAKE();
	play("version 12040\n" DEVICE
	     "memory 85e9\nl2 52428800\n"
	     "device 0000:C1:00.0 GPU-22222222-2222-3333-4444-555555555555\ncc 80\nsms 108\necc 0\nmode 2\nmig 1\n");
	assert_int_equal(cuda->find(all, MAX, &n), WM_OK);
	assert_int_equal(n, 2);
	assert_string_equal(all[0].id, "cuda:0");
	assert_string_equal(all[0].backend, "cuda");
	assert_string_equal(all[0].vendor, "NVIDIA");
	assert_string_equal(all[0].arch, "sm_90");
	assert_string_equal(all[0].pci, "0000:41:00.0");
	assert_string_equal(all[0].uuid, "11111111-2222-3333-4444-55555555555a");
	assert_int_equal(all[0].units, 132);
	assert_int_equal(all[0].mem_bytes, 85000000000);
	assert_int_equal(all[0].cache_bytes, 52428800);
	assert_int_equal(all[0].features, WM_HAS_F64 | WM_HAS_F16);
	assert_string_equal(all[0].off, "");
	assert_non_null(strstr(all[0].driver, "CUDA driver 12.4"));
	assert_non_null(strstr(all[0].driver, ", clocks to 1980 MHz, memory 2619 MHz, ECC on"));
	assert_string_equal(all[1].pci, "0000:c1:00.0");
	assert_string_equal(all[1].arch, "sm_80");
	assert_string_equal(all[1].off, "its compute mode is prohibited");
	assert_non_null(strstr(all[1].driver, ", ECC off, a part of a GPU (MIG)"));
}

static void finds(const char *script, enum wm_status want, const char *why) {
	struct wm_device all[MAX];
	int n = 0;

	play(script);
	assert_int_equal(cuda->find(all, MAX, &n), want);
	assert_string_equal(wm_why(), why);
}

static void what_is_no_driver_is_told_apart(void **state) {
	(void)state;
	NEED_FAKE();
	finds("none 1\n" DEVICE, WM_SKIP,
	      "cuInit: CUDA_ERROR_NO_DEVICE: a driver, but no GPU that it lets this process use (100)");
	finds("init 34\n" DEVICE, WM_SKIP,
	      "cuInit: CUDA_ERROR_STUB_LIBRARY: this libcuda.so.1 is the toolkit's stub, no driver (34)");
	finds("init 999\n" DEVICE, WM_FAILED, "cuInit: CUDA_ERROR_UNKNOWN (999)");
	finds("init 12345\n" DEVICE, WM_FAILED, "cuInit: an error without a name (12345)");
}

static void a_driver_can_be_too_old(void **state) {
	struct wm_device all[MAX];
	int n = 0;

	(void)state;
	NEED_FAKE();
	play("version 11020\n" DEVICE);
	assert_int_equal(cuda->find(all, MAX, &n), WM_SKIP);
	assert_non_null(strstr(wm_why(), "CUDA driver 11.2"));
	assert_non_null(strstr(wm_why(), " is older than CUDA driver 11.4"));
	play("version 11040\n" DEVICE);
	assert_int_equal(cuda->find(all, MAX, &n), WM_OK);
}

static void a_device_that_is_gone_is_named(void **state) {
	struct wm_device other = {.id = "cuda:99", .ordinal = 99};

	(void)state;
	if (!real)
		play(DEVICE);
	assert_int_equal(cuda->open(&other), WM_FAILED);
	assert_non_null(strstr(wm_why(), "cuda:99 is gone: "));
}

static void another_device_in_its_place_is_seen(void **state) {
	struct wm_device all[MAX];
	int n = 0;

	(void)state;
	NEED_FAKE();
	play(DEVICE);
	assert_int_equal(cuda->find(all, MAX, &n), WM_OK);
	play("device 0000:41:00.0 GPU-99999999-2222-3333-4444-555555555555\n");
	assert_int_equal(cuda->open(&all[0]), WM_FAILED);
	assert_string_equal(wm_why(),
	                    "cuda:0 was 11111111-2222-3333-4444-55555555555a when it was found and is "
	                    "99999999-2222-3333-4444-555555555555 now");
}

static void an_open_device_tells_its_free_memory(void **state) {
	struct wm_device dev = open_with(DEVICE "memory 3e9\n");

	(void)state;
	assert_true(dev.free_bytes > 0 && dev.free_bytes <= dev.mem_bytes);
	cuda->close(&dev);
	assert_null(dev.priv);
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* More than what copies go through at a time, and to a place inside. */
static void memory_comes_back_as_it_was_put(void **state) {
	struct wm_device dev = open_with(DEVICE);
	unsigned char *in = malloc(MANY), *out = calloc(1, MANY), c = 0;
	struct wm_buf whole, part;

	(void)state;
	assert_true(in && out);
	for (size_t i = 0; i < MANY; i++)
		in[i] = (unsigned char)(i * 7 + i / 256 + i / 65536);
	assert_int_equal(cuda->alloc(&dev, MANY, &whole), WM_OK);
	assert_int_equal(cuda->put(&dev, &whole, 0, in, MANY), WM_OK);
	assert_int_equal(cuda->get(&dev, out, &whole, 0, MANY), WM_OK);
	assert_memory_equal(in, out, MANY);

	assert_int_equal(cuda->view(&dev, &whole, PAGE, PAGE, &part), WM_OK);
	assert_int_equal(part.bytes, PAGE);
	assert_int_equal(cuda->get(&dev, out, &part, 5, 100), WM_OK);
	assert_memory_equal(in + PAGE + 5, out, 100);
	assert_int_equal(cuda->put(&dev, &part, PAGE - 1, "x", 1), WM_OK);
	assert_int_equal(cuda->get(&dev, &c, &whole, 2 * PAGE - 1, 1), WM_OK);
	assert_int_equal(c, 'x');
	cuda->free(&dev, &part);
	assert_int_equal(cuda->view(&dev, &whole, PAGE, MANY, &part), WM_FAILED);
	assert_string_equal(wm_why(), "view [4096, 9441280) of a buffer of 9437184 bytes");
	cuda->free(&dev, &whole);
	assert_null(whole.ptr);
	cuda->close(&dev);
	free(in);
	free(out);
}

static void buffers_are_aligned_and_apart(void **state) {
	enum { BUFFERS = 3000 };
	static struct wm_buf buf[BUFFERS];
	struct wm_device dev = open_with(DEVICE);

	(void)state;
	for (int i = 0; i < BUFFERS; i++) {
		int number;

		assert_int_equal(cuda->alloc(&dev, (size_t)(1 + i % 16) * PAGE, &buf[i]), WM_OK);
		assert_int_equal((uintptr_t)buf[i].ptr % PAGE, 0);
		number = i;
		assert_int_equal(cuda->put(&dev, &buf[i], buf[i].bytes - sizeof(number), &number, sizeof(number)), WM_OK);
		assert_int_equal(cuda->put(&dev, &buf[i], 0, &number, sizeof(number)), WM_OK);
	}
	for (int i = 0; i < BUFFERS; i++) {
		int first, last;

		assert_int_equal(cuda->get(&dev, &first, &buf[i], 0, sizeof(first)), WM_OK);
		assert_int_equal(cuda->get(&dev, &last, &buf[i], buf[i].bytes - sizeof(last), sizeof(last)), WM_OK);
		assert_true(first == i && last == i);
	}
	for (int i = 0; i < BUFFERS; i++)
		cuda->free(&dev, &buf[(i * 7) % BUFFERS]);
	cuda->close(&dev);
}

static void memory_that_was_freed_is_there_again(void **state) {
	struct wm_device dev = open_with(DEVICE "memory 100e6\n");
	struct wm_buf buf = {0};

	(void)state;
	NEED_FAKE();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(cuda->alloc(&dev, 60000 * (size_t)1024, &buf), WM_OK);
		cuda->free(&dev, &buf);
		assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
		cuda->free(&dev, &buf);
	}
	cuda->close(&dev);
}

static void too_much_memory_is_refused(void **state) {
	struct wm_device dev = open_with(DEVICE);
	struct wm_buf buf = {0};

	(void)state;
	assert_int_equal(cuda->alloc(&dev, (size_t)1 << 45, &buf), WM_NOMEM);
	assert_string_equal(wm_why(), "cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2)");
	assert_null(buf.ptr);
	cuda->close(&dev);
}

/* ---- time --------------------------------------------------------------------------------------------------- */

static void marks_lie_within_host_time(void **state) {
	struct wm_device dev = open_with(DEVICE);
	double before = wm_now(), device_s = -1, host_s;

	(void)state;
	assert_int_equal(cuda->mark(&dev, 0), WM_OK);
	assert_int_equal(cuda->rouse(&dev, 0.005), WM_OK);
	assert_int_equal(cuda->mark(&dev, 1), WM_OK);
	assert_int_equal(cuda->wait(&dev, 1), WM_OK);
	host_s = wm_now() - before;
	assert_int_equal(cuda->between(&dev, 0, 1, &device_s), WM_OK);
	assert_true(device_s > 0);
	assert_true(device_s <= host_s);
	assert_int_equal(cuda->between(&dev, 1, 0, &device_s), WM_FAILED);
	assert_non_null(strstr(wm_why(), "went back"));
	assert_int_equal(cuda->between(&dev, 0, 2, &device_s), WM_FAILED);
	assert_string_equal(wm_why(), "cuda:0: no mark in slot 2");
	cuda->close(&dev);
}

static void rousing_ends(void **state) {
	struct wm_device dev = open_with(DEVICE);

	(void)state;
	assert_int_equal(cuda->rouse(&dev, 0.005), WM_OK);
	assert_int_equal(cuda->rouse(&dev, 0), WM_OK);
	cuda->close(&dev);
}

static void the_vendors_own_is_handed_out(void **state) {
	struct wm_device dev = open_with(DEVICE);

	(void)state;
	assert_non_null(cuda->native(&dev, "queue"));
	assert_non_null(cuda->native(&dev, "context"));
	assert_int_equal(*(int *)cuda->native(&dev, "device"), 0);
	assert_non_null(cuda->native(&dev, "cuTensorMapEncodeTiled"));
	assert_null(cuda->native(&dev, "cuNoSuchFunction"));
	cuda->close(&dev);
}

/* ---- kernels ------------------------------------------------------------------------------------------------ */

static const char twice_text[] =
	"WM_ENTRY(64) twice(WM_GLOBAL float *x, unsigned n) {\n"
	"	unsigned i = wm_group_id(0) * 64u + wm_local_id();\n"
	"	if (i < n)\n"
	"		x[i] *= 2;\n"
	"}\n";

static enum wm_status launch_twice(struct wm_device *dev, void *module, const struct wm_buf *buf, const char *entry,
                                   unsigned shared_bytes) {
	unsigned n = 100;
	struct wm_grid grid = {.groups = {2, 1, 1}, .items = {64, 1, 1}, .shared_bytes = shared_bytes};
	struct wm_arg args[] = {{.buf = buf}, {.value = &n, .bytes = sizeof(n)}};

	return cuda->launch(dev, module, entry, &grid, args, 2);
}

static void a_text_is_compiled_and_runs(void **state) {
	struct wm_device dev = open_with(DEVICE);
	float x[PAGE / sizeof(float)];
	struct wm_buf buf;
	void *module = NULL;

	(void)state;
	for (int i = 0; i < 128; i++)
		x[i] = (float)i;
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->put(&dev, &buf, 0, x, sizeof(x)), WM_OK);
	if (cuda->build(&dev, twice_text, "-DA=1 -DB", &module) != WM_OK)
		fail_msg("%s", wm_why());
	if (!real)
		assert_string_equal(cuda->made_by(&dev, module), "NVRTC 13.0 sm_90a -DA=1 -DB");
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 100 << 10), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_OK);
	assert_int_equal(cuda->get(&dev, x, &buf, 0, sizeof(x)), WM_OK);
	for (int i = 0; i < 128; i++)
		assert_true(x[i] == (float)(i < 100 ? 4 * i : i));

	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 300 << 10), WM_UNSUPPORTED);
	assert_non_null(
		strstr(wm_why(), "kernel twice: the device gives no group 307200 bytes of shared memory: CUDA_ERROR"));
	assert_int_equal(launch_twice(&dev, module, &buf, "absent", 0), WM_FAILED);
	assert_string_equal(wm_why(), "cuModuleGetFunction(absent): CUDA_ERROR_NOT_FOUND (500)");
	cuda->unbuild(&dev, module);
	cuda->free(&dev, &buf);
	cuda->close(&dev);
}

/* What is recorded is done when it is played, as often as it is. */
static void work_is_recorded_and_played(void **state) {
	struct wm_device dev = open_with(DEVICE);
	float x = 1;
	struct wm_buf buf;
	void *module = NULL, *recording = NULL;

	(void)state;
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->put(&dev, &buf, 0, &x, sizeof(x)), WM_OK);
	assert_int_equal(cuda->build(&dev, twice_text, "", &module), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	assert_int_equal(cuda->record_begin(&dev), WM_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	if (cuda->record_end(&dev, &recording) != WM_OK)
		fail_msg("%s", wm_why());
	assert_int_equal(cuda->get(&dev, &x, &buf, 0, sizeof(x)), WM_OK);
	assert_true(x == 2);
	assert_int_equal(cuda->play(&dev, recording), WM_OK);
	assert_int_equal(cuda->play(&dev, recording), WM_OK);
	cuda->forget(&dev, recording);
	assert_int_equal(cuda->get(&dev, &x, &buf, 0, sizeof(x)), WM_OK);
	assert_true(x == 128);
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

/* A wait inside breaks a recording, and what comes after it runs as before. */
static void a_broken_recording_costs_nothing_else(void **state) {
	struct wm_device dev = open_with(DEVICE);
	struct wm_buf buf;
	void *recording = NULL;
	char c = 'x';

	(void)state;
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->record_begin(&dev), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_FAILED);
	assert_non_null(strstr(wm_why(), "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"));
	assert_int_equal(cuda->record_end(&dev, &recording), WM_FAILED);
	assert_non_null(strstr(wm_why(), "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"));
	assert_null(recording);
	assert_int_equal(cuda->put(&dev, &buf, 0, &c, 1), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_OK);
	cuda->close(&dev);
}

static void made_for(const char *script, const char *made_by) {
	struct wm_device dev = open_with(script);
	void *module = NULL;

	if (cuda->build(&dev, twice_text, "", &module) != WM_OK)
		fail_msg("%s", wm_why());
	assert_string_equal(cuda->made_by(&dev, module), made_by);
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

/* What only this device has is asked for from 9.0 on; a device newer than the compiler gets what its driver finishes.
 */
static void code_is_made_for_the_device(void **state) {
	(void)state;
	NEED_FAKE();
	made_for(DEVICE "cc 80\n", "NVRTC 13.0 sm_80");
	made_for(DEVICE "cc 100\n", "NVRTC 13.0 sm_100a");
	made_for("newest 90\n" DEVICE "cc 100\n", "NVRTC 13.0 compute_90");
}

static void a_text_that_is_wrong_gives_the_compilers_words(void **state) {
	struct wm_device dev = open_with("rtc 6\n" DEVICE);
	void *module = NULL;

	(void)state;
	assert_int_equal(cuda->build(&dev, "\nWM_ENTRY(1) f(void) { no_such_name = 1; }\n", "", &module), WM_FAILED);
	assert_non_null(strstr(wm_why(), "nvrtcCompileProgram for sm_"));
	assert_non_null(strstr(wm_why(), "NVRTC_ERROR_COMPILATION: kernel text("));
	assert_null(strchr(wm_why(), '\n'));
	assert_null(module);
	cuda->close(&dev);
}

static void chosen(const char *targets, int capability, const char *want) {
	char got[32];

	wm_cuda_choose_target(targets, capability, got, sizeof(got));
	assert_string_equal(got, want);
}

static void the_target_is_the_one_that_the_driver_takes(void **state) {
	static const char all[] = "sm_80 sm_90a sm_100a compute_80";

	(void)state;
	chosen(all, 80, "sm_80");
	chosen(all, 86, "sm_80");
	chosen(all, 90, "sm_90a");
	chosen(all, 100, "sm_100a");
	chosen(all, 103, "compute_80");
	chosen(all, 120, "compute_80");
	chosen(all, 75, "");
	chosen("sm_90a", 90, "sm_90a");
	chosen("sm_90a", 100, "");
	chosen("sm_90", 90, "sm_90");
	chosen("compute_90a", 100, "");
	chosen("sm_80 sm_86\n", 89, "sm_86");
	chosen("", 90, "");
}

/* The first text for NVIDIA of which there is code made ahead for that target; NULL: none. */
static const char *text_ahead(const char *target) {
	static char path[128];
	const char *name;

	for (int i = 0; (name = wm_embedded_name(i)); i++) {
		size_t stem = strlen(name) - strlen(".targets");

		if (strlen(name) > 8 && strcmp(name + stem, ".targets") == 0 && strstr(wm_embedded(name), target)) {
			snprintf(path, sizeof(path), "%.*s.k", (int)stem, name);
			return path;
		}
	}
	return NULL;
}

static void loaded(const char *path, const char *script, const char *by, const char *target) {
	struct wm_device dev = open_with(script);
	void *module = NULL;

	if (cuda->load(&dev, path, &module) != WM_OK)
		fail_msg("%s", wm_why());
	assert_memory_equal(cuda->made_by(&dev, module), by, strlen(by));
	assert_non_null(strstr(cuda->made_by(&dev, module), target));
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

static void code_made_ahead_goes_first(void **state) {
	const char *path = text_ahead("sm_90a");

	(void)state;
	NEED_FAKE();
	if (!path)
		skip();
	loaded(path, DEVICE, "nvcc ", " sm_90a");
	loaded(path, DEVICE "nofat 1\n", "NVRTC 13.0", " sm_90a");
	path = text_ahead("compute_80");
	if (!path)
		skip();
	loaded(path, DEVICE "cc 121\n", "nvcc ", " compute_80");
}

static void a_text_that_is_not_there_is_named(void **state) {
	struct wm_device dev = open_with(DEVICE);
	void *module;

	(void)state;
	assert_int_equal(cuda->load(&dev, "kernels/cuda/absent.k", &module), WM_FAILED);
	assert_string_equal(wm_why(), "kernels/cuda/absent.k is not embedded in this binary");
	cuda->close(&dev);
}

/* ---- faults ------------------------------------------------------------------------------------------------- */

/* The error comes with the next call, and stays until the process ends. */
static void an_illegal_address_is_named(void **state) {
	struct wm_device dev;
	struct wm_buf buf;
	void *module;
	char c;

	(void)state;
	NEED_FAKE();
	dev = open_with("fault 700\nafter 2\n" DEVICE);
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->build(&dev, twice_text, "", &module), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_FAILED);
	assert_string_equal(wm_why(), "cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700)");
	assert_int_equal(cuda->get(&dev, &c, &buf, 0, 1), WM_FAILED);
	assert_non_null(strstr(wm_why(), "CUDA_ERROR_ILLEGAL_ADDRESS (700)"));
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

static void a_refused_launch_is_named(void **state) {
	struct wm_device dev;
	struct wm_buf buf;
	void *module;

	(void)state;
	NEED_FAKE();
	dev = open_with("refuse 701\n" DEVICE);
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->build(&dev, twice_text, "", &module), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_FAILED);
	assert_string_equal(wm_why(), "cuLaunchKernel(twice): CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)");
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

static void a_device_off_the_bus_cannot_be_opened(void **state) {
	struct wm_device dev;
	struct wm_buf buf;
	void *module;

	(void)state;
	NEED_FAKE();
	dev = open_with("lost 1\n" DEVICE);
	assert_int_equal(cuda->alloc(&dev, PAGE, &buf), WM_OK);
	assert_int_equal(cuda->build(&dev, twice_text, "", &module), WM_OK);
	assert_int_equal(launch_twice(&dev, module, &buf, "twice", 0), WM_OK);
	assert_int_equal(cuda->sync(&dev), WM_FAILED);
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
	assert_int_equal(cuda->open(&dev), WM_FAILED);
	assert_string_equal(wm_why(), "cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE (46)");
}

/* ---- the real compiler --------------------------------------------------------------------------------------- */

/* Is the text one that NVRTC takes? It only reads it, which shows what is unknown to it, and makes no code; so the
 * driver then has none to load. WM_SKIP: no NVRTC here. */
static enum wm_status read_by_nvrtc(struct wm_device *dev, const char *name) {
	const char *ptx = wm_embedded("kernels/cuda/ptx.h"), *text = wm_embedded(name);
	size_t bytes = strlen(text) + (ptx ? strlen(ptx) : 0) + 1;
	char *both = malloc(bytes);
	void *module;
	enum wm_status st;

	assert_non_null(both);
	snprintf(both, bytes, "%s%s", ptx ? ptx : "", text);
	st = cuda->build(dev, both, "-fdevice-syntax-only", &module);
	free(both);
	if (st == WM_OK)
		cuda->unbuild(dev, module);
	return st == WM_UNSUPPORTED ? WM_OK : st;
}

/* Every text for NVIDIA alone is one that NVRTC compiles, for a machine whose wattmark was built without nvcc; and a
 * small one all the way. In a process of its own, where the fake NVRTC is not loaded: test_gpu nvrtc. */
static void nvrtc_compiles_the_texts(void **state) {
	struct wm_device dev = open_with(DEVICE);
	void *module = NULL;
	enum wm_status st = cuda->build(&dev, twice_text, "", &module);
	const char *name;

	(void)state;
	if (st == WM_SKIP) {
		cuda->close(&dev);
		printf("skipped: %s\n", wm_why());
		skip();
	}
	for (int i = 0; st == WM_OK && (name = wm_embedded_name(i)); i++)
		if (strncmp(name, "kernels/cuda/", 13) == 0 && strcmp(name + strlen(name) - 2, ".k") == 0)
			st = read_by_nvrtc(&dev, name);
	if (st != WM_OK)
		fail_msg("%s", wm_why());
	assert_non_null(strstr(cuda->made_by(&dev, module), " sm_90a"));
	cuda->unbuild(&dev, module);
	cuda->close(&dev);
}

static int start_with_real_nvrtc(void **state) {
	(void)state;
	cuda = wm_backend_find("cuda");
	snprintf(folder, sizeof(folder), "/tmp/wm-test-gpu-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/script", folder);
	setenv("WM_FAKE_CUDA", file, 1);
	return preload("libcuda.so.1") ? 0 : -1;
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_described),
		cmocka_unit_test(what_is_no_driver_is_told_apart),
		cmocka_unit_test(a_driver_can_be_too_old),
		cmocka_unit_test(a_device_that_is_gone_is_named),
		cmocka_unit_test(another_device_in_its_place_is_seen),
		cmocka_unit_test(an_open_device_tells_its_free_memory),
		cmocka_unit_test(memory_comes_back_as_it_was_put),
		cmocka_unit_test(buffers_are_aligned_and_apart),
		cmocka_unit_test(memory_that_was_freed_is_there_again),
		cmocka_unit_test(too_much_memory_is_refused),
		cmocka_unit_test(marks_lie_within_host_time),
		cmocka_unit_test(rousing_ends),
		cmocka_unit_test(the_vendors_own_is_handed_out),
		cmocka_unit_test(a_text_is_compiled_and_runs),
		cmocka_unit_test(work_is_recorded_and_played),
		cmocka_unit_test(a_broken_recording_costs_nothing_else),
		cmocka_unit_test(code_is_made_for_the_device),
		cmocka_unit_test(a_text_that_is_wrong_gives_the_compilers_words),
		cmocka_unit_test(the_target_is_the_one_that_the_driver_takes),
		cmocka_unit_test(code_made_ahead_goes_first),
		cmocka_unit_test(a_text_that_is_not_there_is_named),
		cmocka_unit_test(an_illegal_address_is_named),
		cmocka_unit_test(a_refused_launch_is_named),
		cmocka_unit_test(a_device_off_the_bus_cannot_be_opened),
	};
	const struct CMUnitTest with_nvrtc[] = {cmocka_unit_test(nvrtc_compiles_the_texts)};

	if (argc == 2 && !strcmp(argv[1], "nvrtc")) {
		int failed = cmocka_run_group_tests(with_nvrtc, start_with_real_nvrtc, stop);

		fflush(NULL);
		_exit(failed); /* what NVRTC leaves behind is not ours to look at */
	}
	return cmocka_run_group_tests(tests, start, stop);
}
