#include "bench/core_items.h"

#include "common/clock.h"
#include "common/report.h"

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

double core_item_sample_us(const core_item *item, core_fixture *fixture) {
    double start = clock_ms();
    for (size_t i = 0; i < item->repetitions; i++) {
        item->run(fixture, item->batch);
    }
    return (clock_ms() - start) * 1e3 / (double)(item->repetitions * item->batch);
}
