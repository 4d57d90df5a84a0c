/* cards.h: model cards in Markdown. */
#ifndef RESULTS_CARDS_H
#define RESULTS_CARDS_H

#include <cJSON.h>
#include <stdio.h>

#include "results/catalogue.h"

/** Prints the head of the page. */
void cards_print_head(FILE *out);

/** Prints a model's card. Args: provenance  of its file; figures  as written by measurement_run; either may be NULL. */
void cards_print(FILE *out, const shipped_model *model, const cJSON *provenance, const cJSON *figures);

#endif
