#include "bench/bench_file.h"

#include "bench/fft_floor.h"
#include "common/json_file.h"

floor_ratio floor_ratio_of(spread time, spread floor, double floor_units) {
    return (floor_ratio){.best = time.min / (floor.min * floor_units),
                         .median = time.median / (floor.median * floor_units)};
}

bool bench_add_machine(cJSON *object, const processor *machine) {
    cJSON *member = cJSON_AddObjectToObject(object, "machine");
    return cJSON_AddStringToObject(member, "cpu", machine->name) != NULL &&
           cJSON_AddNumberToObject(member, "cores", machine->cores) != NULL &&
           cJSON_AddBoolToObject(member, "avx2", machine->avx2) != NULL &&
           cJSON_AddBoolToObject(member, "avx512f", machine->avx512f) != NULL;
}

bool bench_add_ratio(cJSON *object, floor_ratio ratio) {
    cJSON *member = cJSON_AddObjectToObject(object, "ratio_to_floor");
    return cJSON_AddNumberToObject(member, "best", ratio.best) != NULL &&
           cJSON_AddNumberToObject(member, "median", ratio.median) != NULL;
}

bool bench_add_floor(cJSON *object, spread transform_us, const tnn_params_literal *parameters) {
    double transforms = fft_floor_transforms(parameters);
    spread bootstrap_us = {.min = transforms * transform_us.min,
                           .median = transforms * transform_us.median,
                           .p95 = transforms * transform_us.p95};
    cJSON *member = cJSON_AddObjectToObject(object, "floor");
    return json_add_spread(member, "fft_us", transform_us) &&
           cJSON_AddNumberToObject(member, "ffts_a_bootstrap", transforms) != NULL &&
           json_add_spread(member, "bootstrap_us", bootstrap_us);
}
