/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - what the columns of csv, table and md mean. tests/unit/test_explain.c holds the names against them. */
#include "columns.h"

#include <stddef.h>

const struct wm_column wm_csv_columns[] = {
	{"run", "id of the run: the name of its bundle"},
	{"case", "16 hex digits that name problem, device and implementation; equal across runs"},
	{"bench", "name of the benchmark"},
	{"problem", "canonical string with every axis; 'wattmark run PROBLEM' repeats it"},
	{"impl", "name of the implementation"},
	{"origin", "what kind of code the implementation is: reference, portable, tuned or library"},
	{"library", "library with version and kernel; empty: none"},
	{"backend", "name of the backend"},
	{"device", "id of the device in that run"},
	{"device_name", "the device as its vendor names it"},
	{"status", "the worst status of the case's replicates"},
	{"why", "the exact cause, of the first replicate that has that status"},
	{"verified", "true: the outputs of all replicates were right"},
	{"replicates", "number of records of the case"},
	{"replicates_timed", "number of those that have a time"},
	{"median_s", "median of the medians of the replicates, in seconds per operation"},
	{"median_lo_s", "lower end of its interval, in seconds per operation"},
	{"median_hi_s", "upper end of its interval, in seconds per operation"},
	{"interval", "what the interval is of: between replicates, or within run, which compares nothing"},
	{"flop_per_s", "operations on numbers over median_s, in flop/s"},
	{"bytes_per_s", "bytes of the operation over median_s, in bytes/s"},
	{"ceiling_flop_per_s", "the most that this row could reach, as the same run measured it, in flop/s"},
	{"ceiling_bytes_per_s", "the most that this row could reach, as the same run measured it, in bytes/s"},
	{"ceiling_why", "why there is no ceiling, or what is wrong with it"},
	{"steady_by", "how the load became steady; unsettled when one replicate did not"},
	{"launch_bound", "true: the device waited for launches in a replicate"},
	{NULL, NULL},
};

const struct wm_column wm_table_columns[] = {
	{"problem", "the axes of the problem; those that are the same in a whole table stand above it"},
	{"device", "id of the device; its name stands at the head of the report"},
	{"implementation", "name of the implementation, and what kind of code it is"},
	{"status", "the worst status of the case's replicates"},
	{"value", "what the row is read by: its metric, made of the median of the replicates' medians"},
	{"time", "median of the medians of the replicates, per operation"},
	{"interval",
     "half the interval of the time, relative to it, and what it is of: between replicates, or within run, "
     "which compares nothing"},
	{"of ceiling", "the value as a percentage of the most that this row could reach, as the same run measured it"},
	{"why", "why the row is not ok, or what a good row must be read with: not verified, launch-bound, unsettled"},
	{NULL, NULL},
};
