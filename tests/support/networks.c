#include "networks.h"

#include "draw.h"
#include "memory.h"
#include "reference.h"
#include "testing.h"

network_shape small_shape(void) {
    return (network_shape){.height = 4,
                           .width = 3,
                           .channels = 1,
                           .input_levels = 8,
                           .table_layers = 1,
                           .neurons = 4,
                           .tables_per_neuron = 1,
                           .table_cells = 16,
                           .outputs = 2,
                           .weight_magnitude = 3,
                           .table_magnitude = 20,
                           .tables = TABLES_RAMP};
}

network_shape three_level_shape(void) {
    network_shape shape = small_shape();
    shape.height = 2;
    shape.width = 2;
    shape.input_levels = 3;
    shape.weight_magnitude = 1;
    shape.table_cells = 4;
    shape.table_magnitude = 3;
    shape.tables = TABLES_RANDOM;
    return shape;
}

/* No neuron is without weights, and no input unread. */
static void draw_weights(tnn_layer *layer, uint32_t magnitude) {
    for (size_t i = 0; i < (size_t)layer->neurons * layer->inputs; i++) {
        layer->weights[i] = (int16_t)draw_signed(magnitude);
    }
    for (size_t i = 0; i < layer->inputs; i++) {
        layer->weights[i % layer->neurons * layer->inputs + i] |= 1;
    }
    for (size_t j = 0; j < layer->neurons; j++) {
        layer->weights[j * layer->inputs] |= 1;
        layer->biases[j] = draw_signed(3 * magnitude);
    }
}

/* From -magnitude to magnitude or back, flat for up to a quarter of the cells at each end. */
static void draw_ramp(int16_t *table, uint32_t cells, int32_t magnitude) {
    const int32_t start = (int32_t)draw_below(cells / 4 + 1);
    const int32_t end = (int32_t)(cells - 1 - draw_below(cells / 4 + 1));
    const int32_t sign = draw_below(2) ? 1 : -1;
    for (int32_t c = 0; c < (int32_t)cells; c++) {
        int32_t inside = c < start ? start : c > end ? end : c;
        int32_t length = end > start ? end - start : 1;
        table[c] = (int16_t)(sign * (2 * magnitude * (inside - start) / length - magnitude));
    }
}

static void draw_tables(tnn_layer *layer, const network_shape *shape) {
    for (size_t t = 0; t < tnn_layer_outputs(layer); t++) {
        int16_t *table = layer->tables + t * layer->table_cells;
        if (shape->tables == TABLES_RAMP) {
            draw_ramp(table, layer->table_cells, (int32_t)shape->table_magnitude);
            continue;
        }
        for (size_t c = 0; c < layer->table_cells; c++) {
            table[c] = (int16_t)draw_signed(shape->table_magnitude);
        }
    }
}

/* All that inputs between both ends can reach, and no fewer accumulators than cells. */
static void set_ranges(tnn_layer *layer, int32_t lowest_input, int32_t highest_input) {
    for (size_t j = 0; j < layer->neurons; j++) {
        int32_t low = layer->biases[j];
        int32_t high = layer->biases[j];
        for (size_t i = 0; i < layer->inputs; i++) {
            int32_t weight = layer->weights[j * layer->inputs + i];
            low += weight < 0 ? weight * highest_input : weight * lowest_input;
            high += weight < 0 ? weight * lowest_input : weight * highest_input;
        }
        int32_t missing = (int32_t)layer->table_cells - (high - low + 1);
        layer->ranges[2 * j] = low;
        layer->ranges[2 * j + 1] = missing > 0 ? high + missing : high;
    }
}

static void build_layer(tnn_model *model, uint32_t index, const network_shape *shape, uint32_t inputs) {
    const bool last = index == shape->table_layers;
    const int32_t magnitude = (int32_t)shape->table_magnitude;
    tnn_layer *layer = &model->layers[index];
    layer->inputs = inputs;
    layer->neurons = last ? shape->outputs : shape->neurons;
    layer->tables_per_neuron = last ? 0 : shape->tables_per_neuron;
    layer->table_cells = last ? 0 : shape->table_cells;
    assert_ok(tnn_layer_allocate(layer));
    draw_weights(layer, shape->weight_magnitude);
    if (!last) {
        draw_tables(layer, shape);
        set_ranges(layer, index == 0 ? 0 : -magnitude, index == 0 ? (int32_t)shape->input_levels - 1 : magnitude);
    }
}

