/* table.h: the measured figures of all models as a Markdown table. */
#ifndef RESULTS_TABLE_H
#define RESULTS_TABLE_H

#include <cJSON.h>
#include <stdio.h>

#include "results/catalogue.h"

/** Prints the head of the table. */
void table_print_head(FILE *out);

/** Prints a model's row; figures as written by measurement_run. */
void table_print_row(FILE *out, const shipped_model *model, const cJSON *figures);

/** Prints what the columns mean and how they were measured; figures of any model of the run. */
void table_print_foot(FILE *out, const cJSON *figures);

#endif
