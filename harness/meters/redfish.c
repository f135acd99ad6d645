/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redfish.c - what a BMC tells by Redfish (DMTF DSP0266) over HTTPS. Two forms: the resource EnvironmentMetrics
 * (PowerWatts.Reading, EnergyJoules.Reading) and the older Power (PowerControl[].PowerConsumedWatts). The user names
 * the BMC or the resource itself; of several readings none is taken by guess. Credentials come from a file or the
 * environment, go to libcurl and nowhere else.
 */
#include "curl_api.h"
#include "setup.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define METER "redfish"
#define CREDENTIALS "WM_REDFISH_CREDENTIALS"
#define LIMIT_S 5.0        /* for one answer */
#define SEARCH_S 8.0       /* for all of find: whoever asks waits 10 s */
#define LOOKS_A_REFRESH 10 /* a BMC is not asked more often */
enum { MOST_BODY = 1 << 20, MOST_CHASSIS = 32, URL_CHARS = sizeof(((struct wm_source *)0)->where), MOST_READINGS = 16 };

static struct wm_curl_api curl;

/* A connection to one BMC, kept open between questions. */
struct session {
	void *handle;
	char *body;
	size_t used, room;
	char error[WM_CURL_ERROR_SIZE];
	bool known; /* it has credentials */
	double until_s;
	double asked_s; /* NAN: not yet */
	struct wm_reading last;
};

/* ---- the library -------------------------------------------------------------------------------------------- */

