/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prices.h - the user's file of prices (report --prices FILE), one section for a device by its name, or for all of a
 * scope class:
 *
 *     [NVIDIA H100 80GB HBM3]
 *     purchase = 30000         ; with lifetime_years, utilisation and energy_price
 *     currency = EUR           ; the same in the whole file
 *     lifetime_years = 5
 *     utilisation = 0.7        ; part of its life in which it works
 *     energy_price = 0.25      ; a kWh, as the site pays it; multiplied by the PUE
 *
 *     [cpu]
 *     rent = 1.20              ; an hour, energy and all else in it
 *     currency = EUR
 *
 * Private to the reports.
 */
#ifndef WM_PRICES_H
#define WM_PRICES_H

#include "core/wm.h"

/* One section. NAN: not stated. */
struct wm_price {
	char name[64];
	double purchase, lifetime_years, utilisation, energy_price, rent;
	int line;
};

struct wm_prices {
	struct wm_price *v;
	size_t n;
	char currency[4]; /* ISO 4217; "" when there are only lifetimes */
	char file[256];
};

/* WM_INPUT + "FILE:LINE: .." for an unknown key (nearest named), a value out of range, a section twice, one that states
 * a part of what is needed or rent beside it, a second currency. Released by wm_prices_free. */
enum wm_status wm_prices_read(const char *file, struct wm_prices *prices_p);
void wm_prices_free(struct wm_prices *prices);

/* What is stated for energy of that class of a device of that name, or NULL: the device's own section, which says
 * nothing of the server around it, else the section of the class. With scope "" its own section or none. */
const struct wm_price *wm_prices_of(const struct wm_prices *prices, const char *device_name, const char *scope);

#endif
