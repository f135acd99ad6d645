/* SPDX-License-Identifier: Apache-2.0 */
/* test_inifile.c - INI texts taken apart: what stands where, the line of each, and each way in which one is refused. */
#include "core/inifile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void parts(void **state) {
	static const char text[] =
		"; a comment\n"
		"# another\n"
		"[first]\r\n"
		"a = 1   ; a comment behind a value\n"
		"\n"
		"  b=two words\n"
		"again = 3\n"
		"again = 4\n"
		"[empty]\n"
		"\t[last one]\n"
		"c : with a colon = and more\n"
		"d =";
	struct wm_ini ini;

	(void)state;
	if (wm_ini_parse("x.ini", text, "again", &ini) != WM_OK)
		fail_msg("%s", wm_why());
	assert_int_equal(ini.n, 3);
	assert_string_equal(ini.sections[0].name, "first");
	assert_int_equal(ini.sections[0].line, 3);
	assert_int_equal(ini.sections[0].n, 4);
	assert_string_equal(ini.sections[0].v[0].key, "a");
	assert_string_equal(ini.sections[0].v[0].value, "1");
	assert_int_equal(ini.sections[0].v[0].line, 4);
	assert_string_equal(ini.sections[0].v[1].value, "two words");
	assert_int_equal(ini.sections[0].v[1].line, 6);
	assert_string_equal(ini.sections[0].v[3].value, "4");
	assert_string_equal(ini.sections[1].name, "empty");
	assert_int_equal(ini.sections[1].n, 0);
	assert_string_equal(ini.sections[2].name, "last one");
	assert_int_equal(ini.sections[2].line, 10);
	assert_string_equal(ini.sections[2].v[0].key, "c");
	assert_string_equal(ini.sections[2].v[0].value, "with a colon = and more");
	assert_string_equal(ini.sections[2].v[1].value, "");
	assert_int_equal(ini.sections[2].v[1].line, 12);
	assert_ptr_equal(wm_ini_find(&ini.sections[0], "again"), &ini.sections[0].v[2]);
	assert_null(wm_ini_find(&ini.sections[0], "c"));
	assert_null(wm_ini_find(&ini.sections[1], "a"));
	wm_ini_free(&ini);
}

static void nothing(void **state) {
	struct wm_ini ini;

	(void)state;
	assert_int_equal(wm_ini_parse("x.ini", "", "", &ini), WM_OK);
	assert_int_equal(ini.n, 0);
	wm_ini_free(&ini);
	assert_int_equal(wm_ini_parse("x.ini", "; only this", "", &ini), WM_OK);
	assert_int_equal(ini.n, 0);
	wm_ini_free(&ini);
}

/* Names may come twice, and the same key in another section; what that means is for others to say. */
static void names_twice(void **state) {
	struct wm_ini ini;

	(void)state;
	assert_int_equal(wm_ini_parse("x.ini", "[a]\nk = 1\n[a]\nk = 2\n", "", &ini), WM_OK);
	assert_int_equal(ini.n, 2);
	assert_string_equal(ini.sections[1].v[0].value, "2");
	wm_ini_free(&ini);
}

static void refusals(void **state) {
	static const struct {
		const char *text, *why;
	} table[] = {
		{"k = 1\n[a]\n", "x.ini:1: k stands before the first [section]"},
		{"[a]\nk\n", "x.ini:2: neither [section] nor key = value nor a comment"},
		{"[a]\nk = 1\n[b\n", "x.ini:3: neither [section] nor key = value nor a comment"},
		{"junk\n[a]\nk = 1\nk = 2\n", "x.ini:1: neither [section] nor key = value nor a comment"},
		{"[a]\nk = 1\nk = 2\njunk\n", "x.ini:3: k is given twice in [a], first in line 2"},
		{"[a]\nagain = 1\nk = 1\nk = 1\n", "x.ini:4: k is given twice in [a], first in line 3"},
		{"[]\n", "x.ini:1: a section's name has 1 to 63 letters"},
		{"[a]\n[b] k = 1\n", "x.ini:2: text behind [section]"},
		{"[a]]\n", "x.ini:1: text behind [section]"},
		{"[a] [b]\n", "x.ini:1: text behind [section]"},
	};
	struct wm_ini ini;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (wm_ini_parse("x.ini", table[i].text, "again", &ini) != WM_INPUT)
			fail_msg("taken: %s", table[i].text);
		assert_string_equal(wm_why(), table[i].why);
	}
}

/* Behind a section's name may stand blanks and a comment. */
static void behind_sections(void **state) {
	static const char *const texts[] = {"[a]\nk = 1\n", "[a] \t\r\nk = 1\n", "[a] ; text\nk = 1\n", "[a];text\nk = 1\n",
	                                    "[a] # text\nk = 1\n"};
	struct wm_ini ini;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (wm_ini_parse("x.ini", texts[i], "", &ini) != WM_OK)
			fail_msg("%s: %s", texts[i], wm_why());
		assert_string_equal(ini.sections[0].name, "a");
		assert_string_equal(ini.sections[0].v[0].value, "1");
		wm_ini_free(&ini);
	}
}

