#include "bench/samples.h"

#include <stdlib.h>

#include "common/report.h"

bool samples_allocate(double **samples, size_t count) {
    *samples = calloc(count, sizeof **samples);
    return *samples != NULL || report_out_of_memory();
}
