#include "medmnist/deployment.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/report.h"

/* ------------------------------------------------------------------------------------------------- set up -- */

static bool allocate_batch(deployment *both, size_t batch) {
    both->batch = batch;
    both->inputs = calloc(batch, sizeof(tnn_input *));
    both->outputs = calloc(batch, sizeof(tnn_output *));
    both->requests = calloc(batch, sizeof(bytes));
    both->replies = calloc(batch, sizeof(bytes));
    bool allocated = both->inputs != NULL && both->outputs != NULL && both->requests != NULL && both->replies != NULL;
    return allocated || report_out_of_memory();
}

static bool hand_over_spec(deployment *both) {
    tnn_spec *spec = NULL;
    bytes wire = {0};
    bool done = status_ok(tnn_circuit_spec(&spec, both->circuit), "client spec") &&
                bytes_allocate(&wire, tnn_spec_size(spec)) &&
                status_ok(tnn_spec_save(spec, wire.data, wire.length), "client spec") &&
                status_ok(tnn_spec_load(&both->spec, wire.data, wire.length), "client spec");
    bytes_free(&wire);
    tnn_spec_free(spec);
    return done;
}

/* The client's half: keys, of which the evaluation key leaves as bytes. */
static bool make_keys(deployment *both, bytes *wire, unsigned threads) {
    tnn_eval_key *eval = NULL;
    double start = clock_ms();
    bool done = status_ok(tnn_keygen(&both->secret, &eval, both->spec, threads, NULL), "key generation");
    both->keygen_ms = clock_ms() - start;
    done = done && bytes_allocate(wire, tnn_eval_key_size(eval)) &&
           status_ok(tnn_eval_key_save(eval, wire->data, wire->length), "evaluation key");
    both->evaluation_key_bytes = wire->length;
    tnn_eval_key_free(eval);
    return done;
}

/* The server's half. */
static bool install_key(deployment *both, const bytes *wire, unsigned threads) {
    tnn_eval_key *eval = NULL;
    bool done = status_ok(tnn_eval_key_load(&eval, wire->data, wire->length), "evaluation key") &&
                status_ok(tnn_evaluator_create(&both->evaluator, both->circuit, eval, threads, both->batch),
                          "preparation of the evaluation key");
    tnn_eval_key_free(eval);
    return done;
}

static bool hand_over_key(deployment *both, unsigned threads) {
    bytes wire = {0};
    bool done = make_keys(both, &wire, threads) && install_key(both, &wire, threads);
    bytes_free(&wire);
    return done;
}

bool deployment_create(deployment *both, const tnn_circuit *circuit, unsigned threads, size_t batch) {
    tnn_circuit_info info;
    tnn_circuit_describe(circuit, &info);
    *both = (deployment){.circuit = circuit, .logits = info.outputs};
    return allocate_batch(both, batch) && hand_over_spec(both) && hand_over_key(both, threads);
}

static void free_messages(bytes *messages, size_t count) {
    for (size_t i = 0; messages != NULL && i < count; i++) {
        bytes_free(&messages[i]);
    }
    free(messages);
}

void deployment_free(deployment *both) {
    free_messages(both->requests, both->batch);
    free_messages(both->replies, both->batch);
    free(both->inputs);
    free(both->outputs);
    tnn_secret_key_free(both->secret);
    tnn_spec_free(both->spec);
    tnn_evaluator_free(both->evaluator);
    *both = (deployment){0};
}

/* ------------------------------------------------------------------------------------------------ one call -- */

static bool encrypt_request(deployment *both, size_t index, const uint8_t *image, size_t pixels) {
    tnn_input *input = NULL;
    bytes *request = &both->requests[index];
    bytes_free(request);
    bool done = status_ok(tnn_encrypt(&input, both->spec, both->secret, image, pixels), "encryption") &&
                bytes_allocate(request, tnn_input_size(input)) &&
                status_ok(tnn_input_save(input, request->data, request->length), "encrypted image");
    tnn_input_free(input);
    return done;
}

static bool load_requests(deployment *both, size_t count) {
    bool loaded = true;
    for (size_t i = 0; i < count && loaded; i++) {
        loaded = status_ok(tnn_input_load(&both->inputs[i], both->requests[i].data, both->requests[i].length),
                           "encrypted image");
    }
    return loaded;
}

static bool save_replies(deployment *both, size_t count) {
    bool saved = true;
    for (size_t i = 0; i < count && saved; i++) {
        bytes *reply = &both->replies[i];
        bytes_free(reply);
        saved = bytes_allocate(reply, tnn_output_size(both->outputs[i])) &&
                status_ok(tnn_output_save(both->outputs[i], reply->data, reply->length), "encrypted result");
    }
    return saved;
}

static void free_objects(deployment *both, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_input_free(both->inputs[i]);
        tnn_output_free(both->outputs[i]);
        both->inputs[i] = NULL;
        both->outputs[i] = NULL;
    }
}

static bool answer_requests(deployment *both, size_t count) {
    const tnn_input *const *inputs = (const tnn_input *const *)both->inputs;
    bool answered = load_requests(both, count) &&
                    status_ok(tnn_infer(both->evaluator, both->outputs, inputs, count, NULL, NULL), "inference") &&
                    save_replies(both, count);
    free_objects(both, count);
    return answered;
}

static bool decrypt_reply(const deployment *both, double *logits, size_t index) {
    tnn_output *output = NULL;
    const bytes *reply = &both->replies[index];
    bool done = status_ok(tnn_output_load(&output, reply->data, reply->length), "encrypted result") &&
                status_ok(tnn_decrypt(both->spec, both->secret, logits, both->logits, output), "decryption");
    tnn_output_free(output);
    return done;
}

bool deployment_classify(deployment *both, double *logits, double *server_ms, const uint8_t *images, size_t pixels,
                         size_t count) {
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        done = encrypt_request(both, i, images + i * pixels, pixels);
    }
    double start = clock_ms();
    done = done && answer_requests(both, count);
    *server_ms = clock_ms() - start;
    for (size_t i = 0; i < count && done; i++) {
        done = decrypt_reply(both, logits + i * both->logits, i);
    }
    return done;
}
