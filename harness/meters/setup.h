/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - the user's file of meters (--meters FILE): what cannot be found by looking, one section a source.
 *
 *     [rack-pdu]
 *     meter = command          ; command, csv, redfish, dcmi
 *     scope = wall             ; a word of WM_SCOPE_MAP
 *     run = /usr/local/bin/pdu-watts --outlet 7
 *     refresh = 1              ; seconds
 *     lag = 1                  ; seconds
 *     gain = 0.01              ; accuracy, 95%, relative; left out: unknown
 *
 * A section's name has ASCII letters, digits, '.', '_' and '-' alone: it becomes a part of ids and of the header of
 * power.csv. Of run only the program's name goes into records and listings (wm_source.where), for an argument may be a
 * password; open takes the whole from the file of meters. A password among arguments is still seen by whoever can list
 * the machine's processes.
 *
 * Private to harness/meters and harness/run.
 */
#ifndef WM_SETUP_H
#define WM_SETUP_H

#include "core/wm.h"

enum { WM_MAX_METER_ENTRIES = 64 };

/* One section. "" and NAN: not said. */
struct wm_meter_entry {
	char name[64];
	char meter[16];
	enum wm_scope scope;      /* WM_SCOPES: not said */
	enum wm_source_kind kind; /* command, redfish: what it shows; power where not said */
	char run[200];            /* command: program and arguments, split at blanks, no shell */
	char file[200];           /* csv: a logger's file */
	char url[200];            /* redfish: https://BMC, or the resource itself */
	char credentials[200];    /* redfish: a file with one line USER:PASSWORD; "" = the environment, else none */
	char ca[200];             /* redfish: a file with the certificate to trust; "" = the system's */
	bool unverified;          /* redfish: verify = no */
	char pci[16];             /* accelerator that it weighs, "0000:41:00.0" */
	int package;              /* CPU that it weighs; -1 = none */
	double refresh_s, lag_s, quantum, range_j, limit_w, gain_rel; /* as in wm_source */
	int line;                                                     /* of its [section] */
};

/*
 * Reads that file. WM_INPUT + "FILE:LINE: .." for an unknown key or word (nearest named), a value out of range, a key
 * that its meter needs and does not have, or has no use for, a name twice or with other letters. No message holds the
 * value of url or credentials. file "": no entries. *entries_p is the caller's to free.
 */
enum wm_status wm_meter_entries(const char *file, struct wm_meter_entry **entries_p, int *n_p);

/* A source as the entry describes it, with the id "METER:NAME"; where is the meter's to fill. */
void wm_meter_entry_source(const struct wm_meter_entry *entry, struct wm_source *source_p);
/* The entry that a source was made from, or NULL. */
const struct wm_meter_entry *wm_meter_entry_of(const struct wm_meter_setup *setup, const struct wm_source *source);

/* The find of a meter that has named sources only: one per entry of that meter. look fills in what only the meter
 * knows; where it fails its reason is the source's off. WM_SKIP: there is no such entry. */
enum wm_status wm_meter_find_named(const struct wm_meter_setup *setup, const char *meter,
                                   enum wm_status (*look)(const struct wm_meter_entry *entry, struct wm_source *source),
                                   struct wm_source *sources, int max, int *n_p);

/* The number that a text is, without blanks around it; false: it is none, or not finite. Locale C. */
bool wm_meter_number(const char *text, double *value_p);
/* The age at which a reading of the source no longer tells of now: 3 refreshes (method 4) and the lag, 0.1 s at
 * least. */
double wm_meter_stale_s(const struct wm_source *source);

#endif
