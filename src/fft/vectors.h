/*
 * TNN_LANES complex numbers side by side, one a vector lane, and one step of a Fourier transform on them: lanes never
 * meet. The file that includes this one says how many; more than a register holds become several registers.
 *
 * A level takes a residue x of m points modulo X^m - r apart into quarters x_0 to x_3 of m/4 points. Modulo
 * X^(m/4) - rho_j they are joined with X^(m/4) = rho_j = i^j rho:
 *
 *     y_j = x_0 + i^j rho x_1 + (-1)^j rho^2 x_2 + (-i)^j rho^3 x_3,        j = 0 to 3,
 *
 * which with a_q = rho^q x_q are four sums of a_0 +- a_2 and a_1 +- a_3, the latter times i where j is odd. The inverse
 * takes the same sums of the y_j, with -i for i, and divides by rho^q, which for roots on the unit circle is a product
 * with the conjugate; it leaves the 1/4 undone.
 */
#ifndef TNN_FFT_VECTORS_H
#define TNN_FFT_VECTORS_H

#define TNN_INLINE static inline __attribute__((always_inline))

typedef double tnn_vector __attribute__((vector_size(TNN_LANES * sizeof(double))));

typedef struct tnn_complex {
    tnn_vector re, im;
} tnn_complex;

TNN_INLINE tnn_vector tnn_vector_load(const double *from) {
    return *(const tnn_vector *)__builtin_assume_aligned(from, sizeof(tnn_vector));
}

TNN_INLINE void tnn_vector_store(double *to, tnn_vector value) {
    *(tnn_vector *)__builtin_assume_aligned(to, sizeof(tnn_vector)) = value;
}

TNN_INLINE tnn_vector tnn_vector_all(double x) {
    return x - (tnn_vector){0};
}

TNN_INLINE tnn_complex tnn_complex_add(tnn_complex a, tnn_complex b) {
    return (tnn_complex){a.re + b.re, a.im + b.im};
}

TNN_INLINE tnn_complex tnn_complex_subtract(tnn_complex a, tnn_complex b) {
    return (tnn_complex){a.re - b.re, a.im - b.im};
}

TNN_INLINE tnn_complex tnn_complex_multiply(tnn_complex a, tnn_complex w) {
    return (tnn_complex){a.re * w.re - a.im * w.im, a.re * w.im + a.im * w.re};
}

/* a times the conjugate of w. */
TNN_INLINE tnn_complex tnn_complex_divide(tnn_complex a, tnn_complex w) {
    return (tnn_complex){a.re * w.re + a.im * w.im, a.im * w.re - a.re * w.im};
}

/* Holds a loaded value in a register. GCC would make it an operand in memory of each of the two products, or of sum and
 * difference, that use it: twice the loads. */
TNN_INLINE tnn_vector tnn_vector_held(tnn_vector x) {
#if defined(__AVX__)
    __asm__("" : "+x"(x));
#endif
    return x;
}

/* x_j becomes y_j; w holds rho, rho^2, rho^3. i z is (-im, re): products with i are swaps. */
TNN_INLINE void tnn_complex_divide4(tnn_complex x[4], const tnn_complex w[3]) {
    const tnn_complex a1 = tnn_complex_multiply(x[1], w[0]);
    const tnn_complex a2 = tnn_complex_multiply(x[2], w[1]);
    const tnn_complex a3 = tnn_complex_multiply(x[3], w[2]);
    const tnn_complex even_sum = tnn_complex_add(x[0], a2);
    const tnn_complex even_difference = tnn_complex_subtract(x[0], a2);
    const tnn_complex odd_sum = tnn_complex_add(a1, a3);
    const tnn_complex odd_difference = tnn_complex_subtract(a1, a3);
    x[0] = tnn_complex_add(even_sum, odd_sum);
    x[1] = (tnn_complex){even_difference.re - odd_difference.im, even_difference.im + odd_difference.re};
    x[2] = tnn_complex_subtract(even_sum, odd_sum);
    x[3] = (tnn_complex){even_difference.re + odd_difference.im, even_difference.im - odd_difference.re};
}

/* The inverse of divide4, times 4: sum over j of y_j is 4 a_0, and with factors (-i)^j, (-1)^j, i^j it is 4 a_1, 4 a_2,
 * 4 a_3. */
TNN_INLINE void tnn_complex_combine4(tnn_complex y[4], const tnn_complex w[3]) {
    const tnn_complex even_sum = tnn_complex_add(y[0], y[2]);
    const tnn_complex even_difference = tnn_complex_subtract(y[0], y[2]);
    const tnn_complex odd_sum = tnn_complex_add(y[1], y[3]);
    const tnn_complex odd_difference = tnn_complex_subtract(y[1], y[3]);
    const tnn_complex a1 = {even_difference.re + odd_difference.im, even_difference.im - odd_difference.re};
    const tnn_complex a3 = {even_difference.re - odd_difference.im, even_difference.im + odd_difference.re};
    y[0] = tnn_complex_add(even_sum, odd_sum);
    y[1] = tnn_complex_divide(a1, w[0]);
    y[2] = tnn_complex_divide(tnn_complex_subtract(even_sum, odd_sum), w[1]);
    y[3] = tnn_complex_divide(a3, w[2]);
}

/* Halves in place of quarters: rho^2 = r, y = x_0 + rho x_1 and x_0 - rho x_1. */
TNN_INLINE void tnn_complex_divide2(tnn_complex x[2], tnn_complex w) {
    const tnn_complex a1 = tnn_complex_multiply(x[1], w);
    x[1] = tnn_complex_subtract(x[0], a1);
    x[0] = tnn_complex_add(x[0], a1);
}

/* The inverse of divide2, times 2. */
TNN_INLINE void tnn_complex_combine2(tnn_complex y[2], tnn_complex w) {
    const tnn_complex difference = tnn_complex_subtract(y[0], y[1]);
    y[0] = tnn_complex_add(y[0], y[1]);
    y[1] = tnn_complex_divide(difference, w);
}

#endif
