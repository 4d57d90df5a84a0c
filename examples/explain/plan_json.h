/* plan_json.h: a plan as JSON. */
#ifndef EXPLAIN_PLAN_JSON_H
#define EXPLAIN_PLAN_JSON_H

#include <stdbool.h>

#include "common/options.h"
#include "explain/plan.h"

/** Writes the plan to chosen->json_path, if there is one. On failure reports. */
bool plan_write_json(const plan *made, const options *chosen);

#endif
