#include "spec_file.h"

#include <stdio.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "bad_params.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

#define FIELDS ((size_t)64) /* behind the parameters */
#define SPLIT ((size_t)44)  /* their last whole number */

static tnn_spec spec; /* of version 1, the same of version 2, and, with split tables, of version 3 */
static tnn_spec spec_2;
static tnn_spec spec_3;
static file_bytes file;
static file_bytes file_2;
static file_bytes file_3;
static double scales[12], offsets[12];
static char names[12][TNN_CLASS_NAME_BYTES];

static int build_spec(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    spec = (tnn_spec){.version = 1,
                      .height = 28,
                      .width = 28,
                      .channels = 3,
                      .input_levels = 16,
                      .input_unit = 100,
                      .output_unit = 4000,
                      .output_bits = 16,
                      .exact = true,
                      .readout = {.outputs = 11, .scales = scales, .offsets = offsets}};
    tnn_fill_even_map(spec.input_map, 16);
    for (size_t i = 0; i < 12; i++) {
        scales[i] = 0.25;
    }
    assert_ok(tnn_params_check(&spec.params, &literal, TNN_SECURITY_128_MARGIN));
    assert_ok(tnn_spec_set_fingerprint(&spec, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3}));
    file = saved_file(&SPEC_FORMAT, &spec);
    spec_2 = spec;
    spec_2.version = 2;
    spec_2.readout.named = 11;
    spec_2.readout.names = names;
    spec_2.input_map[200] = 3;
    for (size_t i = 0; i < 12; i++) {
        snprintf(names[i], sizeof names[i], "class %zu", i);
    }
    assert_ok(tnn_spec_set_fingerprint(&spec_2, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3}));
    file_2 = saved_file(&SPEC_FORMAT, &spec_2);
    spec_3 = spec_2;
    spec_3.version = 3;
    spec_3.params.literal.log2_split = 2;
    assert_ok(tnn_spec_set_fingerprint(&spec_3, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3}));
    file_3 = saved_file(&SPEC_FORMAT, &spec_3);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    free_file(&file_2);
    free_file(&file_3);
    return 0;
}

static void specs_survive_the_round_trip(void **state) {
    (void)state;
    check_round_trip(&SPEC_FORMAT, &spec);
    tnn_spec *loaded;
    assert_ok(tnn_spec_load(&loaded, file.bytes, file.length));
    assert_true(tnn_params_equal(&loaded->params, &spec.params));
    assert_int_equal(loaded->input_unit, 100);
    assert_int_equal(loaded->output_unit, 4000);
    assert_int_equal(loaded->output_bits, 16);
    assert_true(loaded->exact);
    assert_true(loaded->readout.scales[10] == 0.25);
    assert_memory_equal(loaded->fingerprint, spec.fingerprint, sizeof spec.fingerprint);
    tnn_spec_free(loaded);
}

static void maps_offsets_and_names_survive_the_round_trip(void **state) {
    (void)state;
    tnn_spec different = spec_2;
    double other_scales[11] = {0.5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 3};
    double other_offsets[11] = {-1.5};
    different.readout.scales = other_scales;
    different.readout.offsets = other_offsets;
    check_round_trip(&SPEC_FORMAT, &different);
    file_bytes saved = saved_file(&SPEC_FORMAT, &different);
    tnn_spec *loaded;
    assert_ok(tnn_spec_load(&loaded, saved.bytes, saved.length));
    assert_memory_equal(loaded->readout.scales, other_scales, sizeof other_scales);
    assert_memory_equal(loaded->readout.offsets, other_offsets, sizeof other_offsets);
    assert_memory_equal(loaded->input_map, spec_2.input_map, 256);
    assert_string_equal(tnn_spec_class_name(loaded, 10), "class 10");
    assert_null(tnn_spec_class_name(loaded, 11));
    tnn_spec_free(loaded);
    free_file(&saved);
}

static void splits_survive_the_round_trip(void **state) {
    (void)state;
    check_round_trip(&SPEC_FORMAT, &spec_3);
    tnn_spec *loaded;
    assert_ok(tnn_spec_load(&loaded, file_3.bytes, file_3.length));
    assert_int_equal(loaded->version, 3);
    assert_int_equal(loaded->params.literal.log2_split, 2);
    tnn_spec_free(loaded);
}

static void shape_is_told(void **state) {
    (void)state;
    uint32_t height, width, channels, outputs;
    tnn_spec_shape(&spec, &height, &width, &channels, &outputs);
    assert_int_equal(height, 28);
    assert_int_equal(width, 28);
    assert_int_equal(channels, 3);
    assert_int_equal(outputs, 11);
    outputs = 0;
    tnn_spec_shape(&spec, NULL, NULL, NULL, &outputs);
    assert_int_equal(outputs, 11);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&SPEC_FORMAT, &file);
}

