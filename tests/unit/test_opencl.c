/* SPDX-License-Identifier: Apache-2.0 */
/* test_opencl.c - the OpenCL backend on the first device there is; without one each test skips and says
 * why. */
#include "core/registry.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, MAX = 16 };

extern char **environ;

static const struct wm_backend *ocl;
static struct wm_device dev;
static bool found;
static bool as_found; /* POCL_AFFINITY was set before the backend was opened */

static int start(void **state) {
	(void)state;
	as_found = getenv("POCL_AFFINITY");
	struct wm_device all[MAX];
	int n;
	ocl = wm_backend_find("opencl");
	enum wm_status st = ocl->find(all, MAX, &n);
	if (st == WM_SKIP) {
		printf("skipped: %s\n", wm_why());
		return 0;
	}
	if (st || n < 1)
		return -1;
	dev = all[0];
	if (dev.off[0]) {
		printf("skipped: %s: %s\n", dev.id, dev.off);
		return 0;
	}
	found = true;
	return ocl->open(&dev);
}

static int stop(void **state) {
	(void)state;
	if (found)
		ocl->close(&dev);
	return 0;
}

#define NEED_DEVICE() \
	do {              \
		if (!found)   \
			skip();   \
	} while (0)

/* The loader reads its list once per process: the part without a driver needs a process of its own. */
static int print_reason(void) {
	struct wm_device all[MAX];
	int n;
	enum wm_status st = wm_backend_find("opencl")->find(all, MAX, &n);
	printf("%s: %s\n", wm_status_word(st), st ? wm_why() : "");
	return 0;
}

static void without_a_driver_it_says_so(void **state) {
	(void)state;
	NEED_DEVICE();
	int ends[2];
	pid_t pid;
	char said[512] = "";
	char *argv[] = {"test_opencl", "reason", NULL};
	posix_spawn_file_actions_t actions;
	assert_int_equal(pipe(ends), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
	int err = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ);
	unsetenv("OCL_ICD_VENDORS");
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	assert_int_equal(err, 0);
	ssize_t got = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	assert_true(got > 0);
	assert_string_equal(said, "skip: no OpenCL platform: clGetPlatformIDs: CL_PLATFORM_NOT_FOUND_KHR (-1001)\n");
}

static void a_device_is_described(void **state) {
	(void)state;
	NEED_DEVICE();
	assert_string_equal(dev.id, "opencl:0");
	assert_string_equal(dev.backend, "opencl");
	assert_true(dev.name[0] && dev.vendor[0] && dev.arch[0]);
	assert_non_null(strstr(dev.driver, "OpenCL "));
	assert_non_null(strstr(dev.driver, ", driver "));
	assert_true(dev.units > 0 && dev.mem_bytes > 0 && dev.max_alloc_bytes > 0);
	assert_true(dev.on_host ? dev.threads == dev.units : dev.threads == 0);
	/* no single cache of the driver's stands for all of them; the topology knows those of the host */
	assert_true(!dev.on_host || dev.cache_bytes == 0);
}

/* How PoCL places its threads changes short launches by a factor, and is part of what ran. */
static void thread_placement_is_told(void **state) {
	(void)state;
	NEED_DEVICE();
	const char *set = getenv("POCL_AFFINITY");
	if (!strcasestr(dev.driver, "pocl"))
		skip();
	if (!set)
		assert_non_null(strstr(dev.driver, ", POCL_AFFINITY not set"));
	else if (as_found)
		assert_non_null(strstr(dev.driver, " as found"));
	else
		assert_non_null(strstr(dev.driver, ", POCL_AFFINITY=1 set by wattmark"));
}

static void a_device_that_is_gone_is_named(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_device other = {.id = "opencl:99", .ordinal = 99};
	assert_int_equal(ocl->open(&other), WM_FAILED);
	assert_non_null(strstr(wm_why(), "opencl:99 is gone"));
}

