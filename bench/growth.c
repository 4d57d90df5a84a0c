#include "bench/growth.h"

#include <stdlib.h>

#include "circuit.h"
#include "evaluation.h"
#include "objects.h"

#include "bench/deployment.h"
#include "bench/document.h"
#include "bench/samples.h"
#include "bench/synthetic_network.h"
#include "common/clock.h"
#include "common/compile.h"
#include "common/machine.h"
#include "common/report.h"

enum { MOST_SIZES = 15 };

static const double ROUNDS_MS = 4e4; /* what all rounds of a series may take about */

typedef struct series {
    const char *variable; /* what grows */
    const char *setting;  /* the sizes that do not grow */
    size_t count, quick_count;
    uint32_t sizes[MOST_SIZES]; /* [count] */
    synthetic_shape others;     /* 0 for what grows */
    tnn_params_literal params;  /* of every network */
} series;

/* 17 and 33 neurons are one more than full batches. */
static const series NEURONS = {
    .variable = "neurons",
    .setting = "784 inputs, one layer of tables, 2 logits",
    .count = 15,
    .quick_count = 9,
    .sizes = {16, 17, 24, 32, 33, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024},
    .others = {.inputs = 784, .table_layers = 1, .outputs = 2},
};
static const series INPUTS = {
    .variable = "inputs",
    .setting = "16 neurons in one layer of tables, 2 logits",
    .count = 9,
    .quick_count = 5,
    .sizes = {64, 128, 256, 512, 1024, 1536, 2048, 3072, 4096},
    .others = {.neurons = 16, .table_layers = 1, .outputs = 2},
};
static const series LAYERS = {
    .variable = "layers",
    .setting = "784 inputs, layers of 16 neurons with tables, 2 logits",
    .count = 8,
    .quick_count = 3,
    .sizes = {1, 2, 3, 4, 5, 6, 7, 8},
    .others = {.inputs = 784, .neurons = 16, .outputs = 2},
};

static synthetic_shape shape_of(const series *of, size_t index) {
    synthetic_shape shape = of->others;
    shape.inputs += shape.inputs == 0 ? of->sizes[index] : 0;
    shape.neurons += shape.neurons == 0 ? of->sizes[index] : 0;
    shape.table_layers += shape.table_layers == 0 ? of->sizes[index] : 0;
    return shape;
}

/* One network of a series. */
typedef struct subject {
    tnn_circuit *circuit;
    tnn_evaluation *evaluation;
    tnn_input *input;
    uint32_t *logits; /* [outputs][k N + 1] */
    double *part_ms;  /* [bootstraps + 1] the best of each part of an image so far, 0 before there is one */
    size_t part;      /* the one in progress */
    double part_start_ms;
} subject;

/* What they share. */
typedef struct laboratory {
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_server_key *server;
    fft_floor *floor;
    subject subjects[MOST_SIZES];
    size_t count;
} laboratory;

/* At most one part a bootstrap, and the sums of logits. */
static bool make_subject(subject *made, const laboratory *lab) {
    const tnn_spec *spec = &made->circuit->spec;
    made->logits = calloc(spec->readout.outputs * (tnn_params_big_dimension(&spec->params) + 1), sizeof *made->logits);
    made->part_ms = calloc(made->circuit->bootstraps + 1, sizeof *made->part_ms);
    return ((made->logits != NULL && made->part_ms != NULL) || report_out_of_memory()) &&
           status_ok(tnn_evaluation_create(&made->evaluation, made->circuit, lab->server, 1, 1), "evaluation") &&
           encrypt_drawing(&made->input, made->circuit, lab->secret, 0);
}

static bool make_laboratory(laboratory *lab, const series *of) {
    bool done = true;
    for (size_t i = 0; i < lab->count && done; i++) {
        synthetic_shape shape = shape_of(of, i);
        done = synthetic_circuit(&lab->subjects[i].circuit, &shape, &of->params);
    }
    done = done && make_keys(&lab->secret, &lab->eval, lab->subjects[0].circuit, machine_cores()) &&
           status_ok(tnn_server_key_expand(&lab->server, lab->eval, machine_cores()), "server key") &&
           fft_floor_create(&lab->floor, of->params.N, 1);
    for (size_t i = 0; i < lab->count && done; i++) {
        done = make_subject(&lab->subjects[i], lab);
    }
    return done;
}

