/* What the server does with a client's evaluation key. */
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "encoding.h"
#include "evaluation.h"
#include "memory.h"
#include "objects.h"
#include "server_key.h"

struct tnn_evaluator {
    pid_t process; /* that created it, and where its threads are */
    atomic_bool busy;
    const tnn_circuit *circuit;
    tnn_server_key *server;
    tnn_evaluation *evaluation;
    size_t max_images;
    const tnn_packed **packed; /* [max_images] */
    uint32_t *logits;          /* [max_images][outputs][output dimension + 1] */
};

static size_t logit_words(const tnn_spec *spec) {
    return spec->readout.outputs * (tnn_params_output_dimension(&spec->params) + 1);
}

static tnn_status fill_evaluator(tnn_evaluator *e, const tnn_eval_key *eval, unsigned threads) {
    e->packed = tnn_alloc(e->max_images, sizeof *e->packed);
    e->logits = tnn_alloc(e->max_images, logit_words(&e->circuit->spec) * sizeof *e->logits);
    if (!e->packed || !e->logits) {
        return TNN_ERR_MEMORY;
    }
    tnn_status status = tnn_server_key_expand(&e->server, eval, threads);
    if (status != TNN_OK) {
        return status;
    }
    return tnn_evaluation_create(&e->evaluation, e->circuit, e->server, threads, e->max_images);
}

tnn_status tnn_evaluator_create(tnn_evaluator **out, const tnn_circuit *circuit, const tnn_eval_key *eval,
                                unsigned threads, size_t max_images) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!circuit || !eval || threads == 0 || threads > TNN_MAX_THREADS || max_images == 0 ||
        max_images > TNN_MAX_IMAGES) {
        return TNN_ERR_MISUSE;
    }
    if (!tnn_params_equal(&eval->params, &circuit->spec.params)) {
        return TNN_ERR_PARAMS_MISMATCH;
    }
    tnn_evaluator *evaluator = tnn_alloc(1, sizeof *evaluator);
    if (!evaluator) {
        return TNN_ERR_MEMORY;
    }
    evaluator->process = getpid();
    evaluator->circuit = circuit;
    evaluator->max_images = max_images;
    tnn_status status = fill_evaluator(evaluator, eval, threads);
    if (status != TNN_OK) {
        tnn_evaluator_free(evaluator);
        return status;
    }
    *out = evaluator;
    return TNN_OK;
}

void tnn_evaluator_free(tnn_evaluator *evaluator) {
    if (!evaluator) {
        return;
    }
    tnn_evaluation_free(evaluator->evaluation);
    tnn_server_key_free(evaluator->server);
    tnn_free(evaluator->packed);
    tnn_free(evaluator->logits);
    tnn_free(evaluator);
}

static bool is_inherited(const tnn_evaluator *e) {
    return e->process != getpid();
}

static tnn_status check_input(const tnn_evaluator *e, const tnn_input *input) {
    const tnn_spec *spec = &e->circuit->spec;
    if (!input) {
        return TNN_ERR_MISUSE;
    }
    if (memcmp(input->fingerprint, spec->fingerprint, sizeof input->fingerprint) != 0) {
        return TNN_ERR_MODEL_MISMATCH;
    }
    if (!tnn_key_id_equal(&input->packed->id, &e->server->id)) {
        return TNN_ERR_KEY_MISMATCH;
    }
    if (input->packed->count != tnn_spec_pixels(spec)) {
        return TNN_ERR_SHAPE;
    }
    return input->packed->input_bits == spec->params.literal.input_bits ? TNN_OK : TNN_ERR_PARAMS_MISMATCH;
}

static tnn_status take_inputs(tnn_evaluator *e, const tnn_input *const *inputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_status status = check_input(e, inputs[i]);
        if (status != TNN_OK) {
            return status;
        }
        e->packed[i] = inputs[i]->packed;
    }
    return TNN_OK;
}

static void free_outputs(tnn_output **outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_output_free(outputs[i]);
        outputs[i] = NULL;
    }
}

static tnn_status new_outputs(const tnn_evaluator *e, tnn_output **outputs, size_t count) {
    const tnn_spec *spec = &e->circuit->spec;
    const uint32_t dimension = (uint32_t)tnn_params_output_dimension(&spec->params);
    for (size_t i = 0; i < count; i++) {
        tnn_status status = tnn_output_new(&outputs[i], spec->output_bits, spec->readout.outputs, dimension);
        if (status != TNN_OK) {
            free_outputs(outputs, i);
            return status;
        }
        memcpy(outputs[i]->fingerprint, spec->fingerprint, sizeof spec->fingerprint);
        outputs[i]->id = e->server->id;
    }
    return TNN_OK;
}

static void fill_outputs(const tnn_evaluator *e, tnn_output **outputs, size_t count) {
    const tnn_spec *spec = &e->circuit->spec;
    const size_t words = logit_words(spec);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < words; j++) {
            outputs[i]->words[j] = tnn_round_output(spec, e->logits[i * words + j]);
        }
    }
}

static tnn_status infer(tnn_evaluator *evaluator, tnn_output **outputs, const tnn_input *const *inputs, size_t count,
                        tnn_evaluation_monitor monitor) {
    tnn_status status = take_inputs(evaluator, inputs, count);
    status = status == TNN_OK ? new_outputs(evaluator, outputs, count) : status;
    if (status != TNN_OK) {
        return status;
    }
    status = tnn_evaluation_run(evaluator->evaluation, evaluator->logits, evaluator->packed, count, monitor);
    status = is_inherited(evaluator) ? TNN_ERR_FORKED : status; /* the callback has called fork(), and went on */
    if (status != TNN_OK) {
        free_outputs(outputs, count);
        return status;
    }
    fill_outputs(evaluator, outputs, count);
    return TNN_OK;
}

tnn_status tnn_infer(tnn_evaluator *evaluator, tnn_output **outputs, const tnn_input *const *inputs, size_t count,
                     tnn_progress progress, void *user) {
    if (!outputs || count > TNN_MAX_IMAGES) {
        return TNN_ERR_MISUSE;
    }
    memset(outputs, 0, count * sizeof *outputs);
    if (!evaluator || !inputs || count == 0 || count > evaluator->max_images) {
        return TNN_ERR_MISUSE;
    }
    if (is_inherited(evaluator)) {
        return TNN_ERR_FORKED; /* before `busy`, which a call that the parent was in has left set */
    }
    if (atomic_exchange(&evaluator->busy, true)) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = infer(evaluator, outputs, inputs, count, (tnn_evaluation_monitor){progress, user});
    atomic_store(&evaluator->busy, false);
    return status;
}
