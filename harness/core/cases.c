/* SPDX-License-Identifier: Apache-2.0 */
/* cases.c - from a suite and the devices at hand to the list of cases, their ids, their order and their rotation. */
#include "cases.h"

#include "group.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

/* ---- identity ----------------------------------------------------------------------------------------------- */

void wm_device_key(const struct wm_device *dev, char *out, size_t room) {
	if (dev->uuid[0])
		snprintf(out, room, "%s", dev->uuid);
	else if (dev->pci[0])
		snprintf(out, room, "%s", dev->pci);
	else
		snprintf(out, room, "%s %s", dev->id, dev->name);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo; offset basis and prime of draft-eastlake-fnv), with the ending 0 byte. */
static uint64_t hash_text(uint64_t hash, const char *text) {
	do {
		hash ^= (unsigned char)*text;
		hash *= UINT64_C(0x100000001b3);
	} while (*text++);
	return hash;
}

/* Does an earlier device of the same backend have the same key? */
static bool shares_key(const struct wm_device *devs, int i, const char *key) {
	char other[256];

	for (int k = 0; k < i; k++) {
		wm_device_key(&devs[k], other, sizeof(other));
		if (strcmp(devs[k].backend, devs[i].backend) == 0 && strcmp(other, key) == 0)
			return true;
	}
	return false;
}

static void make_id(const struct wm_case *c, const struct wm_device *devs, char id[17]) {
	const struct wm_device *dev = &devs[c->device];
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char key[256], major[16];

	wm_device_key(dev, key, sizeof(key));
	snprintf(major, sizeof(major), "%d", WM_METHOD_MAJOR);
	hash = hash_text(hash, c->problem.str);
	hash = hash_text(hash, dev->backend);
	hash = hash_text(hash, shares_key(devs, c->device, key) ? dev->id : key);
	hash = hash_text(hash, c->impl->name);
	hash = hash_text(hash, major);
	snprintf(id, 17, "%016llx", (unsigned long long)hash);
}

/* ---- which devices, which implementations ------------------------------------------------------------------- */

static bool is_host_part(const char *id) {
	return strncmp(id, "host:", 5) == 0;
}

/* How a job came to want a device: nobody named it, its backend or all were named, or it was. */
enum wanted { NOT_WANTED, WANTED_BY_KIND, WANTED_BY_ID };

/* The devices at hand, and which of them one job wants. */
struct choice {
	const struct wm_device *devs;
	int n;
	enum wanted *wanted;
};

static enum wm_status fail_unknown_device(const struct choice *c, const char *word) {
	const char **known = wm_zalloc(((size_t)c->n + 32) * sizeof(*known));
	enum wm_status st;
	int n = 0;

	for (int i = 0; i < c->n; i++)
		known[n++] = c->devs[i].id;
	for (int i = 0; i < 31 && wm_backends[i]; i++)
		if (strcmp(wm_backends[i]->name, "host") != 0) /* the host is its own id */
			known[n++] = wm_backends[i]->name;
	known[n++] = "all";
	st = wm_fail_unknown("device", word, known, n);
	free(known);
	return st;
}

/* Is it the group of all devices of its backend? */
static bool is_whole(const struct choice *c, const struct wm_device *dev) {
	char id[96];

	return dev->ranks > 0 && wm_group_of_all(c->devs, c->n, dev->backend, id) && strcmp(dev->id, id) == 0;
}

/* Parts of the host and groups are there when somebody names them; only the group of all of a backend stands for it. */
static bool is_of_kind(const struct choice *c, const struct wm_device *dev) {
	return !is_host_part(dev->id) && (dev->ranks == 0 || is_whole(c, dev));
}

/* Is the word a backend of which nothing is here ("cuda"), or what one of its devices would be called ("cuda:0")? */
static bool has_no_device(const struct choice *c, const char *word, char backend[16]) {
	snprintf(backend, 16, "%.*s", (int)strcspn(word, ":"), word);
	for (int i = 0; i < c->n; i++)
		if (strcmp(c->devs[i].backend, backend) == 0)
			return false;
	return wm_backend_find(backend) != NULL;
}

