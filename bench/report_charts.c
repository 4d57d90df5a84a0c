#include "bench/report_charts.h"

#include <stdlib.h>
#include <string.h>

#include "bench/chart.h"
#include "common/report.h"

enum { PANEL_COUNT = 6, BLUE = 0, ORANGE = 1, GREEN = 2, GREY = 7 };

static void add_rotation_series(chart_panel *panel, const rotation_figures *rotation, const char *item, bool best,
                                const char *name, size_t color) {
    chart_series *series = chart_add_series(panel, name, CHART_LINE, color);
    for (size_t i = 0; i < rotation->count; i++) {
        const rotation_point *point = &rotation->points[i];
        if (strcmp(point->item->name, item) == 0) {
            chart_add_point(series, (double)point->item->batch, best ? point->ratio.best : point->ratio.median);
        }
    }
}

static void plot_rotation(chart_panel *panel, const rotation_figures *rotation) {
    panel->title = "Blind rotation over the FFT floor, one thread";
    panel->x = (chart_axis){"ciphertexts in a batch", CHART_DOUBLES};
    panel->y = (chart_axis){"time / floor", CHART_LINEAR};
    add_rotation_series(panel, rotation, "blind_rotation", true, "best", BLUE);
    add_rotation_series(panel, rotation, "blind_rotation", false, "median", ORANGE);
    chart_series *goal = chart_add_series(panel, "goal from 8 on", CHART_DASHES, GREEN);
    chart_add_point(goal, 8, 1.6);
    chart_add_point(goal, 32, 1.6);
    chart_series *floor = chart_add_series(panel, "floor", CHART_DASHES, GREY);
    chart_add_point(floor, 1, 1);
    chart_add_point(floor, 32, 1);
}

static void plot_models(chart_panel *latency, chart_panel *rate, const report_figures *figures) {
    latency->title = "Latency of an image, best";
    latency->x = rate->x = (chart_axis){"threads", CHART_DOUBLES};
    latency->y = (chart_axis){"ms", CHART_DECADES};
    rate->title = "Images a second in full batches, best";
    rate->y = (chart_axis){"images a second", CHART_DECADES};
    for (size_t i = 0; i < figures->model_count; i++) {
        const report_model *model = &figures->models[i];
        chart_series *times = chart_add_series(latency, model->name, CHART_LINE, i);
        chart_series *rates = chart_add_series(rate, model->name, CHART_LINE, i);
        for (size_t j = 0; j < model->latency.count; j++) {
            const latency_setting *setting = &model->latency.settings[j];
            chart_add_point(times, (double)setting->threads, setting->image_ms.min);
            chart_add_point(rates, (double)setting->threads, setting->best_per_second);
        }
    }
}

static void plot_growth(chart_panel *panel, const growth_series *series, const char *title) {
    panel->title = title;
    panel->x = (chart_axis){growth_name(series->variable), CHART_LINEAR};
    panel->y = (chart_axis){"ms", CHART_LINEAR};
    chart_series *fit = chart_add_series(panel, "linear fit", CHART_DASHES, ORANGE);
    chart_series *measured = chart_add_series(panel, "measured, best", CHART_MARKS, BLUE);
    for (size_t i = 0; i < series->count; i++) {
        double size = (double)series->points[i].size;
        chart_add_point(fit, size, linear_fit_at(&series->fit, size));
        chart_add_point(measured, size, series->points[i].best_ms);
    }
}

bool report_charts_write(FILE *out, const report_figures *figures) {
    chart_panel *panels = calloc(PANEL_COUNT, sizeof *panels);
    if (panels == NULL) {
        return report_out_of_memory();
    }
    plot_rotation(&panels[0], &figures->rotation);
    plot_growth(&panels[1], &figures->growth[GROWTH_NEURONS], "An image, one thread: growth with neurons");
    plot_models(&panels[2], &panels[3], figures);
    plot_growth(&panels[4], &figures->growth[GROWTH_INPUTS], "An image, one thread: growth with inputs");
    plot_growth(&panels[5], &figures->growth[GROWTH_LAYERS], "An image, one thread: growth with layers of tables");
    char title[PROCESSOR_NAME_MAX + 64];
    snprintf(title, sizeof title, "torusnn on %s, %s kernels", figures->machine.name, figures->kernels);
    chart_write(out, title, panels, PANEL_COUNT);
    free(panels);
    return true;
}
