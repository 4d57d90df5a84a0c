/* Written by bench_core --calibrate on AMD EPYC. */
/* clang-format off */
/* N, ns a transform, ns a product */
static const calibration_point SINGLE_POINTS[] = {
    {256, 154.2, 12.7},
    {512, 315.5, 26.8},
    {1024, 599.9, 103.2},
    {2048, 1226.6, 277.5},
    {4096, 2567.8, 707.1},
    {8192, 10571.0, 1003.1},
};
/* N, k, ns an external product with 1, 2 and 3 levels */
static const quad_point QUAD_POINTS[] = {
    {256, 3, {1000.4, 1707.9, 2408.6}},
    {512, 2, {1825.9, 3057.6, 4411.0}},
    {512, 3, {1985.7, 3432.9, 4896.9}},
    {1024, 2, {4114.9, 6983.8, 10225.9}},
    {1024, 3, {4533.7, 8071.8, 12157.4}},
    {2048, 2, {9206.2, 14934.3, 21583.8}},
    {2048, 3, {9470.1, 17376.1, 24935.8}},
};
#define KEY_SWITCH_WORD_NS 0.1309
