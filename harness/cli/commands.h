/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - the commands; each returns the exit status of the program (exits.h). */
#ifndef WM_COMMANDS_H
#define WM_COMMANDS_H

#include "core/options.h"
#include "exits.h"

int wm_cmd_run(const struct wm_option_values *options);
int wm_cmd_list(const struct wm_option_values *options);
int wm_cmd_report(const struct wm_option_values *options);
int wm_cmd_topo(const struct wm_option_values *options);
int wm_cmd_explain(const struct wm_option_values *options);
int wm_cmd_doctor(const struct wm_option_values *options);
int wm_cmd_docs(const struct wm_option_values *options);
int wm_cmd_meters(const struct wm_option_values *options);
int wm_cmd_weigh(const struct wm_option_values *options);
int wm_cmd_version(const struct wm_option_values *options);

/* Is the folder of --root one that stands for a machine? One with nothing of a machine in it would be all unknown and
 * so look well. WM_INPUT + why not. */
enum wm_status wm_check_root(const char *root);

/* "wattmark: WHY" on stderr, one line; returns WM_EXIT_USAGE for WM_INPUT, else WM_EXIT_BAD_ROW. */
int wm_complain(enum wm_status st);

#endif
