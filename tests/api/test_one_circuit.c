/*
 * test_one_circuit [print]: one model and one set of options give one spec on every processor and in every build.
 * spec_digests.txt holds the spec's digest for each model of examples/results/models.json; every build's tests compare
 * with it, on every instruction set of the processor. `print` prints the file anew, after a change that is meant to
 * choose other parameters. Linked with tnn_kernels_best in place.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "execution.h"
#include "kernels.h"
#include "memory.h"
#include "random.h"
#include "statistics.h"
#include "testing.h"

#include <torusnn/torusnn.h>

#define MOST_BYTES ((size_t)1 << 24)
#define SETS_MOST 8u
#define MOST_OUTPUTS 16u

static const tnn_kernels *chosen_set; /* NULL: the best */
const tnn_kernels *__real_tnn_kernels_best(void);
const tnn_kernels *__wrap_tnn_kernels_best(void);

const tnn_kernels *__wrap_tnn_kernels_best(void) {
    return chosen_set ? chosen_set : __real_tnn_kernels_best();
}

/* The text of a file, or bytes, with a 0 behind; free with tnn_free. */
static char *new_text(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    char *text = new_array(MOST_BYTES + 1, 1);
    assert_non_null(file);
    *length = fread(text, 1, MOST_BYTES, file);
    assert_true(feof(file) && !ferror(file));
    assert_int_equal(fclose(file), 0);
    return text;
}

/* One line of spec_digests.txt. */
typedef struct spec_case {
    char name[64];
    char digest[2 * TNN_DIGEST_BYTES + 1];
} spec_case;

static spec_case cases[32];
static size_t case_count;

static void read_case(const char *line) {
    assert_true(case_count < COUNT_OF(cases));
    spec_case *c = &cases[case_count++];
    assert_int_equal(sscanf(line, "%63s %32s", c->name, c->digest), 2);
}

static int read_cases(void **state) {
    (void)state;
    size_t length;
    char *text = new_text(SPEC_DIGESTS, &length);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        read_case(line);
    }
    tnn_free(text);
    return case_count > 0 ? 0 : -1;
}

static tnn_model *bundled_model(const char *name) {
    char path[512];
    size_t length;
    tnn_model *model;
    assert_true(snprintf(path, sizeof path, "%s/%s.tnn", BUNDLED_MODELS, name) < (int)sizeof path);
    char *bytes = new_text(path, &length);
    assert_ok(tnn_model_load(&model, NULL, (const uint8_t *)bytes, length));
    tnn_free(bytes);
    return model;
}

/* For the contract that the model's file states. */
static tnn_circuit *compiled(const tnn_model *model) {
    tnn_circuit *circuit;
    assert_ok(tnn_compile(&circuit, NULL, model, NULL));
    return circuit;
}

/* Of the spec's bytes, in hexadecimal. */
static void spec_digest(char digest[2 * TNN_DIGEST_BYTES + 1], const spec_case *c) {
    tnn_spec *spec;
    tnn_model *model = bundled_model(c->name);
    tnn_circuit *circuit = compiled(model);
    assert_ok(tnn_circuit_spec(&spec, circuit));
    const size_t length = tnn_spec_size(spec);
    uint8_t *bytes = new_array(length, 1);
    assert_ok(tnn_spec_save(spec, bytes, length));
    uint8_t raw[TNN_DIGEST_BYTES];
    tnn_digest(raw, &(tnn_bytes_view){bytes, length}, 1);
    for (size_t i = 0; i < TNN_DIGEST_BYTES; i++) {
        (void)snprintf(digest + 2 * i, 3, "%02x", raw[i]);
    }
    tnn_free(bytes);
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
}

static void every_instruction_set_gives_the_committed_specs(void **state) {
    (void)state;
    const tnn_kernels *sets[SETS_MOST];
    const size_t set_count = tnn_kernels_available(sets, SETS_MOST);
    for (size_t i = 0; i < set_count * case_count; i++) {
        char digest[2 * TNN_DIGEST_BYTES + 1];
        chosen_set = sets[i / case_count];
        const spec_case *c = &cases[i % case_count];
        spec_digest(digest, c);
        if (strcmp(digest, c->digest) != 0) {
            fail_msg("%s on %s: spec %s, not %s", c->name, chosen_set->name, digest, c->digest);
        }
    }
    chosen_set = NULL;
}

