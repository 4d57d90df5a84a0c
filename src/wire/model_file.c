/* Reading model files of versions 1 and 2. docs/FORMATS.md has the layout. Every size is held against its limit, and
 * against the bytes that are there, before memory is asked for. */
#include <stdio.h>
#include <torusnn/torusnn.h>

#include "header.h"
#include "memory.h"
#include "model.h"
#include "readout_file.h"

#define SALT_BYTES ((size_t)16)

/* Where reading stands, for whoever asks why it stopped. */
typedef struct model_reader {
    tnn_reader bytes;
    uint32_t version;
    tnn_contradiction at; /* what is being read, and what is wrong with it */
} model_reader;

static tnn_status stop(model_reader *reader, tnn_status status, const char *what) {
    reader->at.what = what;
    return status;
}

/* The field at hand; fields are named before they are read. */
static void at_field(model_reader *reader, const char *field) {
    reader->at.field = field;
}

static tnn_status cut(model_reader *reader) {
    return stop(reader, TNN_ERR_TRUNCATED, "the file ends in it");
}

/* ---------------------------------------------------------------------------------------------------------- head -- */

typedef struct model_head {
    uint32_t height, width, channels, input_levels, layer_count, provenance_bytes;
    uint32_t named;      /* version 2 */
    double output_scale; /* version 1: of every output */
} model_head;

static model_head read_head(model_reader *reader) {
    tnn_reader *bytes = &reader->bytes;
    model_head head = {.height = tnn_read_u32(bytes)};
    head.width = tnn_read_u32(bytes);
    head.channels = tnn_read_u32(bytes);
    head.input_levels = tnn_read_u32(bytes);
    head.layer_count = tnn_read_u32(bytes);
    head.provenance_bytes = tnn_read_u32(bytes);
    if (reader->version == 1) {
        head.output_scale = tnn_read_f64(bytes);
    } else {
        head.named = tnn_read_u32(bytes);
    }
    return head;
}

static bool at_most(uint64_t value, uint64_t limit) {
    return value <= limit;
}

static tnn_status check_image(model_reader *reader, const model_head *head) {
    at_field(reader, "image");
    if (!at_most(head->height, TNN_MAX_WIDTH) || !at_most(head->width, TNN_MAX_WIDTH) ||
        !at_most(head->channels, TNN_MAX_WIDTH) || !at_most((uint64_t)head->height * head->width, TNN_MAX_WIDTH) ||
        !at_most((uint64_t)head->height * head->width * head->channels, TNN_MAX_WIDTH)) {
        return stop(reader, TNN_ERR_LIMIT, "it has more pixels than a model may have inputs");
    }
    at_field(reader, "input levels");
    if (head->input_levels < 2 || head->input_levels > 256) {
        return stop(reader, TNN_ERR_MALFORMED, "there must be 2 to 256");
    }
    return TNN_OK;
}

static tnn_status check_head(model_reader *reader, const model_head *head) {
    at_field(reader, "head");
    if (reader->bytes.failed) {
        return cut(reader);
    }
    tnn_status status = check_image(reader, head);
    if (status != TNN_OK) {
        return status;
    }
    at_field(reader, "layers");
    if (head->layer_count == 0) {
        return stop(reader, TNN_ERR_MALFORMED, "there are none");
    }
    if (!at_most(head->layer_count, TNN_MAX_LAYERS)) {
        return stop(reader, TNN_ERR_LIMIT, "there are more than a model may have");
    }
    at_field(reader, "provenance");
    if (!at_most(head->provenance_bytes, TNN_MAX_PROVENANCE)) {
        return stop(reader, TNN_ERR_LIMIT, "it is longer than it may be");
    }
    return TNN_OK;
}

/* ------------------------------------------------------------------------------------ contract, input, provenance --
 */

#define PRECISION_EXACT 1u

