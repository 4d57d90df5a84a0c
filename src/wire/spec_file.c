/*
 * Payload of a client spec of version 2: parameters (64 bytes); u32 height, width, channels, input_levels, outputs,
 * input_unit, output_unit, output_bits, flags (1: exact), named; input map and readout (readout_file.h); fingerprint
 * (16 bytes). Version 3: the same, where the parameters split tables. Version 1: the same words, 0 for `named`; f64
 * scale of every output; fingerprint.
 */
#include "spec_file.h"

#include <math.h>
#include <torusnn/torusnn.h>

#include "memory.h"
#include "params_file.h"
#include "random.h"
#include "readout_file.h"

#define SPEC_WORDS 10u
#define FLAG_EXACT 1u

/* Bytes in front of the fingerprint. */
static size_t body_bytes(const tnn_spec *spec) {
    const size_t words = TNN_PARAMS_BYTES + 4 * SPEC_WORDS;
    return spec->version == 1
               ? words + 8
               : words + tnn_input_map_bytes(spec->input_map, spec->input_levels) + tnn_readout_bytes(&spec->readout);
}

static void write_body(tnn_writer *writer, const tnn_spec *spec) {
    const uint32_t words[SPEC_WORDS] = {
        spec->height,     spec->width,       spec->channels,    spec->input_levels,           spec->readout.outputs,
        spec->input_unit, spec->output_unit, spec->output_bits, spec->exact ? FLAG_EXACT : 0, spec->readout.named};
    tnn_write_params(writer, &spec->params);
    for (size_t i = 0; i < SPEC_WORDS; i++) {
        tnn_write_u32(writer, words[i]);
    }
    if (spec->version == 1) {
        tnn_write_f64(writer, spec->readout.scales[0]);
        return;
    }
    tnn_write_input_map(writer, spec->input_map, spec->input_levels);
    tnn_write_readout(writer, &spec->readout);
}

tnn_status tnn_spec_set_fingerprint(tnn_spec *spec, const uint8_t model[TNN_FINGERPRINT_BYTES]) {
    uint8_t *body = tnn_alloc(body_bytes(spec), 1);
    if (!body) {
        return TNN_ERR_MEMORY;
    }
    tnn_writer writer = {body};
    write_body(&writer, spec);
    const tnn_bytes_view parts[2] = {{model, TNN_FINGERPRINT_BYTES}, {body, body_bytes(spec)}};
    tnn_digest(spec->fingerprint, parts, 2);
    tnn_free(body);
    return TNN_OK;
}

tnn_status tnn_spec_check_model(const tnn_spec *spec, const tnn_model *model) {
    tnn_spec expected = *spec;
    expected.height = model->height;
    expected.width = model->width;
    expected.channels = model->channels;
    expected.input_levels = model->input_levels;
    memcpy(expected.input_map, model->input_map, sizeof expected.input_map);
    expected.readout = model->readout;
    tnn_status status = tnn_spec_set_fingerprint(&expected, model->fingerprint);
    const bool same = memcmp(expected.fingerprint, spec->fingerprint, sizeof expected.fingerprint) == 0;
    return status != TNN_OK || same ? status : TNN_ERR_MODEL_MISMATCH;
}

size_t tnn_spec_size(const tnn_spec *spec) {
    return spec ? TNN_HEADER_BYTES + body_bytes(spec) + TNN_FINGERPRINT_BYTES : 0;
}

tnn_status tnn_spec_save(const tnn_spec *spec, uint8_t *out, size_t capacity) {
    tnn_writer writer;
    tnn_status status = spec ? tnn_begin(&writer, out, capacity, tnn_spec_size(spec)) : TNN_ERR_MISUSE;
    if (status != TNN_OK) {
        return status;
    }
    write_body(&writer, spec);
    tnn_write_copy(&writer, spec->fingerprint, sizeof spec->fingerprint);
    tnn_finish(out, TNN_KIND_SPEC, spec->version, tnn_spec_size(spec));
    return TNN_OK;
}

/* The ten words, as they stand in the file. */
typedef struct spec_words {
    uint32_t height, width, channels, input_levels, outputs, input_unit, output_unit, output_bits, flags, named;
} spec_words;

static spec_words read_words(tnn_reader *reader) {
    spec_words w = {.height = tnn_read_u32(reader)};
    w.width = tnn_read_u32(reader);
    w.channels = tnn_read_u32(reader);
    w.input_levels = tnn_read_u32(reader);
    w.outputs = tnn_read_u32(reader);
    w.input_unit = tnn_read_u32(reader);
    w.output_unit = tnn_read_u32(reader);
    w.output_bits = tnn_read_u32(reader);
    w.flags = tnn_read_u32(reader);
    w.named = tnn_read_u32(reader);
    return w;
}

static bool words_within_limits(const spec_words *w) {
    return w->height <= TNN_MAX_WIDTH && w->width <= TNN_MAX_WIDTH && w->channels <= TNN_MAX_WIDTH &&
           (uint64_t)w->height * w->width <= TNN_MAX_WIDTH &&
           (uint64_t)w->height * w->width * w->channels <= TNN_MAX_WIDTH && w->outputs <= TNN_MAX_WIDTH;
}