/* The list has every bundled model, and so has models.json. */
static void the_list_is_that_of_the_bundled_models(void **state) {
    (void)state;
    size_t length;
    size_t files = 0;
    char *json = new_text(SHIPPED_MODELS, &length);
    for (size_t i = 0; i < case_count; i++) {
        char member[256];
        assert_in_range(snprintf(member, sizeof member, "\"name\": \"%s\"", cases[i].name), 1, sizeof member - 1);
        assert_non_null(strstr(json, member));
    }
    DIR *folder = opendir(BUNDLED_MODELS);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        files += strstr(entry->d_name, ".tnn") != NULL;
    }
    assert_int_equal(closedir(folder), 0);
    assert_int_equal(files, case_count);
    tnn_free(json);
}

/* A client of the best processor, and its image. */
typedef struct client {
    tnn_spec *spec;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_input *input;
} client;

static client new_client(const tnn_circuit *circuit, const uint8_t *image, size_t pixels) {
    client c;
    assert_ok(tnn_circuit_spec(&c.spec, circuit));
    assert_ok(tnn_keygen(&c.secret, &c.eval, c.spec, 2, NULL));
    assert_ok(tnn_encrypt(&c.input, c.spec, c.secret, image, pixels));
    return c;
}

static void free_client(client *c) {
    tnn_input_free(c->input);
    tnn_eval_key_free(c->eval);
    tnn_secret_key_free(c->secret);
    tnn_spec_free(c->spec);
}

static void infer(double *logits, const client *c, const tnn_circuit *circuit) {
    tnn_evaluator *evaluator;
    tnn_output *output;
    const tnn_input *input = c->input;
    assert_ok(tnn_evaluator_create(&evaluator, circuit, c->eval, 2, 1));
    assert_ok(tnn_infer(evaluator, &output, &input, 1, NULL, NULL));
    assert_ok(tnn_decrypt(c->spec, c->secret, logits, MOST_OUTPUTS, output));
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
}

/* What encrypted evaluations give: mean and deviation of simulated ones, which no engine takes part in. */
static void simulate(tally *logits, const tnn_circuit *circuit, const uint8_t *image, size_t pixels, size_t outputs) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        double simulated[MOST_OUTPUTS];
        assert_ok(tnn_simulate(circuit, simulated, image, pixels, seed));
        for (size_t i = 0; i < outputs; i++) {
            tally_add(&logits[i], simulated[i]);
        }
    }
}

/* A circuit of rank 3, which both engines serve: keys and input of one processor, and servers of all. */
static void servers_of_all_processors_answer_one_client(void **state) {
    (void)state;
    const tnn_kernels *sets[SETS_MOST];
    const size_t set_count = tnn_kernels_available(sets, SETS_MOST);
    tnn_model *model = bundled_model(cases[0].name);
    tnn_model_info info;
    tnn_model_describe(model, &info);
    const size_t pixels = (size_t)info.height * info.width * info.channels;
    uint8_t *image = new_random(pixels, 1);
    tally simulated[MOST_OUTPUTS] = {0};
    double logits[MOST_OUTPUTS];
    assert_in_range(info.outputs, 1, MOST_OUTPUTS);
    tnn_circuit *circuit = compiled(model);
    simulate(simulated, circuit, image, pixels, info.outputs);
    client c = new_client(circuit, image, pixels);
    assert_int_equal(tnn_params_get(tnn_eval_key_params(c.eval))->k, 3);
    for (size_t i = 0; i < set_count; i++) {
        chosen_set = sets[i];
        print_message("%s, %s\n", sets[i]->name, tnn_params_engine(tnn_eval_key_params(c.eval)));
        infer(logits, &c, circuit);
        for (size_t o = 0; o < info.outputs; o++) {
            const double deviation = tally_standard_error(&simulated[o]) * sqrt((double)simulated[o].count);
            assert_true(fabs(logits[o] - tally_mean(&simulated[o])) <= NOISE_DEVIATIONS * deviation);
        }
    }
    chosen_set = NULL;
    free_client(&c);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    tnn_free(image);
}

static int print_cases(void) {
    (void)read_cases(NULL);
    for (size_t i = 0; i < case_count; i++) {
        spec_digest(cases[i].digest, &cases[i]);
        printf("%s %s\n", cases[i].name, cases[i].digest);
    }
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_gives_the_committed_specs),
        cmocka_unit_test(the_list_is_that_of_the_bundled_models),
        cmocka_unit_test(servers_of_all_processors_answer_one_client),
    };
    if (argc == 2 && strcmp(argv[1], "print") == 0) {
        return print_cases();
    }
    return cmocka_run_group_tests(tests, read_cases, NULL);
}
