/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.c - the run's meters: chosen by device and class, read by the sampler, joined with the worker's load. */
#include "weigh.h"

#include "core/group.h"
#include "fields.h"
#include "manifest.h"
#include "sampler.h"
#include "trace.h"
#include "wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_S 60.0
#define SLACK 1e-9 /* of a product of decimal fractions */

enum { MAX_WINDOWS = 16 }; /* of any profile */

/* Order of a record's classes: the device's own, then what it is a part of. */
static const enum wm_scope classes[] = {WM_SCOPE_ACCELERATOR, WM_SCOPE_SUPERCHIP, WM_SCOPE_CPU_DRAM, WM_SCOPE_CPU,
                                        WM_SCOPE_SERVER,      WM_SCOPE_NODE,      WM_SCOPE_WALL};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

/* What weighs one device in one class: places in the sampling. */
struct choice {
	enum wm_scope scope;
	int source[WM_MAX_PARTS], n;
	double needs_s; /* length of a window */
	bool slow;      /* none was taken because the profile is too short */
	char why[256];  /* n == 0 */
};

struct wm_weigher {
	const struct wm_run_plan *plan;
	struct wm_sampling *sampling; /* NULL: nothing can be weighed */
	char why[256];                /* then */
	int log_fd;
	const sigset_t *while_waiting;
	bool *weighs;           /* by case: it is to be weighed, and its device has a meter */
	int *place;             /* by index of meters->sources: place in the sampling, or -1 */
	struct wm_ticks *ticks; /* of the load just ended, by place */
	/* the case in flight */
	struct choice choice[CLASSES];
	struct wm_window_plan windows;
	char cpus[8192];
};

/* ---- which sources ---------------------------------------------------------------------------------------------- */

static bool is_asked(const struct wm_run_plan *plan, size_t index) {
	const struct wm_case *c = &plan->cases->v[index];

	return c->weigh && !plan->machine->devs[c->device].off[0] && wm_get(&c->problem, "regime") == WM_SUSTAINED;
}

static const struct wm_device *device_of(const struct wm_run_plan *plan, size_t index) {
	return &plan->machine->devs[plan->cases->v[index].device];
}

/* The sources that together weigh a device in one class: of a group those of all its devices, each once. Indices into
 * meters->sources; 0 + why as wm_meters_of. */
static int sources_of(const struct wm_weigher *w, const struct wm_device *dev, enum wm_scope scope,
                      int index[WM_MAX_PARTS], char why[256]) {
	const struct wm_machine *machine = w->plan->machine;
	int members[WM_MAX_RANKS], ranks = wm_group_members(machine->devs, machine->n, dev, members), n = 0;

	for (int r = 0; r < ranks; r++) {
		int own[WM_MAX_PARTS],
			found = wm_meters_of(w->plan->meters, w->plan->topo, &machine->devs[members[r]], scope, own, why);

		if (found == 0)
			return 0;
		for (int i = 0; i < found; i++) {
			int k = 0;

			while (k < n && index[k] != own[i])
				k++;
			if (k == n && n < WM_MAX_PARTS)
				index[n++] = own[i];
		}
	}
	return n;
}

/* Marks the sources that weigh a device. False: there are none. */
static bool want(struct wm_weigher *w, const struct wm_device *dev, bool *wanted) {
	int index[WM_MAX_PARTS];
	bool any = false;

	for (int k = 0; k < CLASSES; k++) {
		int n = sources_of(w, dev, classes[k], index, w->why);

		for (int i = 0; i < n; i++)
			wanted[index[i]] = true;
		any |= n > 0;
	}
	return any;
}

/* The nearest reason why a device has no meter: one that is there and cannot be read, else one that is not there. */
static void say_none(const struct wm_meters *m, char why[256]) {
	for (int i = 0; i < m->n; i++)
		if (m->sources[i].off[0] && m->sources[i].scope != WM_SCOPE_PART) {
			snprintf(why, 256, "no meter can be read: %.60s: %.150s", m->sources[i].id, m->sources[i].off);
			return;
		}
	snprintf(why, 256, "no meter here (wattmark meters says more)");
}

