/* SPDX-License-Identifier: Apache-2.0 */
/* topics_schema.c - the descriptions of results/schema.json as topics: one for each property at any depth. */
#include "topics.h"

#include <jansson.h>
#include <string.h>

enum { NAME_CHARS = 128 };

struct walk {
	struct wm_topics *topics;
	json_t *defs;
	enum wm_topic_kind kind;
};

static const char *string_of(json_t *node, const char *key) {
	const char *text = json_string_value(json_object_get(node, key));

	return text ? text : "";
}

/* The node itself, or the definition that its $ref names. */
static json_t *resolve(const struct walk *w, json_t *node) {
	static const char prefix[] = "#/$defs/";
	const char *ref = string_of(node, "$ref");

	return strncmp(ref, prefix, sizeof(prefix) - 1) == 0 ? json_object_get(w->defs, ref + sizeof(prefix) - 1) : node;
}

/* The words that a field can have, where the schema describes each. */
static void add_words(const struct walk *w, const char *field, json_t *node) {
	json_t *form;
	size_t i;

	json_array_foreach(json_object_get(node, "anyOf"), i, form) {
		const char *word = string_of(form, "const"), *text = string_of(form, "description");

		if (*word && strcmp(field, "metric") == 0)
			wm_topics_add(w->topics, WM_TOPIC_METRIC, word, "%s", text);
		else if (*word)
			wm_topics_add(w->topics, WM_TOPIC_WORD, word, "of %s: %s", field, text);
	}
}

/* The properties of node, and of what they hold; names begin with prefix. */
static void add_properties(const struct walk *w, const char *prefix, json_t *node) {
	json_t *property;
	const char *key;

	json_object_foreach(json_object_get(node, "properties"), key, property) {
		char name[NAME_CHARS];
		json_t *target = resolve(w, property), *items = json_object_get(target, "items");

		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		wm_topics_add(w->topics, w->kind, name, "%s", string_of(property, "description"));
		add_words(w, name, target);
		add_properties(w, name, items ? resolve(w, items) : target);
	}
}

enum wm_status wm_topics_add_schema(struct wm_topics *topics) {
	static const struct {
		enum wm_topic_kind kind;
		const char *def;
	} objects[] = {
		{WM_TOPIC_FILE, "bundle"}, {WM_TOPIC_FIELD, "record"}, {WM_TOPIC_MARK, "begin"}, {WM_TOPIC_MARK, "interrupted"},
		{WM_TOPIC_MARK, "resume"}, {WM_TOPIC_CASE, "case"},    {WM_TOPIC_RUN, "run"},
	};
	const char *text = wm_embedded("results/schema.json");
	json_error_t error;
	json_t *schema = text ? json_loads(text, 0, &error) : NULL;
	struct walk w = {.topics = topics, .defs = json_object_get(schema, "$defs")};

	if (!schema)
		return wm_fail(WM_FAILED, "results/schema.json: %s", text ? error.text : "not embedded");
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		w.kind = objects[i].kind;
		add_properties(&w, "", json_object_get(w.defs, objects[i].def));
	}
	json_decref(schema);
	return WM_OK;
}
