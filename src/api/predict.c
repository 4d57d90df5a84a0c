/* What a model says in the clear. */
#include <torusnn/torusnn.h>

#include "memory.h"
#include "model.h"
#include "reference.h"

void tnn_model_describe(const tnn_model *model, tnn_model_info *info) {
    if (!model || !info) {
        return;
    }
    *info = (tnn_model_info){
        .height = model->height,
        .width = model->width,
        .channels = model->channels,
        .input_levels = model->input_levels,
        .layers = model->layer_count,
        .outputs = (uint32_t)tnn_model_outputs(model),
        .classes = tnn_class_count((uint32_t)tnn_model_outputs(model)),
        .states_contract = model->contract.stated,
        .provenance = model->provenance,
    };
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        info->table_lookups += model->layers[i].neurons;
    }
}

const char *tnn_model_class_name(const tnn_model *model, size_t index) {
    return model && index < model->readout.named ? model->readout.names[index] : NULL;
}

tnn_status tnn_model_predict(const tnn_model *model, double *logits, const uint8_t *image, size_t pixels) {
    if (!model || !logits || !image) {
        return TNN_ERR_MISUSE;
    }
    if (pixels != tnn_model_pixels(model)) {
        return TNN_ERR_SHAPE;
    }
    const size_t widest = tnn_model_widest(model);
    int32_t *values = tnn_alloc(widest, sizeof *values);
    int64_t *accumulators = tnn_alloc(widest, sizeof *accumulators);
    tnn_status status = values && accumulators ? TNN_OK : TNN_ERR_MEMORY;
    if (status == TNN_OK) {
        tnn_reference_accumulators(model, accumulators, model->layer_count - 1, image, values);
        for (size_t i = 0; i < tnn_model_outputs(model); i++) {
            logits[i] = tnn_real_logit(&model->readout, i, (double)accumulators[i]);
        }
    }
    tnn_free(values);
    tnn_free(accumulators);
    return status;
}
