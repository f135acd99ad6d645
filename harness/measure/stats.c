/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - order statistics, serial correlation and the t interval of method 3. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void wm_sort(double *x, size_t n) {
	qsort(x, n, sizeof(*x), compare_doubles);
}

double wm_quantile(const double *sorted, size_t n, double q) {
	double at, low;

	if (n == 0)
		return NAN;
	at = q * (double)(n - 1);
	low = floor(at);
	if ((size_t)low + 1 >= n)
		return sorted[n - 1];
	return sorted[(size_t)low] + (at - low) * (sorted[(size_t)low + 1] - sorted[(size_t)low]);
}

/*
 * With X(1) <= .. <= X(n) sorted, the median lies in [X(l), X(n-l+1)] with probability 1 - 2 P(B <= l-1),
 * B ~ Binomial(n, 1/2). The widest l that keeps the level is found by adding up the binomial's terms, in logs.
 */
double wm_median_interval(size_t n, double level, size_t *lo_p, size_t *hi_p) {
	double log_term = -(double)n * log(2.0), below = 0, reached = 0;
	size_t l;

	for (l = 0; l < (n + 1) / 2; l++) {
		below += exp(log_term); /* P(B <= l) */
		if (l > 0 && 1 - 2 * below < level)
			break;
		reached = 1 - 2 * below;
		log_term += log((double)(n - l)) - log((double)(l + 1));
	}
	/* the loop ended with 0-based order statistic l - 1 as the last that keeps the level */
	*lo_p = l - 1;
	*hi_p = n - l;
	return reached > 0 ? reached : 0;
}

double wm_lag1(const double *x, size_t n) {
	double mean = 0, top = 0, bottom = 0;

	if (n < 3)
		return 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i];
	mean /= (double)n;
	for (size_t i = 0; i < n; i++) {
		bottom += (x[i] - mean) * (x[i] - mean);
		if (i + 1 < n)
			top += (x[i] - mean) * (x[i + 1] - mean);
	}
	return bottom > 0 ? top / bottom : 0;
}

size_t wm_block_medians(const double *x, size_t n, size_t b, double *out) {
	size_t blocks = n / b;
	double *part = malloc(b * sizeof(*part));

	if (!part)
		return 0;
	for (size_t i = 0; i < blocks; i++) {
		memcpy(part, x + i * b, b * sizeof(*part));
		wm_sort(part, b);
		out[i] = wm_quantile(part, b, 0.5);
	}
	free(part);
	return blocks;
}

/* P(|T| <= t) for df degrees of freedom: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3-4. */
static double t_inside(double t, int df) {
	const double pi = 3.14159265358979323846;
	double theta = atan(t / sqrt((double)df)), c = cos(theta), s = sin(theta), term, sum;

	if (df == 1)
		return 2 * theta / pi;
	if (df % 2) {
		term = c;
		sum = c;
		for (int i = 3; i <= df - 2; i += 2) {
			term *= c * c * (i - 1) / i;
			sum += term;
		}
		return 2 / pi * (theta + s * sum);
	}
	term = 1;
	sum = 1;
	for (int i = 2; i <= df - 2; i += 2) {
		term *= c * c * (i - 1) / i;
		sum += term;
	}
	return s * sum;
}

double wm_t_quantile(double level, int df) {
	double lo = 0, hi = 1;

	while (t_inside(hi, df) < level)
		hi *= 2;
	for (int i = 0; i < 80; i++) {
		double mid = (lo + hi) / 2;

		if (t_inside(mid, df) < level)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

void wm_log_interval(const double *x, size_t n, double level, double *mid_p, double *lo_p, double *hi_p) {
	double mean = 0, square = 0, half;

	for (size_t i = 0; i < n; i++)
		mean += log(x[i]);
	mean /= (double)n;
	for (size_t i = 0; i < n; i++)
		square += (log(x[i]) - mean) * (log(x[i]) - mean);
	half = wm_t_quantile(level, (int)n - 1) * sqrt(square / (double)(n - 1) / (double)n);
	*mid_p = exp(mean);
	*lo_p = exp(mean - half);
	*hi_p = exp(mean + half);
}

/* The median absolute deviation estimates sigma as 1.4826 x MAD for normal data. */
size_t wm_outliers(const double *sorted, size_t n) {
	double median = wm_quantile(sorted, n, 0.5), *away, limit;
	size_t count = 0;

	if (n < 3)
		return 0;
	away = malloc(n * sizeof(*away));
	if (!away)
		return 0;
	for (size_t i = 0; i < n; i++)
		away[i] = fabs(sorted[i] - median);
	wm_sort(away, n);
	limit = 5 * 1.4826 * wm_quantile(away, n, 0.5);
	for (size_t i = n; i-- > 0 && away[i] > limit;)
		count++;
	free(away);
	return count;
}
