#include "bench/stage_profile.h"

#include <string.h>

#include "encoding.h"
#include "evaluation.h"

#include "bench/document.h"
#include "bench/samples.h"
#include "common/clock.h"
#include "common/report.h"

enum stage {
    STAGE_EXPAND,         /* masks of the encrypted image */
    STAGE_DOT,            /* weighted sums of all table layers */
    STAGE_KEY_SWITCH,     /* of deeper layers */
    STAGE_MODULUS_SWITCH, /* at the start of bootstraps */
    STAGE_BLIND_ROTATION, /* with the extraction of the results */
    STAGE_LOGITS,         /* sums of the last layer */
    STAGE_ROUND,          /* results to the bits that cross the wire */
    STAGE_REST,           /* what tnn_infer does between these, and the clocks */
    STAGE_WHOLE,          /* without clocks */
    STAGE_COUNT,
};

static const char *const NAMES[STAGE_COUNT] = {
    [STAGE_EXPAND] = "expand input",
    [STAGE_DOT] = "dot products",
    [STAGE_KEY_SWITCH] = "key switches",
    [STAGE_MODULUS_SWITCH] = "modulus switches",
    [STAGE_BLIND_ROTATION] = "blind rotations",
    [STAGE_LOGITS] = "sums of logits",
    [STAGE_ROUND] = "output rounding",
    [STAGE_REST] = "the rest",
    [STAGE_WHOLE] = "whole",
};

/* Of the image in progress. */
static struct timeline {
    bool running; /* only while one thread works */
    double last_ms;
    double marked_ms; /* by the last mark */
    double stage_ms[STAGE_COUNT];
} timeline;

/* The time since the last mark was a stage's. */
static void mark(enum stage which) {
    if (!timeline.running) {
        return;
    }
    double now_ms = clock_ms();
    timeline.marked_ms = now_ms - timeline.last_ms;
    timeline.stage_ms[which] += timeline.marked_ms;
    timeline.last_ms = now_ms;
}