static const bad_field BAD_FIELDS[] = {
    {FIELDS, 4, 0, TNN_ERR_MALFORMED}, /* height */
    {FIELDS, 4, 781, TNN_ERR_LIMIT},   /* 781 * 28 * 3 is above 65536 */
    {FIELDS, 4, ~0u, TNN_ERR_LIMIT},
    {FIELDS + 4, 4, 0, TNN_ERR_MALFORMED}, /* width */
    {FIELDS + 4, 4, 2341, TNN_ERR_LIMIT},  /* 28 * 2341 is above 65536 */
    {FIELDS + 4, 4, 65537, TNN_ERR_LIMIT},
    {FIELDS + 8, 4, 0, TNN_ERR_MALFORMED}, /* channels */
    {FIELDS + 8, 4, 84, TNN_ERR_LIMIT},
    {FIELDS + 8, 4, ~0u, TNN_ERR_LIMIT},
    {FIELDS + 12, 4, 0, TNN_ERR_MALFORMED}, /* input_levels */
    {FIELDS + 12, 4, 1, TNN_ERR_MALFORMED},
    {FIELDS + 12, 4, 257, TNN_ERR_MALFORMED},
    {FIELDS + 16, 4, 0, TNN_ERR_MALFORMED}, /* outputs */
    {FIELDS + 16, 4, 65537, TNN_ERR_LIMIT},
    {FIELDS + 20, 4, 0, TNN_ERR_MALFORMED}, /* input_unit: 15 of them must stay below 2^16 */
    {FIELDS + 20, 4, 4370, TNN_ERR_MALFORMED},
    {FIELDS + 20, 4, ~0u, TNN_ERR_MALFORMED},
    {FIELDS + 24, 4, 0, TNN_ERR_MALFORMED}, /* output_unit */
    {FIELDS + 28, 4, 0, TNN_ERR_MALFORMED}, /* output_bits */
    {FIELDS + 28, 4, 15, TNN_ERR_MALFORMED},
    {FIELDS + 28, 4, 64, TNN_ERR_MALFORMED},
    {FIELDS + 32, 4, 2, TNN_ERR_MALFORMED}, /* exact */
    {FIELDS + 36, 4, 1, TNN_ERR_MALFORMED}, /* reserved */
    {FIELDS + 40, 8, 0, TNN_ERR_MALFORMED}, /* output_scale: 0, -1, infinity, no number */
    {FIELDS + 40, 8, 0xbff0000000000000u, TNN_ERR_MALFORMED},
    {FIELDS + 40, 8, 0x7ff0000000000000u, TNN_ERR_MALFORMED},
    {FIELDS + 40, 8, 0x7ff8000000000000u, TNN_ERR_MALFORMED},
};

#define MAP (FIELDS + 40)
#define SCALES (MAP + 4 + 256)
#define NAMES (SCALES + 11 * 16)
static const bad_field BAD_FIELDS_2[] = {
    {FIELDS + 16, 4, 12, TNN_ERR_MALFORMED}, /* outputs: there are 11 names */
    {FIELDS + 16, 4, 65536, TNN_ERR_MALFORMED},
    {FIELDS + 32, 4, 2, TNN_ERR_MALFORMED},  /* flags */
    {FIELDS + 36, 4, 10, TNN_ERR_MALFORMED}, /* named: neither none nor all */
    {FIELDS + 36, 4, ~0u, TNN_ERR_MALFORMED},
    {FIELDS + 36, 4, 0, TNN_ERR_MALFORMED}, /* names are left over */
    {MAP, 4, 2, TNN_ERR_MALFORMED},
    {MAP, 4, 1, TNN_ERR_MALFORMED},            /* even: the map is left over, read as scales */
    {MAP + 4 + 7, 1, 16, TNN_ERR_MALFORMED},   /* a level beyond the last */
    {MAP + 4 + 200, 1, 12, TNN_ERR_MALFORMED}, /* the even map in full */
    {SCALES, 8, 0, TNN_ERR_MALFORMED},         /* scale: 0, -1, infinity, no number */
    {SCALES, 8, 0xbff0000000000000u, TNN_ERR_MALFORMED},
    {SCALES, 8, 0x7ff0000000000000u, TNN_ERR_MALFORMED},
    {SCALES, 8, 0x7ff8000000000000u, TNN_ERR_MALFORMED},
    {SCALES + 8, 8, 0x7ff0000000000000u, TNN_ERR_MALFORMED}, /* offset: infinity, no number */
    {SCALES + 8, 8, 0x7ff8000000000000u, TNN_ERR_MALFORMED},
    {NAMES, 4, 64, TNN_ERR_LIMIT}, /* length of a name */
    {NAMES, 4, ~0u, TNN_ERR_LIMIT},
    {NAMES + 4, 1, 0, TNN_ERR_MALFORMED}, /* a NUL in a name */
};

