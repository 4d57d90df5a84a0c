/* Written by bench_core --calibrate. */
static const calibration_point CALIBRATION[] = {
    {256, 160, 30}, {512, 300, 45}, {1024, 700, 90}, {2048, 1600, 190}, {4096, 3600, 500}, {8192, 8000, 1500},
};
#define KEY_SWITCH_WORD_NS 0.12
