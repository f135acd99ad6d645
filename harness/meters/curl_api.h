/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_api.h - the part of libcurl's easy interface that redfish.c calls, with the numbers of curl.h, version 7.88.1.
 * Its numbers never change (libcurl's ABI 4, since 2006). Held against the installed header by tests/abi/curl.c.
 * Private to redfish.c.
 */
#ifndef WM_CURL_API_H
#define WM_CURL_API_H

#include <stddef.h>

/* Options: below 10000 a long, from there on a pointer to data, from 20000 on one to a function. */
enum {
	WM_CURL_MAXREDIRS = 68,
	WM_CURL_FOLLOWLOCATION = 52,
	WM_CURL_SSL_VERIFYPEER = 64,
	WM_CURL_SSL_VERIFYHOST = 81, /* 2: the certificate is of that host; 0: not looked at */
	WM_CURL_NOSIGNAL = 99,
	WM_CURL_HTTPAUTH = 107,
	WM_CURL_TIMEOUT_MS = 155,
	WM_CURL_PROTOCOLS = 181,
	WM_CURL_REDIR_PROTOCOLS = 182,
	WM_CURL_WRITEDATA = 10001,
	WM_CURL_URL = 10002,
	WM_CURL_PROXY = 10004,
	WM_CURL_ERRORBUFFER = 10010,
	WM_CURL_CAINFO = 10065,
	WM_CURL_USERNAME = 10173,
	WM_CURL_PASSWORD = 10174,
	WM_CURL_WRITEFUNCTION = 20011
};

enum {
	WM_CURL_RESPONSE_CODE = 0x200002, /* of getinfo: a long */
	WM_CURL_GLOBAL_ALL = 3,
	WM_CURL_BASIC = 1, /* of HTTPAUTH */
	WM_CURL_HTTPS = 2, /* of PROTOCOLS */
	WM_CURL_ERROR_SIZE = 256
};

/* Results. */
enum { WM_CURL_OK = 0, WM_CURL_WRITE_ERROR = 23, WM_CURL_PEER_FAILED_VERIFICATION = 60 };

/* X(result, name, parameters): every function used, its symbol being curl_NAME. A handle is a pointer, a CURLcode, a
 * CURLoption and a CURLINFO are ints. */
#define WM_CURL_FUNCTIONS(X)                           \
	X(int, global_init, (long flags))                  \
	X(void *, easy_init, (void))                       \
	X(int, easy_setopt, (void *curl, int option, ...)) \
	X(int, easy_perform, (void *curl))                 \
	X(int, easy_getinfo, (void *curl, int info, ...))  \
	X(const char *, easy_strerror, (int code))         \
	X(void, easy_cleanup, (void *curl))

/* One pointer per function, in the order of the list. */
struct wm_curl_api {
#define X(result, name, parameters) result(*name) parameters;
	WM_CURL_FUNCTIONS(X)
#undef X
};

/* What WRITEFUNCTION takes: size is 1; a return of less than count ends the transfer. */
typedef size_t wm_curl_write_fn(char *bytes, size_t size, size_t count, void *data);

#endif