/* A weighted sum of big ciphertexts, which was marked last, is not a logit's where a key switch follows. */
static void count_dot_for_table(void) {
    if (!timeline.running) {
        return;
    }
    timeline.stage_ms[STAGE_LOGITS] -= timeline.marked_ms;
    timeline.stage_ms[STAGE_DOT] += timeline.marked_ms;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */

__typeof__(tnn_packed_expand) __real_tnn_packed_expand, __wrap_tnn_packed_expand;
__typeof__(tnn_packed_dot) __real_tnn_packed_dot, __wrap_tnn_packed_dot;
__typeof__(tnn_lwe_dot) __real_tnn_lwe_dot, __wrap_tnn_lwe_dot;
__typeof__(tnn_key_switch) __real_tnn_key_switch, __wrap_tnn_key_switch;
__typeof__(tnn_modulus_switch) __real_tnn_modulus_switch, __wrap_tnn_modulus_switch;
__typeof__(tnn_bootstrap) __real_tnn_bootstrap, __wrap_tnn_bootstrap;
__typeof__(tnn_bootstrap_many) __real_tnn_bootstrap_many, __wrap_tnn_bootstrap_many;
__typeof__(tnn_evaluation_run) __real_tnn_evaluation_run, __wrap_tnn_evaluation_run;

tnn_status __wrap_tnn_packed_expand(tnn_packed_masks *masks, const tnn_packed *packed) {
    mark(STAGE_REST);
    tnn_status status = __real_tnn_packed_expand(masks, packed);
    mark(STAGE_EXPAND);
    return status;
}

void __wrap_tnn_packed_dot(const tnn_packed_masks *masks, uint32_t *lwe, const int16_t *weights) {
    mark(STAGE_REST);
    __real_tnn_packed_dot(masks, lwe, weights);
    mark(STAGE_DOT);
}

void __wrap_tnn_lwe_dot(const tnn_params *params, uint32_t *lwe, const uint32_t *inputs, const int16_t *weights,
                        size_t count) {
    mark(STAGE_REST);
    __real_tnn_lwe_dot(params, lwe, inputs, weights, count);
    mark(STAGE_LOGITS);
}

tnn_status __wrap_tnn_key_switch(const tnn_server_key *server, uint32_t *small, const uint32_t *big) {
    count_dot_for_table();
    mark(STAGE_REST);
    tnn_status status = __real_tnn_key_switch(server, small, big);
    mark(STAGE_KEY_SWITCH);
    return status;
}

void __wrap_tnn_modulus_switch(const tnn_params *params, uint32_t *positions, const uint32_t *lwe) {
    mark(STAGE_BLIND_ROTATION);
    __real_tnn_modulus_switch(params, positions, lwe);
    mark(STAGE_MODULUS_SWITCH);
}

void __wrap_tnn_bootstrap(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *big, const uint32_t *small,
                          const uint32_t *const *tests, size_t count) {
    mark(STAGE_REST);
    __real_tnn_bootstrap(server, workspace, big, small, tests, count);
    mark(STAGE_BLIND_ROTATION);
}

void __wrap_tnn_bootstrap_many(const tnn_server_key *server, tnn_workspace *workspace, uint32_t *big,
                               const uint32_t *small, const tnn_step_table *const *tables, size_t tables_each,
                               uint32_t unit, size_t count) {
    mark(STAGE_REST);
    __real_tnn_bootstrap_many(server, workspace, big, small, tables, tables_each, unit, count);
    mark(STAGE_BLIND_ROTATION);
}

tnn_status __wrap_tnn_evaluation_run(tnn_evaluation *evaluation, uint32_t *logits, const tnn_packed *const *images,
                                     size_t count, tnn_evaluation_monitor monitor) {
    tnn_status status = __real_tnn_evaluation_run(evaluation, logits, images, count, monitor);
    mark(STAGE_REST);
    return status;
}

/* NOLINTEND(bugprone-reserved-identifier) */

typedef struct subject {
    const deployment *made;
    tnn_evaluator *evaluator; /* of one thread */
} subject;

static bool sample_image(void *context, size_t index, double *ms) {
    (void)index;
    const subject *timed = context;
    double with_clocks_ms;
    if (!deployment_time_call(&ms[STAGE_WHOLE], timed->made, timed->evaluator, 1)) {
        return false;
    }
    timeline = (struct timeline){.running = true, .last_ms = clock_ms()};
    bool done = deployment_time_call(&with_clocks_ms, timed->made, timed->evaluator, 1);
    mark(STAGE_ROUND);
    timeline.running = false;
    memcpy(ms, timeline.stage_ms, STAGE_WHOLE * sizeof *ms);
    return done && (ms[STAGE_BLIND_ROTATION] > 0 ||
                    report_error("tnn_infer runs past the clocks: the library was linked before they were"));
}

static bool report(cJSON *list, const samples *taken, double floor_units) {
    spread floor_us = samples_floor_us(taken), whole_ms = samples_spread(taken, 0, STAGE_WHOLE);
    bool done = true;
    for (size_t i = 0; i < STAGE_COUNT && done; i++) {
        spread ms = samples_spread(taken, 0, i);
        cJSON *row = add_row(list);
        done = add_text(row, "name", NAMES[i]) && add_spread(row, "ms", ms) &&
               add_number(row, "share", ms.median / whole_ms.median) && add_over_floor(row, ms, floor_us, floor_units);
    }
    return done;
}

bool stage_profile_measure(cJSON *list, const deployment *made, size_t rounds) {
    subject timed = {.made = made};
    samples taken = {.rounds = rounds, .subjects = 1, .figures = STAGE_COUNT};
    bool done = deployment_evaluator(&timed.evaluator, made, 1) &&
                samples_take(&taken, made->floor, sample_image, &timed) &&
                report(list, &taken, deployment_floor_units(made));
    samples_free(&taken);
    tnn_evaluator_free(timed.evaluator);
    return done;
}