static void start_sampling(struct wm_weigher *w) {
	const struct wm_meters *m = w->plan->meters;
	bool *wanted = wm_zalloc((size_t)m->n + 1);
	int *index = wm_zalloc((size_t)(m->n + 1) * sizeof(*index)), n = 0;

	for (size_t i = 0; i < w->plan->cases->n; i++)
		w->weighs[i] = is_asked(w->plan, i) && want(w, device_of(w->plan, i), wanted);
	for (int i = 0; i < m->n; i++) {
		w->place[i] = wanted[i] ? n : -1;
		if (wanted[i])
			index[n++] = i;
	}
	if (n == 0)
		say_none(m, w->why);
	else if (wm_sampling_open(m, index, n, w->log_fd, w->while_waiting, &w->sampling) != WM_OK)
		snprintf(w->why, sizeof(w->why), "%.255s", wm_why());
	w->ticks = wm_zalloc((size_t)(n + 1) * sizeof(*w->ticks));
	free(index);
	free(wanted);
}

struct wm_weigher *wm_weigher_open(const struct wm_run_plan *plan, int log_fd, const sigset_t *while_waiting) {
	struct wm_weigher *w = wm_zalloc(sizeof(*w));
	bool any = false;

	*w = (struct wm_weigher){.plan = plan, .log_fd = log_fd, .while_waiting = while_waiting};
	w->weighs = wm_zalloc(plan->cases->n + 1);
	w->place = wm_zalloc((size_t)(plan->meters->n + 1) * sizeof(*w->place));
	for (size_t i = 0; i < plan->cases->n; i++)
		any |= is_asked(plan, i);
	if (any)
		start_sampling(w);
	return w;
}

static void forget_ticks(struct wm_weigher *w) {
	for (int i = 0; w->sampling && i < wm_sampling_count(w->sampling); i++)
		wm_ticks_free(&w->ticks[i]);
}

/* The sampler is gone: nothing more is weighed in this run. */
static void give_up(struct wm_weigher *w) {
	snprintf(w->why, sizeof(w->why), "%.255s", wm_why());
	forget_ticks(w);
	wm_sampling_close(w->sampling);
	w->sampling = NULL;
}

void wm_weigher_close(struct wm_weigher *w) {
	forget_ticks(w);
	wm_sampling_close(w->sampling);
	free(w->ticks);
	free(w->place);
	free(w->weighs);
	free(w);
}

/* ---- idle ------------------------------------------------------------------------------------------------------- */

bool wm_weigher_idle_begin(struct wm_weigher *w) {
	if (w->sampling && wm_sampling_start(w->sampling, "") != WM_OK)
		give_up(w);
	return w->sampling != NULL;
}

enum wm_status wm_weigher_idle_end(struct wm_weigher *w, const char *at) {
	json_t *rows = json_array();

	if (!w->sampling || wm_sampling_stop(w->sampling, w->ticks) != WM_OK) {
		json_decref(rows);
		if (w->sampling)
			give_up(w);
		return WM_OK;
	}
	for (int i = 0; at && i < wm_sampling_count(w->sampling); i++) {
		const struct wm_source *source = wm_sampling_source(w->sampling, i);
		double watts = NAN, seconds = NAN;
		json_t *row = json_object();
		bool good = wm_mean_power(source, &w->ticks[i], true, &watts, &seconds) == WM_OK;

		wm_set_text(row, "source", source->id);
		wm_set_text(row, "scope", wm_scope_word(source->scope));
		wm_set_text(row, "at", at);
		wm_set_number(row, "watts", watts);
		wm_set_number(row, "seconds", seconds);
		wm_set_text(row, "why", good ? "" : wm_why());
		json_array_append_new(rows, row);
	}
	forget_ticks(w);
	return wm_manifest_idle(w->plan, rows);
}

/* ---- one case --------------------------------------------------------------------------------------------------- */

/* Cases are weighed in the order of the plan until the profile has enough of them. */
static bool within_profile(const struct wm_weigher *w, size_t index) {
	int before = 0;

	for (size_t i = 0; i < index; i++)
		before += w->weighs[i];
	return before < w->plan->profile->most_weighed;
}

