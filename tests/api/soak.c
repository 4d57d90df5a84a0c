/*
 * soak IMAGES: a server and a client that run for long. Random images through the bundled fast net as files would take
 * them: encrypted, saved, loaded, evaluated, saved, loaded, decrypted; a new circuit and evaluator after each
 * hundredth. Memory may not grow: after the first tenth of the images, by no more than 1 %.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "draw.h"
#include "file_formats.h"
#include "memory.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#define MOST_BYTES ((size_t)1 << 20)
#define THREADS 2u
#define ROUNDS 100u

static size_t image_count;

static tnn_model *bundled_model(void) {
    tnn_model *model;
    file_bytes file = new_file(MOST_BYTES);
    FILE *stream = fopen(BUNDLED_MODELS "/pneumoniamnist.tnn", "rb");
    assert_non_null(stream);
    file.length = fread(file.bytes, 1, MOST_BYTES, stream);
    assert_int_equal(fclose(stream), 0);
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    free_file(&file);
    return model;
}

/* Pages that the process has in memory: the second number of statm. */
static double resident_bytes(void) {
    unsigned long pages[2];
    FILE *stream = fopen("/proc/self/statm", "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%lu %lu", &pages[0], &pages[1]), 2);
    assert_int_equal(fclose(stream), 0);
    return (double)pages[1] * (double)sysconf(_SC_PAGESIZE);
}

/* Over the wire: saved, freed, loaded. */
static void *passed_on(const file_format *format, void *object) {
    void *loaded;
    file_bytes file = saved_file(format, object);
    format->release(object);
    assert_ok(format->load(&loaded, file.bytes, file.length));
    free_file(&file);
    return loaded;
}

typedef struct side {
    tnn_model *model;
    tnn_spec *spec;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
} side;

static void classify_one(const side *s, tnn_evaluator *evaluator) {
    uint32_t height, width, channels, outputs;
    tnn_input *input;
    tnn_output *output;
    double logit, clear;
    tnn_spec_shape(s->spec, &height, &width, &channels, &outputs);
    const size_t pixels = (size_t)height * width * channels;
    uint8_t *image = new_random(pixels, 1);
    assert_ok(tnn_encrypt(&input, s->spec, s->secret, image, pixels));
    input = passed_on(&INPUT_FORMAT, input);
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
    output = passed_on(&OUTPUT_FORMAT, output);
    assert_ok(tnn_decrypt(s->spec, s->secret, &logit, 1, output));
    assert_ok(tnn_model_predict(s->model, &clear, image, pixels));
    /* Ten deviations of the logit and more. */
    assert_true(fabs(logit - clear) < 2.5);
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_free(image);
}

static void run_round(const side *s, size_t images) {
    tnn_circuit *circuit;
    tnn_evaluator *evaluator;
    assert_ok(tnn_compile_for_spec(&circuit, NULL, s->model, s->spec));
    assert_ok(tnn_evaluator_create(&evaluator, circuit, s->eval, THREADS, 1));
    for (size_t i = 0; i < images; i++) {
        classify_one(s, evaluator);
    }
    tnn_evaluator_free(evaluator);
    tnn_circuit_free(circuit);
}

static void memory_stays_constant(void **state) {
    (void)state;
    side s = {.model = bundled_model()};
    tnn_circuit *circuit;
    double before = 0;
    assert_ok(tnn_compile(&circuit, NULL, s.model, NULL));
    assert_ok(tnn_circuit_spec(&s.spec, circuit));
    tnn_circuit_free(circuit);
    assert_ok(tnn_keygen(&s.secret, &s.eval, s.spec, THREADS, NULL));
    for (unsigned round = 1; round <= ROUNDS; round++) {
        run_round(&s, (image_count + ROUNDS - 1) / ROUNDS);
        before = round == ROUNDS / 10 ? resident_bytes() : before;
    }
    const double after = resident_bytes();
    print_message("%zu images: %.2f MB after a tenth of them, %.2f MB at the end\n", image_count, before * 1e-6,
                  after * 1e-6);
    assert_true(after <= 1.01 * before);
    tnn_eval_key_free(s.eval);
    tnn_secret_key_free(s.secret);
    tnn_spec_free(s.spec);
    tnn_model_free(s.model);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_stays_constant)};
    image_count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (image_count == 0) {
        fprintf(stderr, "usage: %s IMAGES\n", argv[0]);
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
