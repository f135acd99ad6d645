/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c - a bundle is readable, and can be gone on with, after a kill at any byte. */
#include "core/cases.h"
#include "store/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/wattmark-bundle-XXXXXX";
static const char *const ids[] = {"00000000000000a1", "00000000000000b2", "ffffffffffffffff"};
enum { PAIRS = 3 };

/* ---- help --------------------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static void remove_tree(const char *path) {
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int make_root(void **state) {
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
	(void)state;
	remove_tree(root);
	return 0;
}

/* root/name; the last four results stay valid. */
static const char *in_root(const char *name) {
	static char paths[4][512];
	static int turn;
	char *path = paths[turn++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", root, name);
	return path;
}

static void put_file(const char *folder, const char *name, const char *data, size_t bytes) {
	char path[600];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, bytes, out), bytes);
	fclose(out);
}

static char *get_file(const char *folder, const char *name, size_t *bytes_p) {
	char path[600];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	char *data = calloc(1, 1 << 20);
	*bytes_p = fread(data, 1, (1 << 20) - 1, in);
	fclose(in);
	return data;
}

static json_t *record_of(const char *id, int replicate) {
	return json_pack("{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "schema", WM_SCHEMA, "method",
	                 WM_METHOD, "case", id, "replicate", replicate, "bench", "gemm", "problem", "gemm:m=1", "impl",
	                 "ref", "backend", "host", "device", "host", "status", "ok", "why", "a \"quoted\"\nline \xc3\xa9");
}

static void must(enum wm_status st) {
	if (st)
		fail_msg("%s: %s", wm_status_word(st), wm_why());
}

static void write_record(struct wm_bundle *bundle, const char *id, int replicate) {
	double samples[] = {0.5, 0.25, replicate};
	json_t *record = record_of(id, replicate);
	must(wm_bundle_record(bundle, record, samples, 3));
	json_decref(record);
}

static struct wm_bundle *create(const char *path) {
	struct wm_bundle *bundle;
	must(wm_bundle_create(path, "quick", &bundle));
	json_t *run =
		json_pack("{s:i, s:s, s:s}", "schema", WM_SCHEMA, "method", WM_METHOD, "run", wm_bundle_run_id(bundle));
	must(wm_bundle_put_json(bundle, "run.json", run));
	json_decref(run);
	return bundle;
}

/* Finals seen by a reader, by place in ids; all replicates are 0. */
struct seen {
	int total, of[PAIRS];
};

static enum wm_status see(void *arg, const json_t *record, const char *line, size_t bytes) {
	struct seen *seen = arg;
	assert_int_equal(line[0], '{');
	assert_int_equal(line[bytes - 1], '}');
	seen->total++;
	for (int i = 0; i < PAIRS; i++)
		seen->of[i] += !strcmp(json_string_value(json_object_get(record, "case")), ids[i]);
	return WM_OK;
}

static enum wm_status read_all(const char *path, struct seen *seen) {
	struct wm_reader *reader;
	*seen = (struct seen){0};
	enum wm_status st = wm_reader_open(path, &reader);
	if (st)
		return st;
	st = wm_reader_each(reader, see, seen);
	wm_reader_close(reader);
	return st;
}

static void assert_why(const char *part) {
	if (!strstr(wm_why(), part))
		fail_msg("'%s' does not say '%s'", wm_why(), part);
}

static void resume(const char *path, struct wm_bundle **bundle_p) {
	json_t *run;
	must(wm_bundle_resume(path, 1, bundle_p, &run));
	assert_true(json_is_object(run));
	json_decref(run);
}

/* ---- writing and reading ------------------------------------------------------------------------------------ */

static void what_is_written_is_read(void **state) {
	(void)state;
	const char *path = in_root("some/where/plain");
	struct wm_bundle *bundle = create(path);
	assert_string_equal(wm_bundle_path(bundle), path);
	assert_string_equal(wm_bundle_run_id(bundle), "plain");
	must(wm_bundle_begin(bundle, ids[0], 0));
	write_record(bundle, ids[0], 0);
	must(wm_bundle_begin(bundle, ids[0], 1));
	write_record(bundle, ids[0], 1);
	wm_bundle_close(bundle);

	struct seen seen;
	must(read_all(path, &seen));
	assert_int_equal(seen.total, 2);
	assert_int_equal(seen.of[0], 2);

	size_t bytes;
	double *samples = (double *)(void *)get_file(path, "samples.f64", &bytes);
	assert_int_equal(bytes, 6 * sizeof(double));
	assert_true(samples[1] == 0.25 && samples[5] == 1);
	free(samples);
	char *text = get_file(path, "records.jsonl", &bytes);
	assert_non_null(strstr(text, "\"samples\":{\"offset\":3,\"count\":3}"));
	free(text);
}

