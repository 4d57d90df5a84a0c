#include "bench/stage_profile.h"

#include <stdlib.h>
#include <string.h>

#include "circuit.h"
#include "encoding.h"
#include "objects.h"

#include "bench/samples.h"
#include "common/clock.h"
#include "common/report.h"

static const char *const NAMES[STAGE_COUNT] = {
    [STAGE_EXPAND] = "expand input",
    [STAGE_DOT] = "dot products",
    [STAGE_KEY_SWITCH] = "key switches",
    [STAGE_MODULUS_SWITCH] = "modulus switches",
    [STAGE_BLIND_ROTATION] = "blind rotations",
    [STAGE_LOGITS] = "sums of logits",
    [STAGE_ROUND] = "output rounding",
};

const char *stage_name(stage which) {
    return NAMES[which];
}

/* What the stages write. Word counts are of ciphertexts. */
typedef struct bench_memory {
    const tnn_circuit *circuit;
    tnn_server_key *server;
    tnn_workspace *workspace;
    tnn_packed_masks *masks;
    size_t batch; /* bootstraps together at most, as in src/nn/evaluation.c */
    size_t small_words, big_words;
    const uint32_t **tests;       /* [batch] */
    const tnn_step_table **steps; /* [batch] */
    uint32_t *small;              /* [batch][n + 1] */
    uint32_t *positions;          /* [n + 1] */
    uint32_t *sum;                /* [k N + 1] */
    uint32_t *values[2];          /* [widest][k N + 1] */
    uint32_t *rounded;            /* [outputs][k N + 1] */
    double ms[STAGE_COUNT];       /* of the image in progress */
    double last_ms;               /* when the last stage ended */
} bench_memory;

static void start_clock(bench_memory *memory) {
    memory->last_ms = clock_ms();
}

static void end_stage(bench_memory *memory, stage which) {
    double now_ms = clock_ms();
    memory->ms[which] += now_ms - memory->last_ms;
    memory->last_ms = now_ms;
}

/* The largest number of values that a layer hands on, the logits included. */
static size_t widest_layer(const tnn_circuit *circuit) {
    size_t widest = 1;
    for (uint32_t i = 0; i < circuit->layer_count; i++) {
        const tnn_layer_circuit *layer = &circuit->layers[i];
        size_t tables = layer->tables_per_neuron == 0 ? 1 : layer->tables_per_neuron;
        widest = layer->neurons * tables > widest ? layer->neurons * tables : widest;
    }
    return widest;
}

static bool allocate(bench_memory *memory, const deployment *made) {
    const tnn_params *params = &made->circuit->spec.params;
    size_t widest = widest_layer(made->circuit);
    *memory = (bench_memory){.circuit = made->circuit,
                             .batch = tnn_params_batch(params),
                             .small_words = (size_t)params->literal.n + 1,
                             .big_words = tnn_params_big_dimension(params) + 1};
    memory->tests = calloc(memory->batch, sizeof(const uint32_t *));
    memory->steps = calloc(memory->batch, sizeof(const tnn_step_table *));
    memory->small = calloc(memory->batch * memory->small_words, sizeof(uint32_t));
    memory->positions = calloc(memory->small_words, sizeof(uint32_t));
    memory->sum = calloc(memory->big_words, sizeof(uint32_t));
    memory->values[0] = calloc(widest * memory->big_words, sizeof(uint32_t));
    memory->values[1] = calloc(widest * memory->big_words, sizeof(uint32_t));
    memory->rounded = calloc(widest * memory->big_words, sizeof(uint32_t));
    bool done = memory->tests != NULL && memory->steps != NULL && memory->small != NULL && memory->positions != NULL &&
                memory->sum != NULL && memory->values[0] != NULL && memory->values[1] != NULL &&
                memory->rounded != NULL;
    return (done || report_out_of_memory()) &&
           status_ok(tnn_server_key_expand(&memory->server, made->eval, 1), "server key") &&
           status_ok(tnn_workspace_create(&memory->workspace, params, memory->batch), "workspace") &&
           status_ok(tnn_packed_masks_create(&memory->masks, params, memory->circuit->layers[0].inputs), "masks");
}