/* wm_split's argument: adds the devices of one word. */
static enum wm_status choose_devices(void *arg, const char *word) {
	struct choice *c = arg;
	bool any = false, all = strcmp(word, "all") == 0;
	char group[96], backend[16];

	for (int i = 0; i < c->n; i++)
		if (strcmp(c->devs[i].id, wm_group_id(word, group) ? group : word) == 0) {
			c->wanted[i] = WANTED_BY_ID;
			return WM_OK;
		}
	for (int i = 0; i < c->n; i++)
		if ((all || strcmp(c->devs[i].backend, word) == 0) && is_of_kind(c, &c->devs[i])) {
			any = true;
			if (c->wanted[i] == NOT_WANTED)
				c->wanted[i] = WANTED_BY_KIND;
		}
	if (any)
		return WM_OK;
	if (all)
		return wm_fail(WM_INPUT, "no device at all; see wattmark list");
	if (has_no_device(c, word, backend))
		return wm_fail(WM_INPUT, "no %s device here; see wattmark list", backend);
	return fail_unknown_device(c, word);
}

/* wm_split's argument: is the word an implementation of any benchmark of the suite? */
static enum wm_status check_impl(void *arg, const char *word) {
	const struct wm_suite *suite = arg;
	const char *known[256];
	int n = 0;

	for (int i = 0; n < 256 && wm_impls[i]; i++)
		for (int k = 0; k < suite->n; k++) {
			const struct wm_problems *problems = &suite->jobs[k].problems;
			bool used = false;

			for (size_t q = 0; q < problems->n && !used; q++)
				used = strcmp(problems->v[q].bench->name, wm_impls[i]->bench) == 0;
			if (used) {
				known[n++] = wm_impls[i]->name;
				break;
			}
		}
	for (int i = 0; i < n; i++)
		if (strcmp(known[i], word) == 0)
			return WM_OK;
	return wm_fail_unknown("implementation", word, known, n);
}

/* wm_split's argument: stops at the name that it looks for. */
static enum wm_status find_word(void *arg, const char *word) {
	return strcmp(arg, word) == 0 ? WM_SKIP : WM_OK;
}

static bool in_list(const char *list, const char *word) {
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", word);
	return wm_split(list, '/', find_word, copy) == WM_SKIP;
}

/* ---- expanding ---------------------------------------------------------------------------------------------- */

void wm_cases_free(struct wm_cases *cases) {
	free(cases->v);
	*cases = (struct wm_cases){0};
}

static void add_case(struct wm_cases *cases, const struct wm_case *c) {
	for (size_t i = 0; i < cases->n; i++)
		if (memcmp(cases->v[i].id, c->id, sizeof(c->id)) == 0) {
			cases->v[i].weigh |= c->weigh;
			return;
		}
	cases->v = wm_grow(cases->v, cases->n, &cases->room, sizeof(*cases->v));
	cases->v[cases->n++] = *c;
}

/* One problem on one device by the wanted implementations ("" = all that run unasked). */
static enum wm_status expand_device(const struct wm_problem *p, bool weigh, const char *impls, const struct choice *d,
                                    int device, struct wm_cases *cases) {
	struct wm_case c = {.problem = *p, .device = device, .weigh = weigh};
	uint64_t bytes = 0;
	enum wm_status st;

	wm_problem_place(&c.problem, &d->devs[device]);
	st = wm_problem_bytes(&c.problem, &bytes);
	if (st != WM_OK)
		return st;
	for (int k = 0; wm_impls[k]; k++) {
		c.impl = wm_impls[k];
		if (strcmp(c.impl->bench, p->bench->name) != 0 || !wm_impl_runs_on(c.impl, d->devs[device].backend))
			continue;
		if (impls[0] ? !in_list(impls, c.impl->name) : c.impl->asked_only)
			continue;
		c.expect_s = 1 + 8 * (double)bytes / 1e9 + c.impl->prepare_s;
		make_id(&c, d->devs, c.id);
		add_case(cases, &c);
	}
	return WM_OK;
}

