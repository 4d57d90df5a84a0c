#include "bench/growth.h"

#include <stdlib.h>

#include "circuit.h"
#include "encoding.h"
#include "evaluation.h"

#include "bench/fft_floor.h"
#include "bench/samples.h"
#include "common/clock.h"
#include "common/draw.h"
#include "common/machine.h"
#include "common/report.h"

enum { LEAST_ROUNDS = 5 };

static const double ROUNDS_MS = 4e4; /* what all rounds of a series may take about */

/* 17 and 33 are one more than full batches. */
static const size_t NEURONS[] = {16, 17, 24, 32, 33, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024};
static const size_t INPUTS[] = {64, 128, 256, 512, 1024, 1536, 2048, 3072, 4096};
static const size_t LAYERS[] = {1, 2, 3, 4, 5, 6, 7, 8};

static const struct plan {
    const char *name;
    const char *setting;
    const size_t *sizes; /* [count] */
    size_t count, quick_count;
    synthetic_shape others;
} PLANS[GROWTH_VARIABLES] = {
    [GROWTH_NEURONS] = {"neurons",
                        "784 inputs, one layer of tables, 2 logits",
                        NEURONS,
                        sizeof NEURONS / sizeof *NEURONS,
                        9,
                        {784, 0, 1, 2}},
    [GROWTH_INPUTS] = {"inputs",
                       "16 neurons in one layer of tables, 2 logits",
                       INPUTS,
                       sizeof INPUTS / sizeof *INPUTS,
                       5,
                       {0, 16, 1, 2}},
    [GROWTH_LAYERS] = {"layers",
                       "784 inputs, layers of 16 neurons with tables, 2 logits",
                       LAYERS,
                       sizeof LAYERS / sizeof *LAYERS,
                       3,
                       {784, 16, 0, 2}},
};

const char *growth_name(growth_variable variable) {
    return PLANS[variable].name;
}

const char *growth_setting(growth_variable variable) {
    return PLANS[variable].setting;
}

static synthetic_shape shape_of(growth_variable variable, size_t size) {
    synthetic_shape shape = PLANS[variable].others;
    uint32_t *grows[GROWTH_VARIABLES] = {&shape.neurons, &shape.inputs, &shape.table_layers};
    *grows[variable] = (uint32_t)size;
    return shape;
}

synthetic_shape growth_largest(growth_variable variable) {
    return shape_of(variable, PLANS[variable].sizes[PLANS[variable].count - 1]);
}

/* One network of a series. */
typedef struct subject {
    tnn_circuit *circuit;
    tnn_evaluation *evaluation;
    tnn_packed *image;
    uint32_t *logits;
    double *ms;      /* [rounds] */
    double *part_ms; /* [bootstraps + 1] the best of each part of an image so far, 0 before there is one */
    size_t part;     /* the one in progress */
    double part_start_ms;
} subject;

/* What they share. */
typedef struct laboratory {
    tnn_params *params;
    tnn_secret_key *secret;
    tnn_server_key *server;
    fft_floor *floor;
    subject subjects[GROWTH_MOST_POINTS];
    size_t count, rounds;
    double *floor_us; /* [rounds][count], one transform */
} laboratory;

static bool make_keys(laboratory *lab, const tnn_params_literal *parameters) {
    tnn_eval_key *eval = NULL;
    bool done = status_ok(tnn_params_create(&lab->params, parameters, TNN_SECURITY_128_MARGIN), "parameters") &&
                status_ok(tnn_secret_key_generate(&lab->secret, lab->params), "secret key") &&
                status_ok(tnn_eval_key_generate(&eval, lab->secret, machine_cores()), "evaluation key") &&
                status_ok(tnn_server_key_expand(&lab->server, eval, machine_cores()), "server key") &&
                fft_floor_create(&lab->floor, parameters->N);
    tnn_eval_key_free(eval);
    return done;
}

static bool encrypt_drawing(subject *made, const laboratory *lab) {
    const tnn_spec *spec = &made->circuit->spec;
    size_t pixels = tnn_spec_pixels(spec);
    uint8_t *image = malloc(pixels);
    uint32_t *messages = calloc(pixels, sizeof *messages);
    bool done = image != NULL && messages != NULL;
    if (done) {
        draw_radiograph(image, spec->height, spec->width, spec->channels, 0);
        tnn_encode_image(spec, messages, image);
    }
    done = (done || report_out_of_memory()) &&
           status_ok(tnn_packed_encrypt(lab->secret, &made->image, messages, pixels), "encryption");
    free(image);
    free(messages);
    return done;
}

/* At most one part a bootstrap, and the sums of logits. */
static bool allocate_results(subject *made, const laboratory *lab) {
    size_t words = tnn_params_big_dimension(lab->params) + 1;
    made->logits = calloc(made->circuit->spec.readout.outputs * words, sizeof *made->logits);
    return (made->logits != NULL || report_out_of_memory()) && samples_allocate(&made->ms, lab->rounds) &&
           samples_allocate(&made->part_ms, made->circuit->bootstraps + 1);
}

