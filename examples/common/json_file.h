/* json_file.h: results as JSON, and the pieces that several programs report. */
#ifndef EXAMPLES_JSON_FILE_H
#define EXAMPLES_JSON_FILE_H

#include <stdbool.h>

#include <cJSON.h>
#include <torusnn/tfhe.h>

#include "common/excursions.h"
#include "common/fill.h"
#include "common/simulation.h"
#include "common/spread.h"

/** Adds a member {min, median, p95}. False where memory ran out. */
bool json_add_spread(cJSON *object, const char *name, spread values);

/** Adds a member with the numbers of a parameter set. False where memory ran out. */
bool json_add_parameters(cJSON *object, const char *name, const tnn_params_literal *parameters);

/** Adds a member with the figures of a simulation. False where memory ran out. */
bool json_add_simulation(cJSON *object, const char *name, const simulation *simulated);

/** Adds a member with the shares of images and neurons outside their tables. False where memory ran out. */
bool json_add_excursions(cJSON *object, const char *name, const excursions *found);

/** Adds an item with what is known of a layer's neurons. False where memory ran out. */
bool json_append_fill(cJSON *list, const layer_fill *fill);

/** Reads a file. On failure reports and the value is NULL. Free with cJSON_Delete. */
bool json_file_read(cJSON **value, const char *path);

/** Writes a value to a file, atomically. On failure reports. */
bool json_file_write(const char *path, const cJSON *value);

#endif