/* Version 3 splits tables, the others do not. */
static const bad_field BAD_FIELDS_3[] = {
    {SPLIT, 4, 0, TNN_ERR_MALFORMED},
    {SPLIT, 4, 4, TNN_ERR_MALFORMED},
    {SPLIT, 4, ~0u, TNN_ERR_MALFORMED},
};
static const bad_field BAD_FIELDS_OF_BOTH[] = {{SPLIT, 4, 1, TNN_ERR_MALFORMED}};

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *params_fields = bad_params_fields(&count);
    check_bad_fields(&SPEC_FORMAT, &file, params_fields, count);
    check_bad_fields(&SPEC_FORMAT, &file, BAD_FIELDS, COUNT_OF(BAD_FIELDS));
    check_bad_fields(&SPEC_FORMAT, &file_2, BAD_FIELDS_2, COUNT_OF(BAD_FIELDS_2));
    check_bad_fields(&SPEC_FORMAT, &file_3, BAD_FIELDS_2, COUNT_OF(BAD_FIELDS_2));
    check_bad_fields(&SPEC_FORMAT, &file_3, BAD_FIELDS_3, COUNT_OF(BAD_FIELDS_3));
    check_bad_fields(&SPEC_FORMAT, &file_2, BAD_FIELDS_OF_BOTH, COUNT_OF(BAD_FIELDS_OF_BOTH));
}

static void largest_unit_is_accepted(void **state) {
    (void)state;
    tnn_spec wide = spec;
    wide.input_unit = 4369; /* times 15 levels: 65535 */
    check_round_trip(&SPEC_FORMAT, &wide);
}

/* Logits that are dot products of inputs are in the inputs' unit: 100 of 2^-16 are 100 << 16 of 2^-32. */
static void units_without_a_ring_agree(void **state) {
    (void)state;
    const tnn_params_literal literal = {.n = 640, .input_N = 32, .input_bits = 16, .lwe_log2_sigma = -13.28};
    tnn_spec plain = spec_2;
    plain.output_unit = 100 << 16;
    assert_ok(tnn_params_check(&plain.params, &literal, TNN_SECURITY_128_MARGIN));
    check_round_trip(&SPEC_FORMAT, &plain);
    const bad_field other_units[] = {
        {FIELDS + 20, 4, 101, TNN_ERR_MALFORMED},
        {FIELDS + 24, 4, 100, TNN_ERR_MALFORMED},
        {FIELDS + 24, 4, (100 << 16) + 1, TNN_ERR_MALFORMED},
        {12, 4, 1, TNN_ERR_MALFORMED}, /* k */
    };
    file_bytes plain_file = saved_file(&SPEC_FORMAT, &plain);
    check_bad_fields(&SPEC_FORMAT, &plain_file, other_units, COUNT_OF(other_units));
    free_file(&plain_file);
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&SPEC_FORMAT, &file, 1);
    check_truncations(&SPEC_FORMAT, &file_2, 1);
    check_truncations(&SPEC_FORMAT, &file_3, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&SPEC_FORMAT, &file, file.length, 30000);
    check_mutations(&SPEC_FORMAT, &file_2, file_2.length, 30000);
    check_mutations(&SPEC_FORMAT, &file_3, file_3.length, 30000);
}

/* Whether a change of the spec changes its fingerprint. */
static bool changes_fingerprint(const tnn_spec *changed, const tnn_spec *from) {
    tnn_spec copy = *changed;
    assert_ok(tnn_spec_set_fingerprint(&copy, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3}));
    return memcmp(copy.fingerprint, from->fingerprint, sizeof from->fingerprint) != 0;
}

static void fingerprint_binds_model_and_every_field(void **state) {
    (void)state;
    static const double other_scales[12] = {0.5};
    static const double other_offsets[12] = {0.5};
    static char other_names[12][TNN_CLASS_NAME_BYTES];
    tnn_spec changed[16];
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        changed[i] = spec_2;
    }
    changed[0].height++;
    changed[1].width++;
    changed[2].channels++;
    changed[3].input_levels++;
    changed[4].readout.outputs++;
    changed[5].input_unit++;
    changed[6].output_unit++;
    changed[7].output_bits = 32;
    changed[8].exact = false;
    changed[9].readout.scales = (double *)other_scales;
    changed[10].params.literal.bs_base_log++;
    changed[11].params.security = TNN_SECURITY_128;
    changed[12].readout.offsets = (double *)other_offsets;
    changed[13].readout.names = other_names;
    changed[14].input_map[5] = 1;
    changed[15].params.literal.log2_split = 1;
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        assert_true(changes_fingerprint(&changed[i], &spec_2));
    }
    assert_false(changes_fingerprint(&spec, &spec));
    assert_false(changes_fingerprint(&spec_2, &spec_2));
    tnn_spec other_model = spec;
    assert_ok(tnn_spec_set_fingerprint(&other_model, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 4}));
    assert_memory_not_equal(other_model.fingerprint, spec.fingerprint, sizeof spec.fingerprint);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_survive_the_round_trip),
        cmocka_unit_test(maps_offsets_and_names_survive_the_round_trip),
        cmocka_unit_test(splits_survive_the_round_trip),
        cmocka_unit_test(shape_is_told),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(largest_unit_is_accepted),
        cmocka_unit_test(units_without_a_ring_agree),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),
        cmocka_unit_test(fingerprint_binds_model_and_every_field),
    };
    return cmocka_run_group_tests(tests, build_spec, free_all);
}
