#include "bench/chart.h"

#include <assert.h>
#include <math.h>

/* Pixels. A panel's origin is its upper left corner. */
enum {
    COLUMNS = 2,
    PANEL_WIDTH = 500,
    PANEL_HEIGHT = 350,
    PAGE_TOP = 56,
    PAGE_MARGIN = 14,
    PLOT_LEFT = 68,
    PLOT_RIGHT = 482,
    PLOT_TOP = 76,
    PLOT_BOTTOM = 296,
    TITLE_Y = 26,
    LEGEND_Y = 46,
    LEGEND_ROW = 18,
    LEGEND_KEY = 24, /* the length of a key's line */
    LEGEND_GAP = 16, /* between entries */
    MOST_TICKS = 24,
    CLEAR_TICKS = 6, /* intervals that a linear axis has about */
};

static const double CHARACTER_WIDTH = 6.4; /* mean, of the legend's font, to the wide side */

static const char *const COLORS[] = {"#1f6fb4", "#d9622b", "#2b9348", "#7b4bb7", "#c2334d", "#8c6239",
                                     "#138d90", "#6b7280", "#e0a100", "#0b3c5d", "#d16ba5", "#5a7d2a"};
enum { COLOR_COUNT = sizeof COLORS / sizeof COLORS[0] };

static const char STYLE[] = "<style>text{font-family:'DejaVu Sans',Verdana,Helvetica,sans-serif;fill:#1f2933}"
                            ".page{font-size:18px;font-weight:bold}.title{font-size:14px;font-weight:bold}"
                            ".label{font-size:12px;fill:#3e4c59}.tick{font-size:11px;fill:#52606d}"
                            ".key{font-size:11px}.grid{stroke:#e4e7eb;stroke-width:1}"
                            ".axis{stroke:#7b8794;stroke-width:1;fill:none}</style>\n";

chart_series *chart_add_series(chart_panel *panel, const char *name, chart_style style, size_t color) {
    assert(panel->count < CHART_MOST_SERIES);
    chart_series *series = &panel->series[panel->count++];
    *series = (chart_series){.name = name, .style = style, .color = color};
    return series;
}

void chart_add_point(chart_series *series, double x, double y) {
    assert(series->count < CHART_MOST_POINTS);
    series->x[series->count] = x;
    series->y[series->count++] = y;
}

/* ------------------------------------------------------------------------------------------------- scales -- */

/* An axis with its end values and where they lie. */
typedef struct ruler {
    chart_scale scale;
    double low, high;  /* values */
    double start, end; /* pixels */
    double ticks[MOST_TICKS];
    size_t tick_count;
} ruler;

static double pixel_of(const ruler *axis, double value) {
    double share = axis->scale == CHART_LINEAR ? (value - axis->low) / (axis->high - axis->low)
                                               : log(value / axis->low) / log(axis->high / axis->low);
    return axis->start + share * (axis->end - axis->start);
}

static void add_tick(ruler *axis, double value) {
    if (axis->tick_count < MOST_TICKS && value >= axis->low * (1 - 1e-9) && value <= axis->high * (1 + 1e-9)) {
        axis->ticks[axis->tick_count++] = value;
    }
}

/* The first of 1, 2, 5, 10, 20 ... that makes at most CLEAR_TICKS steps of `length`. */
static double clear_step(double length) {
    double raw = length / CLEAR_TICKS, power = pow(10, floor(log10(raw)));
    return raw <= power ? power : raw <= 2 * power ? 2 * power : raw <= 5 * power ? 5 * power : 10 * power;
}

static void set_linear(ruler *axis, double highest) {
    double step = clear_step(highest);
    axis->low = 0;
    axis->high = ceil(highest / step - 1e-9) * step;
    for (int i = 0; i <= CLEAR_TICKS + 1; i++) {
        add_tick(axis, i * step);
    }
}

