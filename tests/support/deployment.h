/* A model, its circuit and spec, and keys: what tests of the public interface start from. */
#ifndef SUPPORT_DEPLOYMENT_H
#define SUPPORT_DEPLOYMENT_H

#include <torusnn/torusnn.h>

#include "file_bytes.h"
#include "networks.h"

typedef struct deployment {
    tnn_model *model;
    tnn_circuit *circuit;
    tnn_spec *spec;
} deployment;

/* Builds a random network and compiles it; NULL options for the defaults. */
deployment deploy(const network_shape *shape, const tnn_options *options);
/* The same network under another provenance: the same parameters, another fingerprint. */
deployment deploy_twin(const deployment *d, const tnn_options *options);
void free_deployment(deployment *d);

typedef struct client_keys {
    tnn_secret_key *secret;
    tnn_eval_key *eval;
} client_keys;

client_keys new_client_keys(const deployment *d);
void free_client_keys(client_keys *keys);

/* A random image, encrypted. */
tnn_input *encrypted_image(const deployment *d, const client_keys *keys);

#endif
