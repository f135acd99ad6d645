/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topics.h - every name that a user meets, and what it means: gathered from the tables that the program works by and
 * from results/schema.json, so that nothing is described twice. Private to the commands.
 */
#ifndef WM_TOPICS_H
#define WM_TOPICS_H

#include "core/wm.h"

/* X(enum suffix, what one is, heading of a list of them) */
#define WM_TOPIC_MAP(X)                                                                             \
	X(FILE, "file of a bundle", "files of a bundle")                                                \
	X(FIELD, "field of a record (records.jsonl)", "fields of a record (records.jsonl)")             \
	X(MARK, "field of a mark (records.jsonl)", "fields of marks, the other lines of records.jsonl") \
	X(CASE, "field of a case (cases.jsonl)", "fields of a case (cases.jsonl)")                      \
	X(RUN, "field of run.json", "fields of run.json")                                               \
	X(STATUS, "status", "statuses")                                                                 \
	X(METRIC, "metric", "metrics")                                                                  \
	X(WORD, "word", "other words of records and axes")                                              \
	X(BENCH, "benchmark", "benchmarks")                                                             \
	X(AXIS, "axis", "axes of benchmarks")                                                           \
	X(DTYPE, "number type", "number types")                                                         \
	X(IMPL, "implementation", "implementations")                                                    \
	X(BACKEND, "backend", "backends")                                                               \
	X(SUITE, "suite", "suites")                                                                     \
	X(PROFILE, "profile", "profiles")                                                               \
	X(REPORT, "form of report", "forms of reports")                                                 \
	X(HEAD, "column of the tables in reports", "columns of the tables in reports")                  \
	X(COLUMN, "column of csv", "columns of csv")                                                    \
	X(CHECK, "check of doctor", "checks of doctor")                                                 \
	X(VERDICT, "verdict of doctor", "verdicts of doctor")                                           \
	X(METER, "meter", "meters")                                                                     \
	X(SCOPE, "class of what joules are of", "classes of what joules are of")                        \
	X(EXIT, "exit status", "exit statuses")

enum wm_topic_kind {
#define X(id, one, many) WM_TOPIC_##id,
	WM_TOPIC_MAP(X)
#undef X
		WM_TOPIC_KINDS
};

/* One meaning of one name. */
struct wm_topic {
	enum wm_topic_kind kind;
	char *name; /* "time.median_s", "gemm.m", "ok" */
	char *text; /* one sentence, with the unit; never empty */
};

/* Owned by the caller, released by wm_topics_free. Start from {0}. */
struct wm_topics {
	struct wm_topic *v;
	size_t n, room;
};

/* Every topic. WM_FAILED when the embedded schema cannot be read, which is a broken build. */
enum wm_status wm_topics_make(struct wm_topics *topics_p);
void wm_topics_free(struct wm_topics *topics);

const char *wm_topic_one(enum wm_topic_kind kind);  /* what one is; static */
const char *wm_topic_many(enum wm_topic_kind kind); /* heading of a list; static */
/* Is the topic meant by that name: its own, or the end of it behind a dot ("median_s" of "time.median_s")? */
bool wm_topic_is(const struct wm_topic *topic, const char *name);

/* Appends a topic; name and text are copied. */
__attribute__((format(printf, 4, 5))) void wm_topics_add(struct wm_topics *topics, enum wm_topic_kind kind,
                                                         const char *name, const char *fmt, ...);
/* Appends what results/schema.json describes: files, fields, and the words that a field can have. */
enum wm_status wm_topics_add_schema(struct wm_topics *topics);

#endif