static void a_pair_has_one_final_record(void **state) {
	(void)state;
	struct wm_bundle *bundle = create(in_root("once"));
	write_record(bundle, ids[0], 0);
	json_t *again = record_of(ids[0], 0);
	assert_int_equal(wm_bundle_record(bundle, again, NULL, 0), WM_FAILED);
	assert_why("final record already");
	json_decref(again);
	assert_int_equal(wm_bundle_begin(bundle, ids[0], 0), WM_FAILED);
	write_record(bundle, ids[0], 1);
	wm_bundle_close(bundle);
	struct seen seen;
	must(read_all(in_root("once"), &seen));
	assert_int_equal(seen.total, 2);
}

static void the_default_folder_names_time_host_and_suite(void **state) {
	(void)state;
	char here[512];
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(root), 0);
	struct wm_bundle *bundle = NULL;
	enum wm_status st = wm_bundle_create(NULL, "my suite", &bundle);
	assert_int_equal(chdir(here), 0);
	must(st);
	const char *id = wm_bundle_run_id(bundle);
	assert_int_equal(strspn(id, "0123456789"), 8);
	assert_int_equal(id[8], 'T');
	assert_int_equal(id[15], 'Z');
	assert_non_null(strstr(id, "-my-suite-"));
	assert_int_equal(strspn(id + strlen(id) - 4, "0123456789abcdef"), 4);
	assert_non_null(strstr(wm_bundle_path(bundle), "results/runs/20"));
	wm_bundle_close(bundle);
}

