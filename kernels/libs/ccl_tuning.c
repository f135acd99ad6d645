/* SPDX-License-Identifier: Apache-2.0 */
/* ccl_tuning.c - the library's log, kept in memory for the length of one operation. */
#include "ccl_tuning.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_LOG = 1 << 16 };

/* All that is set for it. */
static const char *const log_names[] = {"NCCL_DEBUG", "NCCL_DEBUG_SUBSYS", "NCCL_DEBUG_FILE"};
enum { NAMES = sizeof(log_names) / sizeof(log_names[0]) };

void wm_ccl_tuning_listen(struct wm_ccl_tuning *t, const struct wm_ccl_api *api) {
	char path[64];

	t->fd = -1;
	if (!api->reset_debug)
		return;
	for (int i = 0; i < NAMES; i++)
		if (getenv(log_names[i]))
			return;
	t->fd = memfd_create("tuning", MFD_CLOEXEC);
	if (t->fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	setenv(log_names[0], "INFO", 1);
	setenv(log_names[1], "TUNING", 1);
	setenv(log_names[2], path, 1);
	api->reset_debug();
}

/* The word behind a name, up to the next blank. */
static bool word_after(const char *line, const char *name, const char *key, char *out, size_t room) {
	const char *at = strstr(line, name);
	size_t used = strlen(out);

	if (!at)
		return false;
	at += strlen(name);
	snprintf(out + used, room - used, "%s%s=%.*s", used ? " " : "", key, (int)strcspn(at, " \n"), at);
	return true;
}

/* "host:1:2 [0] NCCL INFO AllReduce: 1048576 Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..15}", the words
 * of 2.24 and later; 2.19 to 2.23 have numbers for the first two and no channels. */
static void read_line(const char *log, char *out, size_t room) {
	const char *line = strstr(log, " Bytes -> Algo ");
	char copy[256];

	if (!line)
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
	if (word_after(copy, "Algo ", "algo", out, room) && word_after(copy, "proto ", "proto", out, room))
		word_after(copy, "channel{Lo..Hi}=", "channels", out, room);
}

void wm_ccl_tuning_read(struct wm_ccl_tuning *t, const struct wm_ccl_api *api, char *out, size_t room) {
	char *log;
	ssize_t n;

	out[0] = 0;
	if (t->fd < 0)
		return;
	for (int i = 0; i < NAMES; i++)
		unsetenv(log_names[i]);
	api->reset_debug();
	log = wm_zalloc(MOST_LOG + 1);
	n = pread(t->fd, log, MOST_LOG, 0);
	if (n > 0)
		read_line(log, out, room);
	free(log);
	close(t->fd);
	t->fd = -1;
}
