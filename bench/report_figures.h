/* report_figures.h: all that a report says. */
#ifndef BENCH_REPORT_FIGURES_H
#define BENCH_REPORT_FIGURES_H

#include "bench/footprint.h"
#include "bench/growth.h"
#include "bench/latency.h"
#include "bench/processor.h"
#include "bench/rotation.h"

enum {
    REPORT_MOST_MODELS = 12, /* as many as a chart has series */
    REPORT_NAME_MAX = 64,
};

typedef struct report_model {
    char name[REPORT_NAME_MAX];
    bool exact; /* compiled for exact lookups */
    latency_figures latency;
} report_model;

typedef struct report_figures {
    processor machine;
    const char *kernels; /* the instruction set of the kernels in use */
    bool quick;
    rotation_figures rotation;
    size_t model_count;
    report_model models[REPORT_MOST_MODELS]; /* the fast net first, the synthetic 784-392-2 net last */
    latency_figures scaling;                 /* a synthetic net of 16 neurons */
    growth_series growth[GROWTH_VARIABLES];
    footprint_figures footprint; /* of the fast net */
} report_figures;

#endif