static bool is_in_group_of_all(const struct choice *d, const struct wm_device *dev) {
	for (int i = 0; i < d->n; i++)
		if (d->wanted[i] && strcmp(d->devs[i].backend, dev->backend) == 0 && is_whole(d, &d->devs[i]))
			return true;
	return false;
}

/* Groups are for collectives. These run on one device only to say why not: where there is no group of it to run on, or
 * when it was named. */
static bool is_for(const struct choice *d, int device, const struct wm_bench *bench) {
	const struct wm_device *dev = &d->devs[device];

	if (d->wanted[device] == NOT_WANTED)
		return false;
	if (dev->ranks > 0)
		return bench->collective;
	return !bench->collective || d->wanted[device] == WANTED_BY_ID || dev->on_host || dev->threads > 0 ||
	       !is_in_group_of_all(d, dev);
}

static enum wm_status expand_problem(const struct wm_problem *p, bool weigh, const char *impls, const struct choice *d,
                                     struct wm_cases *cases) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < d->n && st == WM_OK; i++)
		if (is_for(d, i, p->bench))
			st = expand_device(p, weigh, impls, d, i, cases);
	return st;
}

static enum wm_status expand_job(const struct wm_job *job, const struct choice *found, const char *devices,
                                 const char *impls, struct wm_cases *cases) {
	struct choice d = *found;
	bool own = !devices[0] && job->device[0];
	const char *list = devices[0] ? devices : own ? job->device : "all";
	enum wm_status st;

	d.wanted = wm_zalloc((size_t)d.n * sizeof(*d.wanted));
	st = wm_split(list, '/', choose_devices, &d);
	if (st != WM_OK && own && job->device_at[0])
		st = wm_fail(st, "%s: %s", job->device_at, wm_why());
	for (size_t i = 0; i < job->problems.n && st == WM_OK; i++)
		st = expand_problem(&job->problems.v[i], job->weigh, impls[0] ? impls : job->impl, &d, cases);
	free(d.wanted);
	return st;
}

static enum wm_status fail_nothing(const struct wm_suite *suite, const char *devices, const char *impls) {
	const struct wm_job *job = suite->n ? &suite->jobs[0] : NULL;
	char group[96];

	if (!job || !job->problems.n)
		return wm_fail(WM_INPUT, "nothing to run: no problem was named");
	if (!devices[0])
		devices = job->device[0] ? job->device : "all";
	if (!impls[0])
		impls = job->impl;
	if (wm_group_id(devices, group) && !job->problems.v[0].bench->collective)
		return wm_fail(WM_INPUT,
		               "nothing to run: %s is a group, and %s runs on one device: name its devices, joined by '/'",
		               group, job->problems.v[0].bench->name);
	return wm_fail(WM_INPUT, "nothing to run: no implementation of %s%s%s runs on device %s; see wattmark list",
	               job->problems.v[0].bench->name, impls[0] ? " among " : "", impls, devices);
}

enum wm_status wm_cases_expand(const struct wm_suite *suite, const struct wm_device *devs, int ndevs,
                               const char *devices, const char *impls, struct wm_cases *cases) {
	struct choice found = {.devs = devs, .n = ndevs};
	struct wm_suite named = *suite; /* wm_split's argument is not const */
	enum wm_status st = impls[0] ? wm_split(impls, '/', check_impl, &named) : WM_OK;

	for (int i = 0; i < suite->n && st == WM_OK; i++)
		st = expand_job(&suite->jobs[i], &found, devices, impls, cases);
	if (st == WM_OK && cases->n == 0)
		st = fail_nothing(suite, devices, impls);
	return st;
}

/* wm_split's argument: keeps the devices that have to be made. */
struct requests {
	const struct wm_device *devs;
	int ndevs;
	bool collective; /* the job has one */
	char (*out)[96];
	int n, max;
};

static void keep(struct requests *r, const char *word) {
	if (strlen(word) >= sizeof(*r->out) || r->n == r->max)
		return;
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->out[i], word) == 0)
			return;
	snprintf(r->out[r->n++], sizeof(*r->out), "%s", word);
}

static enum wm_status keep_made(void *arg, const char *word) {
	struct requests *r = arg;
	char group[96];