static tnn_status read_contract(model_reader *reader, tnn_contract *contract) {
    at_field(reader, "contract");
    const uint32_t stated = tnn_read_u32(&reader->bytes);
    const uint32_t precision = tnn_read_u32(&reader->bytes);
    const uint32_t whole_torus = tnn_read_u32(&reader->bytes);
    *contract = (tnn_contract){
        .stated = stated == 1,
        .exact = precision == PRECISION_EXACT,
        .whole_torus = whole_torus == 1,
        .position_noise = tnn_read_f64(&reader->bytes),
    };
    contract->logit_noise = tnn_read_f64(&reader->bytes);
    contract->log2_lookup_error = tnn_read_f64(&reader->bytes);
    if (reader->bytes.failed) {
        return cut(reader);
    }
    if (stated > 1 || precision > PRECISION_EXACT || whole_torus > 1) {
        return stop(reader, TNN_ERR_MALFORMED, "a choice is none of those there are");
    }
    return TNN_OK;
}

/* The salt's work is done by the file's digest, of which it is a part. */
static tnn_status read_salt_and_contract(model_reader *reader, tnn_model *model) {
    at_field(reader, "salt");
    return tnn_read_bytes(&reader->bytes, SALT_BYTES) ? read_contract(reader, &model->contract) : cut(reader);
}

static tnn_status read_input_map(model_reader *reader, tnn_model *model) {
    at_field(reader, "input map");
    tnn_status status = tnn_read_input_map(&reader->bytes, model->input_map, model->input_levels);
    return status == TNN_OK              ? TNN_OK
           : status == TNN_ERR_TRUNCATED ? cut(reader)
                                         : stop(reader, status, "a pixel is mapped beyond the last level");
}

static tnn_status read_provenance(model_reader *reader, tnn_model *model, size_t length) {
    at_field(reader, "provenance");
    if (length > tnn_reader_left(&reader->bytes)) {
        return cut(reader);
    }
    model->provenance = tnn_alloc(length + 1, 1);
    if (!model->provenance) {
        return TNN_ERR_MEMORY;
    }
    tnn_read_copy(&reader->bytes, model->provenance, length);
    return memchr(model->provenance, 0, length) ? stop(reader, TNN_ERR_MALFORMED, "it holds a NUL") : TNN_OK;
}

/* -------------------------------------------------------------------------------------------------------- layers -- */

static uint64_t table_bytes(const tnn_layer *layer) {
    const uint64_t thresholds = layer->has_thresholds ? (uint64_t)layer->neurons * (layer->table_cells - 1) : 0;
    const uint64_t cells = (uint64_t)layer->neurons * layer->tables_per_neuron * layer->table_cells;
    return layer->tables_per_neuron ? 8 * (uint64_t)layer->neurons + 4 * thresholds + 2 * cells : 0;
}

/* The four sizes, and in version 2 how weights and cells are written. */
static tnn_status read_forms(model_reader *reader, tnn_layer *sizes, uint32_t *weight_bytes) {
    *sizes = (tnn_layer){.inputs = tnn_read_u32(&reader->bytes)};
    sizes->neurons = tnn_read_u32(&reader->bytes);
    sizes->tables_per_neuron = tnn_read_u32(&reader->bytes);
    sizes->table_cells = tnn_read_u32(&reader->bytes);
    *weight_bytes = reader->version == 1 ? 1 : tnn_read_u32(&reader->bytes);
    const uint32_t has_thresholds = reader->version == 1 ? 0 : tnn_read_u32(&reader->bytes);
    sizes->has_thresholds = has_thresholds == 1;
    at_field(reader, "sizes");
    if (reader->bytes.failed) {
        return cut(reader);
    }
    if ((*weight_bytes != 1 && *weight_bytes != 2) || has_thresholds > (sizes->tables_per_neuron > 0)) {
        return stop(reader, TNN_ERR_MALFORMED, "weights or cells have none of the forms there are");
    }
    return TNN_OK;
}

