/*
 * Material of a secret key (key_file.h): the bits of S, eight a byte, first bit lowest; unless the prefix is shared,
 * the bits of s likewise.
 */
#include <torusnn/torusnn.h>

#include "key_file.h"
#include "sizes.h"

static size_t packed_bytes(size_t bits) {
    return (bits + 7) / 8;
}

static size_t own_small_bits(const tnn_params *params) {
    return params->literal.shared_prefix ? 0 : params->literal.n;
}

size_t tnn_secret_key_file_bytes(const tnn_params *params) {
    return TNN_KEY_PREAMBLE_BYTES + packed_bytes(tnn_params_big_dimension(params)) +
           packed_bytes(own_small_bits(params));
}

static const tnn_key_format FORMAT = {TNN_KIND_SECRET_KEY, tnn_secret_key_file_bytes};

size_t tnn_secret_key_size(const tnn_secret_key *secret) {
    return secret ? tnn_secret_key_file_bytes(&secret->params) : 0;
}

static void write_bits(tnn_writer *writer, const uint32_t *bits, size_t count) {
    memset(writer->next, 0, packed_bytes(count));
    for (size_t i = 0; i < count; i++) {
        writer->next[i / 8] |= (uint8_t)(bits[i] << (i % 8));
    }
    writer->next += packed_bytes(count);
}

/* Fills bits [count]; false where the last byte holds more than its bits. */
static bool read_bits(tnn_reader *reader, uint32_t *bits, size_t count) {
    const uint8_t *bytes = tnn_read_bytes(reader, packed_bytes(count));
    for (size_t i = 0; bytes && i < count; i++) {
        bits[i] = (uint32_t)(bytes[i / 8] >> (i % 8)) & 1;
    }
    return bytes && (count % 8 == 0 || bytes[count / 8] >> (count % 8) == 0);
}

tnn_status tnn_secret_key_save(const tnn_secret_key *secret, uint8_t *out, size_t capacity) {
    if (!secret) {
        return TNN_ERR_MISUSE;
    }
    tnn_writer writer;
    tnn_status status = tnn_begin_key(&writer, &FORMAT, &secret->params, &secret->id, out, capacity);
    if (status != TNN_OK) {
        return status;
    }
    write_bits(&writer, secret->big, tnn_params_big_dimension(&secret->params));
    write_bits(&writer, secret->small, own_small_bits(&secret->params));
    tnn_finish_key(&FORMAT, &secret->params, out);
    return TNN_OK;
}

tnn_status tnn_secret_key_load(tnn_secret_key **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_params params;
    tnn_key_id id;
    tnn_secret_key *secret = NULL;
    tnn_status status = tnn_open_key(&reader, &params, &id, &FORMAT, bytes, length);
    status = status == TNN_OK ? tnn_secret_key_new(&secret, &params) : status;
    if (status != TNN_OK) {
        return status;
    }
    secret->id = id;
    if (!read_bits(&reader, secret->big, tnn_params_big_dimension(&params)) ||
        !read_bits(&reader, secret->small, own_small_bits(&params))) {
        tnn_secret_key_free(secret);
        return TNN_ERR_MALFORMED;
    }
    *out = secret;
    return TNN_OK;
}