static void memory_comes_back_as_it_was_put(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf whole, part;
	unsigned char in[3 * PAGE], out[3 * PAGE];
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7 + i / 256);
	assert_int_equal(ocl->alloc(&dev, sizeof(in), &whole), WM_OK);
	assert_int_equal(ocl->put(&dev, &whole, 0, in, sizeof(in)), WM_OK);
	assert_int_equal(ocl->get(&dev, out, &whole, 0, sizeof(out)), WM_OK);
	assert_memory_equal(in, out, sizeof(in));

	assert_int_equal(ocl->view(&dev, &whole, PAGE, PAGE, &part), WM_OK);
	assert_int_equal(part.bytes, PAGE);
	assert_int_equal(ocl->get(&dev, out, &part, 5, 100), WM_OK);
	assert_memory_equal(in + PAGE + 5, out, 100);
	assert_int_equal(ocl->put(&dev, &part, PAGE - 1, "x", 1), WM_OK);
	assert_int_equal(ocl->get(&dev, out, &whole, 2 * PAGE - 1, 1), WM_OK);
	assert_int_equal(out[0], 'x');
	ocl->free(&dev, &part);
	ocl->free(&dev, &whole);
	assert_null(whole.ptr);
}

static void a_view_of_a_view_is_a_view(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf whole, outer, inner;
	char c = 0;
	assert_int_equal(ocl->alloc(&dev, 4 * PAGE, &whole), WM_OK);
	assert_int_equal(ocl->view(&dev, &whole, PAGE, 3 * PAGE, &outer), WM_OK);
	assert_int_equal(ocl->view(&dev, &outer, PAGE, PAGE, &inner), WM_OK);
	assert_int_equal(ocl->put(&dev, &inner, 0, "y", 1), WM_OK);
	assert_int_equal(ocl->get(&dev, &c, &whole, 2 * PAGE, 1), WM_OK);
	assert_int_equal(c, 'y');
	ocl->free(&dev, &inner);
	ocl->free(&dev, &outer);
	ocl->free(&dev, &whole);
}

static void a_view_ends_inside_its_buffer(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf whole, part;
	assert_int_equal(ocl->alloc(&dev, 2 * PAGE, &whole), WM_OK);
	assert_int_equal(ocl->view(&dev, &whole, PAGE, 2 * PAGE, &part), WM_FAILED);
	assert_string_equal(wm_why(), "view [4096, 12288) of a buffer of 8192 bytes");
	ocl->free(&dev, &whole);
}

static void too_much_memory_is_refused(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf buf = {0};
	assert_int_equal(ocl->alloc(&dev, (size_t)1 << 60, &buf), WM_NOMEM);
	assert_non_null(strstr(wm_why(), "CL_DEVICE_MAX_MEM_ALLOC_SIZE"));
	assert_null(buf.ptr);
}

/* Every work-item writes its index at that place after first. */
static const char write_text[] =
	"WM_ENTRY(64) write_ids(WM_GLOBAL unsigned *out, unsigned first) {\n"
	"	unsigned i = wm_group_id(0) * 64u + wm_local_id();\n"
	"	out[first + i] = i + 1u;\n"
	"}\n";

static void write_ids(const struct wm_buf *buf, unsigned first, unsigned groups) {
	void *module;
	struct wm_grid grid = {.groups = {groups, 1, 1}, .items = {64, 1, 1}};
	struct wm_arg args[] = {{.buf = buf}, {.value = &first, .bytes = sizeof(first)}};
	assert_int_equal(ocl->build(&dev, write_text, "", &module), WM_OK);
	assert_int_equal(ocl->launch(&dev, module, "write_ids", &grid, args, 2), WM_OK);
	assert_int_equal(ocl->launch(&dev, module, "write_ids", &grid, args, 2), WM_OK);
	assert_int_equal(ocl->sync(&dev), WM_OK);
	ocl->unbuild(&dev, module);
}

static void a_kernel_sees_its_arguments_and_ids(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf buf;
	unsigned out[PAGE / sizeof(unsigned)];
	assert_int_equal(ocl->alloc(&dev, PAGE, &buf), WM_OK);
	write_ids(&buf, 10, 3);
	assert_int_equal(ocl->get(&dev, out, &buf, 0, PAGE), WM_OK);
	assert_int_equal(out[9], 0);
	for (unsigned i = 0; i < 192; i++)
		assert_int_equal(out[10 + i], i + 1);
	assert_int_equal(out[202], 0);
	ocl->free(&dev, &buf);
}

