#include "encoding.h"

#include <stdlib.h>

#include "draw.h"
#include "memory.h"
#include "testing.h"

static double example_scale[] = {0.25};
static double example_offset[] = {0};

static tnn_spec example_spec(void) {
    tnn_spec spec = (tnn_spec){.height = 2,
                               .width = 5,
                               .channels = 3,
                               .input_levels = 16,
                               .input_unit = 1000,
                               .output_unit = 1u << 20,
                               .output_bits = 16,
                               .readout = {.outputs = 1, .scales = example_scale, .offsets = example_offset}};
    tnn_fill_even_map(spec.input_map, 16);
    return spec;
}

static void pixels_are_counted_with_channels(void **state) {
    (void)state;
    tnn_spec spec = example_spec();
    assert_int_equal(tnn_spec_pixels(&spec), 30);
}

static void pixels_become_multiples_of_the_unit(void **state) {
    (void)state;
    tnn_spec spec = example_spec();
    uint8_t *image = new_random(30, 1);
    uint32_t messages[31] = {[30] = 12345};
    image[0] = 0;
    image[29] = 255;
    tnn_encode_image(&spec, messages, image);
    for (size_t i = 0; i < 30; i++) {
        assert_int_equal(messages[i], 1000 * spec.input_map[image[i]]);
    }
    assert_int_equal(messages[0], 0);
    assert_int_equal(messages[29], 15000);
    assert_int_equal(messages[30], 12345);
    tnn_free(image);
}

static void phases_are_read_as_signed_multiples_of_the_unit(void **state) {
    (void)state;
    tnn_spec spec = example_spec();
    assert_true(tnn_decode_logit(&spec, 0, 0) == 0);
    assert_true(tnn_decode_logit(&spec, 0, 3u << 20) == 0.75);
    assert_true(tnn_decode_logit(&spec, 0, 0 - (3u << 20)) == -0.75);
    assert_true(tnn_decode_logit(&spec, 0, 1u << 19) == 0.125);
    assert_true(tnn_decode_logit(&spec, 0, 1u << 31) == -512);
}

static void exact_logits_are_rounded_to_integers(void **state) {
    (void)state;
    tnn_spec spec = example_spec();
    spec.exact = true;
    const int32_t half = 1 << 19;
    for (int32_t logit = -2000; logit <= 2000; logit++) {
        const uint32_t phase = (uint32_t)(logit * (1 << 20));
        assert_true(tnn_decode_logit(&spec, 0, phase) == 0.25 * logit);
        assert_true(tnn_decode_logit(&spec, 0, phase + (uint32_t)half - 1) == 0.25 * logit);
        assert_true(tnn_decode_logit(&spec, 0, phase - (uint32_t)half + 1) == 0.25 * logit);
    }
}

/* Nearest on the circle: at most half of what was dropped lies between a word and what comes back. */
static void check_rounding(const tnn_spec *spec, uint32_t word) {
    const uint32_t dropped = 32 - spec->output_bits;
    const uint32_t rounded = tnn_round_output(spec, word);
    const int64_t difference = (int32_t)(tnn_widen_output(spec, rounded) - word);
    assert_true((uint64_t)rounded < (uint64_t)1 << spec->output_bits);
    assert_true(2 * llabs(difference) <= (1ll << dropped));
}

static void outputs_round_to_the_nearest(void **state) {
    (void)state;
    const uint32_t edges[] = {0, 1, 0x7fff, 0x8000, 0xffff, 0x7fff8000, 0x80000000, 0xffff7fff, 0xffff8000, ~0u};
    for (uint32_t bits = 16; bits <= 32; bits += 16) {
        tnn_spec spec = example_spec();
        spec.output_bits = bits;
        for (size_t i = 0; i < COUNT_OF(edges); i++) {
            check_rounding(&spec, edges[i]);
        }
        for (int i = 0; i < 10000; i++) {
            check_rounding(&spec, draw_below(~0u));
        }
    }
}

static void words_of_32_bits_cross_unchanged(void **state) {
    (void)state;
    tnn_spec spec = example_spec();
    spec.output_bits = 32;
    assert_int_equal(tnn_round_output(&spec, 0xdeadbeef), 0xdeadbeef);
    assert_int_equal(tnn_widen_output(&spec, 0xdeadbeef), 0xdeadbeef);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_counted_with_channels),
        cmocka_unit_test(pixels_become_multiples_of_the_unit),
        cmocka_unit_test(phases_are_read_as_signed_multiples_of_the_unit),
        cmocka_unit_test(exact_logits_are_rounded_to_integers),
        cmocka_unit_test(outputs_round_to_the_nearest),
        cmocka_unit_test(words_of_32_bits_cross_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