/* A window holds so many refreshes, and of a server's own meter a minute: a profile without such a window does without
 * the meter, and does not wait for it. */
static void refuse_slow(const struct wm_weigher *w, struct choice *c) {
	const struct wm_profile *profile = w->plan->profile;

	c->needs_s = wm_scope_is_server(c->scope) ? SERVER_S : 0;
	for (int i = 0; i < c->n; i++)
		c->needs_s =
			fmax(c->needs_s, profile->refreshes * wm_window_refresh(wm_sampling_source(w->sampling, c->source[i])));
	if (c->n == 0 || c->needs_s <= fmax(profile->window_s, profile->node_s) * (1 + SLACK))
		return;
	snprintf(c->why, sizeof(c->why), "%.80s needs a window of %.3g s, profile %s has none",
	         wm_sampling_source(w->sampling, c->source[0])->id, c->needs_s, profile->name);
	c->slow = true;
	c->n = 0;
}

/* The classes that the case's device has meters for. Returns how many. */
static int choose(struct wm_weigher *w, const struct wm_device *dev) {
	int usable = 0;

	for (int k = 0; k < CLASSES; k++) {
		struct choice *c = &w->choice[k];
		int index[WM_MAX_PARTS];

		*c = (struct choice){.scope = classes[k]};
		c->n = sources_of(w, dev, classes[k], index, c->why);
		for (int i = 0; i < c->n; i++) {
			const struct wm_source *source = wm_sampling_source(w->sampling, w->place[index[i]]);

			c->source[i] = w->place[index[i]];
			if (!source->off[0])
				continue;
			snprintf(c->why, sizeof(c->why), "%s: %.160s", source->id, source->off);
			c->n = 0;
		}
		refuse_slow(w, c);
		usable += c->n > 0;
	}
	return usable;
}

/* Long enough for the slowest meter of the case, and one long window where one of them needs that. */
static void plan_windows(struct wm_weigher *w) {
	const struct wm_profile *profile = w->plan->profile;
	struct wm_window_plan p = {
		.windows = profile->windows, .length_s = profile->window_s, .refreshes = profile->refreshes};

	for (int k = 0; k < CLASSES; k++)
		for (int i = 0; i < w->choice[k].n; i++) {
			p.lead_s = fmax(p.lead_s, wm_window_lead(wm_sampling_source(w->sampling, w->choice[k].source[i])));
			if (w->choice[k].needs_s > profile->window_s)
				p.length_s = fmax(p.length_s, profile->node_s / p.windows);
		}
	w->windows = p;
}

/* Why none can be had: one that is there and too slow, else that the device's own class has none. */
static const char *own_reason(const struct wm_weigher *w, const struct wm_device *dev) {
	enum wm_scope own = wm_meters_apply(dev, WM_SCOPE_CPU) ? WM_SCOPE_CPU : WM_SCOPE_ACCELERATOR;
	int k = 0;

	for (int i = 0; i < CLASSES; i++)
		if (w->choice[i].slow)
			return w->choice[i].why;
	while (classes[k] != own)
		k++;
	return w->choice[k].why;
}

bool wm_weigher_begin(struct wm_weigher *w, size_t index, struct wm_window_plan *plan_p, char why[256]) {
	const struct wm_run_plan *plan = w->plan;
	const struct wm_device *dev = device_of(plan, index);
	bool sustained = wm_get(&plan->cases->v[index].problem, "regime") == WM_SUSTAINED;

	why[0] = 0;
	if (!plan->cases->v[index].weigh)
		snprintf(why, 256, "not asked");
	else if (!sustained)
		snprintf(why, 256, "energy is of sustained load only");
	else if (!within_profile(w, index))
		snprintf(why, 256, "profile %s weighs %d cases at most", plan->profile->name, plan->profile->most_weighed);
	else if (!w->sampling)
		snprintf(why, 256, "%s", w->why);
	else if (choose(w, dev) == 0)
		snprintf(why, 256, "%s", own_reason(w, dev));
	if (why[0])
		return false;
	plan_windows(w);
	wm_topology_spare(plan->topo, dev->cpuset, w->cpus, sizeof(w->cpus));
	if (wm_sampling_start(w->sampling, w->cpus) != WM_OK) {
		give_up(w);
		snprintf(why, 256, "%s", w->why);
		return false;
	}
	*plan_p = w->windows;
	return true;
}

