/* Between images, torus elements and logits: all that a client computes besides encryption. */
#ifndef TNN_NN_ENCODING_H
#define TNN_NN_ENCODING_H

#include "spec.h"

size_t tnn_spec_pixels(const tnn_spec *spec);

/* messages [pixels] on Z/2^input_bits of an image [pixels]. */
void tnn_encode_image(const tnn_spec *spec, uint32_t *messages, const uint8_t *image);

/* The real logit of output `output` whose phase on Z/2^32 is given. */
double tnn_decode_logit(const tnn_spec *spec, size_t output, uint32_t phase);

/* A torus element rounded to 2^output_bits points, and back. */
uint32_t tnn_round_output(const tnn_spec *spec, uint32_t word);
uint32_t tnn_widen_output(const tnn_spec *spec, uint32_t rounded);

#endif
