/* Written by bench_core --calibrate on AMD EPYC: N, ns a transform, ns a product. */
static const calibration_point FFTW_POINTS[] = {
    {256, 181.0, 10.3},
    {512, 252.9, 66.0},
};
static const calibration_point QUAD_POINTS[] = {
    {512, 252.9, 66.0},
};
#define KEY_SWITCH_WORD_NS 0.1547
