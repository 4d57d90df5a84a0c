/* measurement.h: the figures of one shipped model, measured or read from its file. */
#ifndef RESULTS_MEASUREMENT_H
#define RESULTS_MEASUREMENT_H

#include <cJSON.h>
#include <stdbool.h>

#include "results/catalogue.h"
#include "results/options.h"

/** Runs a model over its test split and writes the figures to chosen->measured. On failure reports. */
bool measurement_run(const shipped_model *model, const results_options *chosen);

/**
 * What is known of a model.
 *
 * Out:   figures     as written by measurement_run; NULL where it was not measured
 *        provenance  as in its file; NULL where it is no JSON
 * Both are freed with cJSON_Delete. On failure reports.
 */
bool measurement_read(cJSON **figures, cJSON **provenance, const shipped_model *model, const results_options *chosen);

#endif