static void free_memory(bench_memory *memory) {
    free(memory->tests);
    free(memory->steps);
    free(memory->small);
    free(memory->positions);
    free(memory->sum);
    free(memory->values[0]);
    free(memory->values[1]);
    free(memory->rounded);
    tnn_packed_masks_free(memory->masks);
    tnn_workspace_free(memory->workspace);
    tnn_server_key_free(memory->server);
}

static bool weigh(bench_memory *memory, uint32_t layer_index, size_t neuron, uint32_t *small) {
    const tnn_layer_circuit *layer = &memory->circuit->layers[layer_index];
    const int16_t *weights = layer->weights + neuron * layer->inputs;
    tnn_status status = TNN_OK;
    if (layer_index == 0) {
        tnn_packed_dot(memory->masks, small, weights);
        end_stage(memory, STAGE_DOT);
    } else {
        tnn_lwe_dot(&memory->circuit->spec.params, memory->sum, memory->values[(layer_index - 1) % 2], weights,
                    layer->inputs);
        end_stage(memory, STAGE_DOT);
        status = tnn_key_switch(memory->server, small, memory->sum);
        end_stage(memory, STAGE_KEY_SWITCH);
    }
    small[memory->small_words - 1] += layer->offsets[neuron];
    return status_ok(status, "key switch");
}

static void look_up(bench_memory *memory, const tnn_layer_circuit *layer, size_t first, size_t count,
                    uint32_t *outputs) {
    const uint32_t N = memory->circuit->spec.params.literal.N;
    for (size_t i = 0; i < count; i++) {
        memory->tests[i] = layer->tests + (first + i) * N;
        memory->steps[i] = layer->steps + (first + i) * layer->tables_per_neuron;
    }
    start_clock(memory);
    if (layer->tables_per_neuron == 1) {
        tnn_bootstrap(memory->server, memory->workspace, outputs, memory->small, memory->tests, count);
    } else {
        tnn_bootstrap_many(memory->server, memory->workspace, outputs, memory->small, memory->steps,
                           layer->tables_per_neuron, layer->output_unit / 2, count);
    }
    end_stage(memory, STAGE_BLIND_ROTATION);
}

/* The same once more, alone; what it takes comes off the bootstraps. */
static void switch_modulus(bench_memory *memory, size_t count) {
    double before_ms = memory->ms[STAGE_MODULUS_SWITCH];
    start_clock(memory);
    for (size_t i = 0; i < count; i++) {
        tnn_modulus_switch(&memory->circuit->spec.params, memory->positions, memory->small + i * memory->small_words);
    }
    end_stage(memory, STAGE_MODULUS_SWITCH);
    memory->ms[STAGE_BLIND_ROTATION] -= memory->ms[STAGE_MODULUS_SWITCH] - before_ms;
}

static bool run_table_layer(bench_memory *memory, uint32_t index) {
    const tnn_layer_circuit *layer = &memory->circuit->layers[index];
    size_t batches = (layer->neurons + memory->batch - 1) / memory->batch;
    bool done = true;
    for (size_t batch = 0; batch < batches && done; batch++) {
        size_t first = layer->neurons * batch / batches;
        size_t end = layer->neurons * (batch + 1) / batches;
        start_clock(memory);
        for (size_t j = first; j < end && done; j++) {
            done = weigh(memory, index, j, memory->small + (j - first) * memory->small_words);
        }
        look_up(memory, layer, first, end - first,
                memory->values[index % 2] + first * layer->tables_per_neuron * memory->big_words);
        switch_modulus(memory, end - first);
    }
    return done;
}