/* Dot products of inputs alone are in the inputs' unit. */
static bool units_agree(const spec_words *w, const tnn_params *params) {
    const uint32_t input_bits = params->literal.input_bits;
    return tnn_params_bootstrap(params) || w->output_unit == (uint64_t)w->input_unit << (32 - input_bits);
}

static bool words_ok(const spec_words *w, const tnn_params *params) {
    const uint64_t modulus = (uint64_t)1 << params->literal.input_bits;
    return w->height && w->width && w->channels && w->outputs && w->input_levels >= 2 && w->input_levels <= 256 &&
           w->input_unit > 0 && (uint64_t)w->input_unit * (w->input_levels - 1) < modulus && w->output_unit > 0 &&
           (w->output_bits == 16 || w->output_bits == 32) && w->flags <= FLAG_EXACT && units_agree(w, params);
}

static void take_words(tnn_spec *spec, const spec_words *w) {
    spec->height = w->height;
    spec->width = w->width;
    spec->channels = w->channels;
    spec->input_levels = w->input_levels;
    spec->input_unit = w->input_unit;
    spec->output_unit = w->output_unit;
    spec->output_bits = w->output_bits;
    spec->exact = w->flags & FLAG_EXACT;
}

/* Version 1: even levels, one scale for all outputs, no names. */
static tnn_status read_one_scale(tnn_reader *reader, tnn_spec *spec, const spec_words *w) {
    const double scale = tnn_read_f64(reader);
    if (w->named != 0 || !isfinite(scale) || scale <= 0) {
        return TNN_ERR_MALFORMED;
    }
    tnn_fill_even_map(spec->input_map, spec->input_levels);
    tnn_status status = tnn_readout_allocate(&spec->readout, w->outputs, 0);
    for (uint32_t i = 0; status == TNN_OK && i < w->outputs; i++) {
        spec->readout.scales[i] = scale;
    }
    return status;
}

static tnn_status read_encoding(tnn_reader *reader, tnn_spec *spec, const spec_words *w) {
    if (spec->version == 1) {
        return read_one_scale(reader, spec, w);
    }
    tnn_status status = tnn_read_input_map(reader, spec->input_map, w->input_levels);
    return status == TNN_OK ? tnn_read_readout(reader, &spec->readout, w->outputs, w->named) : status;
}

static tnn_status read_body(tnn_reader *reader, tnn_spec *spec) {
    tnn_status status = tnn_read_params(reader, &spec->params, spec->version == TNN_SPLIT_SPEC_VERSION);
    if (status != TNN_OK) {
        return status;
    }
    const spec_words words = read_words(reader);
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    if (!words_within_limits(&words)) {
        return TNN_ERR_LIMIT;
    }
    if (!words_ok(&words, &spec->params)) {
        return TNN_ERR_MALFORMED;
    }
    take_words(spec, &words);
    status = read_encoding(reader, spec, &words);
    tnn_read_copy(reader, spec->fingerprint, sizeof spec->fingerprint);
    return status == TNN_OK ? tnn_close(reader) : status;
}

tnn_status tnn_spec_load(tnn_spec **out, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    tnn_spec read = {0};
    tnn_reader reader;
    tnn_status status = tnn_open(&reader, &read.version, TNN_KIND_SPEC, bytes, length);
    if (status != TNN_OK) {
        return status;
    }
    tnn_spec *spec = tnn_alloc(1, sizeof *spec);
    status = spec ? read_body(&reader, &read) : TNN_ERR_MEMORY;
    if (status != TNN_OK) {
        tnn_readout_release(&read.readout);
        tnn_free(spec);
        return status;
    }
    *spec = read;
    *out = spec;
    return TNN_OK;
}

tnn_status tnn_spec_copy(tnn_spec **out, const tnn_spec *spec) {
    *out = NULL;
    tnn_spec *copy = tnn_alloc(1, sizeof *copy);
    if (!copy) {
        return TNN_ERR_MEMORY;
    }
    *copy = *spec;
    tnn_status status = tnn_readout_copy(&copy->readout, &spec->readout);
    if (status != TNN_OK) {
        tnn_free(copy);
        return status;
    }
    *out = copy;
    return TNN_OK;
}

void tnn_spec_free(tnn_spec *spec) {
    if (!spec) {
        return;
    }
    tnn_readout_release(&spec->readout);
    tnn_free(spec);
}

void tnn_spec_shape(const tnn_spec *spec, uint32_t *height, uint32_t *width, uint32_t *channels, uint32_t *outputs) {
    if (!spec) {
        return;
    }
    uint32_t *const out[4] = {height, width, channels, outputs};
    const uint32_t values[4] = {spec->height, spec->width, spec->channels, spec->readout.outputs};
    for (size_t i = 0; i < 4; i++) {
        if (out[i]) {
            *out[i] = values[i];
        }
    }
}
