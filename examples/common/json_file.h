/* json_file.h: results as JSON, and the pieces that several programs report. */
#ifndef EXAMPLES_JSON_FILE_H
#define EXAMPLES_JSON_FILE_H

#include <stdbool.h>

#include <cJSON.h>
#include <torusnn/tfhe.h>

#include "common/spread.h"

/** Adds a member {min, median, p95}. False where memory ran out. */
bool json_add_spread(cJSON *object, const char *name, spread values);

/** Adds a member with the set's name and its numbers. False where memory ran out. */
bool json_add_parameters(cJSON *object, const char *name, const char *set_name, const tnn_params_literal *parameters);

/** Writes a value to a file, atomically. On failure reports. */
bool json_file_write(const char *path, const cJSON *value);

#endif
