#include <math.h>
#include <string.h>

#include "deployment.h"
#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "objects.h"
#include "testing.h"

#define PIXELS 12u

static deployment here;
static client_keys keys;
static tnn_secret_key *another_key;
static tnn_secret_key *key_of_other_parameters;
static uint8_t *image;

static int make_all(void **state) {
    (void)state;
    const network_shape shape = small_shape();
    const tnn_params_literal tiny = tiny_literal();
    here = deploy(&shape, NULL);
    keys = new_client_keys(&here);
    image = random_image(here.model);
    tnn_params *tiny_params = params_of(&tiny);
    assert_ok(tnn_secret_key_generate(&another_key, &here.spec->params));
    assert_ok(tnn_secret_key_generate(&key_of_other_parameters, tiny_params));
    tnn_params_free(tiny_params);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    tnn_secret_key_free(key_of_other_parameters);
    tnn_secret_key_free(another_key);
    tnn_free(image);
    free_client_keys(&keys);
    free_deployment(&here);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- keygen -- */

static void keys_belong_together_and_to_the_spec(void **state) {
    (void)state;
    assert_true(tnn_params_equal(tnn_secret_key_params(keys.secret), &here.spec->params));
    assert_true(tnn_params_equal(tnn_eval_key_params(keys.eval), &here.spec->params));
    assert_true(tnn_key_id_equal(&keys.secret->id, &keys.eval->id));
    assert_false(tnn_key_id_equal(&keys.secret->id, &another_key->id));
}

static void check_keygen_refused(const tnn_spec *spec, unsigned threads) {
    tnn_secret_key *secret = UNSET;
    tnn_eval_key *eval = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_keygen(&secret, &eval, spec, threads, NULL));
    assert_null(secret);
    assert_null(eval);
}

static void misused_keygen_gives_no_keys(void **state) {
    (void)state;
    tnn_secret_key *secret = UNSET;
    tnn_eval_key *eval = UNSET;
    check_keygen_refused(here.spec, 0);
    check_keygen_refused(here.spec, 257);
    check_keygen_refused(NULL, 1);
    assert_status(TNN_ERR_MISUSE, tnn_keygen(NULL, &eval, here.spec, 1, NULL));
    assert_null(eval);
    assert_status(TNN_ERR_MISUSE, tnn_keygen(&secret, NULL, here.spec, 1, NULL));
    assert_null(secret);
}

/* ------------------------------------------------------------------------------------------------------ encrypt -- */

/* Phase of one encrypted pixel, by a dot product with a single weight. */
static uint32_t pixel_phase(const tnn_packed_masks *masks, size_t pixel) {
    int16_t weights[PIXELS] = {0};
    uint32_t *lwe = new_array(here.spec->params.literal.n + 1, sizeof *lwe);
    weights[pixel] = 1;
    tnn_packed_dot(masks, lwe, weights);
    uint32_t phase = tnn_lwe_phase(keys.secret, TNN_KEY_SMALL, lwe);
    tnn_free(lwe);
    return phase;
}

static void encrypted_pixels_are_their_levels(void **state) {
    (void)state;
    tnn_input *input;
    tnn_packed_masks *masks;
    assert_ok(tnn_encrypt(&input, here.spec, keys.secret, image, PIXELS));
    assert_ok(tnn_packed_masks_create(&masks, &here.spec->params, PIXELS));
    assert_ok(tnn_packed_expand(masks, input->packed));
    const double most = NOISE_DEVIATIONS * sqrt(tnn_variance_small(&here.spec->params));
    for (size_t i = 0; i < PIXELS; i++) {
        uint32_t message = (here.spec->input_map[image[i]] * here.spec->input_unit) << 16;
        assert_true(fabs(torus_difference(pixel_phase(masks, i), message)) <= most);
    }
    assert_memory_equal(input->fingerprint, here.spec->fingerprint, TNN_FINGERPRINT_BYTES);
    assert_true(tnn_key_id_equal(&input->packed->id, &keys.secret->id));
    tnn_packed_masks_free(masks);
    tnn_input_free(input);
    tnn_input_free(NULL);
}

static void encryptions_of_one_image_differ(void **state) {
    (void)state;
    tnn_input *first;
    tnn_input *second;
    assert_ok(tnn_encrypt(&first, here.spec, keys.secret, image, PIXELS));
    assert_ok(tnn_encrypt(&second, here.spec, keys.secret, image, PIXELS));
    assert_memory_not_equal(first->packed->seed.bytes, second->packed->seed.bytes, TNN_SEED_BYTES);
    tnn_input_free(first);
    tnn_input_free(second);
}

static void check_encrypt_refused(tnn_status expected, const tnn_spec *spec, const tnn_secret_key *secret,
                                  const uint8_t *pixels, size_t count) {
    tnn_input *input = UNSET;
    assert_status(expected, tnn_encrypt(&input, spec, secret, pixels, count));
    assert_null(input);
}