static tnn_status check_sizes(model_reader *reader, const tnn_layer *sizes, uint64_t weights_so_far) {
    if (!at_most(sizes->inputs, TNN_MAX_WIDTH) || !at_most(sizes->neurons, TNN_MAX_WIDTH) ||
        !at_most((uint64_t)sizes->neurons * sizes->tables_per_neuron, TNN_MAX_WIDTH) ||
        !at_most(sizes->table_cells, TNN_MAX_TABLE_CELLS)) {
        return stop(reader, TNN_ERR_LIMIT, "one is larger than it may be");
    }
    if (!at_most(weights_so_far, TNN_MAX_WEIGHTS)) {
        return stop(reader, TNN_ERR_LIMIT, "the layers have more weights together than a model may have");
    }
    if (sizes->inputs == 0 || sizes->neurons == 0 || (sizes->tables_per_neuron != 0 && sizes->table_cells == 0)) {
        return stop(reader, TNN_ERR_MALFORMED, "one is 0");
    }
    return TNN_OK;
}

static tnn_status read_layer_sizes(model_reader *reader, tnn_layer *layer, uint32_t *weight_bytes,
                                   uint64_t *weights_so_far) {
    tnn_layer sizes;
    tnn_status status = read_forms(reader, &sizes, weight_bytes);
    if (status != TNN_OK) {
        return status;
    }
    const uint64_t weights = (uint64_t)sizes.inputs * sizes.neurons;
    *weights_so_far += weights;
    status = check_sizes(reader, &sizes, *weights_so_far);
    if (status != TNN_OK) {
        return status;
    }
    if (weights * *weight_bytes + 4 * (uint64_t)sizes.neurons + table_bytes(&sizes) > tnn_reader_left(&reader->bytes)) {
        return stop(reader, TNN_ERR_TRUNCATED, "the file ends before what they announce");
    }
    *layer = sizes;
    return TNN_OK;
}

static void read_words(tnn_reader *bytes, int32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        words[i] = (int32_t)tnn_read_u32(bytes);
    }
}

static void read_weights(tnn_reader *bytes, tnn_layer *layer, uint32_t weight_bytes) {
    for (size_t i = 0; i < (size_t)layer->neurons * layer->inputs; i++) {
        const uint64_t word = tnn_read_le(bytes, weight_bytes);
        layer->weights[i] = weight_bytes == 1 ? (int8_t)word : (int16_t)word;
    }
}

static void read_layer_data(tnn_reader *bytes, tnn_layer *layer, uint32_t weight_bytes) {
    read_weights(bytes, layer, weight_bytes);
    read_words(bytes, layer->biases, layer->neurons);
    if (layer->tables_per_neuron == 0) {
        return;
    }
    read_words(bytes, layer->ranges, 2 * (size_t)layer->neurons);
    if (layer->has_thresholds) {
        read_words(bytes, layer->thresholds, (size_t)layer->neurons * (layer->table_cells - 1));
    }
    for (size_t i = 0; i < tnn_layer_outputs(layer) * layer->table_cells; i++) {
        layer->tables[i] = (int16_t)tnn_read_le(bytes, 2);
    }
}

static tnn_status read_layers(model_reader *reader, tnn_model *model) {
    uint64_t weights = 0;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        tnn_layer *layer = &model->layers[i];
        uint32_t weight_bytes;
        reader->at.layer = i;
        tnn_status status = read_layer_sizes(reader, layer, &weight_bytes, &weights);
        status = status == TNN_OK ? tnn_layer_allocate(layer) : status;
        if (status != TNN_OK) {
            return status;
        }
        read_layer_data(&reader->bytes, layer, weight_bytes);
    }
    reader->at.layer = TNN_WHOLE_MODEL;
    return TNN_OK;
}

/* ------------------------------------------------------------------------------------------------------- readout -- */

