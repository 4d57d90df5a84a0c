/* print.h: a plan as a person wants to read it. */
#ifndef EXPLAIN_PRINT_H
#define EXPLAIN_PRINT_H

#include "common/options.h"
#include "explain/plan.h"

/** Prints the plan on stdout. */
void plan_print(const plan *made, const options *chosen);

#endif
