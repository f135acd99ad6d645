/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnvrtc.c - a fake libnvrtc.so.13: what it makes of a text is the text behind a line that names the target, which is
 * what the fake libcuda.so.1 takes. Keys of the script of WM_FAKE_CUDA: rtc CODE (what compiling returns), newest
 * (compute capability that it knows, 120).
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "WM_FAKE_CUDA"

enum { SUCCESS = 0, INVALID_OPTION = 5, COMPILATION = 6 };

struct program {
	char *text, *code;
	const char *log;
};

static const int known[] = {75, 80, 86, 87, 89, 90, 100, 103, 110, 120, 121};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static double value(const char *key, double otherwise) {
	struct wm_script s = wm_script_read(VARIABLE);

	return wm_script_value(&s, WM_SCRIPT_ALL, key, otherwise);
}

int nvrtcVersion(int *major, int *minor) {
	*major = 13;
	*minor = 0;
	return SUCCESS;
}

int nvrtcGetNumSupportedArchs(int *n) {
	*n = 0;
	while (*n < KNOWN && known[*n] <= value("newest", 120))
		(*n)++;
	return SUCCESS;
}

int nvrtcGetSupportedArchs(int *targets) {
	int n;

	nvrtcGetNumSupportedArchs(&n);
	memcpy(targets, known, (size_t)n * sizeof(int));
	return SUCCESS;
}

int nvrtcCreateProgram(void **program, const char *text, const char *name, int nheaders, const char *const *headers,
                       const char *const *names) {
	struct program *p = calloc(1, sizeof(*p));

	(void)name;
	(void)nheaders;
	(void)headers;
	(void)names;
	if (!p || !(p->text = strdup(text)))
		abort();
	p->log = "";
	*program = p;
	return SUCCESS;
}

int nvrtcDestroyProgram(void **program) {
	struct program *p = *program;

	free(p->text);
	free(p->code);
	free(p);
	*program = NULL;
	return SUCCESS;
}

int nvrtcCompileProgram(void *program, int n, const char *const *options) {
	static const char option[] = "--gpu-architecture=";
	struct program *p = program;
	size_t room = strlen(p->text) + 64;
	int code = (int)value("rtc", SUCCESS);

	if (n < 1 || strncmp(options[0], option, sizeof(option) - 1) != 0) {
		p->log = "the first option is no --gpu-architecture";
		return INVALID_OPTION;
	}
	if (code != SUCCESS || strstr(p->text, "#error")) {
		p->log = "kernel text(3): error: what the script says\n\n1 error detected\n";
		return code ? code : COMPILATION;
	}
	p->code = malloc(room);
	if (!p->code)
		abort();
	snprintf(p->code, room, "fake code for %s\n%s", options[0] + sizeof(option) - 1, p->text);
	return SUCCESS;
}

int nvrtcGetProgramLogSize(void *program, size_t *bytes) {
	*bytes = strlen(((struct program *)program)->log) + 1;
	return SUCCESS;
}

int nvrtcGetProgramLog(void *program, char *log) {
	memcpy(log, ((struct program *)program)->log, strlen(((struct program *)program)->log) + 1);
	return SUCCESS;
}

int nvrtcGetCUBINSize(void *program, size_t *bytes) {
	*bytes = strlen(((struct program *)program)->code) + 1;
	return SUCCESS;
}

int nvrtcGetCUBIN(void *program, char *code) {
	memcpy(code, ((struct program *)program)->code, strlen(((struct program *)program)->code) + 1);
	return SUCCESS;
}

int nvrtcGetPTXSize(void *program, size_t *bytes) {
	return nvrtcGetCUBINSize(program, bytes);
}

int nvrtcGetPTX(void *program, char *code) {
	return nvrtcGetCUBIN(program, code);
}

const char *nvrtcGetErrorString(int code) {
	switch (code) {
	case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
	case COMPILATION: return "NVRTC_ERROR_COMPILATION";
	default: return "NVRTC_ERROR unknown";
	}
}