	if (is_host_part(word))
		keep(r, word);
	else if (wm_group_id(word, group))
		keep(r, group);
	for (int i = 0; wm_backends[i] && r->collective; i++)
		if ((strcmp(word, "all") == 0 || strcmp(word, wm_backends[i]->name) == 0) &&
		    wm_group_of_all(r->devs, r->ndevs, wm_backends[i]->name, group))
			keep(r, group);
	return WM_OK;
}

static bool has_collective(const struct wm_job *job) {
	for (size_t i = 0; i < job->problems.n; i++)
		if (job->problems.v[i].bench->collective)
			return true;
	return false;
}

int wm_device_requests(const struct wm_suite *suite, const struct wm_device *devs, int ndevs, const char *devices,
                       char (*out)[96], int max) {
	struct requests r = {.devs = devs, .ndevs = ndevs, .out = out, .max = max};

	for (int i = 0; i < suite->n; i++) {
		const char *own = suite->jobs[i].device[0] ? suite->jobs[i].device : "all";

		r.collective = has_collective(&suite->jobs[i]);
		wm_split(devices[0] ? devices : own, '/', keep_made, &r);
	}
	return r.n;
}

/* ---- order and rotation ------------------------------------------------------------------------------------- */

/* Step i takes one of the first i + 1 by the top 32 bits of a product, which is even to 1 in 2^32 / n. */
void wm_cases_shuffle(struct wm_cases *cases, uint64_t seed) {
	for (size_t i = cases->n; i-- > 1;) {
		struct wm_case kept = cases->v[i];
		uint32_t word;
		size_t k;

		wm_random(seed, 0x53485546, i, 1, &word);
		k = (size_t)((uint64_t)word * (i + 1) >> 32);
		cases->v[i] = cases->v[k];
		cases->v[k] = kept;
	}
}

/* The smallest array that the operation reads. */
static uint64_t smallest_input(const struct wm_tensor *t, int n) {
	uint64_t smallest = UINT64_MAX;

	for (int i = 0; i < n; i++)
		if (!t[i].output && t[i].count * wm_dtype_bytes(t[i].dtype) < smallest)
			smallest = t[i].count * wm_dtype_bytes(t[i].dtype);
	return smallest;
}

/* Says which size would do, in MiB as a pattern takes it. */
static enum wm_status fail_small(const struct wm_bench *bench, uint64_t smallest, uint64_t cache_bytes) {
	uint64_t needed = (uint64_t)bench->cold_factor * cache_bytes;

	return wm_fail(WM_SKIP,
	               "cold: the smallest array has %llu bytes, less than %d x the %llu of all caches; %lluM would do",
	               (unsigned long long)smallest, bench->cold_factor, (unsigned long long)cache_bytes,
	               (unsigned long long)((needed + (1 << 20) - 1) >> 20));
}

enum wm_status wm_rotation_sets(const struct wm_problem *p, uint64_t cache_bytes, int *sets_p) {
	struct wm_tensor t[WM_MAX_TENSORS] = {0};
	uint64_t bytes = 0, sets;
	int n = 0;
	enum wm_status st = wm_problem_bytes(p, &bytes);

	if (st == WM_OK)
		st = p->bench->tensors(p, t, &n);
	if (st != WM_OK)
		return st;
	if (wm_get(p, "cache") == WM_HOT || bytes == 0) {
		*sets_p = 1;
		return WM_OK;
	}
	if (cache_bytes == 0)
		return wm_fail(WM_SKIP, "cold: the size of the device's caches is unknown; cache=hot runs without it");
	if (smallest_input(t, n) / cache_bytes < (uint64_t)p->bench->cold_factor)
		return fail_small(p->bench, smallest_input(t, n), cache_bytes);
	sets = (2 * cache_bytes + bytes - 1) / bytes;
	if (sets < WM_MIN_COLD_SETS)
		sets = WM_MIN_COLD_SETS;
	if (sets > WM_MAX_SETS)
		return wm_fail(WM_SKIP, "cold: %llu sets of %llu bytes would be needed, at most %d are made",
		               (unsigned long long)sets, (unsigned long long)bytes, WM_MAX_SETS);
	*sets_p = (int)sets;
	return WM_OK;
}
