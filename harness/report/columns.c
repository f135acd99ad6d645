/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - what the columns of csv, table and md mean. tests/unit/test_explain.c holds the names against them. */
#include "columns.h"

#include <stddef.h>

/* The columns of one class of energy. */
#define ENERGY(name, word)                                                                                          \
	{name "_joules_per_op", "energy [" word                                                                         \
	                        "] of one operation, in joules: all windows of all replicates that are "                \
	                        "numbers, sum over sum; gross"},                                                        \
		{name "_joules_per_op_lo", "lower end of its interval between replicates [" word "], in joules"},           \
		{name "_joules_per_op_hi", "upper end of its interval between replicates [" word "], in joules"},           \
		{name "_watts", "power [" word "] under that load, in watts"},                                              \
		{name "_work_per_j", "work per joule [" word "], gross: flop, bytes or bytes on the wire, as metric says"}, \
		{name "_gain_rel", "accuracy of the meters [" word "], 95%, relative; not in the interval; NA: unknown"},   \
		{name "_idle_watts", "power of the same meters [" word "] at rest, in watts: mean of the ends of the run"}, \
		{name "_net_work_per_j", "work per joule [" word "] less what is drawn at rest; never ranked"}, {           \
		name "_energy_note", "why there are no joules [" word                                                       \
							 "], or what they must be read with: smoke, "                                           \
							 "throttled or not known to be"                                                         \
	}

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
	{"metric", "what the row is read by: flop/s, B/s or B/s bus"},
	{"ranks", "number of ranks of a collective"},
	{"bus_bytes_per_s", "bytes on the wire of a collective over median_s, in bytes/s; NA where latency is timed"},
	{"skew_s",
     "time between the first and the last rank to be done, median of the replicates, in seconds per operation"},
	{"ceiling_bound", "which side of the roofline the ceiling is: arithmetic or memory"},
	{"peak", "the datasheet figure of the device for this metric and data type, dense, in the unit of metric"},
	{"of_peak", "the value as a share of peak; 1 is all of it"},
	{"peak_why", "why there is no peak"},
	{"peak_source", "which figure the peak is, at which clock it holds, who gives it, when that was read"},
	{"peak_note", "above the datasheet's clock or bandwidth, or impossible at any clock that can be set"},
	{"not_weighed", "why no class has joules; empty: one has"},
	ENERGY("accelerator", "accelerator"),
	ENERGY("superchip", "superchip"),
	ENERGY("cpu", "cpu"),
	ENERGY("cpu_dram", "cpu+dram"),
	ENERGY("server", "host (GPUs excluded)"),
	ENERGY("node", "node"),
	ENERGY("wall", "wall"),
	{NULL, NULL},
};

const struct wm_column wm_table_columns[] = {
	{"problem", "the axes of the problem; those that are the same in a whole table stand above it"},
	{"device", "id of the device; its name stands at the head of the report"},
	{"implementation", "name of the implementation, and what kind of code it is"},
	{"status", "the worst status of the case's replicates"},
	{"ranks", "number of ranks of a collective"},
	{"value", "what the row is read by: its metric, made of the median of the replicates' medians"},
	{"time", "median of the medians of the replicates, per operation"},
	{"skew", "collectives: time between the first and the last rank to be done, per operation"},
	{"interval",
     "half the interval of the time, relative to it, and what it is of: between replicates, or within run, "
     "which compares nothing"},
	{"of ceiling", "the value as a percentage of the most that this row could reach, as the same run measured it"},
	{"bound by", "which side of the roofline that is: arithmetic or memory; (only): the other side was not measured"},
	{"of peak", "the value as a percentage of the device's datasheet figure for this data type, dense"},
	{"work/J",
     "work per joule, gross, in a column for each scope class, as in GFLOP/J [cpu]; \u00b1 is its repeatability, half "
     "the "
     "interval between replicates of joules per operation; smoke and throttled are never compared or published"},
	{"net work/J", "work per joule less what the same meters show at rest; beside the gross figure, never ranked"},
	{"accuracy", "of the meter, 95%, relative; no part of \u00b1, because repeating does not show it"},
	{"watts", "mean power over the windows"},
	{"kWh",
     "E of the Software Carbon Intensity (ISO/IEC 21031:2024): measured energy times PUE, for R = 1 PFLOP or 1 TB; "
     "with "
     "--country or --grid-intensity"},
	{"gCO2e",
     "Software Carbon Intensity (ISO/IEC 21031:2024), (E x I + M) per R: grams for 1 PFLOP, 1 TB or 1 TB on the wire; "
     "M "
     "only where each row of the class has it; the inputs stand below the table"},
	{"embodied", "M of it: the device's embodied carbon, for the part of its stated life that R takes"},
	{"gCO2e/h", "the same for one hour at this load"},
	{"cost", "money for 1 PFLOP or 1 TB: purchase over life and use, and measured energy times PUE; with --prices"},
	{"cost/h", "the same for one hour at this load"},
	{"rent", "money for 1 PFLOP or 1 TB by rent and median time; energy is in the rent, so there is no scope class"},
	{"rent_inputs", "csv only: what rent is made of, with its currency, or why there is none"},
	{"inputs", "csv: all that the figures of carbon and money are made of; other formats say it below a table"},
	{"why",
     "why the row is not ok, or what a good row must be read with: not verified, launch-bound, unsettled, windows that "
     "gave no joules"},
	{NULL, NULL},
};
