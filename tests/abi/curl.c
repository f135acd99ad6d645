/* SPDX-License-Identifier: Apache-2.0 */
/* curl.c - what harness/meters/curl_api.h declares, held against the installed curl.h by compiling this. */
#include "../../harness/meters/curl_api.h"

/* Older options that still work are named as such by newer headers; they are what older libraries have. */
#define CURL_DISABLE_DEPRECATION
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define SAME(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #theirs)

SAME(WM_CURL_MAXREDIRS, CURLOPT_MAXREDIRS);
SAME(WM_CURL_FOLLOWLOCATION, CURLOPT_FOLLOWLOCATION);
SAME(WM_CURL_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYPEER);
SAME(WM_CURL_SSL_VERIFYHOST, CURLOPT_SSL_VERIFYHOST);
SAME(WM_CURL_NOSIGNAL, CURLOPT_NOSIGNAL);
SAME(WM_CURL_HTTPAUTH, CURLOPT_HTTPAUTH);
SAME(WM_CURL_TIMEOUT_MS, CURLOPT_TIMEOUT_MS);
SAME(WM_CURL_PROTOCOLS, CURLOPT_PROTOCOLS);
SAME(WM_CURL_REDIR_PROTOCOLS, CURLOPT_REDIR_PROTOCOLS);
SAME(WM_CURL_WRITEDATA, CURLOPT_WRITEDATA);
SAME(WM_CURL_URL, CURLOPT_URL);
SAME(WM_CURL_PROXY, CURLOPT_PROXY);
SAME(WM_CURL_ERRORBUFFER, CURLOPT_ERRORBUFFER);
SAME(WM_CURL_CAINFO, CURLOPT_CAINFO);
SAME(WM_CURL_USERNAME, CURLOPT_USERNAME);
SAME(WM_CURL_PASSWORD, CURLOPT_PASSWORD);
SAME(WM_CURL_WRITEFUNCTION, CURLOPT_WRITEFUNCTION);
SAME(WM_CURL_RESPONSE_CODE, CURLINFO_RESPONSE_CODE);
SAME(WM_CURL_GLOBAL_ALL, CURL_GLOBAL_ALL);
SAME(WM_CURL_BASIC, CURLAUTH_BASIC);
SAME(WM_CURL_HTTPS, CURLPROTO_HTTPS);
SAME(WM_CURL_ERROR_SIZE, CURL_ERROR_SIZE);
SAME(WM_CURL_OK, CURLE_OK);
SAME(WM_CURL_WRITE_ERROR, CURLE_WRITE_ERROR);
SAME(WM_CURL_PEER_FAILED_VERIFICATION, CURLE_PEER_FAILED_VERIFICATION);
_Static_assert(sizeof(CURLoption) == sizeof(int) && sizeof(CURLINFO) == sizeof(int), "an option is passed as an int");
_Static_assert(sizeof(CURLcode) == sizeof(int), "a result is an int");

/* The library's functions take our arguments, one for one, and ours is the function that it calls. */
int transfer(CURL *handle, wm_curl_write_fn *keep, void *data);
int transfer(CURL *handle, wm_curl_write_fn *keep, void *data) {
	curl_write_callback theirs = keep;
	long code = 0;

	return curl_global_init((long)WM_CURL_GLOBAL_ALL) + curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, theirs) +
	       curl_easy_setopt(handle, CURLOPT_WRITEDATA, data) + curl_easy_perform(handle) +
	       curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
}
const char *text(int code);
const char *text(int code) {
	return curl_easy_strerror((CURLcode)code);
}
