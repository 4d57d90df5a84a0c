/*
 * The circuit evaluated on phases instead of ciphertexts, with the noise that its budget predicts: what encrypted
 * evaluation would decrypt at every step.
 */
#ifndef TNN_NN_SIMULATION_H
#define TNN_NN_SIMULATION_H

#include "circuit.h"
#include "random.h"

/* Scratch of one simulating thread. */
typedef struct tnn_simulation tnn_simulation;

TNN_MUST_USE tnn_status tnn_simulation_create(tnn_simulation **simulation, const tnn_circuit *circuit);
void tnn_simulation_free(tnn_simulation *simulation);

/* logits [outputs]: phases on Z/2^32, rounded as results are. image [pixels]. The seed decides all noise. */
void tnn_simulation_run(tnn_simulation *simulation, uint32_t *logits, const uint8_t *image, uint64_t seed);

#endif
