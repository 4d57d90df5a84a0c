/* report_charts.h: a report as charts. */
#ifndef BENCH_REPORT_CHARTS_H
#define BENCH_REPORT_CHARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/report_figures.h"

/** Writes an SVG document. On failure reports. */
bool report_charts_write(FILE *out, const report_figures *figures);

#endif
