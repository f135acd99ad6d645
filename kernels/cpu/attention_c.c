/* SPDX-License-Identifier: Apache-2.0 */
/* attention_c.c - the tiles of attention for any CPU: vectors of four floats as the compiler makes them. */
#include "attention_tiles.h"

#define TARGET
#define LANES 4
#define VECS 2
#define EACH_VEC(X, r) X(r, 0) X(r, 1)
#define SET(x) set_all(x)
#define FMA(a, b, c) ((a) * (b) + (c))
#define MAX(a, b) larger(a, b)
#define SUM(a) (((a)[0] + (a)[1]) + ((a)[2] + (a)[3]))
#define TOP(a) top_of(a)
#define SUM4(p, a, b, c, d) sum_4(p, a, b, c, d)
#define LOAD_F16(p) load_f16(p)
#define STORE_F16(p, a) store_f16(p, a)

typedef float four __attribute__((vector_size(16)));
typedef int32_t ifour __attribute__((vector_size(16)));

static inline four set_all(float x) {
	return (four){x, x, x, x};
}

static inline four larger(four a, four b) {
	ifour first = a > b;

	return (four)(((ifour)a & first) | ((ifour)b & ~first));
}

static inline four load_f16(const uint16_t *p) {
	return (four){wm_f16_to_f32(p[0]), wm_f16_to_f32(p[1]), wm_f16_to_f32(p[2]), wm_f16_to_f32(p[3])};
}

static inline void store_f16(uint16_t *p, four a) {
	for (int i = 0; i < LANES; i++)
		p[i] = wm_f16_from_f32(a[i]);
}

static inline float top_of(four a) {
	float most = a[0];

	for (int i = 1; i < LANES; i++)
		most = a[i] > most ? a[i] : most;
	return most;
}

static inline void sum_4(float *p, four a, four b, four c, four d) {
	p[0] = SUM(a);
	p[1] = SUM(b);
	p[2] = SUM(c);
	p[3] = SUM(d);
}

#include "attention_body.h"

const struct wm_attend *wm_attend_c(void) {
	static const struct wm_attend table = {.name = "c", .scratch = scratch, .many = many, .few = few, .join = join};

	return &table;
}
