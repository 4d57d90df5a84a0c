/*
 * What the server computes with: an evaluation key, expanded (server_key.c has what that means). It is made once, read
 * by any number of threads at once, and never written again.
 */
#ifndef TNN_TFHE_SERVER_KEY_H
#define TNN_TFHE_SERVER_KEY_H

#include "execution.h"
#include "keys.h"

struct tnn_server_key {
    tnn_execution execution;
    tnn_key_id id;
    double *bootstrapping; /* [n] GGSW ciphertexts in the Fourier domain: ggsw.h; NULL where nothing is bootstrapped */
    uint32_t *switching;   /* [k N - n][t][n + 1], NULL without key switch */
};

/* tnn_server_key_expand for an execution, with its errors. */
TNN_MUST_USE tnn_status tnn_server_key_expand_for(tnn_server_key **server, const tnn_execution *execution,
                                                  const tnn_eval_key *eval, unsigned threads);

#endif
