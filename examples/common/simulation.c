#include "common/simulation.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/progress_bar.h"
#include "common/report.h"

bool predict_images(double *logits, const tnn_model *model, const uint8_t *images, size_t pixels, size_t count) {
    tnn_model_info info;
    tnn_model_describe(model, &info);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        done = status_ok(tnn_model_predict(model, logits + i * info.outputs, images + i * pixels, pixels),
                         "the clear reference");
    }
    return done;
}

/* No two evaluations share a seed. */
static bool simulate_run(double *logits, const tnn_circuit *circuit, const labelled_images *data, size_t run) {
    bool done = true;
    for (size_t i = 0; i < data->count && done; i++) {
        done = status_ok(tnn_simulate(circuit, logits + i * data->outputs, data->images + i * data->pixels,
                                      data->pixels, run * data->count + i),
                         "simulation");
    }
    return done;
}

static bool add_run(metrics_quality *sum, const double *logits, const labelled_images *data) {
    metrics_quality run;
    bool done = metrics_quality_of(&run, logits, data->clear, data->outputs, data->labels, data->count);
    if (done) {
        metrics_quality_add(sum, &run);
    }
    return done;
}

bool simulate_images(simulation *result, const tnn_circuit *circuit, const labelled_images *data, size_t runs) {
    double *logits = calloc(data->count, data->outputs * sizeof *logits);
    if (logits == NULL) {
        return report_out_of_memory();
    }
    bool done = true;
    metrics_quality sum = {0};
    double simulated_ms = 0.0;
    progress_bar bar = progress_bar_start("simulated runs", runs);
    for (size_t run = 0; run < runs && done; run++) {
        double start = clock_ms();
        done = simulate_run(logits, circuit, data, run);
        simulated_ms += clock_ms() - start;
        done = done && add_run(&sum, logits, data);
        progress_bar_update(&bar, run + 1);
    }
    progress_bar_finish(&bar);
    free(logits);
    *result = (simulation){.runs = runs,
                           .quality = metrics_quality_mean(&sum, runs),
                           .images_per_second = 1e3 * (double)(runs * data->count) / simulated_ms};
    return done;
}
