#include "bench/deployment.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/draw.h"
#include "common/machine.h"
#include "common/report.h"

static bool encrypt_drawing(deployment *made, const tnn_spec *spec, uint32_t index) {
    uint32_t height, width, channels;
    tnn_spec_shape(spec, &height, &width, &channels, NULL);
    size_t pixels = (size_t)height * width * channels;
    uint8_t *image = malloc(pixels);
    if (image == NULL) {
        return report_out_of_memory();
    }
    draw_radiograph(image, height, width, channels, index);
    bool done = status_ok(tnn_encrypt(&made->inputs[index], spec, made->secret, image, pixels), "encryption");
    free(image);
    return done;
}

static bool act_as_client(deployment *made) {
    tnn_spec *spec = NULL;
    bool done = status_ok(tnn_circuit_spec(&spec, made->circuit), "client spec") &&
                status_ok(tnn_keygen(&made->secret, &made->eval, spec, machine_cores(), NULL), "key generation");
    for (uint32_t i = 0; i < made->count && done; i++) {
        done = encrypt_drawing(made, spec, i);
    }
    tnn_spec_free(spec);
    return done;
}

bool deployment_create(deployment *made, tnn_circuit *circuit, size_t count) {
    *made = (deployment){.circuit = circuit, .inputs = calloc(count, sizeof(tnn_input *)), .count = count};
    if (made->inputs == NULL) {
        return report_out_of_memory();
    }
    tnn_circuit_describe(circuit, &made->info);
    if (made->info.bootstraps == 0) {
        return report_error("without bootstraps there is no floor of transforms to hold times against");
    }
    return fft_floor_create(&made->floor, made->info.parameters.N) && act_as_client(made);
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

double deployment_transforms(const deployment *made) {
    return (double)made->info.bootstraps * fft_floor_transforms(&made->info.parameters);
}
