#include "reference.h"

void tnn_layer_accumulate(const tnn_layer *layer, int64_t *accumulators, const int32_t *inputs) {
    for (size_t j = 0; j < layer->neurons; j++) {
        const int16_t *weights = layer->weights + j * layer->inputs;
        int64_t sum = layer->biases[j];
        for (size_t i = 0; i < layer->inputs; i++) {
            sum += (int64_t)weights[i] * inputs[i];
        }
        accumulators[j] = sum;
    }
}

static void read_tables(const tnn_layer *layer, int32_t *outputs, const int64_t *accumulators) {
    for (size_t j = 0; j < layer->neurons; j++) {
        for (size_t m = 0; m < layer->tables_per_neuron; m++) {
            outputs[j * layer->tables_per_neuron + m] = tnn_layer_lookup(layer, j, m, accumulators[j]);
        }
    }
}

/* One list of values is enough: a layer's accumulators stand apart, so its tables may overwrite its inputs. */
void tnn_reference_accumulators(const tnn_model *model, int64_t *accumulators, uint32_t index, const uint8_t *image,
                                int32_t *values) {
    for (size_t i = 0; i < tnn_model_pixels(model); i++) {
        values[i] = model->input_map[image[i]];
    }
    for (uint32_t i = 0; i < index; i++) {
        tnn_layer_accumulate(&model->layers[i], accumulators, values);
        read_tables(&model->layers[i], values, accumulators);
    }
    tnn_layer_accumulate(&model->layers[index], accumulators, values);
}