/* Guards work only if a write beyond a view reaches the buffer around it. */
static void a_write_past_a_view_lands_in_its_buffer(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf whole, part;
	unsigned out[1];
	assert_int_equal(ocl->alloc(&dev, 3 * PAGE, &whole), WM_OK);
	assert_int_equal(ocl->view(&dev, &whole, PAGE, PAGE, &part), WM_OK);
	write_ids(&part, PAGE / sizeof(unsigned), 1);
	assert_int_equal(ocl->get(&dev, out, &whole, 2 * PAGE, sizeof(out)), WM_OK);
	assert_int_equal(out[0], 1);
	ocl->free(&dev, &part);
	ocl->free(&dev, &whole);
}

static void marks_lie_within_host_time(void **state) {
	(void)state;
	NEED_DEVICE();
	struct wm_buf buf;
	double device_s = -1;
	assert_int_equal(ocl->alloc(&dev, 1024 * PAGE, &buf), WM_OK);
	double before = wm_now();
	assert_int_equal(ocl->mark(&dev, 0), WM_OK);
	write_ids(&buf, 0, 1024 * PAGE / (64 * sizeof(unsigned)));
	assert_int_equal(ocl->mark(&dev, 1), WM_OK);
	assert_int_equal(ocl->sync(&dev), WM_OK);
	double host_s = wm_now() - before;
	assert_int_equal(ocl->between(&dev, 0, 1, &device_s), WM_OK);
	assert_true(device_s > 0);
	assert_true(device_s <= host_s);
	assert_int_equal(ocl->between(&dev, 1, 0, &device_s), WM_FAILED);
	assert_non_null(strstr(wm_why(), "went back"));
	ocl->free(&dev, &buf);
}

static void a_text_that_is_wrong_gives_the_compilers_words(void **state) {
	(void)state;
	NEED_DEVICE();
	void *module = NULL;
	assert_int_equal(ocl->build(&dev, "\nWM_ENTRY(1) f(void) { no_such_name = 1; }\n", "", &module), WM_FAILED);
	assert_non_null(strstr(wm_why(), "CL_BUILD_PROGRAM_FAILURE"));
	assert_non_null(strstr(wm_why(), "no_such_name"));
	assert_null(strchr(wm_why(), '\n'));
	assert_null(module);
}

static void a_kernel_that_is_not_there_is_named(void **state) {
	(void)state;
	NEED_DEVICE();
	void *module;
	struct wm_grid grid = {.groups = {1, 1, 1}, .items = {64, 1, 1}};
	assert_int_equal(ocl->build(&dev, write_text, "", &module), WM_OK);
	assert_int_equal(ocl->launch(&dev, module, "absent", &grid, NULL, 0), WM_FAILED);
	assert_non_null(strstr(wm_why(), "clCreateKernel(absent): CL_INVALID_KERNEL_NAME"));
	ocl->unbuild(&dev, module);
}

static void rousing_ends(void **state) {
	(void)state;
	NEED_DEVICE();
	assert_int_equal(ocl->rouse(&dev, 0.005), WM_OK);
	assert_int_equal(ocl->rouse(&dev, 0), WM_OK);
}

int main(int argc, char **argv) {
	if (argc == 2 && !strcmp(argv[1], "reason"))
		return print_reason();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_driver_it_says_so),
		cmocka_unit_test(a_device_is_described),
		cmocka_unit_test(thread_placement_is_told),
		cmocka_unit_test(a_device_that_is_gone_is_named),
		cmocka_unit_test(memory_comes_back_as_it_was_put),
		cmocka_unit_test(a_view_of_a_view_is_a_view),
		cmocka_unit_test(a_view_ends_inside_its_buffer),
		cmocka_unit_test(too_much_memory_is_refused),
		cmocka_unit_test(a_kernel_sees_its_arguments_and_ids),
		cmocka_unit_test(a_write_past_a_view_lands_in_its_buffer),
		cmocka_unit_test(marks_lie_within_host_time),
		cmocka_unit_test(a_text_that_is_wrong_gives_the_compilers_words),
		cmocka_unit_test(a_kernel_that_is_not_there_is_named),
		cmocka_unit_test(rousing_ends),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
