#include "deployment.h"

#include "memory.h"
#include "testing.h"

deployment deploy(const network_shape *shape, const tnn_options *options) {
    deployment d = {.model = through_file(random_network(shape))};
    assert_ok(tnn_compile(&d.circuit, d.model, options));
    assert_ok(tnn_circuit_spec(&d.spec, d.circuit));
    return d;
}

void free_deployment(deployment *d) {
    tnn_spec_free(d->spec);
    tnn_circuit_free(d->circuit);
    tnn_model_free(d->model);
}

client_keys new_client_keys(const deployment *d) {
    client_keys keys;
    assert_ok(tnn_keygen(&keys.secret, &keys.eval, d->spec, 2));
    return keys;
}

void free_client_keys(client_keys *keys) {
    tnn_eval_key_free(keys->eval);
    tnn_secret_key_free(keys->secret);
}

tnn_input *encrypted_image(const deployment *d, const client_keys *keys) {
    uint8_t *image = random_image(d->model);
    tnn_input *input;
    assert_ok(tnn_encrypt(&input, d->spec, keys->secret, image, tnn_model_pixels(d->model)));
    tnn_free(image);
    return input;
}
