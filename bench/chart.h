/* chart.h: line charts as SVG, several panels on one page. */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CHART_MOST_POINTS = 24, CHART_MOST_SERIES = 12 };

typedef enum chart_scale {
    CHART_LINEAR,  /* from 0 */
    CHART_DOUBLES, /* logarithmic, a tick at each power of two */
    CHART_DECADES, /* logarithmic, ticks at 1, 2 and 5 times each power of ten */
} chart_scale;

typedef enum chart_style { CHART_LINE, CHART_MARKS, CHART_DASHES } chart_style;

typedef struct chart_axis {
    const char *label;
    chart_scale scale;
} chart_axis;

typedef struct chart_series {
    const char *name; /* in the legend */
    chart_style style;
    size_t color; /* index, any number: 0 blue, 1 orange, 2 green, 3 purple, 4 red, 5 brown, 6 teal, 7 grey */
    size_t count;
    double x[CHART_MOST_POINTS], y[CHART_MOST_POINTS]; /* above 0 on logarithmic axes */
} chart_series;

typedef struct chart_panel {
    const char *title;
    chart_axis x, y;
    size_t count;
    chart_series series[CHART_MOST_SERIES];
} chart_panel;

/** A new series of a panel that has room for it. */
chart_series *chart_add_series(chart_panel *panel, const char *name, chart_style style, size_t color);

/** A new point of a series that has room for it. */
void chart_add_point(chart_series *series, double x, double y);

/** Writes an SVG document: panels [count] from left to right, two a row; each has at least one point. */
void chart_write(FILE *out, const char *title, const chart_panel *panels, size_t count);

#endif
