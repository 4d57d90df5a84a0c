/* Encrypted evaluation of a circuit: threads and scratch memory made once, then any number of images. */
#ifndef TNN_NN_EVALUATION_H
#define TNN_NN_EVALUATION_H

#include "circuit.h"

typedef struct tnn_evaluation tnn_evaluation;

/* Called on the calling thread; false stops the evaluation. */
typedef bool (*tnn_evaluation_progress)(void *user, uint64_t done, uint64_t total);

typedef struct tnn_evaluation_monitor {
    tnn_evaluation_progress progress; /* may be NULL */
    void *user;
} tnn_evaluation_monitor;

/* circuit and server are borrowed until the evaluation is freed. Returns TNN_ERR_MEMORY, TNN_ERR_THREADS,
 * TNN_ERR_MISUSE. */
TNN_MUST_USE tnn_status tnn_evaluation_create(tnn_evaluation **evaluation, const tnn_circuit *circuit,
                                              const tnn_server_key *server, unsigned threads, size_t max_images);
void tnn_evaluation_free(tnn_evaluation *evaluation);

/* Bytes of memory of an evaluation, besides circuit and server key. */
size_t tnn_evaluation_bytes(const tnn_circuit *circuit, unsigned threads, size_t max_images);

/*
 * logits [count][outputs][k N + 1]: big LWE ciphertexts. images [count], count at most max_images.
 * Allocates nothing. Returns TNN_ERR_CANCELLED, or TNN_ERR_MISUSE for an input of another shape or parameters.
 */
TNN_MUST_USE tnn_status tnn_evaluation_run(tnn_evaluation *evaluation, uint32_t *logits,
                                           const tnn_packed *const *images, size_t count,
                                           tnn_evaluation_monitor monitor);

#endif
