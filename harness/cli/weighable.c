/* SPDX-License-Identifier: Apache-2.0 */
/* weighable.c - from the sources that were found to those that weigh everything, or some devices. */
#include "weighable.h"

#include "core/problem.h"
#include "measure/agreement.h"
#include "run/fields.h"
#include "run/probe.h"

#include <stdlib.h>
#include <string.h>

/* ---- everything --------------------------------------------------------------------------------------------- */

/* Can nobody say of which package or accelerator a source of that class is? Then it may be of one that another source
 * weighs too. */
static bool is_of_nothing(const struct wm_source *s) {
	return !wm_sources_same(s, s);
}

/* Is it the one that is taken of all that weigh the same? Of equals the first. */
static bool is_best(const struct wm_meters *m, int i) {
	for (int k = 0; k < m->n; k++) {
		if (k == i || !wm_sources_same(&m->sources[i], &m->sources[k]))
			continue;
		if (wm_source_better(&m->sources[k], &m->sources[i]) ||
		    (k < i && !wm_source_better(&m->sources[i], &m->sources[k])))
			return false;
	}
	return true;
}

static void refuse(struct wm_weighable *c, const struct wm_source *s, const char *why) {
	if (!c->why[0])
		snprintf(c->why, sizeof(c->why), "%s: %.160s", s->id, why);
}

/* Adds all sources of the class; false: there is none. */
static bool gather(const struct wm_meters *m, struct wm_weighable *c) {
	bool any = false;

	for (int i = 0; i < m->n; i++) {
		const struct wm_source *s = &m->sources[i];

		if (s->scope != c->scope)
			continue;
		any = true;
		if (is_of_nothing(s))
			refuse(c, s, "of which package or accelerator it is is not known");
		else if (is_best(m, i) && s->off[0])
			refuse(c, s, s->off);
		else if (is_best(m, i))
			c->index[c->n++] = i;
	}
	if (c->why[0])
		c->n = 0;
	return any;
}

