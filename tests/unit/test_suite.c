/* SPDX-License-Identifier: Apache-2.0 */
/* test_suite.c - job files: what they mean, and the file and line of everything that is wrong in one. */
#include "core/job.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/wattmark-suite-XXXXXX";
static char path[64];

static int make_folder(void **state) {
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/job.ini", folder);
	return 0;
}

static int remove_folder(void **state) {
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *text, size_t n) {
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static enum wm_status read_text(const char *text, struct wm_suite *suite) {
	write_file(text, strlen(text));
	return wm_suite_add(path, suite);
}

/* The brief forms of a job's problems, one a line. */
static const char *problems(const struct wm_job *job) {
	static char text[4096];
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < job->problems.n; i++) {
		char brief[WM_PROBLEM_CHARS];

		wm_problem_brief(&job->problems.v[i], brief, sizeof(brief));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", brief);
	}
	return text;
}

static void meaning(void **state) {
	static const char text[] =
		"\xEF\xBB\xBF; a comment\n"
		"# another\n"
		"\n"
		"[global]\r\n"
		"profile = nightly\n"
		"dtype = f64\n"
		"weigh = yes   ; a comment behind a value\n"
		"[grid]\n"
		"  bench = gemm\n"
		"  m = 8/16\n"
		"  trans=nn\n"
		"device = host/opencl:0\n"
		"[shapes]\n"
		"k = 3\n"
		"weigh = no\n"
		"impl = ref\n"
		"problem = gemm:m=1,n=2\n"
		"problem = gemm:m=1,n=2,k=4,dtype=i8\n"
		"[both]\n"
		"bench = copy\n"
		"bytes = 8K\n"
		"dtype = f32\n"
		"problem = read:cache=hot\n"
		"[global]\n"
		"dtype = f32\n"
		"[late]\n"
		"bench = fma\n";
	struct wm_suite suite = {0};

	(void)state;
	if (read_text(text, &suite) != WM_OK)
		fail_msg("%s", wm_why());
	assert_string_equal(suite.name, "job");
	assert_string_equal(suite.text, text + 3); /* without the byte order mark */
	assert_string_equal(suite.profile, "nightly");
	assert_int_equal(suite.n, 4);
	assert_string_equal(suite.jobs[0].name, "grid");
	assert_string_equal(problems(&suite.jobs[0]),
	                    "gemm:m=8,n=8,k=8,dtype=f64,trans=nn\n"
	                    "gemm:m=16,n=16,k=16,dtype=f64,trans=nn\n");
	assert_string_equal(suite.jobs[0].device, "host/opencl:0");
	assert_string_equal(suite.jobs[0].impl, "");
	assert_true(suite.jobs[0].weigh);
	/* what a problem line leaves out comes from its section, then from [global] */
	assert_string_equal(problems(&suite.jobs[1]),
	                    "gemm:m=1,n=2,k=3,dtype=f64,trans=tn\n"
	                    "gemm:m=1,n=2,k=4,dtype=i8,trans=tn\n");
	assert_string_equal(suite.jobs[1].device, "");
	assert_string_equal(suite.jobs[1].impl, "ref");
	assert_false(suite.jobs[1].weigh);
	assert_string_equal(problems(&suite.jobs[2]),
	                    "copy:bytes=8192,dtype=f32\n"
	                    "read:bytes=8192,dtype=f32,cache=hot\n");
	/* a later [global] replaces the one before it */
	assert_non_null(strstr(problems(&suite.jobs[3]), "dtype=f32"));
	assert_false(suite.jobs[3].weigh);
	wm_suite_free(&suite);
}

/* A line of 198 bytes is read whole, also without a newline at the end of the file; one byte more is refused. */
static void long_lines(void **state) {
	static const char begin[] = "[a]\nproblem = gemm:m=";
	struct wm_suite suite = {0};
	char text[512];

	(void)state;
	/* zeros before the number fill the line */
	snprintf(text, sizeof(text), "%s%0*d", begin, (int)(4 + 198 - strlen(begin)), 42);
	if (read_text(text, &suite) != WM_OK)
		fail_msg("%s", wm_why());
	assert_string_equal(problems(&suite.jobs[0]), "gemm:m=42,n=42,k=42,dtype=f32,trans=tn\n");
	wm_suite_free(&suite);

	snprintf(text, sizeof(text), "%s%0*d\n", begin, (int)(4 + 199 - strlen(begin)), 42);
	assert_int_equal(read_text(text, &suite), WM_INPUT);
	assert_string_equal(wm_why() + strlen(path), ":2: a line of 199 bytes; at most 198");
	wm_suite_free(&suite);
}

