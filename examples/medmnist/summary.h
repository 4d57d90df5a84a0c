/* summary.h: the figures of an evaluation, for people and as JSON. */
#ifndef MEDMNIST_SUMMARY_H
#define MEDMNIST_SUMMARY_H

#include <cJSON.h>
#include <stdbool.h>

#include "common/options.h"
#include "medmnist/evaluation.h"

/** Prints the figures on stdout. */
void summary_print(const evaluation *result, const options *chosen);

/** The figures as JSON; free with cJSON_Delete. NULL where memory ran out, which is reported. */
cJSON *summary_json(const evaluation *result, const options *chosen);

/** Writes the figures to chosen->json_path, if there is one. On failure reports. */
bool summary_write_json(const evaluation *result, const options *chosen);

#endif
