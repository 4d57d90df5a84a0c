/*
 * The security curve: the smallest noise that lattice-estimator 27a581b (June 2026; MATZOV cost model; minimum over
 * primal uSVP, BDD and dual hybrid; uniform binary secret; unlimited samples) accepts at 128 and at 132 bits. Only
 * sigma / q matters. The dual hybrid attack binds at every point.
 *
 * log2 of sigma / q falls by about 0.025 a dimension: 40 more dimensions for every halving of the noise. GLWE of rank k
 * and degree N is held against the point of dimension k N.
 */
#include <math.h>
#include <torusnn/tfhe.h>

typedef struct curve_point {
    uint32_t dimension;
    double min_log2_sigma[2]; /* indexed by tnn_security: 132-bit row, 128-bit row */
} curve_point;

static const curve_point CURVE[] = {
    {450, {-8.59, -9.01}},    {500, {-9.83, -10.25}},   {512, {-10.11, -10.57}},   {550, {-11.06, -11.52}},
    {600, {-12.27, -12.82}},  {630, {-13.04, -13.57}},  {640, {-13.28, -13.83}},   {650, {-13.52, -14.07}},
    {687, {-14.43, -15.04}},  {700, {-14.78, -15.37}},  {720, {-15.27, -15.87}},   {750, {-16.00, -16.67}},
    {768, {-16.45, -17.12}},  {800, {-17.28, -17.94}},  {850, {-18.51, -19.21}},   {900, {-19.74, -20.52}},
    {950, {-21.02, -21.79}},  {1024, {-22.85, -23.72}}, {1280, {-29.34, -30.34}},  {1536, {-35.80, -36.99}},
    {2048, {-48.77, -50.37}}, {3072, {-74.81, -77.18}}, {4096, {-100.94, -104.0}},
};
#define POINTS (sizeof CURVE / sizeof *CURVE)

/* The line through two points, `dimension` anywhere. */
static double line(const curve_point *a, const curve_point *b, uint32_t dimension, tnn_security security) {
    double slope = (b->min_log2_sigma[security] - a->min_log2_sigma[security]) / (b->dimension - a->dimension);
    return a->min_log2_sigma[security] + slope * ((double)dimension - a->dimension);
}

/*
 * Between points i and i + 1. The true curve is nearly straight but neither convex nor concave at the precision of the
 * estimates, so the chord alone is not safe: take the largest of the chord and of both neighbouring chords extended,
 * which bounds any curve that bends one way there,
 * and never more than at the smaller dimension.
 */
static double interpolate(size_t i, uint32_t dimension, tnn_security security) {
    double noise = line(&CURVE[i], &CURVE[i + 1], dimension, security);
    if (i > 0) {
        noise = fmax(noise, line(&CURVE[i - 1], &CURVE[i], dimension, security));
    }
    if (i + 2 < POINTS) {
        noise = fmax(noise, line(&CURVE[i + 1], &CURVE[i + 2], dimension, security));
    }
    return fmin(noise, CURVE[i].min_log2_sigma[security]);
}

/* No answer below the first point: the noise needed there grows fast. Beyond the last one its noise stays enough, as
 * security grows with the dimension. */
double tnn_security_min_log2_sigma(uint32_t dimension, tnn_security security) {
    if (dimension < CURVE[0].dimension || (security != TNN_SECURITY_128_MARGIN && security != TNN_SECURITY_128)) {
        return INFINITY;
    }
    for (size_t i = 0; i < POINTS; i++) {
        if (dimension == CURVE[i].dimension) {
            return CURVE[i].min_log2_sigma[security];
        }
        if (i + 1 < POINTS && dimension < CURVE[i + 1].dimension) {
            return interpolate(i, dimension, security);
        }
    }
    return CURVE[POINTS - 1].min_log2_sigma[security];
}