static void bad_files(void **state) {
	/* text of the file; what stands behind its path in the message */
	static const struct {
		const char *text, *why;
	} table[] = {
		{"", ": no section with problems"},
		{"; nothing\n", ": no section with problems"},
		{"[global]\nprofile = quick\n", ": no section with problems"},
		{"m = 4\n[a]\nbench = gemm\n", ":1: m stands before the first [section]"},
		{"[a]\nbench = gemm\nm\n", ":3: neither [section] nor key = value nor a comment"},
		{"[a]\nbench = gemm\n[b\nbench = gemm\n", ":3: neither [section] nor key = value nor a comment"},
		{"junk\n[a]\nbench = nix\n", ":1: neither [section] nor key = value nor a comment"},
		{"[]\nbench = gemm\n", ":1: a section's name has 1 to 63 letters"},
		{"[a] bench = gemm\n", ":1: text behind [section]"},
		{"[a]\n[b]\nbench = gemm\n", ":1: section [a] has neither bench nor problem"},
		{"[a]\nbench = gemm\n\n[b]\nm = 4\n", ":4: section [b] has neither bench nor problem"},
		{"[a]\nbench = gemm\n[a]\nbench = fma\n", ":3: section [a] is there twice"},
		{"[a]\nbench = gemm\nm = 4\nm = 5\n", ":4: m is given twice in [a], first in line 3"},
		{"[a]\nbench = gemm\nbench = fma\n", ":3: bench is given twice in [a], first in line 2"},
		{"[a]\nbench = gem\n", ":2: unknown benchmark 'gem'; did you mean 'gemm'?"},
		{"[a]\nbench = gemm:m=4\n", ":2: bench: 'gemm:m=4' is more than a name; patterns stand in problem lines"},
		{"[a]\nproblem = tiad:bytes=4\n", ":2: unknown benchmark 'tiad'; did you mean 'triad'?"},
		{"[a]\nbench = gemm\nbytes = 4\n",
	     ":3: unknown key 'bytes'; known: bench problem weigh device impl profile m n k dtype trans out cache data "
	     "regime "
	     "load"},
		{"[a]\nbench = gemm\ndtypes = f32\n", ":3: unknown key 'dtypes'; did you mean 'dtype'?"},
		{"[a]\nbench = gemm\ndevise = host\n", ":3: unknown key 'devise'; did you mean 'device'?"},
		{"[a]\nbench = gemm\nseed = 4\n",
	     ":3: unknown key 'seed'; known: bench problem weigh device impl profile m n k dtype trans out cache data "
	     "regime "
	     "load"},
		{"[global]\nbytez = 4\n[a]\nbench = gemm\n", ":2: unknown key 'bytez'; did you mean 'bytes'?"},
		{"[global]\nbench = gemm\n", ":2: bench belongs in a section of its own, not in [global]"},
		{"[a]\nbench = gemm\nprofile = quick\n", ":3: profile belongs in [global]: it holds for the whole run"},
		{"[global]\nprofile = quack\n", ":2: profile: unknown profile 'quack'; did you mean 'quick'?"},
		{"[a]\nbench = gemm\nweigh = maybe\n", ":3: weigh: 'maybe' is not yes or no"},
		{"[a]\nbench = gemm\nimpl = cblass\n", ":3: unknown implementation 'cblass'; did you mean 'cblas'?"},
		{"[a]\nbench = gemm\nimpl = ref//ref\n", ":3: impl: an empty name in the list"},
		{"[a]\nbench = gemm\ndevice =\n", ":3: device: an empty name in the list"},
		{"[a]\nbench = gemm\nm = 4//5\n", ":3: gemm axis m: an empty value in its list"},
		{"[a]\nm = 0\nbench = gemm\n", ":2: gemm axis m: 0 is outside 1 to 2147483647"},
		{"[a]\nbench = gemm\n\nm = @n\nn = @m\n", ":2: gemm: a circle of ties: m -> n -> m"},
		{"[a]\nproblem = gemm:m=1:2\n", ":2: gemm axis m: '1:2' is not a range lo:hi:xF or lo:hi:+S"},
		/* the line of a default that a later section cannot take is the default's own */
		{"[global]\ndtype = i8\n[a]\nbench = gemm\n[b]\nbench = copy\n", ":2: unknown copy dtype 'i8'; known: f64 f32"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct wm_suite suite = {0};

		if (read_text(table[i].text, &suite) != WM_INPUT)
			fail_msg("taken: %s", table[i].text);
		assert_memory_equal(wm_why(), path, strlen(path));
		assert_string_equal(wm_why() + strlen(path), table[i].why);
		wm_suite_free(&suite);
	}
}

static void no_files(void **state) {
	struct wm_suite suite = {0};
	char nowhere[96];

	(void)state;
	write_file("[a]\nbench = gemm\n\0\n", 18);
	assert_int_equal(wm_suite_add(path, &suite), WM_INPUT);
	assert_string_equal(wm_why() + strlen(path), ": not a job file: it holds a 0 byte");
	snprintf(nowhere, sizeof(nowhere), "%s/nowhere.ini", folder);
	assert_int_equal(wm_suite_add(nowhere, &suite), WM_INPUT);
	assert_string_equal(wm_why() + strlen(nowhere), ": No such file or directory");
	snprintf(nowhere, sizeof(nowhere), "%s/", folder);
	assert_int_equal(wm_suite_add(nowhere, &suite), WM_INPUT);
	assert_string_equal(wm_why() + strlen(nowhere), ": Is a directory");
	wm_suite_free(&suite);
}

static void words(void **state) {
	struct wm_suite suite = {0};

	(void)state;
	/* a pattern has '/' too */
	assert_int_equal(wm_suite_add("gemm:m=4/8", &suite), WM_OK);
	assert_int_equal(wm_suite_add("fma", &suite), WM_OK);
	assert_string_equal(suite.name, "patterns");
	assert_string_equal(suite.text, "[pattern]\nproblem = gemm:m=4/8\n\n[global]\n[pattern]\nproblem = fma\n");
	assert_int_equal(suite.n, 2);
	assert_int_equal(suite.jobs[0].problems.n, 2);
	wm_suite_free(&suite);

	assert_int_equal(wm_suite_add("smok", &suite), WM_INPUT);
	assert_string_equal(wm_why(), "unknown suite or benchmark 'smok'; did you mean 'smoke'?");
	assert_int_equal(wm_suite_add("gem", &suite), WM_INPUT);
	assert_string_equal(wm_why(), "unknown suite or benchmark 'gem'; did you mean 'gemm'?");
	assert_int_equal(wm_suite_add("gem:m=1/2", &suite), WM_INPUT);
	assert_string_equal(wm_why(), "unknown benchmark 'gem'; did you mean 'gemm'?");
	assert_int_equal(suite.n, 0);
	wm_suite_free(&suite);
}

/* Several words make one run; what is kept of it names them all, and their profiles must agree. */
static void several(void **state) {
	struct wm_suite suite = {0};

	(void)state;
	assert_int_equal(wm_suite_add("smoke", &suite), WM_OK);
	assert_int_equal(read_text("[only]\nproblem = fma\n", &suite), WM_OK);
	assert_string_equal(suite.name, "smoke");
	assert_non_null(strstr(suite.text, "profile = smoke"));
	assert_non_null(strstr(suite.text, "[only]\nproblem = fma\n"));
	assert_int_equal(wm_suite_add("quick", &suite), WM_INPUT);
	assert_non_null(
		strstr(wm_why(), "profile quick, but a suite before it asks for smoke: run them one after the other"));
	wm_suite_free(&suite);
}

static void embedded(void **state) {
	const char *const *names = wm_suite_names();
	int n = 0;

	(void)state;
	for (; names[n]; n++) {
		struct wm_suite suite = {0};

		if (wm_suite_add(names[n], &suite) != WM_OK)
			fail_msg("%s", wm_why());
		assert_string_equal(suite.name, names[n]);
		assert_true(suite.profile[0]);
		wm_suite_free(&suite);
	}
	assert_in_range(n, 2, 63);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meaning),  cmocka_unit_test(long_lines), cmocka_unit_test(bad_files),
		cmocka_unit_test(no_files), cmocka_unit_test(words),      cmocka_unit_test(several),
		cmocka_unit_test(embedded),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