void wm_weigher_loading(struct wm_weigher *w, double began_s, double length_s) {
	double looks[WM_WINDOW_LOOKS * MAX_WINDOWS];

	w->windows.length_s = length_s;
	wm_window_looks(&w->windows, began_s, looks);
	if (w->sampling && wm_sampling_edges(w->sampling, looks, WM_WINDOW_LOOKS * w->windows.windows) != WM_OK)
		give_up(w);
}

/* ---- one class of one case -------------------------------------------------------------------------------------- */

static json_t *window_json(const struct wm_source *source, const struct wm_window *x) {
	json_t *o = json_object();

	wm_set_text(o, "source", source->id);
	wm_set_number(o, "from_s", x->from_s);
	wm_set_number(o, "to_s", x->to_s);
	wm_set_number(o, "joules", x->joules);
	wm_set_number(o, "operations", x->operations);
	wm_set_number(o, "bound", x->bound);
	wm_set_number(o, "busy", x->busy);
	wm_set_count(o, "refreshes", (uint64_t)x->refreshes);
	wm_set_text(o, "why", x->why);
	return o;
}

/* What the windows of one class add up to. */
struct sum {
	double joules_per_op, watts, seconds_per_op;
	bool throttled, would_say;
	int good;      /* windows of which all sources are numbers */
	char why[160]; /* of the first that is none */
};

/*
 * Sum of joules over sum of operations. The windows of two sources begin and end at ticks of their own, so each gives
 * its joules per operation, and these are added.
 */
static struct sum add_up(struct wm_window windows[][MAX_WINDOWS], int sources, int n) {
	struct sum s = {.good = 0};
	bool good[MAX_WINDOWS];

	for (int k = 0; k < n; k++) {
		good[k] = true;
		for (int i = 0; i < sources; i++) {
			if (windows[i][k].why[0] && !s.why[0])
				snprintf(s.why, sizeof(s.why), "%s", windows[i][k].why);
			good[k] &= !windows[i][k].why[0];
		}
		s.good += good[k];
	}
	for (int i = 0; i < sources; i++) {
		double joules = 0, operations = 0, seconds = 0;

		for (int k = 0; k < n; k++) {
			if (!good[k])
				continue;
			joules += windows[i][k].joules;
			operations += windows[i][k].operations;
			seconds += windows[i][k].to_s - windows[i][k].from_s;
			s.throttled |= windows[i][k].throttled;
			s.would_say |= windows[i][k].would_say;
		}
		s.joules_per_op += joules / operations;
		s.watts += joules / seconds;
		s.seconds_per_op += seconds / operations / sources;
	}
	return s;
}

static void set_work_per_joule(json_t *o, const struct wm_problem *p, double joules_per_op) {
	struct wm_work work;

	p->bench->work(p, &work);
	wm_set_number(o, "flop_per_j", work.flop > 0 ? work.flop / joules_per_op : NAN);
	wm_set_number(o, "bytes_per_j", work.bytes > 0 ? work.bytes / joules_per_op : NAN);
	wm_set_number(o, "bus_bytes_per_j", work.wire_bytes > 0 ? work.wire_bytes / joules_per_op : NAN);
}

/* Accuracy of a sum of equals is theirs; of unequal or unknown ones, unknown. */
static double gain_of(const struct wm_weigher *w, const struct choice *c) {
	double gain = wm_sampling_source(w->sampling, c->source[0])->gain_rel;

	for (int i = 1; i < c->n; i++)
		if (!(wm_sampling_source(w->sampling, c->source[i])->gain_rel == gain))
			return NAN;
	return gain;
}

/* The one window of a slow meter is all of the load between the leads. */
static struct wm_window_plan plan_of(const struct wm_weigher *w, const struct choice *c) {
	struct wm_window_plan p = w->windows;

