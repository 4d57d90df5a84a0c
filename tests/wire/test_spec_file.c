#include "spec_file.h"

#include <string.h>

#include <torusnn/torusnn.h>

#include "bad_params.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

#define FIELDS ((size_t)64) /* behind the parameters */

static tnn_spec spec;
static file_bytes file;

static int build_spec(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    spec = (tnn_spec){.height = 28,
                      .width = 28,
                      .channels = 3,
                      .input_levels = 16,
                      .outputs = 11,
                      .input_unit = 100,
                      .output_unit = 4000,
                      .output_bits = 16,
                      .exact = true,
                      .output_scale = 0.25};
    assert_ok(tnn_params_check(&spec.params, &literal, TNN_SECURITY_128_MARGIN));
    tnn_spec_set_fingerprint(&spec, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3});
    file = saved_file(&SPEC_FORMAT, &spec);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
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
    assert_true(loaded->output_scale == 0.25);
    assert_memory_equal(loaded->fingerprint, spec.fingerprint, sizeof spec.fingerprint);
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

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *params_fields = bad_params_fields(&count);
    check_bad_fields(&SPEC_FORMAT, &file, params_fields, count);
    check_bad_fields(&SPEC_FORMAT, &file, BAD_FIELDS, COUNT_OF(BAD_FIELDS));
}

static void largest_unit_is_accepted(void **state) {
    (void)state;
    tnn_spec wide = spec;
    wide.input_unit = 4369; /* times 15 levels: 65535 */
    check_round_trip(&SPEC_FORMAT, &wide);
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&SPEC_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&SPEC_FORMAT, &file, file.length, 30000);
}

/* Whether a change of the spec changes its fingerprint. */
static bool changes_fingerprint(const tnn_spec *changed) {
    tnn_spec copy = *changed;
    tnn_spec_set_fingerprint(&copy, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 3});
    return memcmp(copy.fingerprint, spec.fingerprint, sizeof spec.fingerprint) != 0;
}

static void fingerprint_binds_model_and_every_field(void **state) {
    (void)state;
    tnn_spec changed[12];
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        changed[i] = spec;
    }
    changed[0].height++;
    changed[1].width++;
    changed[2].channels++;
    changed[3].input_levels++;
    changed[4].outputs++;
    changed[5].input_unit++;
    changed[6].output_unit++;
    changed[7].output_bits = 32;
    changed[8].exact = false;
    changed[9].output_scale = 0.5;
    changed[10].params.literal.bs_base_log++;
    changed[11].params.security = TNN_SECURITY_128;
    for (size_t i = 0; i < COUNT_OF(changed); i++) {
        assert_true(changes_fingerprint(&changed[i]));
    }
    assert_false(changes_fingerprint(&spec));
    tnn_spec other_model = spec;
    tnn_spec_set_fingerprint(&other_model, (const uint8_t[TNN_FINGERPRINT_BYTES]){1, 2, 4});
    assert_memory_not_equal(other_model.fingerprint, spec.fingerprint, sizeof spec.fingerprint);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_survive_the_round_trip), cmocka_unit_test(shape_is_told),
        cmocka_unit_test(headers_are_checked),          cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(largest_unit_is_accepted),     cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),  cmocka_unit_test(fingerprint_binds_model_and_every_field),
    };
    return cmocka_run_group_tests(tests, build_spec, free_all);
}
