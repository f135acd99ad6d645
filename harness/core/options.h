/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the one option table: the parser, the keys of job files and --help read it. */
#ifndef WM_OPTIONS_H
#define WM_OPTIONS_H

#include "wm.h"

/* Commands, as bits, so that an option can belong to several. */
enum wm_command {
	WM_CMD_RUN = 1,
	WM_CMD_LIST = 2,
	WM_CMD_REPORT = 4,
	WM_CMD_VERSION = 8,
	WM_CMD_TOPO = 16,
	WM_CMD_EXPLAIN = 32,
	WM_CMD_DOCTOR = 64,
	WM_CMD_DOCS = 128,
	WM_CMD_METERS = 256,
	WM_CMD_WEIGH = 512
};

enum wm_option_type { WM_OPT_FLAG, WM_OPT_TEXT, WM_OPT_LIST, WM_OPT_COUNT, WM_OPT_SECONDS, WM_OPT_NUMBER, WM_OPT_WORD };

/* Indices into wm_option_values.v: one per row of the table, in its order. */
enum wm_option_id {
	WM_OPT_DEVICE,
	WM_OPT_IMPL,
	WM_OPT_OUT,
	WM_OPT_RESUME,
	WM_OPT_TIME_BUDGET,
	WM_OPT_SEED,
	WM_OPT_PROFILE,
	WM_OPT_REPLICATES,
	WM_OPT_DEADLINE,
	WM_OPT_DRY_RUN,
	WM_OPT_TOPOLOGY,
	WM_OPT_METERS,
	WM_OPT_WEIGH,
	WM_OPT_PROBE,
	WM_OPT_WORK,
	WM_OPT_WORK_LINE,
	WM_OPT_QUIET,
	WM_OPT_FORMAT,
	WM_OPT_COUNTRY,
	WM_OPT_INTENSITY,
	WM_OPT_PUE,
	WM_OPT_PRICES,
	WM_OPT_SVG,
	WM_OPT_JSON,
	WM_OPT_ROOT,
	WM_OPT_HELP,
	WM_OPTIONS
};

struct wm_option {
	enum wm_option_id id;
	unsigned commands; /* WM_CMD_* bits */
	const char *key;   /* "time-budget": --time-budget and the job-file key */
	char letter;       /* short form, or 0 */
	enum wm_option_type type;
	const char *metavar;        /* "SECONDS" */
	const char *def;            /* default as text, or NULL */
	const char *(*word)(int i); /* WM_OPT_WORD: the allowed word i, static; NULL behind the last */
	double min, max;            /* numbers */
	bool job_key;               /* may stand in a job file */
	const char *help;           /* one sentence */
};
extern const struct wm_option wm_options[WM_OPTIONS];

struct wm_command_row {
	enum wm_command bit;
	const char *name, *operands, *about;
};
extern const struct wm_command_row wm_commands[]; /* ends with {0} */

/* Parsed values: text of each option (NULL: absent and no default; lists joined by '/'), and the operands. */
struct wm_option_values {
	const struct wm_command_row *command;
	char *v[WM_OPTIONS];
	bool given[WM_OPTIONS];
	char **operands; /* into argv */
	int n;
};
/* argv[1] is the command. WM_INPUT + one exact line (unknown command or option with the nearest, a value missing,
 * malformed or out of range). Released by wm_options_free. */
enum wm_status wm_options_parse(int argc, char **argv, struct wm_option_values *values_p);
void wm_options_free(struct wm_option_values *values);
/* Checks one value against its row, as job files need it. WM_INPUT + reason. */
enum wm_status wm_option_check(const struct wm_option *row, const char *value);
double wm_option_number(const struct wm_option_values *values, enum wm_option_id id);  /* NAN if absent */
uint64_t wm_option_count(const struct wm_option_values *values, enum wm_option_id id); /* 0 if absent */
/* Help of one command, or of the program when command is NULL: made from the tables. */
void wm_options_help(FILE *out, const struct wm_command_row *command);

#endif
