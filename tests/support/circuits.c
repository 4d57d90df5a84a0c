#include "circuits.h"

#include <math.h>

#include "compiler.h"
#include "draw.h"
#include "encoding.h"
#include "key_fixture.h"
#include "lower.h"
#include "memory.h"
#include "testing.h"

tnn_requirement tolerant(double position_noise) {
    return (tnn_requirement){
        .security = TNN_SECURITY_128_MARGIN, .position_noise = position_noise, .logit_noise = INFINITY};
}

tnn_requirement exact(double log2_lookup_error) {
    return (tnn_requirement){
        .security = TNN_SECURITY_128_MARGIN, .exact = true, .log2_lookup_error = log2_lookup_error};
}

tnn_shape *shape_of(const tnn_model *model) {
    const tnn_requirement requirement = {.exact = false};
    tnn_shape *shape;
    assert_ok(tnn_shape_create(&shape, model, &requirement, TNN_REACH_OF_WEIGHTS));
    return shape;
}

tnn_circuit *searched_circuit(const tnn_model *model, const tnn_requirement *requirement) {
    tnn_circuit *circuit;
    tnn_shortfall shortfall;
    assert_ok(tnn_circuit_compile(&circuit, &shortfall, model, requirement));
    return circuit;
}

tnn_circuit *circuit_under(const tnn_model *model, const tnn_params *params, bool is_exact) {
    tnn_circuit *circuit;
    assert_ok(tnn_circuit_compile_with(&circuit, model, params, is_exact));
    return circuit;
}

tnn_circuit *shipped_circuit(const tnn_model *model, const char *shipped) {
    tnn_params *params = shipped_params(shipped);
    tnn_circuit *circuit = circuit_under(model, params, false);
    tnn_params_free(params);
    return circuit;
}

tnn_packed *packed_image(const tnn_secret_key *secret, const tnn_spec *spec, const uint8_t *image) {
    const size_t pixels = tnn_spec_pixels(spec);
    uint32_t *messages = new_array(pixels, sizeof *messages);
    tnn_packed *packed;
    tnn_encode_image(spec, messages, image);
    assert_ok(tnn_packed_encrypt(secret, &packed, messages, pixels));
    tnn_free(messages);
    return packed;
}