static void free_laboratory(laboratory *lab) {
    for (size_t i = 0; i < lab->count; i++) {
        subject *made = &lab->subjects[i];
        tnn_evaluation_free(made->evaluation);
        tnn_circuit_free(made->circuit);
        tnn_input_free(made->input);
        free(made->logits);
        free(made->part_ms);
    }
    fft_floor_free(lab->floor);
    tnn_server_key_free(lab->server);
    tnn_eval_key_free(lab->eval);
    tnn_secret_key_free(lab->secret);
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

static bool sample_image(void *context, size_t index, double *ms) {
    subject *timed = &((laboratory *)context)->subjects[index];
    const tnn_evaluation_monitor monitor = {note_progress, timed};
    const tnn_packed *const image = timed->input->packed;
    double start = clock_thread_ms();
    timed->part = 0;
    timed->part_start_ms = start;
    tnn_status status = tnn_evaluation_run(timed->evaluation, timed->logits, &image, 1, monitor);
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

static bool report_points(cJSON *list, const series *of, const laboratory *lab, const samples *taken) {
    spread floor_us = samples_floor_us(taken);
    bool done = true;
    for (size_t i = 0; i < lab->count && done; i++) {
        const subject *timed = &lab->subjects[i];
        spread ms = {.min = sum_of_parts(timed), .median = samples_spread(taken, i, 0).median};
        double floor_units = 1e-3 * (double)timed->circuit->bootstraps * fft_floor_transforms(&of->params);
        cJSON *row = add_row(list);
        done = add_count(row, "size", of->sizes[i]) && add_count(row, "bootstraps", timed->circuit->bootstraps) &&
               add_number(row, "best_ms", ms.min) && add_number(row, "median_ms", ms.median) &&
               add_over_floor(row, ms, floor_us, floor_units);
    }
    return done;
}

static bool report(cJSON *object, const series *of, const laboratory *lab, const samples *taken) {
    return add_text(object, "variable", of->variable) && add_text(object, "setting", of->setting) &&
           add_parameters(object, &of->params) && add_count(object, "rounds", taken->rounds) &&
           add_floor(object, samples_floor_us(taken), &of->params) &&
           report_points(cJSON_AddArrayToObject(object, "points"), of, lab, taken);
}

static bool measure_series(cJSON *object, const series *of, size_t rounds, bool quick) {
    laboratory lab = {.count = quick ? of->quick_count : of->count};
    samples taken = {.subjects = lab.count, .figures = 1};
    bool done = make_laboratory(&lab, of);
    if (done) {
        double round_ms = 0;
        for (size_t i = 0; i < lab.count; i++) {
            round_ms += lab.subjects[i].circuit->milliseconds;
        }
        taken.rounds = samples_rounds(rounds, round_ms, ROUNDS_MS);
        done = samples_take(&taken, lab.floor, sample_image, &lab) && report(object, of, &lab, &taken);
    }
    samples_free(&taken);
    free_laboratory(&lab);
    return done;
}

/* What the library chooses for the deepest network with its default options. */
static bool find_deep_parameters(tnn_params_literal *parameters) {
    const synthetic_shape shape = shape_of(&LAYERS, LAYERS.count - 1);
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    bool done = synthetic_network(&model, &shape) && compile_model(&circuit, model, NULL, "synthetic deep net");
    if (done) {
        *parameters = circuit->spec.params.literal;
    }
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    return done;
}

bool growth_measure(cJSON *list, const tnn_params_literal *parameters, size_t rounds, bool quick) {
    series all[] = {NEURONS, INPUTS, LAYERS};
    all[0].params = all[1].params = *parameters;
    bool done = find_deep_parameters(&all[2].params);
    for (size_t i = 0; i < sizeof all / sizeof *all && done; i++) {
        fprintf(stderr, "growth with %s\n", all[i].variable);
        done = measure_series(add_row(list), &all[i], rounds, quick);
    }
    return done;
}
