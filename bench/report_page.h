/* report_page.h: a report as Markdown. */
#ifndef BENCH_REPORT_PAGE_H
#define BENCH_REPORT_PAGE_H

#include <stdio.h>

#include "bench/report_figures.h"

/** Writes the page. Args: chart  the name of the chart's file as seen from the page, NULL for none */
void report_page_write(FILE *out, const report_figures *figures, const char *chart);

#endif
