/*
 * Material of an evaluation key (key_file.h): seed (32 bytes); bodies of the bootstrapping key, [n][(k+1) l][N] of
 * bsk_bytes bytes; bodies of the key-switching key, [k N - n][t] of 4 bytes, where there is one. Masks are the ChaCha20
 * stream of the seed: docs/FORMATS.md. Without bootstrap the seed is all there is.
 *
 * Keys of tens of megabytes can be read from a source: each byte goes from it to where the key has it, and no second
 * copy exists. What must be known before memory is taken stands in the first 112 bytes; the digest is known only at the
 * end, so nothing is handed out before.
 */
#include <torusnn/torusnn.h>

#include "key_file.h"
#include "random.h"
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
    if (eval->bootstrapping) {
        tnn_write_copy(&writer, eval->bootstrapping, tnn_bootstrapping_body_bytes(&eval->params));
    }
    for (size_t i = 0; i < tnn_switching_body_words(&eval->params); i++) {
        tnn_write_u32(&writer, eval->switching[i]);
    }
    tnn_finish_key(&FORMAT, &eval->params, out);
    return TNN_OK;
}

/* ------------------------------------------------------------------------------------------------------ reading -- */

/* Between two calls of progress. */
#define STRETCH ((size_t)1 << 20)

/* A key on its way from a source into its own memory. */
typedef struct key_stream {
    const tnn_source *source;
    tnn_digest_state digest; /* of the payload so far */
    uint64_t done, total;    /* bytes of the file */
} key_stream;

/* A source may give less than it is asked for; nothing at all is its end. */
static tnn_status fill(key_stream *s, uint8_t *out, size_t length) {
    for (size_t have = 0; have < length;) {
        const size_t got = s->source->read(s->source->user, out + have, length - have);
        if (got == 0 || got > length - have) {
            return TNN_ERR_TRUNCATED;
        }
        have += got;
    }
    s->done += length;
    return TNN_OK;
}

static tnn_status take(key_stream *s, uint8_t *out, size_t length) {
    tnn_status status = TNN_OK;
    for (size_t start = 0; status == TNN_OK && start < length; start += STRETCH) {
        const size_t stretch = length - start < STRETCH ? length - start : STRETCH;
        status = fill(s, out + start, stretch);
        if (status == TNN_OK) {
            tnn_digest_add(&s->digest, out + start, stretch);
        }
        if (status == TNN_OK && s->source->progress && !s->source->progress(s->source->user, s->done, s->total)) {
            status = TNN_ERR_CANCELLED;
        }
    }
    return status;
}

/* Header, parameters and id, checked before memory for the key is taken; a new key with nothing but these. */
static tnn_status take_preamble(key_stream *s, tnn_eval_key **eval, uint8_t header[TNN_HEADER_BYTES]) {
    uint8_t preamble[TNN_PARAMS_BYTES + TNN_KEY_ID_BYTES];
    tnn_reader reader = {preamble, sizeof preamble, 0, false};
    tnn_params params;
    tnn_key_id id;
    uint64_t announced;
    tnn_status status = fill(s, header, TNN_HEADER_BYTES);
    status = status == TNN_OK ? tnn_open_header(&announced, header, TNN_KIND_EVAL_KEY) : status;
    if (status == TNN_OK && announced < sizeof preamble) {
        status = TNN_ERR_MALFORMED;
    }
    status = status == TNN_OK ? take(s, preamble, sizeof preamble) : status;
    status = status == TNN_OK ? tnn_read_params(&reader, &params, false) : status;
    if (status != TNN_OK) {
        return status;
    }
    s->total = tnn_eval_key_file_bytes(&params);
    if (announced != s->total - TNN_HEADER_BYTES) {
        return TNN_ERR_MALFORMED;
    }
    if (s->source->most_bytes != 0 && s->total > s->source->most_bytes) {
        return TNN_ERR_LIMIT;
    }
    tnn_read_copy(&reader, id.bytes, sizeof id.bytes);
    status = tnn_eval_key_new(eval, &params);
    if (status == TNN_OK) {
        (*eval)->id = id;
    }
    return status;
}

/* Words of 4 bytes are read where they are to stand, and put into this machine's order there. */
static tnn_status take_words(key_stream *s, uint32_t *words, size_t count) {
    uint8_t *bytes = (uint8_t *)words;
    tnn_status status = take(s, bytes, 4 * count);
    for (size_t i = 0; status == TNN_OK && i < count; i++) {
        words[i] = (uint32_t)tnn_load_le(bytes + 4 * i, 4);
    }
    return status;
}

static tnn_status take_material(key_stream *s, tnn_eval_key *eval) {
    const tnn_params *params = &eval->params;
    tnn_status status = take(s, eval->seed.bytes, sizeof eval->seed.bytes);
    status = status == TNN_OK ? take(s, eval->bootstrapping, tnn_bootstrapping_body_bytes(params)) : status;
    return status == TNN_OK ? take_words(s, eval->switching, tnn_switching_body_words(params)) : status;
}

static tnn_status check_digest(key_stream *s, const uint8_t header[TNN_HEADER_BYTES]) {
    uint8_t digest[TNN_DIGEST_BYTES];
    tnn_digest_end(&s->digest, digest);
    return tnn_is_digest_of(header, digest) ? TNN_OK : TNN_ERR_CORRUPT;
}

tnn_status tnn_eval_key_read(tnn_eval_key **out, const tnn_source *source) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    if (!source || !source->read) {
        return TNN_ERR_MISUSE;
    }
    tnn_status status = tnn_random_start();
    if (status != TNN_OK) {
        return status;
    }
    uint8_t header[TNN_HEADER_BYTES];
    tnn_eval_key *eval = NULL;
    key_stream s = {.source = source, .total = TNN_KEY_PREAMBLE_BYTES};
    tnn_digest_start(&s.digest);
    status = take_preamble(&s, &eval, header);
    status = status == TNN_OK ? take_material(&s, eval) : status;
    status = status == TNN_OK ? check_digest(&s, header) : status;
    if (status != TNN_OK) {
        tnn_eval_key_free(eval);
        return status;
    }
    *out = eval;
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
    if (eval->bootstrapping) {
        tnn_read_copy(&reader, eval->bootstrapping, tnn_bootstrapping_body_bytes(&params));
    }
    for (size_t i = 0; i < tnn_switching_body_words(&params); i++) {
        eval->switching[i] = tnn_read_u32(&reader);
    }
    *out = eval;
    return TNN_OK;
}
