/*
 * Evaluation keys. The smallest has megabytes, nearly all of which may hold anything: an input is what the file begins
 * with, and the file is grown from it.
 *
 *    0   1  twice the bytes that the file is longer than its parameters say, as int8_t
 *    1 112  parameters, key id, seed
 *  113      what bodies repeat; zeros where there is nothing
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "object_uses.h"
#include "params_file.h"
#include "sizes.h"

#define PREAMBLE ((size_t)112)
#define MOST_FILE_BYTES ((size_t)8 << 20)

/* Expansions and evaluations take tens of milliseconds: one input in so many gets them. */
#define FULL_EVERY 32

static tiny_world world;

/* The file ends where this does, so that a sanitizer sees a read past it. */
static uint8_t room[MOST_FILE_BYTES + 64];

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    make_tiny_world(&world);
    fuzz_start();
    return 0;
}

/* As long as the parameters ask for; parameters that are refused, or ask for more than is tried, get no bodies. */
static size_t file_length(const uint8_t *data, size_t size) {
    tnn_reader reader = {data + 1, size - 1, 0, false};
    tnn_params params;
    const bool known = tnn_read_params(&reader, &params, false) == TNN_OK;
    const size_t whole = known ? tnn_eval_key_file_bytes(&params) : FILE_HEADER_BYTES + PREAMBLE;
    return (whole <= MOST_FILE_BYTES ? whole : FILE_HEADER_BYTES + PREAMBLE) + (size_t)(ptrdiff_t)((int8_t)data[0] / 2);
}

/* Zeros where there is no pattern. */
static void fill(uint8_t *out, size_t length, const uint8_t *pattern, size_t period) {
    size_t done = period < length ? period : length;
    memcpy(out, pattern, done);
    if (period == 0) {
        memset(out, 0, length);
        return;
    }
    while (done < length) {
        const size_t count = done < length - done ? done : length - done;
        memcpy(out + done, out, count);
        done += count;
    }
}

static file_bytes grow(const uint8_t *data, size_t size) {
    const size_t length = file_length(data, size);
    const file_bytes file = {room + sizeof room - length, length};
    const size_t payload = length - FILE_HEADER_BYTES;
    const size_t given = size - 1 < PREAMBLE ? size - 1 : PREAMBLE;
    const size_t copied = given < payload ? given : payload;
    memset(file.bytes, 0, FILE_HEADER_BYTES);
    memcpy(file.bytes + FILE_HEADER_BYTES, data + 1, copied);
    fill(file.bytes + FILE_HEADER_BYTES + copied, payload - copied, data + 1 + given, size - 1 - given);
    seal_file(&file, 'E');
    return file;
}

/* A file as a source: user is what is left of it. */
static size_t read_file(void *user, uint8_t *out, size_t length) {
    file_bytes *left = user;
    const size_t count = length < left->length ? length : left->length;
    memcpy(out, left->bytes, count);
    left->bytes += count;
    left->length -= count;
    return count;
}

/* The reader of sources takes what the reader of files takes. */
static void check_source(file_bytes file, tnn_status loaded) {
    const tnn_source source = {.read = read_file, .user = &file};
    tnn_eval_key *eval;
    const tnn_status status = tnn_eval_key_read(&eval, &source);
    if ((status == TNN_OK) != (loaded == TNN_OK) || (status == TNN_OK) != (eval != NULL)) {
        abort();
    }
    tnn_eval_key_free(eval);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const file_bytes file = grow(data, size);
    const bool full = fuzz_is_replay || file.bytes[16] % FULL_EVERY == 0;
    fuzz_count(FUZZ_RUN);
    fuzz_count(FUZZ_PAST_DIGEST); /* grow has sealed it */
    const tnn_status loaded = load_and_use(&USE_EVAL_KEY, &world, &file, full ? USE_FULL : USE_QUICK);
    if (full || loaded != TNN_OK) {
        check_source(file, loaded);
    }
    if (loaded == TNN_OK) {
        fuzz_count(FUZZ_LOADED);
        fuzz_remember(data, size);
        if (full) {
            fuzz_count(FUZZ_USED_IN_FULL);
        }
    }
    return 0;
}
