/* Written by bench_core --calibrate on AMD EPYC: N, ns a transform, ns a product. */
static const calibration_point CALIBRATION[] = {
    {256, 181.0, 10.3},    {512, 252.9, 66.0},     {1024, 684.2, 93.4},
    {2048, 1343.4, 322.1}, {4096, 2266.5, 1259.3}, {8192, 9500.2, 3000.2},
};
#define KEY_SWITCH_WORD_NS 0.1547
