/* The range proof, neuron by neuron, and what calibration images add to it. */
#include <torusnn/torusnn.h>

#include "memory.h"
#include "range.h"
#include "reference.h"

static tnn_neuron_range proof_of(const tnn_layer *layer, size_t neuron, tnn_interval reach) {
    return (tnn_neuron_range){
        .table_low = layer->ranges[2 * neuron],
        .table_high = layer->ranges[2 * neuron + 1],
        .reach_low = reach.low,
        .reach_high = reach.high,
        .proven = tnn_range_proven(layer, neuron, reach, false),
    };
}

static void count_leaving(tnn_neuron_range *ranges, const int64_t *accumulators, size_t neurons) {
    for (size_t j = 0; j < neurons; j++) {
        ranges[j].left += accumulators[j] < ranges[j].table_low || accumulators[j] > ranges[j].table_high;
    }
}

static tnn_status fill_ranges(const tnn_model *model, tnn_neuron_range *ranges, uint32_t index) {
    const tnn_layer *layer = &model->layers[index];
    tnn_interval *reach;
    tnn_status status = tnn_layer_reach(&reach, model, index, NULL);
    for (size_t j = 0; status == TNN_OK && j < layer->neurons; j++) {
        ranges[j] = proof_of(layer, j, reach[j]);
    }
    tnn_free(reach);
    return status;
}

static tnn_status fill_calibrated(const tnn_model *model, tnn_neuron_range *ranges, uint32_t index,
                                  const uint8_t *images, size_t count) {
    const size_t pixels = tnn_model_pixels(model);
    int32_t *values = tnn_alloc(tnn_model_widest(model), sizeof *values);
    int64_t *accumulators = tnn_alloc(tnn_model_widest(model), sizeof *accumulators);
    tnn_status status = values && accumulators ? fill_ranges(model, ranges, index) : TNN_ERR_MEMORY;
    for (size_t i = 0; status == TNN_OK && i < count; i++) {
        tnn_reference_accumulators(model, accumulators, index, images + i * pixels, values);
        count_leaving(ranges, accumulators, model->layers[index].neurons);
    }
    tnn_free(values);
    tnn_free(accumulators);
    return status;
}

tnn_status tnn_model_ranges(const tnn_model *model, tnn_neuron_range *ranges, uint32_t index, const uint8_t *images,
                            size_t pixels, size_t count) {
    if (!model || !ranges || index >= model->layer_count - 1 || (count > 0 && !images)) {
        return TNN_ERR_MISUSE;
    }
    if (count > 0 && pixels != tnn_model_pixels(model)) {
        return TNN_ERR_SHAPE;
    }
    return count > 0 ? fill_calibrated(model, ranges, index, images, count) : fill_ranges(model, ranges, index);
}
