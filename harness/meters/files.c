/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - files of the kernel that hold a number, kept open, and the packages of the machine. */
#include "files.h"

#include "system/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Looks farther apart than that are two measurements. In that time no counter here runs through a quarter of its range:
 * the smallest, 2^32 units of 15.3 uJ, lasts 164 s at 400 W. */
#define LONGEST_PAUSE_S 10.0
#define LARGEST_STEP 0.25 /* of the range, from one look to the next */

/* ---- numbers ------------------------------------------------------------------------------------------------ */

static enum wm_status fail_with_errno(const char *path) {
	if (errno == EACCES || errno == EPERM)
		return wm_fail(WM_FAILED, "permission: %s is for root only", path);
	return wm_fail(WM_FAILED, "%s: %s", path, strerror(errno));
}

enum wm_status wm_number_open(const char *root, const char *path, struct wm_number *number_p) {
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_with_errno(path);
	*number_p = (struct wm_number){true, fd, "", NAN, NAN, 0, -INFINITY};
	snprintf(number_p->path, sizeof(number_p->path), "%s", path);
	return WM_OK;
}

enum wm_status wm_number_read(const struct wm_number *number, double *value_p) {
	char text[64], *end;
	ssize_t n = pread(number->fd, text, sizeof(text) - 1, 0);
	long long value;

	if (n < 0)
		return fail_with_errno(number->path);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || errno || (*end && !isspace((unsigned char)*end)))
		return wm_fail(WM_FAILED, "%s: '%s' is no number", number->path, text);
	*value_p = (double)value;
	return WM_OK;
}

enum wm_status wm_number_count(struct wm_number *number, double *value_p) {
	double value, last = number->last, step, now_s = wm_now();
	bool goes_on = now_s - number->looked_s <= LONGEST_PAUSE_S;
	enum wm_status st = wm_number_read(number, &value);

	if (st)
		return st;
	number->last = value;
	number->looked_s = now_s;
	step = goes_on ? value - last : 0;
	if (step < 0) {
		step += number->range;
		if (!(step >= 0 && step <= LARGEST_STEP * number->range))
			return wm_fail(WM_FAILED, "%s: went back from %.0f to %.0f", number->path, last, value);
	}
	number->total += step;
	*value_p = number->total;
	return WM_OK;
}

void wm_number_close(struct wm_number *number) {
	if (number->is_open)
		close(number->fd);
	number->is_open = false;
}

enum wm_status wm_number_look(const char *root, const char *path, double *value_p) {
	struct wm_number number;
	enum wm_status st = wm_number_open(root, path, &number);

	if (st)
		return st;
	st = wm_number_read(&number, value_p);
	wm_number_close(&number);
	return st;
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

bool wm_files_has(const char *root, const char *path) {
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

int wm_files_each(const char *root, const char *pattern, void (*take)(void *arg, const char *path), void *arg) {
	char full[2 * PATH_MAX];
	size_t used = 0;
	glob_t found;
	int n = 0;

	/* what glob would read as a wildcard in the root stands for itself */
	for (const char *c = root; *c && used < PATH_MAX; c++) {
		if (strchr("*?[\\", *c))
			full[used++] = '\\';
		full[used++] = *c;
	}
	snprintf(full + used, sizeof(full) - used, "%s", pattern);
	if (glob(full, 0, NULL, &found))
		return 0;
	for (; (size_t)n < found.gl_pathc; n++)
		take(arg, found.gl_pathv[n] + strlen(root));
	globfree(&found);
	return n;
}

const char *wm_files_name(const char *path) {
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool wm_files_in_id(char letter) {
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
	       letter == '.' || letter == '_' || letter == '-';
}

void wm_files_id_name(const char *name, char *out, size_t room) {
	snprintf(out, room, "%s", name);
	for (char *c = out; *c; c++)
		if (!wm_files_in_id(*c))
			*c = '_';
}

bool wm_files_add(char *list, size_t room, const char *between, const char *words) {
	size_t used = strlen(list);

	if (used == 0)
		between = "";
	if (used + strlen(between) + strlen(words) >= room)
		return false;
	snprintf(list + used, room - used, "%s%s", between, words);
	return true;
}

bool wm_files_next(const char **list, char *word, size_t room) {
	const char *from = *list + strspn(*list, " ");
	size_t n = strcspn(from, " ");

	if (n == 0)
		return false;
	snprintf(word, room, "%.*s", (int)n, from);
	*list = from + n;
	return true;
}

/* ---- sources ------------------------------------------------------------------------------------------------ */

struct wm_source wm_source_of(const char *meter, enum wm_scope scope, enum wm_source_kind kind) {
	struct wm_source source = {.scope = scope,
	                           .kind = kind,
	                           .package = -1,
	                           .refresh_s = NAN,
	                           .lag_s = kind == WM_COUNTER ? 0 : NAN, /* a counter is the mean of nothing */
	                           .quantum = NAN,
	                           .range_j = NAN,
	                           .limit_w = NAN,
	                           .gain_rel = NAN};

	snprintf(source.meter, sizeof(source.meter), "%s", meter);
	return source;
}

void wm_source_try(struct wm_source *source, const char *root, const char *path, const char *remedy) {
	static const char permission[] = "permission: ";
	double value;

	if (source->off[0] || wm_number_look(root, path, &value) == WM_OK)
		return;
	snprintf(source->off, sizeof(source->off), "%.*s", (int)sizeof(source->off) - 1, wm_why());
	if (strncmp(source->off, permission, strlen(permission)) == 0)
		wm_files_add(source->off, sizeof(source->off), "; ", remedy);
}

/* ---- packages ----------------------------------------------------------------------------------------------- */

struct packages {
	int *v, n;
};

/* Keeps them sorted and each once. */
static void take_package(void *arg, const char *line) {
	struct packages *packages = arg;
	int package, at = 0;

	if (sscanf(line, "%d", &package) != 1 || package < 0 || packages->n == WM_MOST_PACKAGES)
		return;
	while (at < packages->n && packages->v[at] < package)
		at++;
	if (at < packages->n && packages->v[at] == package)
		return;
	memmove(packages->v + at + 1, packages->v + at, (size_t)(packages->n - at) * sizeof(*packages->v));
	packages->v[at] = package;
	packages->n++;
}

int wm_files_packages(const char *root, int packages[WM_MOST_PACKAGES]) {
	struct packages found = {packages, 0};

	wm_sysfile_each(root, "/sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id", take_package, &found);
	return found.n;
}

int wm_files_package_of_cpu(const char *root, int cpu) {
	char path[96];
	double package;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
	if (wm_number_look(root, path, &package))
		return -1;
	if (package < 0)
		wm_fail(WM_SKIP, "%s: %.0f", path, package);
	return package < 0 ? -1 : (int)package;
}
