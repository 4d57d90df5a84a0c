/* Written by bench_core --calibrate on AMD EPYC, but for the key switch, which is of an earlier run. */
/* clang-format off */
/* N, ns a transform, ns a product */
static const calibration_point SINGLE_POINTS[] = {
    {256, 231.2, 7.2},
    {512, 353.3, 51.5},
    {1024, 1118.0, 26.4},
    {2048, 1237.4, 420.9},
};
/* N, k, ns an external product with 1, 2 and 3 levels */
static const quad_point QUAD_POINTS[] = {
    {256, 3, {1182.7, 1879.4, 2580.9}},
    {512, 2, {2139.6, 3393.6, 4857.9}},
    {512, 3, {2158.1, 3648.5, 5090.6}},
    {1024, 1, {2618.4, 4104.4, 5617.8}},
    {1024, 2, {4669.2, 7922.2, 11941.4}},
    {1024, 3, {4851.3, 9524.8, 12539.5}},
    {2048, 1, {5310.4, 8402.1, 11374.7}},
    {2048, 2, {9972.9, 15950.7, 23280.4}},
    {2048, 3, {10772.9, 17586.3, 22811.0}},
    {4096, 1, {12325.0, 19194.2, 24279.4}},
    {8192, 1, {25738.7, 40114.1, 53370.1}},
};
#define KEY_SWITCH_WORD_NS 0.1215