static void long_lines(void **state) {
	char text[512];
	struct wm_ini ini;

	(void)state;
	snprintf(text, sizeof(text), "[a]\nk = %0*d", WM_INI_LINE - 4, 7);
	assert_int_equal(wm_ini_parse("x.ini", text, "", &ini), WM_OK);
	assert_int_equal(strlen(ini.sections[0].v[0].value), WM_INI_LINE - 4);
	assert_string_equal(ini.sections[0].v[0].value + WM_INI_LINE - 5, "7");
	wm_ini_free(&ini);
	snprintf(text, sizeof(text), "[a]\nk = %0*d", WM_INI_LINE - 3, 7);
	assert_int_equal(wm_ini_parse("x.ini", text, "", &ini), WM_INPUT);
	assert_string_equal(wm_why(), "x.ini:2: a line of 199 bytes; at most 198");
}

static void long_names(void **state) {
	char text[512];
	struct wm_ini ini;

	(void)state;
	snprintf(text, sizeof(text), "[%0*d]", 63, 7);
	assert_int_equal(wm_ini_parse("x.ini", text, "", &ini), WM_OK);
	assert_int_equal(strlen(ini.sections[0].name), 63);
	wm_ini_free(&ini);
	snprintf(text, sizeof(text), "[%0*d]", 64, 7);
	assert_int_equal(wm_ini_parse("x.ini", text, "", &ini), WM_INPUT);
	assert_string_equal(wm_why(), "x.ini:1: a section's name has 1 to 63 letters");
}

/* Entries are kept whole in number, however many there are. */
static void many(void **state) {
	enum { SECTIONS = 40, KEYS = 30 };
	char text[SECTIONS * (KEYS + 1) * 12] = "";
	struct wm_ini ini;
	size_t used = 0;

	(void)state;
	for (int s = 0; s < SECTIONS; s++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "[s%d]\n", s);
		for (int k = 0; k < KEYS; k++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "k%d=%d\n", k, s * k);
	}
	assert_int_equal(wm_ini_parse("x.ini", text, "", &ini), WM_OK);
	assert_int_equal(ini.n, SECTIONS);
	for (int s = 0; s < SECTIONS; s++) {
		assert_int_equal(ini.sections[s].n, KEYS);
		for (int k = 0; k < KEYS; k++) {
			assert_int_equal(atoi(ini.sections[s].v[k].value), s * k);
			assert_int_equal(ini.sections[s].v[k].line, s * (KEYS + 1) + k + 2);
		}
	}
	wm_ini_free(&ini);
}

static void files(void **state) {
	char path[] = "/tmp/wattmark-ini-XXXXXX", *text = NULL, why[128], newlines[1024];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "\xEF\xBB\xBF[a]\n", 7), 7);
	assert_int_equal(wm_ini_text(path, "list", &text), WM_OK);
	assert_string_equal(text, "[a]\n");
	free(text);
	assert_int_equal(write(fd, "\0", 1), 1);
	assert_int_equal(wm_ini_text(path, "list", &text), WM_INPUT);
	snprintf(why, sizeof(why), "%s: not a list: it holds a 0 byte", path);
	assert_string_equal(wm_why(), why);
	assert_int_equal(ftruncate(fd, 0), 0);
	memset(newlines, '\n', sizeof(newlines));
	for (int i = 0; i < 1 << 10; i++) /* 1 MiB: one byte too many */
		assert_int_equal(pwrite(fd, newlines, sizeof(newlines), 1024 * i), 1024);
	assert_int_equal(wm_ini_text(path, "list", &text), WM_INPUT);
	snprintf(why, sizeof(why), "%s: not a list: over 1048575 bytes", path);
	assert_string_equal(wm_why(), why);
	assert_int_equal(ftruncate(fd, 1048575), 0);
	assert_int_equal(wm_ini_text(path, "list", &text), WM_OK);
	assert_int_equal(strlen(text), 1048575);
	free(text);
	close(fd);
	unlink(path);
	assert_int_equal(wm_ini_text(path, "list", &text), WM_INPUT);
	snprintf(why, sizeof(why), "%s: No such file or directory", path);
	assert_string_equal(wm_why(), why);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),    cmocka_unit_test(nothing),    cmocka_unit_test(names_twice),
		cmocka_unit_test(refusals), cmocka_unit_test(long_lines), cmocka_unit_test(long_names),
		cmocka_unit_test(many),     cmocka_unit_test(files),      cmocka_unit_test(behind_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
