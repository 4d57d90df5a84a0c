/*
 * deployment.h: a client and a server in one process that hand each other bytes only.
 *
 * The members say which side owns what; every object that crosses is saved by one side and loaded by the other.
 */
#ifndef MEDMNIST_DEPLOYMENT_H
#define MEDMNIST_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

#include "common/bytes.h"

typedef struct deployment {
    /* server */
    const tnn_circuit *circuit; /* borrowed */
    tnn_evaluator *evaluator;
    tnn_input **inputs;   /* [batch], NULL between requests */
    tnn_output **outputs; /* [batch], NULL between requests */

    /* client */
    tnn_spec *spec;
    tnn_secret_key *secret;
    size_t logits; /* of one image */

    /* between them */
    bytes *requests; /* [batch] */
    bytes *replies;  /* [batch] */
    size_t batch;

    /* measured */
    double keygen_ms;
    size_t evaluation_key_bytes;
} deployment;

/** Hands over the spec, makes keys, hands over the evaluation key. Free with deployment_free either way. */
bool deployment_create(deployment *both, const tnn_circuit *circuit, unsigned threads, size_t batch);

void deployment_free(deployment *both);

/**
 * Encrypts images, has the server answer, and decrypts. On failure reports.
 *
 * Out:   logits     [count][logits of one image]
 *        server_ms  from the bytes of the requests to the bytes of the replies
 * Args:  images     [count][pixels]
 *        count      at most batch
 */
bool deployment_classify(deployment *both, double *logits, double *server_ms, const uint8_t *images, size_t pixels,
                         size_t count);

#endif
