#include "bench/rotation.h"

#include <stdlib.h>

#include "bench/samples.h"

static void choose_items(rotation_figures *figures) {
    size_t count;
    const core_item *items = core_items_list(&count);
    for (size_t i = 0; i < count && figures->count < ROTATION_MOST_POINTS; i++) {
        if (items[i].has_floor) {
            figures->points[figures->count++].item = &items[i];
        }
    }
}

/* samples [count][rounds], floor [rounds][count]. */
static void take_samples(const rotation_figures *figures, core_fixture *fixture, double *samples, double *floor) {
    for (size_t round = 0; round < figures->rounds; round++) {
        for (size_t i = 0; i < figures->count; i++) {
            floor[round * figures->count + i] = fft_floor_sample_us(fixture->reference);
            samples[i * figures->rounds + round] = core_item_sample_us(figures->points[i].item, fixture);
        }
    }
}

static void summarize(rotation_figures *figures, double *samples, double *floor) {
    figures->floor_us = spread_of(floor, figures->count * figures->rounds);
    for (size_t i = 0; i < figures->count; i++) {
        rotation_point *point = &figures->points[i];
        point->us = spread_of(samples + i * figures->rounds, figures->rounds);
        point->ratio = floor_ratio_of(point->us, figures->floor_us, fft_floor_transforms(&figures->parameters));
    }
}

bool rotation_measure(rotation_figures *figures, const tnn_params_literal *parameters, size_t rounds) {
    *figures = (rotation_figures){.parameters = *parameters, .rounds = rounds};
    choose_items(figures);
    core_fixture fixture = {0};
    double *samples = NULL, *floor = NULL;
    bool done = samples_allocate(&samples, figures->count * rounds) &&
                samples_allocate(&floor, figures->count * rounds) && core_fixture_create(&fixture, parameters);
    if (done) {
        take_samples(figures, &fixture, samples, floor);
        summarize(figures, samples, floor);
    }
    core_fixture_free(&fixture);
    free(samples);
    free(floor);
    return done;
}
