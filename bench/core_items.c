#include "bench/core_items.h"

#include "bench/document.h"
#include "bench/fft_floor.h"
#include "bench/samples.h"
#include "common/clock.h"

static void run_fft_forward(core_fixture *fixture, size_t batch) {
    (void)batch;
    tnn_fft_forward(fixture->fft, fixture->points_out, fixture->points_in);
}

static void run_fft_inverse(core_fixture *fixture, size_t batch) {
    (void)batch;
    tnn_fft_inverse(fixture->fft, fixture->points_out, fixture->points_in);
}

static void run_external_product(core_fixture *fixture, size_t batch) {
    (void)batch;
    tnn_external_product(fixture->workspace, fixture->accumulators, fixture->ggsw, fixture->accumulators);
}

static void run_key_switch(core_fixture *fixture, size_t batch) {
    (void)batch;
    tnn_status status = tnn_key_switch(fixture->server, fixture->small, fixture->big);
    (void)status; /* core_item_applies has asked for the key that it needs */
}

static void run_blind_rotation(core_fixture *fixture, size_t batch) {
    tnn_blind_rotate(fixture->server, fixture->workspace, fixture->accumulators, fixture->positions, batch);
}

static void run_bootstrap(core_fixture *fixture, size_t batch) {
    tnn_bootstrap(fixture->server, fixture->workspace, fixture->big, fixture->small, fixture->tests, batch);
}

static const core_item ITEMS[] = {
    {"fft_forward", 1, 2000, false, run_fft_forward},
    {"fft_inverse", 1, 2000, false, run_fft_inverse},
    {"external_product", 1, 100, false, run_external_product},
    {"key_switch", 1, 20, false, run_key_switch},
    {"blind_rotation", 1, 1, true, run_blind_rotation},
    {"blind_rotation", 2, 1, true, run_blind_rotation},
    {"blind_rotation", 4, 1, true, run_blind_rotation},
    {"blind_rotation", 8, 1, true, run_blind_rotation},
    {"blind_rotation", 16, 1, true, run_blind_rotation},
    {"blind_rotation", 32, 1, true, run_blind_rotation},
    {"bootstrap", 1, 1, true, run_bootstrap},
    {"bootstrap", 2, 1, true, run_bootstrap},
    {"bootstrap", 4, 1, true, run_bootstrap},
    {"bootstrap", 8, 1, true, run_bootstrap},
    {"bootstrap", 16, 1, true, run_bootstrap},
    {"bootstrap", 32, 1, true, run_bootstrap},
};

const core_item *core_items_list(size_t *count) {
    *count = sizeof ITEMS / sizeof ITEMS[0];
    return ITEMS;
}

bool core_item_applies(const core_item *item, const tnn_params_literal *parameters) {
    return item->run != run_key_switch || parameters->ks_levels > 0;
}

/* What is measured of one parameter set. */
typedef struct subjects {
    core_fixture fixture;
    const core_item *items[sizeof ITEMS / sizeof ITEMS[0]];
    size_t count;
} subjects;

static bool sample_item(void *context, size_t subject, double *us) {
    subjects *timed = context;
    const core_item *item = timed->items[subject];
    double start = clock_ms();
    for (size_t i = 0; i < item->repetitions; i++) {
        item->run(&timed->fixture, item->batch);
    }
    *us = (clock_ms() - start) * 1e3 / (double)(item->repetitions * item->batch);
    return true;
}

static void choose_items(subjects *timed, const tnn_params_literal *parameters) {
    size_t count;
    const core_item *items = core_items_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (core_item_applies(&items[i], parameters)) {
            timed->items[timed->count++] = &items[i];
        }
    }
}

static bool report(cJSON *object, const subjects *timed, const samples *taken, const tnn_params_literal *parameters) {
    spread floor_us = samples_floor_us(taken);
    bool done = add_parameters(object, parameters) && add_count(object, "rounds", taken->rounds) &&
                add_floor(object, floor_us, parameters);
    cJSON *list = cJSON_AddArrayToObject(object, "items");
    for (size_t i = 0; i < timed->count && done; i++) {
        const core_item *item = timed->items[i];
        spread us = samples_spread(taken, i, 0);
        cJSON *row = add_row(list);
        done = add_text(row, "name", item->name) && add_count(row, "batch", item->batch) && add_spread(row, "us", us) &&
               (!item->has_floor || add_over_floor(row, us, floor_us, fft_floor_transforms(parameters)));
    }
    return done;
}

bool core_items_measure(cJSON *object, const tnn_params_literal *parameters, size_t rounds) {
    subjects timed = {0};
    fft_floor *floor = NULL;
    choose_items(&timed, parameters);
    samples taken = {.rounds = rounds, .subjects = timed.count, .figures = 1};
    bool done = core_fixture_create(&timed.fixture, parameters) && fft_floor_create(&floor, parameters->N, 1) &&
                samples_take(&taken, floor, sample_item, &timed) && report(object, &timed, &taken, parameters);
    samples_free(&taken);
    fft_floor_free(floor);
    core_fixture_free(&timed.fixture);
    return done;
}
