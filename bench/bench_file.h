/* bench_file.h: what the JSON of every benchmark has in common. */
#ifndef BENCH_BENCH_FILE_H
#define BENCH_BENCH_FILE_H

#include <stdbool.h>

#include <cJSON.h>
#include <torusnn/tfhe.h>

#include "bench/processor.h"
#include "common/spread.h"

/** How a time compares with its floor, measured in the same minutes. */
typedef struct floor_ratio {
    double best;   /* of the minima */
    double median; /* of the medians */
} floor_ratio;

/** Args: floor_unit  how many of the floor's unit the time should be compared with. */
floor_ratio floor_ratio_of(spread time, spread floor, double floor_units);

/** Each adds a member; false where memory ran out. */
bool bench_add_machine(cJSON *object, const processor *machine);
bool bench_add_ratio(cJSON *object, floor_ratio ratio);

/** The floor's parts: one transform, how many a bootstrap makes, and their product. */
bool bench_add_floor(cJSON *object, spread transform_us, const tnn_params_literal *parameters);

#endif
