/* measurement.h: the figures of one shipped model. */
#ifndef RESULTS_MEASUREMENT_H
#define RESULTS_MEASUREMENT_H

#include <stdbool.h>

#include "results/options.h"

/** Whether the model's file is among those that ship. */
bool measurement_has_model(const char *name);

/** Runs a model, named without .tnn, over its test split and writes the figures to chosen->measured. On failure
 * reports. */
bool measurement_run(const char *name, const results_options *chosen);

#endif