static void set_provenance(tnn_model *model) {
    const char text[] = "{\"made\": \"by a test\"}";
    model->provenance = new_array(sizeof text, 1);
    for (size_t i = 0; i < sizeof text; i++) {
        model->provenance[i] = text[i];
    }
}

tnn_model *random_network(const network_shape *shape) {
    tnn_model *model;
    assert_ok(tnn_model_new(&model, shape->table_layers + 1));
    model->height = shape->height;
    model->width = shape->width;
    model->channels = shape->channels;
    model->input_levels = shape->input_levels;
    tnn_fill_even_map(model->input_map, shape->input_levels);
    assert_ok(tnn_readout_allocate(&model->readout, shape->outputs, 0));
    for (uint32_t i = 0; i < shape->outputs; i++) {
        model->readout.scales[i] = 0.125;
    }
    set_provenance(model);
    uint32_t inputs = (uint32_t)tnn_model_pixels(model);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        build_layer(model, i, shape, inputs);
        inputs = (uint32_t)tnn_layer_outputs(&model->layers[i]);
    }
    tnn_contradiction found;
    assert_ok(tnn_model_check(model, &found));
    return model;
}

uint8_t *random_image(const tnn_model *model) {
    return new_random(tnn_model_pixels(model), 1);
}

/* The level l whose 255 l / (levels - 1) is nearest; 255 is odd, so no pixel lies half-way. */
static int64_t naive_level(uint8_t pixel, uint32_t levels) {
    int64_t level = 0;
    while (2 * 255 * (level + 1) - 255 < 2 * (int64_t)pixel * (levels - 1)) {
        level++;
    }
    return level;
}

/* Cell c begins at the first accumulator that lies c / cells of the way or further. */
static size_t naive_cell(const tnn_layer *layer, size_t neuron, int64_t accumulator) {
    const int64_t low = layer->ranges[2 * neuron];
    const int64_t width = (int64_t)layer->ranges[2 * neuron + 1] - low + 1;
    size_t cell = 0;
    while (cell + 1 < layer->table_cells && (accumulator - low) * layer->table_cells >= (int64_t)(cell + 1) * width) {
        cell++;
    }
    return cell;
}

static int64_t naive_value(const tnn_model *model, const uint8_t *image, uint32_t layers, size_t index);

static int64_t naive_accumulator(const tnn_model *model, const uint8_t *image, uint32_t index, size_t neuron) {
    const tnn_layer *layer = &model->layers[index];
    int64_t sum = 0;
    for (size_t i = layer->inputs; i-- > 0;) {
        sum += naive_value(model, image, index, i) * layer->weights[neuron * layer->inputs + i];
    }
    return sum + layer->biases[neuron];
}

/* Value `index` of what `layers` layers hand on: with none of them a pixel. */
static int64_t naive_value(const tnn_model *model, const uint8_t *image, uint32_t layers, size_t index) {
    if (layers == 0) {
        return naive_level(image[index], model->input_levels);
    }
    const tnn_layer *layer = &model->layers[layers - 1];
    const size_t neuron = index / layer->tables_per_neuron;
    const int64_t accumulator = naive_accumulator(model, image, layers - 1, neuron);
    return layer->tables[index * layer->table_cells + naive_cell(layer, neuron, accumulator)];
}

void naive_logits(const tnn_model *model, int64_t *logits, const uint8_t *image) {
    for (size_t i = 0; i < tnn_model_outputs(model); i++) {
        logits[i] = naive_accumulator(model, image, model->layer_count - 1, i);
    }
}

tnn_interval reach_of(const tnn_model *model, uint32_t index, size_t neuron) {
    tnn_interval *reach;
    assert_ok(tnn_layer_reach(&reach, model, index, NULL));
    const tnn_interval found = reach[neuron];
    tnn_free(reach);
    return found;
}

void reference_logits(const tnn_model *model, int64_t *logits, const uint8_t *image) {
    int32_t *values = new_array(tnn_model_widest(model), sizeof *values);
    int64_t *accumulators = new_array(tnn_model_widest(model), sizeof *accumulators);
    tnn_reference_accumulators(model, accumulators, model->layer_count - 1, image, values);
    for (size_t i = 0; i < tnn_model_outputs(model); i++) {
        logits[i] = accumulators[i];
    }
    tnn_free(values);
    tnn_free(accumulators);
}
