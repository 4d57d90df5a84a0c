/*
 * Payload of a client spec: parameters (64 bytes); u32 height, width, channels, input_levels, outputs, input_unit,
 * output_unit, output_bits, exact; u32 reserved 0; f64 output_scale; fingerprint (16 bytes).
 */
#include "spec_file.h"

#include <math.h>
#include <torusnn/torusnn.h>

#include "memory.h"
#include "params_file.h"
#include "random.h"

#define SPEC_BODY_BYTES (TNN_PARAMS_BYTES + 10 * 4 + 8)

static void write_body(tnn_writer *writer, const tnn_spec *spec) {
    const uint32_t words[10] = {
        spec->height,     spec->width,       spec->channels,    spec->input_levels, spec->outputs,
        spec->input_unit, spec->output_unit, spec->output_bits, spec->exact,        0};
    tnn_write_params(writer, &spec->params);
    for (size_t i = 0; i < 10; i++) {
        tnn_write_u32(writer, words[i]);
    }
    tnn_write_f64(writer, spec->output_scale);
}

void tnn_spec_set_fingerprint(tnn_spec *spec, const uint8_t model[TNN_FINGERPRINT_BYTES]) {
    uint8_t body[SPEC_BODY_BYTES];
    tnn_writer writer = {body};
    write_body(&writer, spec);
    const tnn_bytes_view parts[2] = {{model, TNN_FINGERPRINT_BYTES}, {body, sizeof body}};
    tnn_digest(spec->fingerprint, parts, 2);
}

size_t tnn_spec_file_bytes(void) {
    return TNN_HEADER_BYTES + SPEC_BODY_BYTES + TNN_FINGERPRINT_BYTES;
}

size_t tnn_spec_size(const tnn_spec *spec) {
    (void)spec;
    return tnn_spec_file_bytes();
}

tnn_status tnn_spec_save(const tnn_spec *spec, uint8_t *out, size_t capacity) {
    tnn_writer writer;
    tnn_status status = spec ? tnn_begin(&writer, out, capacity, tnn_spec_file_bytes()) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    write_body(&writer, spec);
    tnn_write_copy(&writer, spec->fingerprint, sizeof spec->fingerprint);
    tnn_finish(out, TNN_KIND_SPEC, tnn_spec_file_bytes());
    return TNN_OK;
}

static bool shape_within_limits(const tnn_spec *spec) {
    return spec->height <= TNN_MAX_WIDTH && spec->width <= TNN_MAX_WIDTH && spec->channels <= TNN_MAX_WIDTH &&
           (uint64_t)spec->height * spec->width <= TNN_MAX_WIDTH &&
           (uint64_t)spec->height * spec->width * spec->channels <= TNN_MAX_WIDTH && spec->outputs <= TNN_MAX_WIDTH;
}

static bool encoding_ok(const tnn_spec *spec) {
    const uint64_t modulus = (uint64_t)1 << spec->params.literal.input_bits;
    return spec->height && spec->width && spec->channels && spec->outputs && spec->input_levels >= 2 &&
           spec->input_levels <= 256 && spec->input_unit > 0 &&
           (uint64_t)spec->input_unit * (spec->input_levels - 1) < modulus && spec->output_unit > 0 &&
           (spec->output_bits == 16 || spec->output_bits == 32) && isfinite(spec->output_scale) &&
           spec->output_scale > 0;
}

static tnn_status read_body(tnn_reader *reader, tnn_spec *spec) {
    tnn_status status = tnn_read_params(reader, &spec->params);
    if (status != TNN_OK) {
        return status;
    }
    uint32_t *const words[8] = {&spec->height,  &spec->width,      &spec->channels,    &spec->input_levels,
                                &spec->outputs, &spec->input_unit, &spec->output_unit, &spec->output_bits};
    for (size_t i = 0; i < 8; i++) {
        *words[i] = tnn_read_u32(reader);
    }
    uint32_t exact = tnn_read_u32(reader);
    uint32_t reserved = tnn_read_u32(reader);
    spec->exact = exact == 1;
    spec->output_scale = tnn_read_f64(reader);
    tnn_read_copy(reader, spec->fingerprint, sizeof spec->fingerprint);
    if (tnn_close(reader) != TNN_OK) {
        return tnn_close(reader);
    }
    if (!shape_within_limits(spec)) {
        return TNN_ERR_LIMIT;
    }
    return exact > 1 || reserved != 0 || !encoding_ok(spec) ? TNN_ERR_MALFORMED : TNN_OK;
}

tnn_status tnn_spec_load(tnn_spec **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_reader reader;
    tnn_spec read = {0};
    tnn_status status = tnn_open(&reader, TNN_KIND_SPEC, bytes, length);
    status = status == TNN_OK ? read_body(&reader, &read) : status;
    tnn_spec *spec = status == TNN_OK ? tnn_alloc(1, sizeof *spec) : NULL;
    if (!spec) {
        return status == TNN_OK ? TNN_ERR_MEMORY : status;
    }
    *spec = read;
    *out = spec;
    return TNN_OK;
}

void tnn_spec_free(tnn_spec *spec) {
    tnn_free(spec);
}

void tnn_spec_shape(const tnn_spec *spec, uint32_t *height, uint32_t *width, uint32_t *channels, uint32_t *outputs) {
    uint32_t *const out[4] = {height, width, channels, outputs};
    const uint32_t values[4] = {spec->height, spec->width, spec->channels, spec->outputs};
    for (size_t i = 0; i < 4; i++) {
        if (out[i]) {
            *out[i] = values[i];
        }
    }
}
