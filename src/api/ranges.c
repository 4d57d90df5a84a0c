/* The range proof, neuron by neuron, what calibration images add to it, and which images a circuit misreads. */
#include <torusnn/torusnn.h>

#include "circuit.h"
#include "memory.h"
#include "range.h"
#include "reference.h"
#include "spec_file.h"

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

/* On half the torus the table of a neuron goes on as far as its flat ends and the room beside it let it; what takes the
 * whole torus is read as at its other end. */
static bool is_astray(const tnn_circuit *circuit, const tnn_layer *layer, size_t neuron, int64_t accumulator,
                      double room) {
    const tnn_interval point = {accumulator, accumulator};
    return circuit->whole_torus || (double)tnn_covering_width(layer, neuron, point) > room * (1 + 1e-12);
}

static void add_excursions(tnn_excursion *excursion, const tnn_circuit *circuit, const tnn_model *model, uint32_t index,
                           const int64_t *accumulators) {
    const tnn_layer *layer = &model->layers[index];
    for (size_t j = 0; j < layer->neurons; j++) {
        const double room = circuit->reports[index].fills[j].room;
        const int32_t *range = layer->ranges + 2 * j;
        if (room > 0 && (accumulators[j] < range[0] || accumulators[j] > range[1])) {
            excursion->outside++;
            excursion->astray += is_astray(circuit, layer, j, accumulators[j], room);
        }
    }
}

/* values and accumulators [widest] are scratch. */
static tnn_excursion excursion_of(const tnn_circuit *circuit, const tnn_model *model, const uint8_t *image,
                                  int32_t *values, int64_t *accumulators) {
    tnn_excursion excursion = {0};
    for (uint32_t index = 0; index + 1 < model->layer_count; index++) {
        tnn_reference_accumulators(model, accumulators, index, image, values);
        add_excursions(&excursion, circuit, model, index, accumulators);
    }
    return excursion;
}

static tnn_status fill_excursions(const tnn_circuit *circuit, tnn_excursion *excursions, const tnn_model *model,
                                  const uint8_t *images, size_t count) {
    const size_t pixels = tnn_model_pixels(model);
    int32_t *values = tnn_alloc(tnn_model_widest(model), sizeof *values);
    int64_t *accumulators = tnn_alloc(tnn_model_widest(model), sizeof *accumulators);
    const bool allocated = values && accumulators;
    for (size_t i = 0; allocated && i < count; i++) {
        excursions[i] = excursion_of(circuit, model, images + i * pixels, values, accumulators);
    }
    tnn_free(values);
    tnn_free(accumulators);
    return allocated ? TNN_OK : TNN_ERR_MEMORY;
}

tnn_status tnn_circuit_excursions(const tnn_circuit *circuit, tnn_excursion *excursions, const tnn_model *model,
                                  const uint8_t *images, size_t pixels, size_t count) {
    if (!circuit || !excursions || !model || (count > 0 && !images)) {
        return TNN_ERR_MISUSE;
    }
    if (count > 0 && pixels != tnn_model_pixels(model)) {
        return TNN_ERR_SHAPE;
    }
    tnn_status status = tnn_spec_check_model(&circuit->spec, model);
    return status == TNN_OK ? fill_excursions(circuit, excursions, model, images, count) : status;
}