static void images_and_keys_that_do_not_fit_are_refused(void **state) {
    (void)state;
    const size_t wrong[] = {0, 1, PIXELS - 1, PIXELS + 1, 784, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        check_encrypt_refused(TNN_ERR_SHAPE, here.spec, keys.secret, image, wrong[i]);
    }
    check_encrypt_refused(TNN_ERR_PARAMS_MISMATCH, here.spec, key_of_other_parameters, image, PIXELS);
}

static void misused_encrypt_gives_no_input(void **state) {
    (void)state;
    assert_status(TNN_ERR_MISUSE, tnn_encrypt(NULL, here.spec, keys.secret, image, PIXELS));
    check_encrypt_refused(TNN_ERR_MISUSE, NULL, keys.secret, image, PIXELS);
    check_encrypt_refused(TNN_ERR_MISUSE, here.spec, NULL, image, PIXELS);
    check_encrypt_refused(TNN_ERR_MISUSE, here.spec, keys.secret, NULL, PIXELS);
}

/* ------------------------------------------------------------------------------------------------------ decrypt -- */

/* Logits 3 and -2 without mask or noise. */
static tnn_output *trivial_output(const tnn_spec *spec) {
    const uint32_t dimension = (uint32_t)tnn_params_big_dimension(&spec->params);
    tnn_output *output;
    assert_ok(tnn_output_new(&output, spec->output_bits, 2, dimension));
    memcpy(output->fingerprint, spec->fingerprint, sizeof spec->fingerprint);
    output->id = keys.secret->id;
    output->words[dimension] = (3 * spec->output_unit) >> (32 - spec->output_bits);
    output->words[2 * dimension + 1] = (0 - 2 * spec->output_unit) >> (32 - spec->output_bits);
    return output;
}

static void logits_are_phases_in_units(void **state) {
    (void)state;
    tnn_output *output = trivial_output(here.spec);
    const double most = 0x1p16 / here.spec->output_unit; /* what 16 bits round away */
    double logits[3] = {7, 7, 7};
    assert_ok(tnn_decrypt(here.spec, keys.secret, logits, 3, output));
    assert_true(fabs(logits[0] / 0.125 - 3) <= most && fabs(logits[1] / 0.125 + 2) <= most);
    assert_true(logits[2] == 7);
    tnn_output_free(output);
    tnn_output_free(NULL);
}

static void exact_logits_are_integers_times_the_scale(void **state) {
    (void)state;
    tnn_spec exact = *here.spec;
    exact.exact = true;
    exact.output_bits = 32;
    tnn_output *output = trivial_output(&exact);
    double logits[2];
    output->words[output->dimension] += exact.output_unit / 3;
    assert_ok(tnn_decrypt(&exact, keys.secret, logits, 2, output));
    assert_true(logits[0] == 3 * 0.125 && logits[1] == -2 * 0.125);
    tnn_output_free(output);
}

static void check_decrypt_refused(tnn_status expected, const tnn_spec *spec, const tnn_secret_key *secret,
                                  size_t capacity, const tnn_output *output) {
    double logits[2] = {7, 7};
    assert_status(expected, tnn_decrypt(spec, secret, logits, capacity, output));
    assert_true(logits[0] == 7 && logits[1] == 7);
}

static void outputs_and_keys_that_do_not_fit_are_refused(void **state) {
    (void)state;
    tnn_output *output = trivial_output(here.spec);
    check_decrypt_refused(TNN_ERR_BUFFER, here.spec, keys.secret, 0, output);
    check_decrypt_refused(TNN_ERR_BUFFER, here.spec, keys.secret, 1, output);
    check_decrypt_refused(TNN_ERR_KEY_MISMATCH, here.spec, another_key, 2, output);
    check_decrypt_refused(TNN_ERR_PARAMS_MISMATCH, here.spec, key_of_other_parameters, 2, output);
    tnn_spec other_model = *here.spec;
    other_model.fingerprint[15] ^= 1;
    check_decrypt_refused(TNN_ERR_MODEL_MISMATCH, &other_model, keys.secret, 2, output);
    tnn_output_free(output);
}

/* A file with a right fingerprint and wrong sizes. */
static void outputs_of_other_sizes_are_malformed(void **state) {
    (void)state;
    tnn_output *output = trivial_output(here.spec);
    uint32_t *const sizes[3] = {&output->outputs, &output->output_bits, &output->dimension};
    const uint32_t wrong[3] = {1, 32, 1024};
    for (size_t i = 0; i < 3; i++) {
        const uint32_t right = *sizes[i];
        *sizes[i] = wrong[i];
        check_decrypt_refused(TNN_ERR_MALFORMED, here.spec, keys.secret, 2, output);
        *sizes[i] = right;
    }
    tnn_output_free(output);
}

