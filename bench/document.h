/* document.h: figures as JSON, and the same for people. */
#ifndef BENCH_DOCUMENT_H
#define BENCH_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cJSON.h>
#include <torusnn/tfhe.h>

#include "common/spread.h"

/** Each adds a member. On failure reports. */
bool add_number(cJSON *object, const char *name, double value);
bool add_count(cJSON *object, const char *name, size_t value);
bool add_text(cJSON *object, const char *name, const char *text);
bool add_parameters(cJSON *object, const tnn_params_literal *parameters);
bool add_spread(cJSON *object, const char *name, spread values);

/** The processor, and the instruction set of the library's kernels. */
bool add_machine(cJSON *object);

/** One transform in microseconds, how many a bootstrap makes, and their product. */
bool add_floor(cJSON *object, spread transform_us, const tnn_params_literal *parameters);

/** Member over_floor: minimum by minimum, median by median. Args: units  of the floor's that the time is compared with
 */
bool add_over_floor(cJSON *object, spread time, spread floor, double units);

/** A new object at the end of a list, NULL where memory ran out. */
cJSON *add_row(cJSON *list);

/** Prints an object on stdout as a row under its titles. */
void print_row(const char *title, const cJSON *object);

/** Prints a list of objects on stdout, a row each. The last has the members of all. */
void print_rows(const char *title, const cJSON *list);

#endif
