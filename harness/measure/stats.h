/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - the few statistics of method 3. Plain functions of arrays; nothing here knows where numbers come from. */
#ifndef WM_STATS_H
#define WM_STATS_H

#include <stddef.h>

/* Sorts n doubles, ascending. */
void wm_sort(double *x, size_t n);
/* Quantile q in [0,1] of n sorted numbers, linear between neighbours (type 7). NAN for n = 0. */
double wm_quantile(const double *sorted, size_t n, double q);
/* Order-statistic interval of the median: 0-based indices of the two order statistics that hold it with at least
 * that level (David & Nagaraja, Order Statistics, 7.1). Returns the level reached, which is below level when n is
 * too small (n < 6 for 0.95): then lo = 0, hi = n - 1. n >= 1. */
double wm_median_interval(size_t n, double level, size_t *lo_p, size_t *hi_p);
/* Correlation of neighbours x[i], x[i+1]; 0 when n < 3 or x is constant. */
double wm_lag1(const double *x, size_t n);
/* Medians of consecutive blocks of b; n / b of them go to out. */
size_t wm_block_medians(const double *x, size_t n, size_t b, double *out);
/* Two-sided Student t quantile: P(|T| <= t) = level, df >= 1. */
double wm_t_quantile(double level, int df);
/* t interval of exp(mean(log x)) of n >= 2 positive numbers. */
void wm_log_interval(const double *x, size_t n, double level, double *mid_p, double *lo_p, double *hi_p);
/* How many lie beyond 5 x MAD-based sigma from the median (flagged, never dropped). */
size_t wm_outliers(const double *sorted, size_t n);

#endif