	if (c->needs_s > w->plan->profile->window_s) {
		p.length_s *= p.windows;
		p.windows = 1;
	}
	return p;
}

static json_t *class_json(struct wm_weigher *w, const struct choice *c, const struct wm_problem *p,
                          const struct wm_load *load, bool *weighed_p) {
	struct wm_window(*windows)[MAX_WINDOWS] = wm_zalloc((size_t)c->n * sizeof(*windows));
	struct wm_window_plan plan = plan_of(w, c);
	json_t *o = json_object(), *list = json_array(), *sources = json_array();
	struct sum sum;

	for (int i = 0; i < c->n; i++) {
		const struct wm_source *source = wm_sampling_source(w->sampling, c->source[i]);

		json_array_append_new(sources, wm_json_text(source->id));
		wm_cut_windows(source, &w->ticks[c->source[i]], load, &plan, windows[i]);
		for (int k = 0; k < plan.windows; k++)
			json_array_append_new(list, window_json(source, &windows[i][k]));
	}
	sum = add_up(windows, c->n, plan.windows);
	free(windows);
	wm_set_text(o, "scope", wm_scope_word(c->scope));
	wm_set(o, "sources", sources);
	wm_set_text(o, "kind", wm_sampling_source(w->sampling, c->source[0])->kind == WM_COUNTER ? "counter" : "power");
	wm_set_number(o, "gain_rel", gain_of(w, c));
	wm_set(o, "windows", list);
	wm_set_number(o, "joules_per_op", sum.joules_per_op);
	wm_set_number(o, "watts", sum.watts);
	wm_set_number(o, "seconds_per_op", sum.seconds_per_op);
	set_work_per_joule(o, p, sum.joules_per_op);
	wm_set(o, "throttled", sum.would_say ? json_boolean(sum.throttled) : NULL);
	wm_set_text(o, "why", sum.good ? "" : sum.why);
	*weighed_p |= sum.good > 0;
	return o;
}

/* ---- the end of a case ------------------------------------------------------------------------------------------ */

static json_t *energy_json(struct wm_weigher *w, const struct wm_problem *p, const struct wm_load *load,
                           bool *weighed_p) {
	json_t *o = json_object(), *list = json_array();

	for (int k = 0; k < CLASSES; k++)
		if (w->choice[k].n > 0)
			json_array_append_new(list, class_json(w, &w->choice[k], p, load, weighed_p));
	wm_set_number(o, "length_s", w->windows.length_s);
	wm_set_number(o, "lead_s", w->windows.lead_s);
	wm_set_number(o, "load_s", load->ended_s - load->began_s);
	wm_set_count(o, "batches", load->n);
	wm_set(o, "sampler", w->cpus[0] ? json_string(w->cpus) : NULL);
	wm_set(o, "classes", list);
	return o;
}

/* The reason of the device's own class, which comes first. */
static const char *first_reason(const json_t *energy) {
	const char *why = json_string_value(json_object_get(json_array_get(json_object_get(energy, "classes"), 0), "why"));

	return why ? why : "";
}

void wm_weigher_end(struct wm_weigher *w, size_t index, const json_t *load_json, json_t *record) {
	struct wm_load load;
	bool weighed = false;
	json_t *energy;

	if (!w->sampling || wm_sampling_stop(w->sampling, w->ticks) != WM_OK) {
		if (w->sampling)
			give_up(w);
		wm_set_text(record, "not_weighed", w->why);
		return;
	}
	if (!load_json) {
		wm_set_text(record, "not_weighed", "the case did not come as far as its load");
		forget_ticks(w);
		return;
	}
	wm_load_from_json(load_json, &load);
	energy = energy_json(w, &w->plan->cases->v[index].problem, &load, &weighed);
	wm_load_free(&load);
	wm_set(record, "energy", energy);
	wm_set_text(record, "not_weighed", weighed ? "" : first_reason(energy));
	if (wm_trace_write(w->plan->bundle, w->plan->segment, w->sampling, w->ticks, json_object_get(energy, "classes")) !=
	    WM_OK)
		fprintf(stderr, "wattmark: %s\n", wm_why());
	forget_ticks(w);
}