static bool make_subject(subject *made, const laboratory *lab) {
    return status_ok(tnn_evaluation_create(&made->evaluation, made->circuit, lab->server, 1, 1), "evaluation") &&
           encrypt_drawing(made, lab) && allocate_results(made, lab);
}

static void free_subject(subject *made) {
    tnn_evaluation_free(made->evaluation);
    tnn_circuit_free(made->circuit);
    tnn_packed_free(made->image);
    free(made->logits);
    free(made->ms);
    free(made->part_ms);
}

static void free_laboratory(laboratory *lab) {
    for (size_t i = 0; i < lab->count; i++) {
        free_subject(&lab->subjects[i]);
    }
    free(lab->floor_us);
    fft_floor_free(lab->floor);
    tnn_server_key_free(lab->server);
    tnn_secret_key_free(lab->secret);
    tnn_params_free(lab->params);
}

static void end_part(subject *timed) {
    double now_ms = clock_thread_ms();
    double ms = now_ms - timed->part_start_ms;
    double *best_ms = &timed->part_ms[timed->part++];
    *best_ms = *best_ms == 0 || ms < *best_ms ? ms : *best_ms;
    timed->part_start_ms = now_ms;
}

/* The evaluation's progress: after each batch of bootstraps. */
static bool note_progress(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    end_part(user);
    return true;
}

static bool time_image(double *ms, subject *timed) {
    const tnn_evaluation_monitor monitor = {note_progress, timed};
    double start = clock_thread_ms();
    timed->part = 0;
    timed->part_start_ms = start;
    tnn_status status =
        tnn_evaluation_run(timed->evaluation, timed->logits, (const tnn_packed *const[]){timed->image}, 1, monitor);
    end_part(timed);
    *ms = clock_thread_ms() - start;
    return status_ok(status, "inference");
}

static double sum_of_parts(const subject *timed) {
    double ms = 0;
    for (size_t i = 0; i < timed->part; i++) {
        ms += timed->part_ms[i];
    }
    return ms;
}

static bool time_rounds(laboratory *lab) {
    bool done = true;
    for (size_t round = 0; round < lab->rounds; round++) {
        for (size_t i = 0; i < lab->count && done; i++) {
            lab->floor_us[round * lab->count + i] = fft_floor_sample_us(lab->floor);
            done = time_image(&lab->subjects[i].ms[round], &lab->subjects[i]);
        }
    }
    return done;
}

static void summarize(growth_series *series, laboratory *lab) {
    double x[GROWTH_MOST_POINTS], y[GROWTH_MOST_POINTS];
    spread floor_us = spread_of(lab->floor_us, lab->rounds * lab->count);
    for (size_t i = 0; i < lab->count; i++) {
        const subject *timed = &lab->subjects[i];
        double transforms = (double)timed->circuit->bootstraps * fft_floor_transforms(&series->parameters);
        double best_ms = sum_of_parts(timed), median_ms = spread_of(timed->ms, lab->rounds).median;
        series->points[i] = (growth_point){.size = PLANS[series->variable].sizes[i],
                                           .best_ms = best_ms,
                                           .median_ms = median_ms,
                                           .ratio = {.best = best_ms / (floor_us.min * transforms * 1e-3),
                                                     .median = median_ms / (floor_us.median * transforms * 1e-3)}};
        x[i] = (double)series->points[i].size;
        y[i] = best_ms;
    }
    series->fit = linear_fit_of(x, y, lab->count);
}

static bool compile(laboratory *lab, const growth_series *series) {
    bool done = true;
    for (size_t i = 0; i < lab->count && done; i++) {
        synthetic_shape shape = shape_of(series->variable, PLANS[series->variable].sizes[i]);
        done = synthetic_circuit(&lab->subjects[i].circuit, &shape, &series->parameters);
    }
    return done;
}

static void choose_rounds(laboratory *lab, size_t most) {
    double round_ms = 0;
    for (size_t i = 0; i < lab->count; i++) {
        round_ms += lab->subjects[i].circuit->milliseconds;
    }
    size_t affordable = (size_t)(ROUNDS_MS / round_ms);
    affordable = affordable < LEAST_ROUNDS ? LEAST_ROUNDS : affordable;
    lab->rounds = affordable < most ? affordable : most;
}

static bool prepare(laboratory *lab, const growth_series *series) {
    bool done = samples_allocate(&lab->floor_us, lab->count * lab->rounds) && make_keys(lab, &series->parameters);
    for (size_t i = 0; i < lab->count && done; i++) {
        done = make_subject(&lab->subjects[i], lab);
    }
    return done;
}

bool growth_measure(growth_series *series, growth_variable variable, const tnn_params_literal *parameters,
                    size_t rounds, bool quick) {
    laboratory lab = {.count = quick ? PLANS[variable].quick_count : PLANS[variable].count};
    *series = (growth_series){.variable = variable, .parameters = *parameters, .count = lab.count};
    bool done = compile(&lab, series);
    if (done) {
        choose_rounds(&lab, rounds);
        series->rounds = lab.rounds;
        done = prepare(&lab, series) && time_rounds(&lab);
    }
    if (done) {
        summarize(series, &lab);
    }
    free_laboratory(&lab);
    return done;
}
