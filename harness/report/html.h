/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.h - the parts of the page, in the order in which they stand. Each writes one section; html.c puts them together.
 * Whatever comes from a record goes through html_text.h. Private to the reports.
 */
#ifndef WM_HTML_H
#define WM_HTML_H

#include "cells.h"
#include "html_text.h"
#include "svg.h"

/* The page stays readable whatever it is given: rows that one table shows, rows and sections of all tables together.
 * What is left out is counted where it is missed, and csv has all of it. */
enum { WM_HTML_ROWS = 300, WM_HTML_ALL_ROWS = 3000, WM_HTML_SECTIONS = 64 };
enum { WM_HTML_SHOWN = 1, WM_HTML_TABLED = 2 };

struct wm_page {
	FILE *out;
	const struct wm_rows *rows;
	unsigned char *shown; /* per row: WM_HTML_SHOWN: the page shows a figure of it, so that its record is named; and
	                       * WM_HTML_TABLED: it stands in a table of its benchmark, which its record points back to */
	size_t tabled;        /* rows in tables so far */
	int drawings;         /* so far: makes the ids of each drawing its own */
};

/* Marks the row as shown and writes "#17", a link to its record. */
void wm_page_link(struct wm_page *page, const struct wm_row *row);
/* A time, rate or share of units.h, with the sign that ASCII has not. */
void wm_page_cell(struct wm_page *page, const char *text);
/* A drawing of another program with its caption; a wide one scrolls. The frame's prefix is set here. Writes nothing
 * when the drawing cannot be read, which is WM_FAILED. */
enum wm_status wm_page_figure(struct wm_page *page, const char *svg, struct wm_svg_frame *frame, const char *caption);
/* Opens and closes the box in which a wide table scrolls; label says what the table holds. */
void wm_page_scroll(struct wm_page *page, const char *label, bool is_long);
void wm_page_scroll_end(struct wm_page *page);

/* A measured or a bad row: it stands in the tables of its benchmark. The others stand among the reasons. */
bool wm_page_tabled(const struct wm_row *row);

void wm_page_summary(struct wm_page *page);
void wm_page_machines(struct wm_page *page);
void wm_page_results(struct wm_page *page);
void wm_page_reasons(struct wm_page *page);
void wm_page_records(struct wm_page *page); /* of all rows that were shown: comes last */

/* The drawings of one kind of rows, with one legend; nothing when there are none. */
void wm_page_rooflines(struct wm_page *page);
void wm_page_sweep(struct wm_page *page, const char *bench);
void wm_page_efficiency(struct wm_page *page, const char *bench);
void wm_page_collectives(struct wm_page *page);
/* Of each weighed case the power over time, its windows shaded; nothing when there is none. */
void wm_page_power(struct wm_page *page);
/* The sources of energy of a run, what each is of, and what they show at rest. */
void wm_page_meters(struct wm_page *page, const struct wm_rows_run *run);

#endif
