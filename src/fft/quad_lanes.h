/*
 * How the lanes of quad_fft.h's vectors meet, before the second level and in products: groups of `slots` lanes, one
 * lane a polynomial and one group a quarter. Sizes are constants where these functions are inlined.
 */
#ifndef TNN_FFT_QUAD_LANES_H
#define TNN_FFT_QUAD_LANES_H

#include <stdint.h>

#include "vectors.h"

/* A vector of lanes of a, 0 to TNN_LANES - 1, and of b, from there on: lane i is LANE(i, size). */
#if TNN_LANES == 4
#define TNN_QUAD_CHOOSE(a, b, LANE, size)                                                                              \
    __builtin_shufflevector(a, b, LANE(0, size), LANE(1, size), LANE(2, size), LANE(3, size))
#else
#define TNN_QUAD_CHOOSE(a, b, LANE, size)                                                                              \
    __builtin_shufflevector(a, b, LANE(0, size), LANE(1, size), LANE(2, size), LANE(3, size), LANE(4, size),           \
                            LANE(5, size), LANE(6, size), LANE(7, size))
#endif

/* a below lane `first`, b from there on. */
#define TNN_QUAD_FROM(i, first) ((i) < (first) ? (i) : (i) + TNN_LANES)

TNN_INLINE tnn_vector tnn_quad_from(tnn_vector a, tnn_vector b, uint32_t first) {
    switch (first) {
#if TNN_LANES == 8
    case 6: return TNN_QUAD_CHOOSE(a, b, TNN_QUAD_FROM, 6);
    case 4: return TNN_QUAD_CHOOSE(a, b, TNN_QUAD_FROM, 4);
#endif
    default: return TNN_QUAD_CHOOSE(a, b, TNN_QUAD_FROM, 2);
    }
}

/* Lane c of each group in all of its lanes. */
#define TNN_QUAD_LANE_0(i, slots) ((i) / (slots) * (slots))
#define TNN_QUAD_LANE_1(i, slots) (TNN_QUAD_LANE_0(i, slots) + 1)
#define TNN_QUAD_LANE_2(i, slots) (TNN_QUAD_LANE_0(i, slots) + 2)
#define TNN_QUAD_LANE_3(i, slots) (TNN_QUAD_LANE_0(i, slots) + 3)

TNN_INLINE tnn_vector tnn_quad_spread(tnn_vector x, uint32_t c, uint32_t slots) {
    if (slots == 2) {
        return c == 0 ? TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_0, 2) : TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_1, 2);
    }
    switch (c) {
    case 0: return TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_0, 4);
    case 1: return TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_1, 4);
    case 2: return TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_2, 4);
    default: return TNN_QUAD_CHOOSE(x, x, TNN_QUAD_LANE_3, 4);
    }
}

/* Of vectors as rows of parts of `size` lanes: each second part of a changes places with the part of b before it. */
#define TNN_QUAD_LOWER(i, size) ((i) / (size) % 2 == 0 ? (i) : (i) - (size) + TNN_LANES)
#define TNN_QUAD_UPPER(i, size) ((i) / (size) % 2 == 0 ? (i) + (size) : (i) + TNN_LANES)

TNN_INLINE void tnn_quad_exchange(tnn_vector *a, tnn_vector *b, uint32_t size) {
    const tnn_vector x = *a;
#if TNN_LANES == 8
    if (size == 4) {
        *a = TNN_QUAD_CHOOSE(x, *b, TNN_QUAD_LOWER, 4);
        *b = TNN_QUAD_CHOOSE(x, *b, TNN_QUAD_UPPER, 4);
        return;
    }
#endif
    *a = TNN_QUAD_CHOOSE(x, *b, TNN_QUAD_LOWER, 2);
    *b = TNN_QUAD_CHOOSE(x, *b, TNN_QUAD_UPPER, 2);
    (void)size;
}

TNN_INLINE void tnn_quad_exchange_complex(tnn_complex *a, tnn_complex *b, uint32_t size) {
    tnn_quad_exchange(&a->re, &b->re, size);
    tnn_quad_exchange(&a->im, &b->im, size);
}

/* Four quarters at `TNN_LANES / slots` neighbouring points to vectors of as many quarters at a point each, in the order
 * of tnn_quad_place, and back: a transposition, its own inverse. */
TNN_INLINE void tnn_quad_transpose(tnn_complex x[4], uint32_t slots) {
    if (TNN_LANES / slots > 1) {
        tnn_quad_exchange_complex(&x[0], &x[2], TNN_LANES / 2);
        tnn_quad_exchange_complex(&x[1], &x[3], TNN_LANES / 2);
    }
    if (TNN_LANES / slots > 2) {
        tnn_quad_exchange_complex(&x[0], &x[1], TNN_LANES / 4);
        tnn_quad_exchange_complex(&x[2], &x[3], TNN_LANES / 4);
    }
}

#endif
