/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_rtc.c - the vendor's run-time compiler. */
#include "gpu_rtc.h"

#include <stdlib.h>
#include <string.h>

enum { OPTIONS = 32, TARGETS = 64 };

static enum wm_status load(const struct wm_gpu_place *at) {
	_Static_assert(sizeof(struct wm_rtc_api) == WM_RTC_FUNCTION_COUNT * sizeof(void (*)(void)),
	               "wm_rtc_api is an array of function pointers");
	const struct wm_gpu_vendor *v = at->vendor;
	void (*fn[WM_RTC_FUNCTION_COUNT])(void);
	const char *lib;
	enum wm_status st;

	if (v->rtc->version)
		return WM_OK;
	st = wm_load_library(v->rtc_libraries(at->driver_version), v->rtc_symbols, WM_RTC_FUNCTION_COUNT, fn, &lib);
	if (st == WM_OK)
		memcpy(v->rtc, fn, sizeof(*v->rtc));
	return st;
}

static enum wm_status done(const struct wm_gpu_vendor *v, enum wm_rtc_function function, int code) {
	if (code == 0)
		return WM_OK;
	return wm_fail(WM_FAILED, "%s: %s (%d)", v->rtc_symbols[function], v->rtc->error_text(code), code);
}
#define RTC(v, member, ...) done(v, WM_RTC_AT_##member, (v)->rtc->member(__VA_ARGS__))

/*
 * The target for this device: all that it has where the compiler knows it, else the newest older one in a form that the
 * driver compiles further (*portable_p).
 */
static enum wm_status choose_target(const struct wm_gpu_place *at, char *target, size_t room, bool *portable_p) {
	const struct wm_gpu_vendor *v = at->vendor;
	int n = 0, known[TARGETS], best = 0;
	enum wm_status st = RTC(v, target_count, &n);

	if (st == WM_OK && n > TARGETS)
		st = wm_fail(WM_FAILED, "%s: %d targets, more than %d", v->rtc_symbols[WM_RTC_AT_target_count], n, TARGETS);
	if (st == WM_OK)
		st = RTC(v, targets, known);
	if (st != WM_OK)
		return st;
	for (int i = 0; i < n; i++)
		if (known[i] <= at->capability && known[i] > best)
			best = known[i];
	if (!best)
		return wm_fail(WM_UNSUPPORTED, "%s knows no target for compute capability %d.%d", v->compiler,
		               at->capability / 10, at->capability % 10);
	*portable_p = best != at->capability;
	if (*portable_p)
		snprintf(target, room, "compute_%d", best);
	else
		v->target_text(best, target, room);
	return WM_OK;
}

/* The first lines of a log as one line of at most room - 1 bytes. */
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
static enum wm_status compile_failed(const struct wm_gpu_vendor *v, void *program, const char *target, int code) {
	size_t bytes = 0;
	char brief[320] = "", *log;

	if (v->rtc->log_size(program, &bytes) != 0)
		bytes = 0;
	log = wm_zalloc(bytes + 1);
	if (bytes && v->rtc->log(program, log) == 0)
		first_lines(log, brief, sizeof(brief));
	fprintf(stderr, "%s for %s: %s\n%s\n", v->rtc_symbols[WM_RTC_AT_compile], target, v->rtc->error_text(code), log);
	free(log);
	return wm_fail(WM_FAILED, "%s for %s: %s: %s", v->rtc_symbols[WM_RTC_AT_compile], target, v->rtc->error_text(code),
	               *brief ? brief : "(empty log)");
}

/* Runs the compiler over a program with flags that blanks divide. */
static enum wm_status compile(const struct wm_gpu_vendor *v, void *program, const char *target, const char *flags) {
	const char *options[OPTIONS];
	char text[1024], architecture[64], *rest = text;
	int n = 0, code;

	snprintf(architecture, sizeof(architecture), "--gpu-architecture=%s", target);
	options[n++] = architecture;
	if ((size_t)snprintf(text, sizeof(text), "%s", flags) >= sizeof(text))
		return wm_fail(WM_FAILED, "flags of %zu letters, more than %zu", strlen(flags), sizeof(text) - 1);
	for (char *word; (word = strtok_r(rest, " ", &rest));) {
		if (n == OPTIONS)
			return wm_fail(WM_FAILED, "more than %d flags: %s", OPTIONS - 1, flags);
		options[n++] = word;
	}
	code = v->rtc->compile(program, n, options);
	return code == 0 ? WM_OK : compile_failed(v, program, target, code);
}

static enum wm_status take_code(const struct wm_gpu_vendor *v, void *program, bool portable, void **image_p) {
	size_t bytes = 0;
	enum wm_status st = portable ? RTC(v, portable_size, program, &bytes) : RTC(v, code_size, program, &bytes);
	char *image;

	if (st != WM_OK)
		return st;
	image = wm_zalloc(bytes + 1);
	st = portable ? RTC(v, portable, program, image) : RTC(v, code, program, image);
	if (st != WM_OK) {
		free(image);
		return st;
	}
	*image_p = image;
	return WM_OK;
}

enum wm_status wm_gpu_compile(const struct wm_gpu_place *at, const char *text, const char *flags, char *made_by,
                              size_t room, void **image_p) {
	const struct wm_gpu_vendor *v = at->vendor;
	char target[32];
	bool portable = false;
	int major = 0, minor = 0;
	void *program = NULL, *image = NULL;
	enum wm_status st = load(at);

	if (st == WM_OK)
		st = RTC(v, version, &major, &minor);
	if (st == WM_OK)
		st = choose_target(at, target, sizeof(target), &portable);
	if (st == WM_OK)
		st = RTC(v, create, &program, text, "kernel text", 0, NULL, NULL);
	if (st != WM_OK)
		return st;
	st = compile(v, program, target, flags);
	if (st == WM_OK)
		st = take_code(v, program, portable, &image);
	v->rtc->destroy(&program);
	if (st != WM_OK)
		return st;
	snprintf(made_by, room, "%s %d.%d %s%s%s", v->compiler, major, minor, target, *flags ? " " : "", flags);
	*image_p = image;
	return WM_OK;
}
