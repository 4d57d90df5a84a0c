/* Written by bench_core --calibrate on AMD EPYC. */
/* clang-format off */
/* N, ns a transform, ns a product */
static const calibration_point SINGLE_POINTS[] = {
    {256, 175.3, 3.5},
    {512, 325.0, 15.4},
    {1024, 488.6, 124.1},
    {2048, 1019.6, 244.5},
    {4096, 1954.4, 828.7},
    {8192, 3269.9, 2377.7},
};
/* N, k, ns an external product with 1, 2 and 3 levels */
static const quad_point QUAD_POINTS[] = {
    {256, 3, {1118.8, 1832.6, 2542.9}},
    {512, 2, {2046.8, 3281.0, 4683.1}},
    {512, 3, {2179.2, 3633.8, 5243.5}},
    {1024, 2, {4388.6, 7287.5, 10594.9}},
    {1024, 3, {4669.3, 8070.8, 12140.6}},
    {2048, 2, {9158.1, 14812.0, 21784.1}},
    {2048, 3, {9759.4, 17838.8, 25455.9}},
};
#define KEY_SWITCH_WORD_NS 0.1215