int wm_weighable_all(const struct wm_meters *meters, struct wm_weighable classes[WM_SCOPES]) {
	int n = 0;

	for (int scope = 0; scope < WM_SCOPES; scope++) {
		memset(&classes[n], 0, sizeof(classes[n]));
		classes[n].scope = (enum wm_scope)scope;
		if (scope != WM_SCOPE_PART && gather(meters, &classes[n]))
			n++;
	}
	return n;
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

/* The devices that were asked for. */
struct wanted {
	const struct wm_topology *topo;
	struct wm_machine *machine; /* what the probes found; NULL: not asked yet */
	struct wm_device devs[WM_MAX_DEVICES];
	int n;
};

static void add_device(struct wanted *w, const struct wm_device *dev) {
	for (int i = 0; i < w->n; i++)
		if (strcmp(w->devs[i].id, dev->id) == 0)
			return;
	if (w->n < WM_MAX_DEVICES)
		w->devs[w->n++] = *dev;
}

static enum wm_status fail_unknown_device(const struct wm_machine *machine, const char *word) {
	const char *known[WM_MAX_DEVICES + 1];
	int n = 0;

	for (int i = 0; i < machine->n; i++)
		known[n++] = machine->devs[i].id;
	known[n++] = "all";
	return wm_fail_unknown("device", word, known, n);
}

/* wm_split's argument: the devices of one word. The host needs no driver, so no probe. */
static enum wm_status take_word(void *arg, const char *word) {
	static struct wm_machine machine;
	struct wanted *w = arg;
	struct wm_device dev;
	bool any = false;
	enum wm_status st = WM_OK;

	if (strcmp(word, "host") == 0 || strncmp(word, "host:", 5) == 0) {
		st = wm_topology_host(w->topo, word, &dev);
		if (st == WM_OK)
			add_device(w, &dev);
		return st;
	}
	if (!w->machine)
		st = wm_probe_machine(w->topo, &machine);
	if (st != WM_OK)
		return st;
	w->machine = &machine;
	for (int i = 0; i < machine.n; i++) {
		const struct wm_device *d = &machine.devs[i];

		if (strcmp(d->id, word) != 0 && strcmp(d->backend, word) != 0 && strcmp(word, "all") != 0)
			continue;
		add_device(w, d);
		any = true;
	}
	if (!any && wm_backend_find(word))
		return wm_fail(WM_INPUT, "no %s device here; see wattmark list", word);
	return any ? WM_OK : fail_unknown_device(&machine, word);
}

static void add_index(struct wm_weighable *c, int index) {
	for (int i = 0; i < c->n; i++)
		if (c->index[i] == index)
			return;
	c->index[c->n++] = index;
}

/* The sources of all devices that the class is for; false: it is for none. */
static bool gather_devices(const struct wm_meters *m, const struct wanted *w, struct wm_weighable *c) {
	bool any = false;

	for (int i = 0; i < w->n; i++) {
		int index[WM_MAX_PARTS], parts;
		char why[256];

		if (!wm_meters_apply(&w->devs[i], c->scope))
			continue;
		any = true;
		parts = wm_meters_of(m, w->topo, &w->devs[i], c->scope, index, why);
		for (int k = 0; k < parts; k++)
			add_index(c, index[k]);
		if (parts == 0 && !c->why[0])
			snprintf(c->why, sizeof(c->why), "%s", why);
	}
	if (c->why[0])
		c->n = 0;
	return any;
}

/* Has the class any source, be it one that cannot be read? Without one there is nothing to say of it. */
static bool has_source(const struct wm_meters *m, enum wm_scope scope) {
	for (int i = 0; i < m->n; i++)
		if (m->sources[i].scope == scope)
			return true;
	return false;
}

enum wm_status wm_weighable_devices(const struct wm_meters *meters, const char *list,
                                    struct wm_weighable classes[WM_SCOPES], int *n_p) {
	struct wanted *wanted = wm_zalloc(sizeof(*wanted));
	struct wm_topology *topo;
	int n = 0;
	enum wm_status st = wm_topology_open(NULL, &topo);

	if (st == WM_OK) {
		wanted->topo = topo;
		st = wm_split(list, '/', take_word, wanted);
		for (int scope = 0; scope < WM_SCOPES && st == WM_OK; scope++) {
			memset(&classes[n], 0, sizeof(classes[n]));
			classes[n].scope = (enum wm_scope)scope;
			if (has_source(meters, (enum wm_scope)scope) && gather_devices(meters, wanted, &classes[n]))
				n++;
		}
		wm_topology_close(topo);
	}
	free(wanted);
	if (st == WM_OK)
		*n_p = n;
	return st;
}

/* ---- in words ----------------------------------------------------------------------------------------------- */

void wm_weighable_nothing(const struct wm_meters *meters, const struct wm_weighable *classes, int n, char why[512]) {
	const struct wm_weighable *refused = NULL;

	why[0] = 0;
	for (int i = 0; i < n; i++) {
		if (classes[i].n > 0)
			return;
		if (!refused)
			refused = &classes[i];
	}
	if (refused)
		snprintf(why, 512, "%s", refused->why);
	else if (meters->n > 0)
		snprintf(why, 512, "%d source%s found, none of which weighs the whole of what is asked for", meters->n,
		         meters->n == 1 ? "" : "s");
	else
		snprintf(why, 512, "no meter found a source");
}

json_t *wm_weighable_json(const struct wm_meters *meters, const struct wm_weighable *classes, int n) {
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		json_t *o = json_object(), *ids = json_array();

		for (int k = 0; k < classes[i].n; k++)
			json_array_append_new(ids, wm_json_text(meters->sources[classes[i].index[k]].id));
		wm_set_text(o, "scope", wm_scope_word(classes[i].scope));
		wm_set(o, "sources", ids);
		wm_set_text(o, "why", classes[i].why);
		json_array_append_new(list, o);
	}
	return list;
}