static void run_logits(bench_memory *memory) {
    uint32_t last = memory->circuit->layer_count - 1;
    const tnn_layer_circuit *layer = &memory->circuit->layers[last];
    uint32_t *logits = memory->values[last % 2];
    start_clock(memory);
    for (size_t j = 0; j < layer->neurons; j++) {
        tnn_lwe_dot(&memory->circuit->spec.params, logits + j * memory->big_words, memory->values[(last - 1) % 2],
                    layer->weights + j * layer->inputs, layer->inputs);
        logits[(j + 1) * memory->big_words - 1] += layer->offsets[j];
    }
    end_stage(memory, STAGE_LOGITS);
    for (size_t i = 0; i < layer->neurons * memory->big_words; i++) {
        memory->rounded[i] = tnn_round_output(&memory->circuit->spec, logits[i]);
    }
    end_stage(memory, STAGE_ROUND);
}

static bool run_image(bench_memory *memory, const tnn_input *input) {
    start_clock(memory);
    bool done = status_ok(tnn_packed_expand(memory->masks, input->packed), "expansion of the input");
    end_stage(memory, STAGE_EXPAND);
    for (uint32_t i = 0; i + 1 < memory->circuit->layer_count && done; i++) {
        done = run_table_layer(memory, i);
    }
    if (done && memory->circuit->layer_count > 1) {
        run_logits(memory);
    }
    return done;
}

/* Whether the stages give what tnn_infer gives, to the bit: otherwise they are not its stages. */
static bool check_stages(bench_memory *memory, const deployment *made, tnn_evaluator *evaluator) {
    tnn_output *output = NULL;
    bool done =
        run_image(memory, made->inputs[0]) &&
        status_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)made->inputs, 1, NULL, NULL), "inference");
    if (done &&
        memcmp(memory->rounded, output->words, output->outputs * memory->big_words * sizeof *memory->rounded) != 0) {
        done = report_error("the profile's stages do not give the result of tnn_infer; bring bench/stage_profile.c "
                            "up to src/nn/evaluation.c");
    }
    tnn_output_free(output);
    return done;
}

/* samples [STAGE_COUNT + 2][rounds]: the stages, tnn_infer, the floor. */
static bool take_samples(double *samples, bench_memory *memory, const deployment *made, tnn_evaluator *evaluator,
                         size_t rounds) {
    double *whole_ms = samples + STAGE_COUNT * rounds;
    double *floor_us = whole_ms + rounds;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < STAGE_COUNT; i++) {
            memory->ms[i] = 0;
        }
        floor_us[round] = fft_floor_sample_us(made->floor);
        if (!run_image(memory, made->inputs[0]) || !deployment_time_call(&whole_ms[round], made, evaluator, 1)) {
            return false;
        }
        for (size_t i = 0; i < STAGE_COUNT; i++) {
            samples[i * rounds + round] = memory->ms[i];
        }
    }
    return true;
}

static void summarize(stage_profile *profile, double *samples) {
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        profile->stage_ms[i] = spread_of(samples + i * profile->rounds, profile->rounds);
    }
    profile->whole_ms = spread_of(samples + STAGE_COUNT * profile->rounds, profile->rounds);
    profile->floor_us = spread_of(samples + (STAGE_COUNT + 1) * profile->rounds, profile->rounds);
}

bool stage_profile_measure(stage_profile *profile, const deployment *made, size_t rounds) {
    bench_memory memory = {0};
    tnn_evaluator *evaluator = NULL;
    double *samples = NULL;
    *profile = (stage_profile){.rounds = rounds};
    bool done = samples_allocate(&samples, (STAGE_COUNT + 2) * rounds) && allocate(&memory, made) &&
                deployment_evaluator(&evaluator, made, 1) && check_stages(&memory, made, evaluator) &&
                take_samples(samples, &memory, made, evaluator, rounds);
    if (done) {
        summarize(profile, samples);
    }
    tnn_evaluator_free(evaluator);
    free_memory(&memory);
    free(samples);
    return done;
}