static void set_doubles(ruler *axis, double lowest, double highest) {
    int first = (int)floor(log2(lowest) + 1e-9);
    int last = (int)fmax(ceil(log2(highest) - 1e-9), first + 1);
    axis->low = exp2(first);
    axis->high = exp2(last);
    for (int exponent = first; exponent <= last; exponent++) {
        add_tick(axis, exp2(exponent));
    }
}

static void set_decades(ruler *axis, double lowest, double highest) {
    axis->low = lowest / 1.4;
    axis->high = highest * 1.4;
    int last = (int)floor(log10(axis->high));
    for (int exponent = (int)floor(log10(axis->low)); exponent <= last; exponent++) {
        double power = pow(10, exponent);
        add_tick(axis, power);
        add_tick(axis, 2 * power);
        add_tick(axis, 5 * power);
    }
}

static void extend(double *lowest, double *highest, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        *lowest = fmin(*lowest, values[i]);
        *highest = fmax(*highest, values[i]);
    }
}

static ruler make_ruler(const chart_panel *panel, const chart_axis *about, double start, double end) {
    ruler axis = {.scale = about->scale, .start = start, .end = end};
    double lowest = INFINITY, highest = 0;
    for (size_t i = 0; i < panel->count; i++) {
        const chart_series *series = &panel->series[i];
        extend(&lowest, &highest, about == &panel->x ? series->x : series->y, series->count);
    }
    switch (about->scale) {
    case CHART_LINEAR: set_linear(&axis, highest); break;
    case CHART_DOUBLES: set_doubles(&axis, lowest, highest); break;
    case CHART_DECADES: set_decades(&axis, lowest, highest); break;
    }
    return axis;
}

/* --------------------------------------------------------------------------------------------------- draw -- */

static void write_escaped(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        default: fputc(*text, out);
        }
    }
}

static void write_text(FILE *out, const char *class, const char *anchor, double x, double y, const char *text) {
    fprintf(out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, anchor, x, y);
    write_escaped(out, text);
    fputs("</text>\n", out);
}

static void write_line(FILE *out, const char *class, double x1, double y1, double x2, double y2) {
    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1, x2, y2);
}

static void draw_x_axis(FILE *out, const ruler *x, const char *label) {
    for (size_t i = 0; i < x->tick_count; i++) {
        char text[32];
        double at = pixel_of(x, x->ticks[i]);
        snprintf(text, sizeof text, "%.6g", x->ticks[i]);
        write_line(out, "grid", at, PLOT_TOP, at, PLOT_BOTTOM);
        write_text(out, "tick", "middle", at, PLOT_BOTTOM + 16, text);
    }
    write_text(out, "label", "middle", (PLOT_LEFT + PLOT_RIGHT) / 2.0, PLOT_BOTTOM + 36, label);
}

static void draw_y_axis(FILE *out, const ruler *y, const char *label) {
    for (size_t i = 0; i < y->tick_count; i++) {
        char text[32];
        double at = pixel_of(y, y->ticks[i]);
        snprintf(text, sizeof text, "%.6g", y->ticks[i]);
        write_line(out, "grid", PLOT_LEFT, at, PLOT_RIGHT, at);
        write_text(out, "tick", "end", PLOT_LEFT - 7, at + 4, text);
    }
    fprintf(out, "<g transform=\"translate(18 %.1f) rotate(-90)\">", (PLOT_TOP + PLOT_BOTTOM) / 2.0);
    write_text(out, "label", "middle", 0, 0, label);
    fputs("</g>\n", out);
}

static void draw_path(FILE *out, const chart_series *series, const ruler *x, const ruler *y) {
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"",
            COLORS[series->color % COLOR_COUNT], series->style == CHART_DASHES ? " stroke-dasharray=\"6 4\"" : "");
    for (size_t i = 0; i < series->count; i++) {
        fprintf(out, "%.1f,%.1f ", pixel_of(x, series->x[i]), pixel_of(y, series->y[i]));
    }
    fputs("\"/>\n", out);
}