static tnn_status read_readout(model_reader *reader, tnn_model *model, const model_head *head) {
    const uint32_t outputs = (uint32_t)tnn_model_outputs(model);
    at_field(reader, "output scales and class names");
    if (reader->version == 2) {
        tnn_status status = tnn_read_readout(&reader->bytes, &model->readout, outputs, head->named);
        return status == TNN_OK || status == TNN_ERR_MEMORY
                   ? status
                   : stop(reader, status, "a scale is not above 0, or names are cut, too long or too few");
    }
    tnn_status status = tnn_readout_allocate(&model->readout, outputs, 0);
    for (uint32_t i = 0; status == TNN_OK && i < outputs; i++) {
        model->readout.scales[i] = head->output_scale;
    }
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- all -- */

static tnn_status read_front(model_reader *reader, tnn_model *model, const model_head *head) {
    model->height = head->height;
    model->width = head->width;
    model->channels = head->channels;
    model->input_levels = head->input_levels;
    tnn_fill_even_map(model->input_map, head->input_levels);
    if (reader->version == 1) {
        return TNN_OK;
    }
    tnn_status status = read_salt_and_contract(reader, model);
    return status == TNN_OK ? read_input_map(reader, model) : status;
}

static tnn_status read_end(model_reader *reader) {
    at_field(reader, "end");
    return tnn_close(&reader->bytes) == TNN_OK ? TNN_OK : stop(reader, tnn_close(&reader->bytes), "bytes follow it");
}

static tnn_status read_model(model_reader *reader, tnn_model *model, const model_head *head) {
    tnn_status status = read_front(reader, model, head);
    status = status == TNN_OK ? read_provenance(reader, model, head->provenance_bytes) : status;
    status = status == TNN_OK ? read_layers(reader, model) : status;
    status = status == TNN_OK ? read_readout(reader, model, head) : status;
    status = status == TNN_OK ? read_end(reader) : status;
    return status == TNN_OK ? tnn_model_check(model, &reader->at) : status;
}

static tnn_status load(model_reader *reader, tnn_model **out, const uint8_t *bytes, size_t length) {
    tnn_status status = tnn_open(&reader->bytes, &reader->version, TNN_KIND_MODEL, bytes, length);
    if (status != TNN_OK) {
        return status;
    }
    const model_head head = read_head(reader);
    status = check_head(reader, &head);
    tnn_model *model = NULL;
    status = status == TNN_OK ? tnn_model_new(&model, head.layer_count) : status;
    status = status == TNN_OK ? read_model(reader, model, &head) : status;
    if (status != TNN_OK) {
        tnn_model_free(model);
        return status;
    }
    memcpy(model->fingerprint, bytes + 16, sizeof model->fingerprint); /* the header's digest */
    *out = model;
    return TNN_OK;
}

/* Without a field of the model, the status says it all. */
static void tell(tnn_fault *fault, tnn_status status, const tnn_contradiction *at) {
    *fault = (tnn_fault){.status = status, .layer = at->layer, .field = at->what ? at->field : ""};
    if (!at->what) {
        snprintf(fault->sentence, sizeof fault->sentence, "%s", tnn_status_text(status));
    } else if (at->layer == TNN_WHOLE_MODEL) {
        snprintf(fault->sentence, sizeof fault->sentence, "%s: %s", at->field, at->what);
    } else {
        snprintf(fault->sentence, sizeof fault->sentence, "layer %u, %s: %s", at->layer, at->field, at->what);
    }
}

tnn_status tnn_model_load(tnn_model **out, tnn_fault *fault, const uint8_t *bytes, size_t length) {
    if (!out) {
        return TNN_ERR_MISUSE;
    }
    *out = NULL;
    model_reader reader = {.at = {.layer = TNN_WHOLE_MODEL}};
    tnn_status status = load(&reader, out, bytes, length);
    if (status != TNN_OK && fault) {
        tell(fault, status, &reader.at);
    }
    return status;
}
