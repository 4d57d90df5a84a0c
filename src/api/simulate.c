/* What encryption would give, without a key. */
#include <torusnn/torusnn.h>

#include "encoding.h"
#include "memory.h"
#include "simulation.h"

static tnn_status simulate(const tnn_circuit *circuit, double *logits, uint32_t *phases, const uint8_t *image,
                           uint64_t seed) {
    tnn_simulation *simulation;
    tnn_status status = tnn_simulation_create(&simulation, circuit);
    if (status != TNN_OK) {
        return status;
    }
    tnn_simulation_run(simulation, phases, image, seed);
    for (size_t j = 0; j < circuit->spec.readout.outputs; j++) {
        logits[j] = tnn_decode_logit(&circuit->spec, j, phases[j]);
    }
    tnn_simulation_free(simulation);
    return TNN_OK;
}

tnn_status tnn_simulate(const tnn_circuit *circuit, double *logits, const uint8_t *image, size_t pixels,
                        uint64_t seed) {
    if (!circuit || !logits || !image) {
        return TNN_ERR_MISUSE;
    }
    if (pixels != tnn_spec_pixels(&circuit->spec)) {
        return TNN_ERR_SHAPE;
    }
    uint32_t *phases = tnn_alloc(circuit->spec.readout.outputs, sizeof *phases);
    tnn_status status = phases ? simulate(circuit, logits, phases, image, seed) : TNN_ERR_MEMORY;
    tnn_free(phases);
    return status;
}