static void draw_mark(FILE *out, size_t color, double x, double y) {
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\" fill=\"%s\" stroke=\"#ffffff\"/>\n", x, y,
            COLORS[color % COLOR_COUNT]);
}

static void draw_series(FILE *out, const chart_series *series, const ruler *x, const ruler *y) {
    if (series->style != CHART_MARKS) {
        draw_path(out, series, x, y);
    }
    for (size_t i = 0; i < series->count && series->style != CHART_DASHES; i++) {
        draw_mark(out, series->color, pixel_of(x, series->x[i]), pixel_of(y, series->y[i]));
    }
}

static double text_width(const char *text) {
    double characters = 0;
    for (; *text != '\0'; text++) {
        characters += ((unsigned char)*text & 0xc0) != 0x80; /* bytes that begin a character of UTF-8 */
    }
    return characters * CHARACTER_WIDTH;
}

static void draw_key(FILE *out, const chart_series *series, double x, double y) {
    if (series->style != CHART_MARKS) {
        fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x,
                y - 4, x + LEGEND_KEY, y - 4, COLORS[series->color % COLOR_COUNT],
                series->style == CHART_DASHES ? " stroke-dasharray=\"6 4\"" : "");
    }
    if (series->style != CHART_DASHES) {
        draw_mark(out, series->color, x + LEGEND_KEY / 2.0, y - 4);
    }
    write_text(out, "key", "start", x + LEGEND_KEY + 6, y, series->name);
}

/* Entries from left to right, on the next row where one would pass the plot's right edge. */
static void draw_legend(FILE *out, const chart_panel *panel) {
    double x = PLOT_LEFT, y = LEGEND_Y;
    for (size_t i = 0; i < panel->count; i++) {
        double width = LEGEND_KEY + 6 + text_width(panel->series[i].name);
        if (x > PLOT_LEFT && x + width > PLOT_RIGHT) {
            x = PLOT_LEFT;
            y += LEGEND_ROW;
        }
        draw_key(out, &panel->series[i], x, y);
        x += width + LEGEND_GAP;
    }
}

static void draw_panel(FILE *out, const chart_panel *panel) {
    ruler x = make_ruler(panel, &panel->x, PLOT_LEFT, PLOT_RIGHT);
    ruler y = make_ruler(panel, &panel->y, PLOT_BOTTOM, PLOT_TOP);
    write_text(out, "title", "start", PLOT_LEFT, TITLE_Y, panel->title);
    draw_x_axis(out, &x, panel->x.label);
    draw_y_axis(out, &y, panel->y.label);
    fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", PLOT_LEFT, PLOT_TOP, PLOT_BOTTOM, PLOT_RIGHT);
    for (size_t i = 0; i < panel->count; i++) {
        draw_series(out, &panel->series[i], &x, &y);
    }
    draw_legend(out, panel);
}

void chart_write(FILE *out, const char *title, const chart_panel *panels, size_t count) {
    size_t rows = (count + COLUMNS - 1) / COLUMNS;
    size_t width = COLUMNS * PANEL_WIDTH + 2 * PAGE_MARGIN, height = PAGE_TOP + rows * PANEL_HEIGHT + PAGE_MARGIN;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" viewBox=\"0 0 %zu %zu\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            width, height, width, height);
    fputs(STYLE, out);
    write_text(out, "page", "start", PLOT_LEFT + PAGE_MARGIN, PAGE_TOP - 20, title);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<g transform=\"translate(%zu %zu)\">\n", PAGE_MARGIN + i % COLUMNS * PANEL_WIDTH,
                PAGE_TOP + i / COLUMNS * PANEL_HEIGHT);
        draw_panel(out, &panels[i]);
        fputs("</g>\n", out);
    }
    fputs("</svg>\n", out);
}
