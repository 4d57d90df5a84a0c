#include "deployment.h"

#include <string.h>

#include "draw.h"
#include "memory.h"
#include "testing.h"

/* Takes the model over. */
static deployment deploy_model(tnn_model *model, const tnn_options *options) {
    deployment d = {.model = through_file(model)};
    assert_ok(tnn_compile(&d.circuit, NULL, d.model, options));
    assert_ok(tnn_circuit_spec(&d.spec, d.circuit));
    return d;
}

deployment deploy(const network_shape *shape, const tnn_options *options) {
    return deploy_model(random_network(shape), options);
}

deployment deploy_twin(const deployment *d, const tnn_options *options) {
    tnn_model *model;
    file_bytes file = model_file(d->model);
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    free_file(&file);
    tnn_free(model->provenance);
    model->provenance = new_array(16, 1);
    memcpy(model->provenance, "{\"twin\": true}", 15);
    return deploy_model(model, options);
}

void free_deployment(deployment *d) {
    tnn_spec_free(d->spec);
    tnn_circuit_free(d->circuit);
    tnn_model_free(d->model);
}

client_keys new_client_keys(const deployment *d) {
    client_keys keys;
    assert_ok(tnn_keygen(&keys.secret, &keys.eval, d->spec, 2, NULL));
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