static void misused_decrypt_writes_nothing(void **state) {
    (void)state;
    tnn_output *output = trivial_output(here.spec);
    check_decrypt_refused(TNN_ERR_MISUSE, NULL, keys.secret, 2, output);
    check_decrypt_refused(TNN_ERR_MISUSE, here.spec, NULL, 2, output);
    check_decrypt_refused(TNN_ERR_MISUSE, here.spec, keys.secret, 2, NULL);
    assert_status(TNN_ERR_MISUSE, tnn_decrypt(here.spec, keys.secret, NULL, 2, output));
    tnn_output_free(output);
}

typedef struct watched {
    uint64_t calls, last, total, stop_after;
} watched;

static bool count_progress(void *user, uint64_t done, uint64_t total) {
    watched *w = user;
    assert_true(done > w->last && done <= total);
    w->calls++;
    w->last = done;
    w->total = total;
    return w->calls != w->stop_after;
}

static void key_generation_tells_how_far_it_is(void **state) {
    (void)state;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    watched w = {0};
    tnn_keygen_options options;
    tnn_keygen_options_default(&options);
    options.progress = count_progress;
    options.user = &w;
    assert_ok(tnn_keygen(&secret, &eval, here.spec, 2, &options));
    assert_int_equal(w.total, here.spec->params.literal.n);
    assert_int_equal(w.last, w.total);
    assert_true(w.calls > 1);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
}

static void key_generation_stops_when_told(void **state) {
    (void)state;
    tnn_secret_key *secret = UNSET;
    tnn_eval_key *eval = UNSET;
    watched w = {.stop_after = 2};
    tnn_keygen_options options;
    tnn_keygen_options_default(&options);
    options.progress = count_progress;
    options.user = &w;
    assert_status(TNN_ERR_CANCELLED, tnn_keygen(&secret, &eval, here.spec, 1, &options));
    assert_int_equal(w.calls, 2);
    assert_null(secret);
    assert_null(eval);
}

/* A spec of 160 bytes may ask for a key of 30 GB. */
static void keys_beyond_the_limits_are_refused(void **state) {
    (void)state;
    tnn_secret_key *secret = UNSET;
    tnn_eval_key *eval = UNSET;
    tnn_spec huge = *here.spec;
    const tnn_params_literal literal = {.n = 1024,
                                        .input_N = 32,
                                        .input_bits = 32,
                                        .lwe_log2_sigma = -22.8,
                                        .k = 6,
                                        .N = 16384,
                                        .glwe_log2_sigma = -61.5,
                                        .bs_base_log = 4,
                                        .bs_levels = 7};
    assert_ok(tnn_params_check(&huge.params, &literal, TNN_SECURITY_128_MARGIN));
    tnn_spec_info info;
    tnn_spec_describe(&huge, &info);
    assert_true(info.eval_key_bytes > (size_t)5 << 30);
    assert_status(TNN_ERR_LIMIT, tnn_keygen(&secret, &eval, &huge, 2, NULL));
    assert_null(secret);
    assert_null(eval);
    tnn_keygen_options options;
    tnn_keygen_options_default(&options);
    tnn_spec_describe(here.spec, &info);
    options.most_eval_key_bytes = info.eval_key_bytes - 1;
    assert_status(TNN_ERR_LIMIT, tnn_keygen(&secret, &eval, here.spec, 2, &options));
    tnn_spec lower = *here.spec;
    lower.params.security = TNN_SECURITY_128;
    options.most_eval_key_bytes = info.eval_key_bytes;
    options.least = TNN_SECURITY_128_MARGIN;
    assert_status(TNN_ERR_INSECURE, tnn_keygen(&secret, &eval, &lower, 2, &options));
    assert_ok(tnn_keygen(&secret, &eval, here.spec, 2, &options));
    assert_int_equal(tnn_eval_key_size(eval), info.eval_key_bytes);
    assert_int_equal(tnn_secret_key_size(secret), info.secret_key_bytes);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_generation_tells_how_far_it_is),
        cmocka_unit_test(key_generation_stops_when_told),
        cmocka_unit_test(keys_beyond_the_limits_are_refused),
        cmocka_unit_test(keys_belong_together_and_to_the_spec),
        cmocka_unit_test(misused_keygen_gives_no_keys),
        cmocka_unit_test(encrypted_pixels_are_their_levels),
        cmocka_unit_test(encryptions_of_one_image_differ),
        cmocka_unit_test(images_and_keys_that_do_not_fit_are_refused),
        cmocka_unit_test(misused_encrypt_gives_no_input),
        cmocka_unit_test(logits_are_phases_in_units),
        cmocka_unit_test(exact_logits_are_integers_times_the_scale),
        cmocka_unit_test(outputs_and_keys_that_do_not_fit_are_refused),
        cmocka_unit_test(outputs_of_other_sizes_are_malformed),
        cmocka_unit_test(misused_decrypt_writes_nothing),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
