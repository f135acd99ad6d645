/* SPDX-License-Identifier: Apache-2.0 */
/* plan_print.c - the plan of a run as an aligned table. */
#include "plan_print.h"

#include "measure/measure.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 7, LAST = COLUMNS - 1 };

/* One line as text. What follows the aligned columns (memory, or nothing after a skip) is never padded. */
struct line {
	char cell[COLUMNS][sizeof(((struct wm_device *)0)->cpuset)];
	char memory[64];
};

/* The last columns; any status but WM_OK means that wm_why() says why the case would be skipped. */
static enum wm_status put_sizes(const struct wm_case *c, const struct wm_device *dev, struct line *line) {
	struct wm_footprint f;
	enum wm_status st = wm_measure_fit(&c->problem, c->impl, dev, &f);

	if (st != WM_OK)
		return st;
	snprintf(line->cell[LAST], sizeof(line->cell[LAST]), "%d x %" PRIu64 " = %" PRIu64 " B", f.sets, f.set_bytes,
	         (uint64_t)f.sets * f.set_bytes);
	snprintf(line->memory, sizeof(line->memory), "%" PRIu64 " B", f.device_bytes);
	return WM_OK;
}

static const char *or_dash(const char *list) {
	return *list ? list : "-";
}

static void make_line(const struct wm_cases *cases, size_t i, const struct wm_device *devs, struct line *line) {
	const struct wm_case *c = &cases->v[i];
	const struct wm_device *dev = &devs[c->device];
	const size_t room = sizeof(line->cell[0]);

	memset(line, 0, sizeof(*line));
	snprintf(line->cell[0], room, "%zu", i + 1);
	wm_problem_brief(&c->problem, line->cell[1], room);
	snprintf(line->cell[2], room, "%s", dev->id);
	snprintf(line->cell[3], room, "%s", c->impl->name);
	snprintf(line->cell[4], room, "%s", or_dash(dev->cpuset));
	snprintf(line->cell[5], room, "%s", or_dash(dev->nodeset));
	if (put_sizes(c, dev, line) != WM_OK)
		snprintf(line->cell[LAST], room, "skip: %s", wm_why());
}

static void head_line(struct line *line) {
	static const char *const names[COLUMNS] = {"case", "problem", "device", "impl", "cores", "numa", "rotation"};

	for (int k = 0; k < COLUMNS; k++)
		snprintf(line->cell[k], sizeof(line->cell[k]), "%s", names[k]);
	snprintf(line->memory, sizeof(line->memory), "memory");
}

/* Reasons are as long as they are: only lines with a memory column say how wide the column before it is. */
static void widen(const struct line *line, int width[COLUMNS]) {
	for (int k = 0; k < COLUMNS; k++) {
		int n = (int)strlen(line->cell[k]);

		if ((k < LAST || *line->memory) && n > width[k])
			width[k] = n;
	}
}

static void print_line(FILE *out, const struct line *line, const int width[COLUMNS]) {
	for (int k = 0; k < LAST; k++)
		fprintf(out, "%-*s  ", width[k], line->cell[k]);
	if (*line->memory)
		fprintf(out, "%-*s  %s\n", width[LAST], line->cell[LAST], line->memory);
	else
		fprintf(out, "%s\n", line->cell[LAST]);
}

enum wm_status wm_print_plan(FILE *out, const struct wm_cases *cases, const struct wm_device *devs, int ndevs) {
	int width[COLUMNS] = {0};
	static struct line head, line; /* too large for a stack */

	head_line(&head);
	widen(&head, width);
	for (size_t i = 0; i < cases->n; i++) {
		if (cases->v[i].device < 0 || cases->v[i].device >= ndevs)
			return wm_fail(WM_FAILED, "case %zu names device %d of %d", i + 1, cases->v[i].device, ndevs);
		make_line(cases, i, devs, &line);
		widen(&line, width);
	}
	print_line(out, &head, width);
	for (size_t i = 0; i < cases->n; i++) {
		make_line(cases, i, devs, &line);
		print_line(out, &line, width);
	}
	if (fflush(out) != 0 || ferror(out))
		return wm_fail(WM_FAILED, "cannot write the plan: %s", strerror(errno));
	return WM_OK;
}
