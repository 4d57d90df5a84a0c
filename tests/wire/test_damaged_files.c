/*
 * Small files of every kind cut at every length, with every bit flipped and written twice, with their old digest and
 * with a new one. Each is refused, or it is used as a program would use it.
 */
#include <stdlib.h>
#include <string.h>

#include "file_checks.h"
#include "object_uses.h"
#include "sizes.h"
#include "testing.h"

/* Compilations take milliseconds: one changed file in so many gets them. */
#define FULL_EVERY 64

/* Of an evaluation key, whose smallest has megabytes: every fifth bit of the start, some in each byte, and so many
 * bits of its bodies. */
#define EVAL_KEY_START ((size_t)(32 + 112))
#define EVAL_KEY_BIT_STRIDE 5
#define EVAL_KEY_SAMPLES ((size_t)50)

static tiny_world world;

static int make_world(void **state) {
    (void)state;
    make_tiny_world(&world);
    return 0;
}

static int free_world(void **state) {
    (void)state;
    free_tiny_world(&world);
    return 0;
}

/* A changed file that keeps its digest is no file. */
static void assert_not_a_file(const object_use *kind, const file_bytes *changed) {
    assert_int_not_equal(load_and_use(kind, &world, changed, USE_QUICK), TNN_OK);
}

static tnn_status use_sealed(const object_use *kind, const file_bytes *changed, size_t number) {
    const bool full = number % FULL_EVERY == 0 && changed->length < (1u << 20);
    seal_file(changed, kind->format->kind);
    return load_and_use(kind, &world, changed, full ? USE_FULL : USE_QUICK);
}

static void check_cut(const object_use *kind, const file_bytes *file, size_t length) {
    file_bytes cut = copy_file(file, length);
    assert_not_a_file(kind, &cut);
    if (length >= FILE_HEADER_BYTES) {
        assert_int_not_equal(use_sealed(kind, &cut, length), TNN_OK);
    }
    free_file(&cut);
}

/* Whether the file with its new digest was taken. Flips what a new header would not take back. */
static bool check_flip(const object_use *kind, const file_bytes *file, size_t bit) {
    file_bytes flipped = copy_file(file, file->length);
    flipped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_not_a_file(kind, &flipped);
    const bool taken = bit / 8 >= FILE_HEADER_BYTES && use_sealed(kind, &flipped, bit) == TNN_OK;
    free_file(&flipped);
    return taken;
}

static void check_twice(const object_use *kind, const file_bytes *file) {
    file_bytes twice = copy_file(file, 2 * file->length);
    memcpy(twice.bytes + file->length, file->bytes, file->length);
    assert_not_a_file(kind, &twice);
    assert_int_not_equal(use_sealed(kind, &twice, 1), TNN_OK);
    free_file(&twice);
}

/* Takes the file over. `free_bits`: at least so many may have either value, as ciphertexts may. */
static void check_damage(const object_use *kind, file_bytes file, size_t free_bits) {
    size_t taken = 0;
    assert_ok(load_and_use(kind, &world, &file, USE_FULL));
    for (size_t length = 0; length < file.length; length++) {
        check_cut(kind, &file, length);
    }
    for (size_t bit = 0; bit < 8 * file.length; bit++) {
        taken += check_flip(kind, &file, bit);
    }
    check_twice(kind, &file);
    assert_in_range(taken, free_bits, 8 * file.length);
    free_file(&file);
}

static void models_of_version_1(void **state) {
    (void)state;
    check_damage(&USE_MODEL, tiny_model_file((tiny_form){.version = 1, .table_layers = 1}), 100);
}

static void models_of_version_2(void **state) {
    (void)state;
    check_damage(&USE_MODEL, tiny_model_file((tiny_form){.version = 2, .table_layers = 2, .thresholds = true}), 100);
}

static void specs(void **state) {
    (void)state;
    check_damage(&USE_SPEC, saved_file(&SPEC_FORMAT, world.spec), 128);
}

static void secret_keys(void **state) {
    (void)state;
    check_damage(&USE_SECRET_KEY, saved_file(&SECRET_KEY_FORMAT, world.secret), 768 + 128);
}

static void inputs(void **state) {
    (void)state;
    tnn_input *input = tiny_input(&world);
    check_damage(&USE_INPUT, saved_file(&INPUT_FORMAT, input), TINY_PIXELS * 16);
    tnn_input_free(input);
}

static void outputs(void **state) {
    (void)state;
    tnn_output *output = tiny_output(&world);
    check_damage(&USE_OUTPUT, saved_file(&OUTPUT_FORMAT, output), 2 * 769 * 16);
    tnn_output_free(output);
}

static void evaluation_keys(void **state) {
    (void)state;
    file_bytes file = saved_file(&EVAL_KEY_FORMAT, world.eval);
    const size_t stride = file.length / EVAL_KEY_SAMPLES;
    size_t taken = 0;
    assert_ok(load_and_use(&USE_EVAL_KEY, &world, &file, USE_FULL));
    for (size_t length = 0; length < EVAL_KEY_START; length++) {
        check_cut(&USE_EVAL_KEY, &file, length);
    }
    for (size_t bit = 0; bit < 8 * EVAL_KEY_START; bit += EVAL_KEY_BIT_STRIDE) {
        check_flip(&USE_EVAL_KEY, &file, bit);
    }
    for (size_t at = EVAL_KEY_START; at < file.length; at += stride) {
        check_cut(&USE_EVAL_KEY, &file, at);
        taken += check_flip(&USE_EVAL_KEY, &file, 8 * at + at % 8);
    }
    check_twice(&USE_EVAL_KEY, &file);
    assert_in_range(taken, EVAL_KEY_SAMPLES, EVAL_KEY_SAMPLES + 1);
    free_file(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_of_version_1),
        cmocka_unit_test(models_of_version_2),
        cmocka_unit_test(specs),
        cmocka_unit_test(secret_keys),
        cmocka_unit_test(inputs),
        cmocka_unit_test(outputs),
        cmocka_unit_test(evaluation_keys),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
