/* report_json.h: a report as JSON. */
#ifndef BENCH_REPORT_JSON_H
#define BENCH_REPORT_JSON_H

#include <stdbool.h>

#include "bench/report_figures.h"

/** Writes the figures to a file. On failure reports. */
bool report_json_write(const char *path, const report_figures *figures);

#endif
