/*
 * Material of an evaluation key (key_file.h): seed (32 bytes); bodies of the bootstrapping key, [n][(k+1) l][N] of
 * bsk_bytes bytes; bodies of the key-switching key, [k N - n][t] of 4 bytes, where there is one. Masks are the ChaCha20
 * stream of the seed: docs/FORMATS.md.
 */
#include <torusnn/torusnn.h>

#include "key_file.h"
#include "sizes.h"

size_t tnn_eval_key_file_bytes(const tnn_params *params) {
    return TNN_KEY_PREAMBLE_BYTES + TNN_SEED_BYTES + tnn_bootstrapping_body_bytes(params) +
           4 * tnn_switching_body_words(params);
}

static const tnn_key_format FORMAT = {TNN_KIND_EVAL_KEY, tnn_eval_key_file_bytes};

size_t tnn_eval_key_size(const tnn_eval_key *eval) {
    return eval ? tnn_eval_key_file_bytes(&eval->params) : 0;
}

tnn_status tnn_eval_key_save(const tnn_eval_key *eval, uint8_t *out, size_t capacity) {
    if (!eval) {
        return TNN_ERR_MISUSE;
    }
    tnn_writer writer;
    tnn_status status = tnn_begin_key(&writer, &FORMAT, &eval->params, &eval->id, out, capacity);
    if (status != TNN_OK) {
        return status;
    }
    tnn_write_copy(&writer, eval->seed.bytes, sizeof eval->seed.bytes);
    tnn_write_copy(&writer, eval->bootstrapping, tnn_bootstrapping_body_bytes(&eval->params));
    for (size_t i = 0; i < tnn_switching_body_words(&eval->params); i++) {
        tnn_write_u32(&writer, eval->switching[i]);
    }
    tnn_finish_key(&FORMAT, &eval->params, out);
    return TNN_OK;
}

tnn_status tnn_eval_key_load(tnn_eval_key **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_params params;
    tnn_key_id id;
    tnn_eval_key *eval = NULL;
    tnn_status status = tnn_open_key(&reader, &params, &id, &FORMAT, bytes, length);
    status = status == TNN_OK ? tnn_eval_key_new(&eval, &params) : status;
    if (status != TNN_OK) {
        return status;
    }
    eval->id = id;
    tnn_read_copy(&reader, eval->seed.bytes, sizeof eval->seed.bytes);
    tnn_read_copy(&reader, eval->bootstrapping, tnn_bootstrapping_body_bytes(&params));
    for (size_t i = 0; i < tnn_switching_body_words(&params); i++) {
        eval->switching[i] = tnn_read_u32(&reader);
    }
    *out = eval;
    return TNN_OK;
}