static enum wm_status load(void) {
	static const char *const libs[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", NULL};
	static const char *const names[] = {
#define X(result, name, parameters) "curl_" #name,
		WM_CURL_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(curl) == COUNT * sizeof(void (*)(void)), "wm_curl_api is an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st;
	int code;

	if (curl.global_init)
		return WM_OK;
	st = wm_load_library(libs, names, COUNT, fn, &lib);
	if (st != WM_OK)
		return st;
	memcpy(&curl, fn, sizeof(curl));
	code = curl.global_init(WM_CURL_GLOBAL_ALL);
	if (code == WM_CURL_OK)
		return WM_OK;
	wm_fail(WM_FAILED, "%s: %s", lib, curl.easy_strerror(code));
	curl.global_init = NULL;
	return WM_FAILED;
}

/* ---- credentials -------------------------------------------------------------------------------------------- */

/* The first line of a file, or the variable of the environment; freed by the caller with forget. *line_p NULL: there
 * are none. Messages leave out the file's name: some write a password in its place. */
static enum wm_status find_credentials(const struct wm_meter_entry *entry, char **line_p) {
	const char *given = getenv(CREDENTIALS);
	size_t room = 0;
	FILE *f;

	*line_p = NULL;
	if (!entry->credentials[0]) {
		*line_p = given ? strdup(given) : NULL;
		return WM_OK;
	}
	f = fopen(entry->credentials, "re");
	if (!f)
		return wm_fail(WM_FAILED, "the file of credentials: %s", strerror(errno));
	errno = 0;
	if (getline(line_p, &room, f) < 0) {
		wm_fail(WM_FAILED, "the file of credentials: %s", errno ? strerror(errno) : "it is empty");
		free(*line_p);
		*line_p = NULL;
		fclose(f);
		return WM_FAILED;
	}
	fclose(f);
	return WM_OK;
}

static void forget(char *secret) {
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static enum wm_status set_credentials(struct session *s, const struct wm_meter_entry *entry) {
	char *line, *colon;
	enum wm_status st = find_credentials(entry, &line);

	if (st != WM_OK || !line)
		return st;
	line[strcspn(line, "\r\n")] = '\0';
	colon = strchr(line, ':');
	if (!colon || colon == line)
		st = wm_fail(WM_FAILED, "the credentials are not USER:PASSWORD");
	else {
		*colon = '\0';
		curl.easy_setopt(s->handle, WM_CURL_HTTPAUTH, (long)WM_CURL_BASIC);
		curl.easy_setopt(s->handle, WM_CURL_USERNAME, line);
		curl.easy_setopt(s->handle, WM_CURL_PASSWORD, colon + 1);
		s->known = true;
		*colon = ':';
	}
	forget(line);
	return st;
}

/* ---- questions ---------------------------------------------------------------------------------------------- */

/* libcurl's WRITEFUNCTION. */
static size_t keep_body(char *bytes, size_t size, size_t count, void *data) {
	struct session *s = data;

	(void)size;
	if (s->used + count > s->room)
		return 0;
	memcpy(s->body + s->used, bytes, count);
	s->used += count;
	return count;
}

static void end_session(struct session *s) {
	if (s->handle)
		curl.easy_cleanup(s->handle);
	free(s->body);
	free(s);
}

static enum wm_status begin_session(const struct wm_meter_entry *entry, struct session **session_p) {
	struct session *s;
	enum wm_status st = load();

	if (st != WM_OK)
		return st;
	s = wm_zalloc(sizeof(*s));
	s->until_s = INFINITY;
	s->asked_s = NAN;
	s->room = MOST_BODY;
	s->body = wm_zalloc(s->room);
	s->handle = curl.easy_init();
	if (!s->handle)
		st = wm_fail(WM_FAILED, "curl_easy_init gave nothing");
	if (st == WM_OK) {
		curl.easy_setopt(s->handle, WM_CURL_NOSIGNAL, 1L); /* there are threads */
		curl.easy_setopt(s->handle, WM_CURL_PROXY, "");    /* a BMC is near, and its password is for nobody else */
		curl.easy_setopt(s->handle, WM_CURL_PROTOCOLS, (long)WM_CURL_HTTPS);
		curl.easy_setopt(s->handle, WM_CURL_REDIR_PROTOCOLS, (long)WM_CURL_HTTPS);
		/* libcurl gives credentials to the first host only */
		curl.easy_setopt(s->handle, WM_CURL_FOLLOWLOCATION, 1L);
		curl.easy_setopt(s->handle, WM_CURL_MAXREDIRS, 3L);
		curl.easy_setopt(s->handle, WM_CURL_SSL_VERIFYPEER, entry->unverified ? 0L : 1L);
		curl.easy_setopt(s->handle, WM_CURL_SSL_VERIFYHOST, entry->unverified ? 0L : 2L);
		if (entry->ca[0])
			curl.easy_setopt(s->handle, WM_CURL_CAINFO, entry->ca);
		curl.easy_setopt(s->handle, WM_CURL_ERRORBUFFER, s->error);
		curl.easy_setopt(s->handle, WM_CURL_WRITEFUNCTION, keep_body);
		curl.easy_setopt(s->handle, WM_CURL_WRITEDATA, s);
		st = set_credentials(s, entry);
	}
	if (st == WM_OK)
		*session_p = s;
	else
		end_session(s);
	return st;
}

static enum wm_status fail_transfer(const struct session *s, const char *url, int code) {
	const char *text = s->error[0] ? s->error : curl.easy_strerror(code);

	if (code == WM_CURL_WRITE_ERROR)
		return wm_fail(WM_FAILED, "%s: an answer over %zu bytes", url, s->room);
	return wm_fail(WM_FAILED, "%s: %s%s", url, text,
	               code == WM_CURL_PEER_FAILED_VERIFICATION ? " (ca = FILE names a certificate to trust)" : "");
}

static enum wm_status fail_http(const struct session *s, const char *url, long code) {
	if (code == 401 || code == 403)
		return wm_fail(WM_FAILED, "%s: the BMC %s (HTTP %ld)", url,
		               s->known ? "refuses these credentials" : "wants credentials: a file, or " CREDENTIALS, code);
	return wm_fail(code == 404 || code == 501 ? WM_SKIP : WM_FAILED, "%s: HTTP %ld", url, code);
}

/* The object at that URL (new reference). WM_SKIP: there is none, says the BMC. */
static enum wm_status get(struct session *s, const char *url, json_t **object_p) {
	double limit = fmin(LIMIT_S, s->until_s - wm_now());
	json_error_t why;
	json_t *object;
	long http = 0;
	int code;

	if (limit <= 0)
		return wm_fail(WM_FAILED, "%s: not asked: the answers before it took over %g s", url, SEARCH_S);
	s->used = 0;
	s->error[0] = '\0';
	curl.easy_setopt(s->handle, WM_CURL_URL, url);
	curl.easy_setopt(s->handle, WM_CURL_TIMEOUT_MS, (long)(1e3 * limit) + 1);
	code = curl.easy_perform(s->handle);
	if (code != WM_CURL_OK)
		return fail_transfer(s, url, code);
	curl.easy_getinfo(s->handle, WM_CURL_RESPONSE_CODE, &http);
	if (http != 200)
		return fail_http(s, url, http);
	object = json_loadb(s->body, s->used, 0, &why);
	if (!json_is_object(object)) {
		json_decref(object);
		return wm_fail(WM_FAILED, "%s: the answer is not a JSON object", url);
	}
	*object_p = object;
	return WM_OK;
}

/* ---- answers ------------------------------------------------------------------------------------------------ */

/* A number above 0; NAN: null, absent, or the 0 of a BMC that has no reading. */
static double number_of(const json_t *object, const char *key) {
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) && json_number_value(v) > 0 ? json_number_value(v) : NAN;
}

/* The number in the excerpt of a sensor: {"Reading": 344}. */
static double reading_of(const json_t *object, const char *key) {
	return number_of(json_object_get(object, key), "Reading");
}

/* The first n letters of a URL, as far as there is room. */
static void cut(char out[URL_CHARS], const char *url, size_t n) {
	n = n < URL_CHARS ? n : URL_CHARS - 1;
	memcpy(out, url, n);
	out[n] = '\0';
}

/* Element of PowerControl that a URL names behind its '#', as Redfish does; -1: none. */
static int element_of(const char *where) {
	const char *fragment = strchr(where, '#');
	int i = -1, used = 0;

	if (!fragment || sscanf(fragment, "#/PowerControl/%d%n", &i, &used) != 1 || fragment[used] || i < 0)
		return -1;
	return i;
}

/* What a resource says of itself; NAN where it does not. */
static struct wm_reading take_reading(const json_t *resource, const char *where, enum wm_source_kind kind) {
	const json_t *control = json_array_get(json_object_get(resource, "PowerControl"), (size_t)element_of(where));
	const json_t *limit = json_object_get(resource, "PowerLimitWatts");
	const char *mode = json_string_value(json_object_get(limit, "ControlMode"));
	struct wm_reading r = wm_no_reading();

	if (strchr(where, '#')) {
		r.watts = number_of(control, "PowerConsumedWatts");
		r.cap_w = number_of(json_object_get(control, "PowerLimit"), "LimitInWatts");
		return r;
	}
	r.watts = reading_of(resource, "PowerWatts");
	if (kind == WM_COUNTER)
		r.joules = reading_of(resource, "EnergyJoules");
	if (!mode || strcmp(mode, "Disabled") != 0)
		r.cap_w = number_of(limit, "SetPoint");
	return r;
}

static bool has_value(const struct wm_reading *r, enum wm_source_kind kind) {
	return !isnan(kind == WM_COUNTER ? r->joules : r->watts);
}

/* ---- the search --------------------------------------------------------------------------------------------- */

/* Readings that were found below what the user named. */
struct search {
	struct session *session;
	enum wm_source_kind kind;
	char base[URL_CHARS]; /* "https://HOST" */
	char where[MOST_READINGS][URL_CHARS];
	char word[MOST_READINGS][96];
	int n;
};

/* A link is a path below the base: credentials go to no other host. */
static bool join(const struct search *search, const json_t *link, char out[URL_CHARS]) {
	const char *path = json_string_value(json_object_get(link, "@odata.id"));

	return path && *path == '/' && (size_t)snprintf(out, URL_CHARS, "%s%s", search->base, path) < URL_CHARS;
}

static void add(struct search *search, const json_t *resource, const char *where, const char *word) {
	struct wm_reading r = take_reading(resource, where, search->kind);

	if (!has_value(&r, search->kind) || search->n == MOST_READINGS)
		return;
	snprintf(search->where[search->n], URL_CHARS, "%s", where);
	snprintf(search->word[search->n], sizeof(search->word[0]), "%s", word);
	search->n++;
}

/* The readings of one resource; url has no '#'. */
static void add_resource(struct search *search, const json_t *resource, const char *url) {
	const json_t *controls = json_object_get(resource, "PowerControl"), *control;
	char where[URL_CHARS], word[96];
	size_t i;

	add(search, resource, url,
	    search->kind == WM_COUNTER ? "EnergyJoules of EnvironmentMetrics" : "PowerWatts of EnvironmentMetrics");
	json_array_foreach(controls, i, control) {
		const char *name = json_string_value(json_object_get(control, "Name"));

		if ((size_t)snprintf(where, sizeof(where), "%s#/PowerControl/%zu", url, i) >= sizeof(where))
			continue;
		snprintf(word, sizeof(word), "PowerConsumedWatts of %.60s", name ? name : "PowerControl");
		add(search, resource, where, word);
	}
}

/*
 * A chassis has links to both forms, or one of them; the newer is taken where it has a reading. Any failure but "there
 * is none" ends the search: what could not be asked may have been the right one.
 */
static enum wm_status add_chassis(struct search *search, const json_t *chassis) {
	static const char *const forms[] = {"EnvironmentMetrics", "Power"};
	int before = search->n;

	for (int i = 0; i < 2 && search->n == before; i++) {
		json_t *resource = NULL;
		char url[URL_CHARS];
		enum wm_status st;

		if (!join(search, json_object_get(chassis, forms[i]), url))
			continue;
		st = get(search->session, url, &resource);
		if (st == WM_SKIP)
			continue;
		if (st != WM_OK)
			return st;
		add_resource(search, resource, url);
		json_decref(resource);
	}
	return WM_OK;
}

static enum wm_status add_all_chassis(struct search *search) {
	char url[URL_CHARS];
	const json_t *member;
	json_t *list;
	size_t i;
	enum wm_status st;

	snprintf(url, sizeof(url), "%.200s/redfish/v1/Chassis", search->base);
	st = get(search->session, url, &list);
	if (st != WM_OK)
		return st;
	json_array_foreach(json_object_get(list, "Members"), i, member) {
		json_t *chassis = NULL;

		if (i == MOST_CHASSIS || !join(search, member, url))
			st = wm_fail(WM_FAILED, "%s: over %d members, or one without a path", url, MOST_CHASSIS);
		if (st == WM_OK)
			st = get(search->session, url, &chassis);
		if (st != WM_OK)
			break;
		st = add_chassis(search, chassis);
		json_decref(chassis);
		if (st != WM_OK)
			break;
	}
	json_decref(list);
	return st;
}

/* The resource that the user named: a chassis, or what holds the reading. */
static enum wm_status add_named(struct search *search, const char *url) {
	json_t *resource;
	enum wm_status st = get(search->session, url, &resource);

	if (st != WM_OK)
		return st;
	add_resource(search, resource, url);
	if (search->n == 0)
		st = add_chassis(search, resource);
	json_decref(resource);
	return st;
}

/* What is looked for, as Redfish calls it. */
static const char *readings_of(enum wm_source_kind kind) {
	return kind == WM_COUNTER ? "EnergyJoules" : "PowerWatts or PowerConsumedWatts";
}

/* One reading is what is looked for: none and several are errors. */
static enum wm_status judge(const struct search *search, const char *url, struct wm_source *source) {
	char list[256] = "";
	size_t used = 0;

	if (search->n == 1) {
		snprintf(source->where, sizeof(source->where), "%s", search->where[0]);
		snprintf(source->word, sizeof(source->word), "%s", search->word[0]);
		return WM_OK;
	}
	if (search->n == 0)
		return wm_fail(WM_FAILED, "%s: no %s there that is a number above 0", url, readings_of(search->kind));
	for (int i = 0; i < search->n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", search->where[i] + strlen(search->base));
	return wm_fail(WM_FAILED, "%d readings: name one in url, behind %.60s:%s", search->n, search->base, list);
}

/* A path behind the host that is no more than where every BMC begins. */
static bool is_root(const char *path) {
	return strcmp(path, "") == 0 || strcmp(path, "/") == 0 || strcmp(path, "/redfish") == 0 ||
	       strcmp(path, "/redfish/v1") == 0 || strcmp(path, "/redfish/v1/") == 0;
}

static enum wm_status search_readings(struct search *search, const char *given, struct wm_source *source) {
	const char *host = given + strlen("https://"), *path = host + strcspn(host, "/#");
	char url[URL_CHARS];
	int element = element_of(given);
	enum wm_status st;

	if (strchr(given, '#') && element < 0)
		return wm_fail(WM_FAILED, "behind the '#' of the url stands something else than /PowerControl/NUMBER");
	cut(search->base, given, (size_t)(path - given));
	cut(url, given, strcspn(given, "#"));
	st = is_root(path) ? add_all_chassis(search) : add_named(search, url);
	if (st != WM_OK)
		return st;
	for (int i = 0; element >= 0 && i < search->n; i++)
		if (element_of(search->where[i]) == element) {
			memmove(search->where[0], search->where[i], sizeof(search->where[0]));
			memmove(search->word[0], search->word[i], sizeof(search->word[0]));
			search->n = 1;
			return judge(search, url, source);
		}
	return element < 0 ? judge(search, url, source)
	                   : wm_fail(WM_FAILED, "%s: no PowerConsumedWatts above 0 in that element", given);
}

/* ---- the meter ---------------------------------------------------------------------------------------------- */

static double search_until_s;

static enum wm_status look(const struct wm_meter_entry *entry, struct wm_source *source) {
	struct search *search;
	struct session *session;
	enum wm_status st;

	snprintf(source->where, sizeof(source->where), "%s", entry->url);
	snprintf(source->word, sizeof(source->word), "%s", readings_of(entry->kind));
	st = begin_session(entry, &session);
	if (st != WM_OK)
		return st;
	session->until_s = search_until_s;
	search = wm_zalloc(sizeof(*search));
	search->session = session;
	search->kind = entry->kind;
	st = search_readings(search, entry->url, source);
	free(search);
	end_session(session);
	return st;
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	search_until_s = wm_now() + SEARCH_S;
	return wm_meter_find_named(setup, METER, look, sources, max, n_p);
}

static enum wm_status open_bmc(const struct wm_meter_setup *setup, struct wm_source *source) {
	const struct wm_meter_entry *entry = wm_meter_entry_of(setup, source);
	struct session *session;
	enum wm_status st;

	if (!entry)
		return wm_fail(WM_FAILED, "%s is not in the file of meters any more", source->id);
	st = begin_session(entry, &session);
	if (st == WM_OK)
		source->priv = session;
	return st;
}

static enum wm_status ask(struct wm_source *source, struct wm_reading *reading_p) {
	struct session *s = source->priv;
	char url[URL_CHARS];
	struct wm_reading r;
	json_t *resource;
	enum wm_status st;

	cut(url, source->where, strcspn(source->where, "#"));
	st = get(s, url, &resource);
	if (st != WM_OK)
		return WM_FAILED;
	r = take_reading(resource, source->where, source->kind);
	json_decref(resource);
	if (!has_value(&r, source->kind))
		return wm_fail(WM_FAILED, "%s: no reading above 0 now", source->where);
	*reading_p = r;
	return WM_OK;
}

/* Looks that come sooner see the reading before. */
static enum wm_status read_bmc(struct wm_source *source, struct wm_reading *reading_p) {
	struct session *s = source->priv;
	double now = wm_now();
	enum wm_status st;

	if (!(now - s->asked_s < source->refresh_s / LOOKS_A_REFRESH)) {
		s->asked_s = NAN;
		st = ask(source, &s->last);
		if (st != WM_OK)
			return st;
		s->asked_s = now;
	}
	*reading_p = s->last;
	return WM_OK;
}

static void close_bmc(struct wm_source *source) {
	if (source->priv)
		end_session(source->priv);
	source->priv = NULL;
}

const struct wm_meter wm_meter_redfish = {
	.name = METER,
	.about = "what a BMC tells by Redfish, named in the file of meters",
	.named = true,
	.find = find,
	.open = open_bmc,
	.read = read_bmc,
	.close = close_bmc,
};
