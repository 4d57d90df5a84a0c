/* Written by bench_core --calibrate on AMD EPYC: N, ns a transform, ns a product. */
/* clang-format off */
static const calibration_point FFTW_POINTS[] = {
    {256, 283.5, 63.6},
    {512, 645.9, 97.7},
    {1024, 840.4, 533.7},
    {2048, 2900.7, 1107.0},
    {4096, 6484.2, 2733.1},
    {8192, 32456.1, 0.0},
};
static const calibration_point QUAD_POINTS[] = {
    {256, 253.8, 289.1},
    {512, 534.2, 682.2},
    {1024, 2421.0, 1217.0},
    {2048, 6976.7, 1691.4},
};
#define KEY_SWITCH_WORD_NS 0.3050
