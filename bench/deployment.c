#include "bench/deployment.h"

#include <stdlib.h>

#include "circuit.h"
#include "encoding.h"

#include "common/clock.h"
#include "common/draw.h"
#include "common/machine.h"
#include "common/report.h"

bool make_keys(tnn_secret_key **secret, tnn_eval_key **eval, const tnn_circuit *circuit, size_t threads) {
    tnn_spec *spec = NULL;
    bool done = status_ok(tnn_circuit_spec(&spec, circuit), "client spec") &&
                status_ok(tnn_keygen(secret, eval, spec, (unsigned)threads, NULL), "key generation");
    tnn_spec_free(spec);
    return done;
}

bool encrypt_drawing(tnn_input **input, const tnn_circuit *circuit, const tnn_secret_key *secret, uint32_t variant) {
    const tnn_spec *spec = &circuit->spec;
    size_t pixels = tnn_spec_pixels(spec);
    uint8_t *image = malloc(pixels);
    if (image == NULL) {
        return report_out_of_memory();
    }
    draw_radiograph(image, spec->height, spec->width, spec->channels, variant);
    bool done = status_ok(tnn_encrypt(input, spec, secret, image, pixels), "encryption");
    free(image);
    return done;
}

size_t images_that_fill(const tnn_circuit *circuit, size_t threads) {
    size_t lookups = tnn_params_batch(&circuit->spec.params) * threads;
    return (lookups + circuit->layers[0].neurons - 1) / circuit->layers[0].neurons;
}

bool deployment_create(deployment *made, tnn_circuit *circuit, size_t images, size_t threads) {
    size_t count = images == 0 ? images_that_fill(circuit, threads) : images;
    *made = (deployment){.circuit = circuit, .inputs = calloc(count, sizeof(tnn_input *)), .count = count};
    if (made->inputs == NULL) {
        return report_out_of_memory();
    }
    tnn_circuit_describe(circuit, &made->info);
    if (made->info.bootstraps == 0) {
        return report_error("without bootstraps there is no floor of transforms to hold times against");
    }
    bool done = fft_floor_create(&made->floor, made->info.parameters.N, threads) &&
                make_keys(&made->secret, &made->eval, circuit, machine_cores());
    for (uint32_t i = 0; i < count && done; i++) {
        done = encrypt_drawing(&made->inputs[i], circuit, made->secret, i);
    }
    return done;
}

void deployment_free(deployment *made) {
    for (size_t i = 0; made->inputs != NULL && i < made->count; i++) {
        tnn_input_free(made->inputs[i]);
    }
    free(made->inputs);
    fft_floor_free(made->floor);
    tnn_eval_key_free(made->eval);
    tnn_secret_key_free(made->secret);
    tnn_circuit_free(made->circuit);
    *made = (deployment){0};
}

bool deployment_evaluator(tnn_evaluator **evaluator, const deployment *made, size_t threads) {
    return status_ok(tnn_evaluator_create(evaluator, made->circuit, made->eval, (unsigned)threads, made->count),
                     "preparation of the evaluation key");
}

bool deployment_time_call(double *call_ms, const deployment *made, tnn_evaluator *evaluator, size_t images) {
    tnn_output **outputs = calloc(images, sizeof(tnn_output *));
    if (outputs == NULL) {
        return report_out_of_memory();
    }
    double start = clock_ms();
    tnn_status status = tnn_infer(evaluator, outputs, (const tnn_input *const *)made->inputs, images, NULL, NULL);
    *call_ms = clock_ms() - start;
    for (size_t i = 0; i < images; i++) {
        tnn_output_free(outputs[i]);
    }
    free(outputs);
    return status_ok(status, "inference");
}

double deployment_floor_units(const deployment *made) {
    return 1e-3 * (double)made->info.bootstraps * fft_floor_transforms(&made->info.parameters);
}
