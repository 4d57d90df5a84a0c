#include "common/fill.h"

#include <stdlib.h>

#include "common/report.h"
#include "common/spread.h"

typedef double figure(const tnn_neuron_info *neuron);

static double width_of(const tnn_neuron_info *neuron) {
    return neuron->width_share;
}

static double norm_of(const tnn_neuron_info *neuron) {
    return neuron->norm_share;
}

/* The first neuron with a bootstrap that has this figure. */
static size_t neuron_with(double value, const tnn_neuron_info *neurons, size_t count, figure *of) {
    size_t j = 0;
    while (j + 1 < count && !(neurons[j].bootstrapped && of(&neurons[j]) == value)) {
        j++;
    }
    return j;
}

/* samples [count] is scratch. */
static fill_spread spread_of_figure(double *samples, const tnn_neuron_info *neurons, size_t count, figure *of,
                                    bool large_is_worst) {
    size_t live = 0;
    for (size_t j = 0; j < count; j++) {
        if (neurons[j].bootstrapped) {
            samples[live++] = of(&neurons[j]);
        }
    }
    const spread found = spread_of(samples, live); /* which sorts them */
    const double max = samples[live - 1];
    return (fill_spread){.min = found.min,
                         .median = found.median,
                         .max = max,
                         .worst = neuron_with(large_is_worst ? max : found.min, neurons, count, of)};
}

static uint64_t count_live(const tnn_neuron_info *neurons, size_t count) {
    uint64_t live = 0;
    for (size_t j = 0; j < count; j++) {
        live += neurons[j].bootstrapped;
    }
    return live;
}

bool layer_fill_of(layer_fill *fill, const tnn_neuron_info *neurons, size_t count) {
    *fill = (layer_fill){.neurons = count_live(neurons, count)};
    if (fill->neurons == 0) {
        return true;
    }
    double *samples = calloc(count, sizeof *samples);
    if (samples == NULL) {
        return report_out_of_memory();
    }
    fill->widths = spread_of_figure(samples, neurons, count, width_of, false);
    fill->norms = spread_of_figure(samples, neurons, count, norm_of, true);
    free(samples);
    return true;
}
