#include "readout.h"

#include <string.h>

#include "memory.h"

tnn_status tnn_readout_allocate(tnn_readout *readout, uint32_t outputs, uint32_t named) {
    *readout = (tnn_readout){.outputs = outputs, .named = named};
    readout->scales = tnn_alloc(outputs, sizeof *readout->scales);
    readout->offsets = tnn_alloc(outputs, sizeof *readout->offsets);
    readout->names = named ? tnn_alloc(named, sizeof *readout->names) : NULL;
    if (!readout->scales || !readout->offsets || (named && !readout->names)) {
        tnn_readout_release(readout);
        return TNN_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < outputs; i++) {
        readout->scales[i] = 1;
    }
    return TNN_OK;
}

tnn_status tnn_readout_copy(tnn_readout *copy, const tnn_readout *readout) {
    tnn_status status = tnn_readout_allocate(copy, readout->outputs, readout->named);
    if (status != TNN_OK) {
        return status;
    }
    memcpy(copy->scales, readout->scales, readout->outputs * sizeof *copy->scales);
    memcpy(copy->offsets, readout->offsets, readout->outputs * sizeof *copy->offsets);
    if (readout->named) {
        memcpy(copy->names, readout->names, readout->named * sizeof *copy->names);
    }
    return TNN_OK;
}

void tnn_readout_release(tnn_readout *readout) {
    tnn_free(readout->scales);
    tnn_free(readout->offsets);
    tnn_free(readout->names);
    *readout = (tnn_readout){0};
}

void tnn_fill_even_map(uint8_t *input_map, uint32_t levels) {
    for (uint32_t pixel = 0; pixel < 256; pixel++) {
        input_map[pixel] = (uint8_t)((pixel * (levels - 1) + 127) / 255);
    }
}
