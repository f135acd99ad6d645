/* SPDX-License-Identifier: Apache-2.0 */
/* test_measure.c - one case from fill to check on the real host: what is refused, what is caught, what is counted. */
#include "measure/buffers.h"
#include "measure/measure.h"

#include "core/problem.h"
#include "core/registry.h"
#include "system/topology.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Short enough for a test, with every phase in it. */
static const struct wm_profile brief = {.name = "brief",
                                        .replicates = 1,
                                        .block_s = 0.002,
                                        .warm_cap_s = 0.01,
                                        .sample_min_s = 0.002,
                                        .sample_cap_s = 0.02,
                                        .target = 0.5};

static struct wm_device host;
static char phases[256];
static long calls;

static int open_host(void **state) {
	struct wm_topology *topo;

	(void)state;
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	assert_int_equal(wm_topology_host(topo, "host", &host), WM_OK);
	wm_topology_close(topo);
	host.cache_bytes = 1 << 16; /* small sets make a rotation of a few */
	return wm_backend_find("host")->open(&host) == WM_OK ? 0 : -1;
}

static int close_host(void **state) {
	(void)state;
	wm_backend_find("host")->close(&host);
	return 0;
}

static void note_phase(void *unused, const char *phase, double expect_s, bool tight) {
	(void)unused;
	(void)tight;
	assert_true(expect_s >= 0);
	if (strstr(phases, phase) == NULL) {
		size_t n = strlen(phases);

		snprintf(phases + n, sizeof(phases) - n, "%s ", phase);
	}
}

static enum wm_status measure(const char *text, const struct wm_impl *impl, struct wm_measurement *m) {
	static struct wm_problem problem;
	struct wm_measure_job job = {.problem = &problem,
	                             .impl = impl,
	                             .backend = wm_backend_find("host"),
	                             .dev = &host,
	                             .profile = &brief,
	                             .seed = 7,
	                             .enter = note_phase};

	phases[0] = 0;
	calls = 0;
	assert_int_equal(wm_problem_parse(text, &problem), WM_OK);
	memset(m, 0, sizeof(*m));
	return wm_measure(&job, m);
}

static enum wm_status yes(const struct wm_run *run) {
	assert_null(run->buf); /* asked before anything is allocated */
	return WM_OK;
}

static enum wm_status copy(struct wm_run *run, int set) {
	const struct wm_buf *b = &run->buf[set * run->tensors];

	calls++;
	memcpy(b[1].ptr, b[0].ptr, b[1].bytes);
	return WM_OK;
}

static struct wm_impl with(enum wm_status (*enqueue)(struct wm_run *, int)) {
	return (struct wm_impl){
		.name = "test", .bench = "copy", .backends = "host", .about = "a test", .can_run = yes, .enqueue = enqueue};
}

static void a_right_one_is_timed(void **state) {
	struct wm_impl impl = with(copy);
	struct wm_measurement m;
	double sum = 0;

	(void)state;
	assert_int_equal(measure("copy:bytes=256K", &impl, &m), WM_OK);
	assert_true(m.verified && m.has_exact && m.has_timed);
	assert_string_equal(phases, "fill build verify warm sample check ");
	assert_true(m.sets >= 2);
	assert_true(m.rotation_bytes >= 2 * host.cache_bytes);
	assert_int_equal(m.rotation_bytes, (uint64_t)m.sets * 512 * 1024);
	assert_true(m.n >= 5 && m.batch >= 1);
	assert_true(m.sets_checked == (m.batch < m.sets ? (int)m.batch : m.sets - 1));
	assert_true(m.lo_s <= m.median_s && m.median_s <= m.hi_s && m.min_s <= m.lo_s && m.hi_s <= m.max_s);
	for (size_t i = 0; i < m.n; i++)
		sum += m.samples[i] * (double)m.batch;
	assert_true(fabs(sum / m.total_s - 1) < 1e-9);
	assert_true(m.host_ratio >= 1 && m.resolution_s > 0 && m.checked_s > 0);
	assert_non_null(m.steady_by);
	wm_measurement_free(&m);
}

static void hot_stays_in_one_set(void **state) {
	struct wm_impl impl = with(copy);
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure("copy:bytes=64K,cache=hot", &impl, &m), WM_OK);
	assert_int_equal(m.sets, 1);
	wm_measurement_free(&m);
}

static enum wm_status change_input(struct wm_run *run, int set) {
	enum wm_status st = copy(run, set);

	/* behind verification, where only the check after timing can see it */
	if (calls > 100)
		((unsigned char *)run->buf[set * run->tensors].ptr)[5] ^= 1;
	return st;
}

static enum wm_status write_before(struct wm_run *run, int set) {
	((unsigned char *)run->buf[set * run->tensors + 1].ptr)[-1] = 0;
	return copy(run, set);
}

