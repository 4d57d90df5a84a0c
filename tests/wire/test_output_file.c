#include <string.h>

#include "draw.h"
#include "file_checks.h"
#include "memory.h"
#include "objects.h"
#include "sizes.h"
#include "testing.h"

#define OUTPUT_BITS ((size_t)32)
#define OUTPUTS ((size_t)36)
#define DIMENSION ((size_t)40)
#define RESERVED ((size_t)44)
#define WORDS ((size_t)48)

static tnn_output *random_output(uint32_t output_bits, uint32_t outputs, uint32_t dimension) {
    tnn_output *output;
    uint8_t *bytes = new_random(1, sizeof output->fingerprint + sizeof output->id);
    assert_ok(tnn_output_new(&output, output_bits, outputs, dimension));
    memcpy(output->fingerprint, bytes, sizeof output->fingerprint);
    memcpy(output->id.bytes, bytes + sizeof output->fingerprint, sizeof output->id);
    for (size_t i = 0; i < (size_t)outputs * (dimension + 1); i++) {
        output->words[i] = draw_below(~0u) >> (32 - output_bits);
    }
    tnn_free(bytes);
    return output;
}

static tnn_output *output16;
static file_bytes file;

static int make_output(void **state) {
    (void)state;
    output16 = random_output(16, 3, 20);
    file = saved_file(&OUTPUT_FORMAT, output16);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_output_free(output16);
    return 0;
}

static void check_loaded(const tnn_output *output) {
    file_bytes saved = saved_file(&OUTPUT_FORMAT, output);
    tnn_output *loaded;
    assert_ok(tnn_output_load(&loaded, saved.bytes, saved.length));
    assert_memory_equal(loaded->fingerprint, output->fingerprint, sizeof output->fingerprint);
    assert_true(tnn_key_id_equal(&loaded->id, &output->id));
    assert_int_equal(loaded->output_bits, output->output_bits);
    assert_int_equal(loaded->outputs, output->outputs);
    assert_int_equal(loaded->dimension, output->dimension);
    assert_memory_equal(loaded->words, output->words,
                        (size_t)output->outputs * (output->dimension + 1) * sizeof *output->words);
    tnn_output_free(loaded);
    free_file(&saved);
}

static void outputs_survive_the_round_trip(void **state) {
    (void)state;
    tnn_output *output32 = random_output(32, 2, 5);
    check_round_trip(&OUTPUT_FORMAT, output16);
    check_round_trip(&OUTPUT_FORMAT, output32);
    check_loaded(output16);
    check_loaded(output32);
    tnn_output_free(output32);
}

static void sizes_are_two_or_four_bytes_a_word(void **state) {
    (void)state;
    assert_int_equal(file.length, FILE_HEADER_BYTES + WORDS + 2 * 3 * 21);
    assert_int_equal(tnn_output_file_bytes(16, 1, 1536), 32 + 48 + 2 * 1537);
    assert_int_equal(tnn_output_file_bytes(32, 11, 2048), 32 + 48 + 4 * 11 * 2049);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&OUTPUT_FORMAT, &file);
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    const bad_field fields[] = {
        {OUTPUT_BITS, 4, 0, TNN_ERR_MALFORMED},
        {OUTPUT_BITS, 4, 8, TNN_ERR_MALFORMED},
        {OUTPUT_BITS, 4, 32, TNN_ERR_MALFORMED},
        {OUTPUT_BITS, 4, ~0u, TNN_ERR_MALFORMED},
        {OUTPUTS, 4, 0, TNN_ERR_MALFORMED},
        {OUTPUTS, 4, 2, TNN_ERR_MALFORMED},
        {OUTPUTS, 4, 65536, TNN_ERR_MALFORMED},
        {OUTPUTS, 4, 65537, TNN_ERR_LIMIT},
        {OUTPUTS, 4, ~0u, TNN_ERR_LIMIT},
        {DIMENSION, 4, 0, TNN_ERR_MALFORMED},
        {DIMENSION, 4, 21, TNN_ERR_MALFORMED},
        {DIMENSION, 4, 6 * 16384, TNN_ERR_MALFORMED},
        {DIMENSION, 4, 6 * 16384 + 1, TNN_ERR_LIMIT},
        {DIMENSION, 4, ~0u, TNN_ERR_LIMIT},
        {RESERVED, 4, 1, TNN_ERR_MALFORMED},
        {RESERVED, 4, 1u << 31, TNN_ERR_MALFORMED},
    };
    check_bad_fields(&OUTPUT_FORMAT, &file, fields, COUNT_OF(fields));
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&OUTPUT_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&OUTPUT_FORMAT, &file, WORDS, 30000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_survive_the_round_trip),
        cmocka_unit_test(sizes_are_two_or_four_bytes_a_word),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),
    };
    return cmocka_run_group_tests(tests, make_output, free_all);
}
