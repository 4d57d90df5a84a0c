#include <string.h>

#include "draw.h"
#include "file_checks.h"
#include "memory.h"
#include "objects.h"
#include "sizes.h"
#include "testing.h"

#define COUNT ((size_t)32)
#define INPUT_BITS ((size_t)36)
#define BODIES ((size_t)72)

/* Of random words, below 2^input_bits. */
static tnn_input *random_input(uint32_t input_bits, size_t count) {
    tnn_input *input = new_random(1, sizeof *input);
    assert_ok(tnn_packed_new(&input->packed, input_bits, count));
    uint8_t *id_and_seed = new_random(1, sizeof input->packed->id + sizeof input->packed->seed);
    memcpy(input->packed->id.bytes, id_and_seed, sizeof input->packed->id);
    memcpy(input->packed->seed.bytes, id_and_seed + sizeof input->packed->id, sizeof input->packed->seed);
    for (size_t i = 0; i < count; i++) {
        input->packed->body[i] = draw_below(~0u) >> (32 - input_bits);
    }
    tnn_free(id_and_seed);
    return input;
}

static tnn_input *input16;
static file_bytes file;

static int make_input(void **state) {
    (void)state;
    input16 = random_input(16, 50);
    file = saved_file(&INPUT_FORMAT, input16);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_input_free(input16);
    return 0;
}

static void check_loaded(const tnn_input *input) {
    file_bytes saved = saved_file(&INPUT_FORMAT, input);
    tnn_input *loaded;
    assert_ok(tnn_input_load(&loaded, saved.bytes, saved.length));
    const tnn_packed *a = input->packed;
    const tnn_packed *b = loaded->packed;
    assert_memory_equal(loaded->fingerprint, input->fingerprint, sizeof input->fingerprint);
    assert_true(tnn_key_id_equal(&a->id, &b->id));
    assert_memory_equal(a->seed.bytes, b->seed.bytes, sizeof a->seed.bytes);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->input_bits, b->input_bits);
    assert_memory_equal(a->body, b->body, a->count * sizeof *a->body);
    tnn_input_free(loaded);
    free_file(&saved);
}

static void inputs_survive_the_round_trip(void **state) {
    (void)state;
    tnn_input *input32 = random_input(32, 7);
    tnn_input *widest = random_input(16, TNN_MAX_WIDTH);
    check_round_trip(&INPUT_FORMAT, input16);
    check_round_trip(&INPUT_FORMAT, input32);
    check_loaded(input16);
    check_loaded(input32);
    check_loaded(widest);
    tnn_input_free(widest);
    tnn_input_free(input32);
}

static void sizes_are_two_or_four_bytes_a_pixel(void **state) {
    (void)state;
    assert_int_equal(file.length, FILE_HEADER_BYTES + BODIES + 2 * 50);
    assert_int_equal(tnn_input_file_bytes(16, 784), 32 + 72 + 2 * 784);
    assert_int_equal(tnn_input_file_bytes(32, 784), 32 + 72 + 4 * 784);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&INPUT_FORMAT, &file);
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    const bad_field fields[] = {
        {COUNT, 4, 0, TNN_ERR_MALFORMED},        {COUNT, 4, 49, TNN_ERR_MALFORMED},
        {COUNT, 4, 51, TNN_ERR_MALFORMED},       {COUNT, 4, 65537, TNN_ERR_LIMIT},
        {COUNT, 4, ~0u, TNN_ERR_LIMIT},          {INPUT_BITS, 4, 0, TNN_ERR_MALFORMED},
        {INPUT_BITS, 4, 15, TNN_ERR_MALFORMED},  {INPUT_BITS, 4, 17, TNN_ERR_MALFORMED},
        {INPUT_BITS, 4, 32, TNN_ERR_MALFORMED},  {INPUT_BITS, 4, 64, TNN_ERR_MALFORMED},
        {INPUT_BITS, 4, ~0u, TNN_ERR_MALFORMED},
    };
    check_bad_fields(&INPUT_FORMAT, &file, fields, COUNT_OF(fields));
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&INPUT_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&INPUT_FORMAT, &file, BODIES, 30000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_survive_the_round_trip), cmocka_unit_test(sizes_are_two_or_four_bytes_a_pixel),
        cmocka_unit_test(headers_are_checked),           cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(cut_files_are_refused),         cmocka_unit_test(mutated_files_give_a_status),
    };
    return cmocka_run_group_tests(tests, make_input, free_all);
}