static enum wm_status device_error(struct wm_run *run, int set) {
	(void)run;
	return calls++ < 30 ? copy(run, set) : wm_fail(WM_FAILED, "set %d: launch failed", set);
}

static void what_is_wrong_is_caught(void **state) {
	static const struct {
		enum wm_status (*enqueue)(struct wm_run *, int);
		enum wm_status status;
		const char *why;
	} table[] = {{change_input, WM_WRONG, "inputs of set"},
	             {write_before, WM_WRONG, "wrote outside tensor"},
	             {device_error, WM_FAILED, "launch failed"}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct wm_impl impl = with(table[i].enqueue);
		struct wm_measurement m;

		/* a changed input is copied by the next call, so that the output may be what shows it */
		assert_int_equal(measure("copy:bytes=256K", &impl, &m), table[i].status);
		assert_false(m.verified);
		if (table[i].enqueue != change_input)
			assert_non_null(strstr(wm_why(), table[i].why));
		wm_measurement_free(&m);
	}
}

static uint64_t a_page(const struct wm_problem *p, const struct wm_device *dev) {
	(void)p;
	(void)dev;
	return 4096;
}

/* Half of what is free is the limit; a byte more is refused. On the host the copy for verification counts too. */
static void what_does_not_fit_is_a_skip(void **state) {
	struct wm_problem p;
	struct wm_device dev = host;
	struct wm_impl impl = with(copy);
	struct wm_footprint f;

	(void)state;
	assert_int_equal(wm_problem_parse("copy:bytes=1M,cache=hot", &p), WM_OK);
	dev.free_bytes = 0;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_OK);
	assert_int_equal(f.set_bytes, 2 << 20);
	assert_int_equal(f.device_bytes, 2 * wm_guarded_bytes(1 << 20) + (2 << 20));
	dev.on_host = false; /* an accelerator: its memory is not the host's */
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_OK);
	assert_int_equal(f.device_bytes, 2 * wm_guarded_bytes(1 << 20));
	dev.free_bytes = 2 * f.device_bytes;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_OK);
	dev.free_bytes -= 2;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_SKIP);
	assert_non_null(strstr(wm_why(), "does not fit"));
	dev.free_bytes = 2 * f.device_bytes + 2 * 4096;
	impl.workspace = a_page;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_OK);
	dev.free_bytes -= 2;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_SKIP);
	dev.free_bytes = 0;
	dev.max_alloc_bytes = wm_guarded_bytes(1 << 20);
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_OK);
	dev.max_alloc_bytes--;
	assert_int_equal(wm_measure_fit(&p, &impl, &dev, &f), WM_SKIP);
	assert_non_null(strstr(wm_why(), "largest"));
}

static void a_problem_too_large_allocates_nothing(void **state) {
	struct wm_impl impl = with(copy);
	struct wm_measurement m;
	uint64_t free_bytes = host.free_bytes;

	(void)state;
	host.free_bytes = 1 << 20;
	assert_int_equal(measure("copy:bytes=1M", &impl, &m), WM_SKIP);
	assert_string_equal(phases, "");
	assert_int_equal(calls, 0);
	host.free_bytes = free_bytes;
	wm_measurement_free(&m);
}

static void unsupported_regimes_say_why(void **state) {
	struct wm_impl impl = with(copy);
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure("copy:bytes=64K,cache=hot,regime=fixed", &impl, &m), WM_UNSUPPORTED);
	assert_non_null(strstr(wm_why(), "regime=fixed is not in this version"));
	assert_int_equal(measure("copy:bytes=64K,cache=hot,load=node", &impl, &m), WM_UNSUPPORTED);
	assert_non_null(strstr(wm_why(), "load=node is not in this version"));
}

static void profiles_are_method_3(void **state) {
	(void)state;
	assert_int_equal(wm_profile_find("quick")->replicates, 1);
	assert_int_equal(wm_profile_find("standard")->replicates, 3);
	assert_int_equal(wm_profile_find("published")->replicates, 5);
	assert_float_equal(wm_profile_find("published")->block_s, 10, 0);
	assert_true(wm_profile_find("published")->gap_s >= 120 && wm_profile_find("standard")->gap_s >= 120);
	assert_null(wm_profile_find("fast"));
	for (const struct wm_profile *p = wm_profiles; p->name; p++)
		assert_true(p->sample_min_s >= 0.5);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_one_is_timed),
		cmocka_unit_test(hot_stays_in_one_set),
		cmocka_unit_test(what_is_wrong_is_caught),
		cmocka_unit_test(what_does_not_fit_is_a_skip),
		cmocka_unit_test(a_problem_too_large_allocates_nothing),
		cmocka_unit_test(unsupported_regimes_say_why),
		cmocka_unit_test(profiles_are_method_3),
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
