#include "encoding.h"

#include <math.h>

size_t tnn_spec_pixels(const tnn_spec *spec) {
    return (size_t)spec->height * spec->width * spec->channels;
}

/* input_map[pixel], by reading all of the map: a pixel is a secret, which chooses no address. (v ^ pixel) - 1 is
 * negative where they are equal, and there alone. */
static uint32_t level_of(const uint8_t *input_map, uint8_t pixel) {
    uint32_t level = 0;
    for (uint32_t value = 0; value < 256; value++) {
        const uint32_t equal = ((value ^ pixel) - 1) >> 31;
        level |= input_map[value] & (0 - equal);
    }
    return level;
}

void tnn_encode_image(const tnn_spec *spec, uint32_t *messages, const uint8_t *image) {
    for (size_t i = 0; i < tnn_spec_pixels(spec); i++) {
        messages[i] = level_of(spec->input_map, image[i]) * spec->input_unit;
    }
}

double tnn_decode_logit(const tnn_spec *spec, size_t output, uint32_t phase) {
    const double logit = (double)(int32_t)phase / spec->output_unit;
    return tnn_real_logit(&spec->readout, output, spec->exact ? nearbyint(logit) : logit);
}

uint32_t tnn_round_output(const tnn_spec *spec, uint32_t word) {
    const uint32_t dropped = 32 - spec->output_bits;
    return dropped == 0 ? word : (word + (1u << (dropped - 1))) >> dropped;
}

uint32_t tnn_widen_output(const tnn_spec *spec, uint32_t rounded) {
    return rounded << (32 - spec->output_bits);
}
