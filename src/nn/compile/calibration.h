/* Written by bench_core --calibrate on AMD EPYC. */
/* clang-format off */
/* N, ns a transform, ns a product */
static const calibration_point FFTW_POINTS[] = {
    {256, 296.3, 43.0},
    {512, 943.5, 6.0},
    {1024, 754.7, 519.0},
    {2048, 1638.8, 1143.8},
    {4096, 5762.0, 2181.2},
    {8192, 28634.9, 0.0},
};
/* N, k, ns an external product with 1, 2 and 3 levels */
static const quad_point QUAD_POINTS[] = {
    {256, 3, {1691.5, 2886.0, 4058.6}},
    {512, 2, {3244.4, 5558.1, 8387.1}},
    {512, 3, {3410.5, 6049.8, 9228.9}},
    {1024, 2, {7329.2, 12494.3, 18730.3}},
    {1024, 3, {7752.8, 15290.3, 21301.5}},
    {2048, 2, {16591.1, 28887.7, 41317.4}},
    {2048, 3, {17080.9, 29459.4, 41618.1}},
};
#define KEY_SWITCH_WORD_NS 0.3022
