/* SPDX-License-Identifier: Apache-2.0 */
/* test_ordered.c - a long records.jsonl is read by several threads, and nobody can tell. */
#include "store/ordered.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 20000 }; /* of 40 to 139 bytes: about 1.8 MB, many stretches */

static bool is_broken(long number) {
	return number % 997 == 0;
}

/* Marks of all lengths; some lines are no JSON. The last one has no newline. */
static struct wm_lines make_lines(void) {
	char path[] = "/tmp/wattmark-ordered-XXXXXX";
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w+");
	assert_non_null(out);
	unlink(path);
	for (long i = 1; i <= LINES; i++)
		fprintf(out, "{\"begin\":\"%016lx\",\"replicate\":%ld%*s%s%s", (unsigned long)i, i % 3, (int)(i % 100), "",
		        is_broken(i) ? "" : "}", i < LINES ? "\n" : "");
	fflush(out);
	struct wm_lines lines;
	assert_int_equal(wm_lines_map(fd, path, &lines), WM_OK);
	fclose(out);
	return lines;
}

struct seen {
	long lines, wrong, stop_at;
};

static enum wm_status check_line(void *arg, const struct wm_line *line) {
	struct seen *seen = arg;
	seen->lines++;
	bool is_as_written = line->number == seen->lines && line->whole == (seen->lines < LINES);
	if (is_broken(seen->lines))
		is_as_written &= line->kind == WM_LINE_BROKEN && strstr(line->why, "not JSON at byte");
	else
		is_as_written &= line->kind == WM_LINE_BEGIN && line->case_id == (uint64_t)seen->lines &&
		                 line->replicate == seen->lines % 3 && json_is_object(line->json);
	seen->wrong += !is_as_written;
	return seen->lines == seen->stop_at ? wm_fail(WM_FAILED, "stopped at %ld", seen->lines) : WM_OK;
}

static void every_line_comes_once_and_in_order(void **state) {
	(void)state;
	struct wm_lines lines = make_lines();
	for (int turn = 0; turn < 5; turn++) {
		struct seen seen = {0};
		assert_int_equal(wm_lines_each(&lines, check_line, &seen), WM_OK);
		assert_int_equal(seen.lines, LINES);
		assert_int_equal(seen.wrong, 0);
	}
	wm_lines_close(&lines);
}

static void one_cpu_is_enough(void **state) {
	(void)state;
	struct wm_lines lines = make_lines();
	struct seen seen = {0};
	cpu_set_t all, one;
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	enum wm_status st = wm_lines_each(&lines, check_line, &seen);
	assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
	assert_int_equal(st, WM_OK);
	assert_int_equal(seen.lines, LINES);
	assert_int_equal(seen.wrong, 0);
	wm_lines_close(&lines);
}

/* The reason is told to the caller, whichever thread it came up in. */
static void the_first_failure_ends_it(void **state) {
	(void)state;
	struct wm_lines lines = make_lines();
	for (long stop_at = 1; stop_at < LINES; stop_at += 1999) {
		struct seen seen = {.stop_at = stop_at};
		char why[32];
		snprintf(why, sizeof why, "stopped at %ld", stop_at);
		wm_fail(WM_OK, "something else");
		assert_int_equal(wm_lines_each(&lines, check_line, &seen), WM_FAILED);
		assert_int_equal(seen.lines, stop_at);
		assert_string_equal(wm_why(), why);
	}
	wm_lines_close(&lines);
}

static void nothing_is_no_line(void **state) {
	(void)state;
	struct wm_lines none = {0};
	struct seen seen = {0};
	assert_int_equal(wm_lines_each(&none, check_line, &seen), WM_OK);
	assert_int_equal(seen.lines, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_comes_once_and_in_order),
		cmocka_unit_test(one_cpu_is_enough),
		cmocka_unit_test(the_first_failure_ends_it),
		cmocka_unit_test(nothing_is_no_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