static void files_are_replaced_as_a_whole(void **state) {
	(void)state;
	struct wm_bundle *bundle = create(in_root("text"));
	must(wm_bundle_put_text(bundle, "suite.ini", "one"));
	must(wm_bundle_put_text(bundle, "suite.ini", "two"));
	int fd;
	must(wm_bundle_append_fd(bundle, "worker.log", &fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	wm_bundle_close(bundle);
	size_t bytes;
	char *text = get_file(in_root("text"), "suite.ini", &bytes);
	assert_string_equal(text, "two");
	free(text);
	assert_int_equal(access(in_root("text/suite.ini.tmp"), F_OK), -1);
}

/* ---- kills -------------------------------------------------------------------------------------------------- */

/* Runs what has no final record, as a resumed run does. */
static void finish(const char *path) {
	struct wm_bundle *bundle;
	resume(path, &bundle);
	for (int i = 0; i < PAIRS; i++)
		if (!wm_bundle_is_final(bundle, ids[i], 0)) {
			must(wm_bundle_begin(bundle, ids[i], 0));
			write_record(bundle, ids[i], 0);
		}
	wm_bundle_close(bundle);
}

static void assert_complete(const char *path) {
	struct seen seen;
	must(read_all(path, &seen));
	assert_int_equal(seen.total, PAIRS);
	for (int i = 0; i < PAIRS; i++)
		assert_int_equal(seen.of[i], 1);
}

/* A bundle in root/name whose records.jsonl is the first `bytes` of text. */
static const char *torn_copy(const char *name, const char *text, size_t bytes) {
	const char *path = in_root(name);
	remove_tree(path);
	wm_bundle_close(create(path));
	put_file(path, "records.jsonl", text, bytes);
	return path;
}

/* Whole records in the first n bytes; a record that only lacks its newline is whole. *tears_p: n ends in a line. */
static int count_whole(const char *text, size_t n, bool *tears_p) {
	int finals = 0;
	*tears_p = false;
	for (size_t at = 0; at < n;) {
		const char *end = strchr(text + at, '\n');
		size_t line = (size_t)(end - text) - at;
		bool whole = n - at >= line;
		finals += whole && !strncmp(text + at, "{\"schema\"", 9);
		*tears_p = !whole;
		at += line + 1;
	}
	return finals;
}

static char *three_records(size_t *bytes_p) {
	const char *path = in_root("whole");
	remove_tree(path);
	struct wm_bundle *bundle = create(path);
	must(wm_bundle_begin(bundle, ids[0], 0));
	write_record(bundle, ids[0], 0);
	must(wm_bundle_begin(bundle, ids[1], 0));
	must(wm_bundle_interrupted(bundle, ids[1], 0));
	must(wm_bundle_begin(bundle, ids[1], 0));
	write_record(bundle, ids[1], 0);
	must(wm_bundle_begin(bundle, ids[2], 0));
	write_record(bundle, ids[2], 0);
	wm_bundle_close(bundle);
	return get_file(path, "records.jsonl", bytes_p);
}

static void a_tear_at_any_byte_loses_one_line(void **state) {
	(void)state;
	size_t bytes;
	char *text = three_records(&bytes);
	for (size_t cut = 0; cut <= bytes; cut++) {
		const char *path = torn_copy("torn", text, cut);
		struct seen seen;
		bool tears;
		int whole = count_whole(text, cut, &tears);
		assert_int_equal(read_all(path, &seen), tears ? WM_INPUT : WM_OK);
		if (tears)
			assert_why("torn: the run died");
		assert_int_equal(seen.total, whole);
		finish(path);
		assert_complete(path);
	}
	free(text);
}

/* The mark that mends a tear can be torn as well, and so can the mark that mends that. */
static void a_tear_in_the_mend_is_mended(void **state) {
	(void)state;
	size_t bytes, first, second;
	char *text = three_records(&bytes);
	for (size_t lost = 1; lost < 200; lost += 37) {
		const char *path = torn_copy("first", text, bytes - lost);
		struct wm_bundle *bundle;
		resume(path, &bundle);
		wm_bundle_close(bundle);
		char *mended = get_file(path, "records.jsonl", &first);
		for (size_t cut = bytes - lost; cut <= first; cut++) {
			path = torn_copy("second", mended, cut);
			resume(path, &bundle);
			wm_bundle_close(bundle);
			char *again = get_file(path, "records.jsonl", &second);
			path = torn_copy("third", again, cut + (second - cut) / 2);
			finish(path);
			assert_complete(path);
			free(again);
		}
		free(mended);
	}
	free(text);
}

/* Says on fd when the bundle is there, then writes for ever. */
static void write_until_killed(const char *path, int fd) {
	struct wm_bundle *bundle = create(path);
	assert_int_equal(write(fd, "", 1), 1);
	for (int replicate = 0;; replicate++) {
		must(wm_bundle_begin(bundle, ids[0], replicate));
		write_record(bundle, ids[0], replicate);
	}
}

static void a_killed_writer_leaves_whole_records(void **state) {
	(void)state;
	for (int turn = 0; turn < 20; turn++) {
		const char *path = in_root("killed");
		int ready[2];
		char byte;
		remove_tree(path);
		assert_int_equal(pipe(ready), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			write_until_killed(path, ready[1]);
		close(ready[1]);
		assert_int_equal(read(ready[0], &byte, 1), 1);
		close(ready[0]);
		usleep(700 * (useconds_t)turn);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		struct seen seen;
		struct wm_bundle *bundle;
		resume(path, &bundle);
		int finals = 0;
		while (wm_bundle_is_final(bundle, ids[0], finals))
			finals++;
		assert_in_range(wm_bundle_deaths(bundle, ids[0], finals), 0, 1);
		write_record(bundle, ids[0], finals);
		wm_bundle_close(bundle);
		must(read_all(path, &seen));
		assert_int_equal(seen.total, finals + 1);
	}
}

static void deaths_are_begins_without_an_end(void **state) {
	(void)state;
	const char *path = in_root("deaths");
	struct wm_bundle *bundle = create(path);
	must(wm_bundle_begin(bundle, ids[0], 0));
	must(wm_bundle_begin(bundle, ids[1], 0));
	must(wm_bundle_interrupted(bundle, ids[1], 0));
	must(wm_bundle_begin(bundle, ids[2], 0));
	write_record(bundle, ids[2], 0);
	wm_bundle_close(bundle);
	resume(path, &bundle);
	assert_int_equal(wm_bundle_deaths(bundle, ids[0], 0), 1);
	assert_int_equal(wm_bundle_deaths(bundle, ids[1], 0), 0);
	assert_int_equal(wm_bundle_deaths(bundle, ids[2], 0), 0);
	assert_int_equal(wm_bundle_deaths(bundle, ids[0], 1), 0);
	must(wm_bundle_begin(bundle, ids[0], 0));
	wm_bundle_close(bundle);
	resume(path, &bundle);
	assert_int_equal(wm_bundle_deaths(bundle, ids[0], 0), 2);
	wm_bundle_close(bundle);
}

static void part_of_a_sample_is_padded(void **state) {
	(void)state;
	const char *path = in_root("padded");
	struct wm_bundle *bundle = create(path);
	write_record(bundle, ids[0], 0);
	wm_bundle_close(bundle);
	assert_int_equal(truncate(in_root("padded/samples.f64"), 19), 0);
	resume(path, &bundle);
	write_record(bundle, ids[1], 7);
	wm_bundle_close(bundle);
	size_t bytes;
	char *text = get_file(path, "records.jsonl", &bytes);
	assert_non_null(strstr(text, "\"samples\":{\"offset\":3,\"count\":3}"));
	free(text);
	double *samples = (double *)(void *)get_file(path, "samples.f64", &bytes);
	assert_int_equal(bytes, 6 * sizeof(double));
	assert_true(samples[5] == 7);
	free(samples);
}

/* ---- refusals ----------------------------------------------------------------------------------------------- */

static void a_bundle_has_one_writer(void **state) {
	(void)state;
	const char *path = in_root("mine");
	struct wm_bundle *mine = create(path), *other;
	json_t *run;
	assert_int_equal(wm_bundle_resume(path, 1, &other, &run), WM_INPUT);
	assert_why("is being written by another run");
	assert_int_equal(wm_bundle_create(path, "quick", &other), WM_INPUT);
	assert_why("is being written by another run");
	wm_bundle_close(mine);
	assert_int_equal(wm_bundle_create(path, "quick", &other), WM_INPUT);
	assert_why("holds a run already");
	resume(path, &other);
	wm_bundle_close(other);
}

static void a_folder_that_cannot_be_written_is_named(void **state) {
	(void)state;
	struct wm_bundle *bundle;
	put_file(root, "file", "x", 1);
	assert_int_equal(wm_bundle_create(in_root("file"), "quick", &bundle), WM_INPUT);
	assert_why(in_root("file"));
	assert_why(strerror(ENOTDIR));
	assert_int_equal(wm_bundle_create(in_root("file/below"), "quick", &bundle), WM_INPUT);
	assert_why(in_root("file"));
	assert_int_equal(wm_bundle_create("/proc/wattmark", "quick", &bundle), WM_INPUT);
	assert_why("/proc/wattmark: ");
	mkdir(in_root("full"), 0777);
	put_file(in_root("full"), "letter.txt", "x", 1);
	assert_int_equal(wm_bundle_create(in_root("full"), "quick", &bundle), WM_INPUT);
	assert_why("is not empty");
	if (!geteuid())
		return; /* root may write where the mode says no */
	mkdir(in_root("locked"), 0555);
	assert_int_equal(wm_bundle_create(in_root("locked"), "quick", &bundle), WM_INPUT);
	assert_why(strerror(EACCES));
}

static void what_is_no_bundle_is_named(void **state) {
	(void)state;
	struct seen seen;
	assert_int_equal(read_all(in_root("nowhere"), &seen), WM_INPUT);
	assert_why(strerror(ENOENT));
	mkdir(in_root("foreign"), 0777);
	assert_int_equal(read_all(in_root("foreign"), &seen), WM_INPUT);
	assert_why("is not a bundle");
	put_file(in_root("foreign"), "run.json", "{", 1);
	assert_int_equal(read_all(in_root("foreign"), &seen), WM_INPUT);
	assert_why("/run.json:1: ");
	put_file(in_root("foreign"), "run.json", "{}", 2);
	assert_int_equal(read_all(in_root("foreign"), &seen), WM_INPUT);
	assert_why("no \"schema\"");
	put_file(in_root("foreign"), "run.json", "{\"schema\":99}", 13);
	assert_int_equal(read_all(in_root("foreign"), &seen), WM_INPUT);
	assert_why("schema 99 is newer");
}

/* One line that is no record stands on line 2 between good ones: the others are read, it is named with its line. */
static void assert_named(const char *bad, const char *why) {
	char text[4096];
	json_t *first = record_of(ids[0], 0), *second = record_of(ids[1], 0);
	char *one = json_dumps(first, JSON_COMPACT), *two = json_dumps(second, JSON_COMPACT);
	int n = snprintf(text, sizeof text, "%s\n%s\n%s\n", one, bad, two);
	const char *path = torn_copy("bad", text, (size_t)n);
	struct seen seen;
	assert_int_equal(read_all(path, &seen), WM_INPUT);
	assert_int_equal(seen.total, 2);
	assert_why("bad/records.jsonl:2: ");
	assert_why(why);
	free(one);
	free(two);
	json_decref(first);
	json_decref(second);
}

static void a_line_that_is_no_record_is_named(void **state) {
	(void)state;
	json_t *record = record_of(ids[0], 0);
	char *again = json_dumps(record, JSON_COMPACT);
	json_object_set_new(record, "status", json_string("fine"));
	char *status = json_dumps(record, JSON_COMPACT);
	json_object_set_new(record, "schema", json_integer(WM_SCHEMA + 1));
	char *newer = json_dumps(record, JSON_COMPACT);
	json_object_set_new(record, "schema", json_integer(WM_SCHEMA));
	json_object_set_new(record, "method", json_string("2.0"));
	char *method = json_dumps(record, JSON_COMPACT);
	assert_named(again, "a second final record of case 00000000000000a1, replicate 0; the first is on line 1");
	assert_named(status, "unknown status \"fine\"");
	assert_named(newer, "is newer than");
	assert_named(method, "method \"2.0\" is not comparable");
	assert_named("", "an empty line");
	assert_named("[]", "not a JSON object");
	assert_named("{\"a\": 1}", "neither a record");
	assert_named("{\"schema\":1,\"method\":\"1.0\"}", "without \"bench\"");
	assert_named("{\"begin\":\"xyz\",\"replicate\":0}", "not a case id");
	assert_named("{\"begin\":\"00000000000000a1\",\"replicate\":-1}", "\"replicate\" is not");
	assert_named("{\"schema\":1,", "not JSON at byte");
	assert_named("x\ny", "; also unusable: line 3");
	assert_named("x\ny\n{\"a\": 1}", "; also unusable: lines 3, 4");
	free(again);
	free(status);
	free(newer);
	free(method);
	json_decref(record);
}

/* Up to 20 unusable lines are named, of more there is the number. */
static void many_bad_lines_are_counted(void **state) {
	(void)state;
	char bad[2 * 22]; /* 22 lines "x" */
	for (int i = 0; i < 22; i++)
		memcpy(bad + 2 * i, i < 21 ? "x\n" : "x", 2);
	assert_named(bad, ", 20, 21 and 2 more");
	bad[2 * 20 - 1] = 0;
	assert_named(bad, ", 20, 21");
	assert_null(strstr(wm_why(), " more"));
}

/* What a run leaves that was killed, or had no room, before it wrote run.json. */
static void a_run_that_died_before_it_began_is_named(void **state) {
	(void)state;
	const char *path = in_root("stillborn");
	struct wm_bundle *bundle;
	struct seen seen;
	json_t *run;
	must(wm_bundle_create(path, "quick", &bundle));
	assert_int_equal(read_all(path, &seen), WM_INPUT);
	assert_why("is only beginning");
	wm_bundle_close(bundle);
	assert_int_equal(wm_bundle_resume(path, 0, &bundle, &run), WM_INPUT);
	assert_why("stillborn died before it began: remove that folder");
	assert_int_equal(wm_bundle_create(path, "quick", &bundle), WM_INPUT);
	assert_why("stillborn holds a run that died before it began: remove that folder, or name a new one");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_pair_has_one_final_record),
		cmocka_unit_test(the_default_folder_names_time_host_and_suite),
		cmocka_unit_test(files_are_replaced_as_a_whole),
		cmocka_unit_test(a_tear_at_any_byte_loses_one_line),
		cmocka_unit_test(a_tear_in_the_mend_is_mended),
		cmocka_unit_test(a_killed_writer_leaves_whole_records),
		cmocka_unit_test(deaths_are_begins_without_an_end),
		cmocka_unit_test(part_of_a_sample_is_padded),
		cmocka_unit_test(a_bundle_has_one_writer),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
		cmocka_unit_test(what_is_no_bundle_is_named),
		cmocka_unit_test(a_line_that_is_no_record_is_named),
		cmocka_unit_test(many_bad_lines_are_counted),
		cmocka_unit_test(a_run_that_died_before_it_began_is_named),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
