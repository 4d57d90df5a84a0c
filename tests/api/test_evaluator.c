#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deployment.h"
#include "draw.h"
#include "file_formats.h"
#include "key_fixture.h"
#include "memory.h"
#include "noisy_logits.h"
#include "objects.h"
#include "testing.h"

#define IMAGES 3u

/* Both networks have the same shape and, compiled for the fast set, the same parameters. */
static deployment here;
static deployment other_model;
static client_keys keys;
static client_keys other_keys;

static network_shape fast_shape(void) {
    network_shape shape = small_shape();
    shape.neurons = 9;
    shape.channels = 3;
    shape.weight_magnitude = 1;
    return shape;
}

static int make_all(void **state) {
    (void)state;
    const network_shape shape = fast_shape();
    here = deploy(&shape, NULL);
    other_model = deploy_twin(&here, NULL);
    keys = new_client_keys(&here);
    other_keys = new_client_keys(&other_model);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_client_keys(&other_keys);
    free_client_keys(&keys);
    free_deployment(&other_model);
    free_deployment(&here);
    return 0;
}

static tnn_evaluator *new_evaluator(unsigned threads, size_t max_images) {
    tnn_evaluator *evaluator;
    assert_ok(tnn_evaluator_create(&evaluator, here.circuit, keys.eval, threads, max_images));
    return evaluator;
}

/* ---------------------------------------------------------------------------------------------------- the whole -- */

/* The object as it arrives on the other side. Takes over and frees what was sent. */
static void *sent(const file_format *format, void *object) {
    file_bytes file = saved_file(format, object);
    format->release(object);
    assert_ok(format->load(&object, file.bytes, file.length));
    free_file(&file);
    return object;
}

static void check_logits(const deployment *d, const double *logits, const uint8_t *image) {
    const size_t outputs = d->spec->readout.outputs;
    logit_bounds *bounds = new_array(outputs, sizeof *bounds);
    bound_noisy_logits(d->circuit, d->model, bounds, image);
    for (size_t j = 0; j < outputs; j++) {
        double integer = logits[j] / d->spec->readout.scales[j];
        assert_true(bounds[j].low <= integer && integer <= bounds[j].high);
    }
    tnn_free(bounds);
}

/* Keys, image and result all cross as bytes. */
static void check_round_trip_of_an_image(const deployment *d) {
    const size_t pixels = tnn_model_pixels(d->model);
    client_keys local = new_client_keys(d);
    tnn_spec *spec;
    tnn_evaluator *evaluator;
    tnn_input *input;
    tnn_output *output;
    double logits[16];
    uint8_t *image = random_image(d->model);
    assert_ok(tnn_circuit_spec(&spec, d->circuit));
    spec = sent(&SPEC_FORMAT, spec);
    local.secret = sent(&SECRET_KEY_FORMAT, local.secret);
    local.eval = sent(&EVAL_KEY_FORMAT, local.eval);
    assert_ok(tnn_encrypt(&input, spec, local.secret, image, pixels));
    input = sent(&INPUT_FORMAT, input);
    assert_ok(tnn_evaluator_create(&evaluator, d->circuit, local.eval, 2, 1));
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
    output = sent(&OUTPUT_FORMAT, output);
    assert_ok(tnn_decrypt(spec, local.secret, logits, COUNT_OF(logits), output));
    check_logits(d, logits, image);
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    tnn_input_free(input);
    tnn_spec_free(spec);
    tnn_free(image);
    free_client_keys(&local);
}

static void logits_come_back_through_files(void **state) {
    (void)state;
    check_round_trip_of_an_image(&here);
    network_shape deep = fast_shape();
    deep.table_layers = 2;
    deep.neurons = 3;
    deep.outputs = 11;
    deployment d = deploy(&deep, NULL);
    check_round_trip_of_an_image(&d);
    free_deployment(&d);
}

/* Two-valued pixels and weights of size 1: every integer logit equals the reference, up to a failure of 2^-40. */
static void exact_contract_gives_the_reference(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.height = shape.width = 2;
    shape.input_levels = 2;
    shape.weight_magnitude = 1;
    shape.table_cells = 3;
    shape.table_magnitude = 1;
    shape.tables = TABLES_RANDOM;
    tnn_options exact;
    tnn_options_default(&exact);
    exact.precision = TNN_PRECISION_EXACT;
    deployment d = deploy(&shape, &exact);
    client_keys local = new_client_keys(&d);
    tnn_evaluator *evaluator;
    assert_ok(tnn_evaluator_create(&evaluator, d.circuit, local.eval, 2, 1));
    for (int i = 0; i < 16; i++) {
        const uint8_t image[4] = {i & 1 ? 255 : 0, i & 2 ? 255 : 0, i & 4 ? 255 : 0, i & 8 ? 255 : 0};
        double expected[2];
        double logits[2];
        tnn_input *input;
        tnn_output *output;
        assert_ok(tnn_model_predict(d.model, expected, image, 4));
        assert_ok(tnn_encrypt(&input, d.spec, local.secret, image, 4));
        assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
        assert_ok(tnn_decrypt(d.spec, local.secret, logits, 2, output));
        assert_true(logits[0] == expected[0] && logits[1] == expected[1]);
        tnn_output_free(output);
        tnn_input_free(input);
    }
    tnn_evaluator_free(evaluator);
    free_client_keys(&local);
    free_deployment(&d);
}

/* ---------------------------------------------------------------------------------------------- threads, images -- */

static void free_outputs(tnn_output **outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tnn_output_free(outputs[i]);
    }
}

static void assert_same_output(const tnn_output *a, const tnn_output *b) {
    file_bytes bytes_a = saved_file(&OUTPUT_FORMAT, a);
    file_bytes bytes_b = saved_file(&OUTPUT_FORMAT, b);
    assert_int_equal(bytes_a.length, bytes_b.length);
    assert_memory_equal(bytes_a.bytes, bytes_b.bytes, bytes_a.length);
    free_file(&bytes_a);
    free_file(&bytes_b);
}

static void infer_one_by_one(tnn_evaluator *evaluator, tnn_output **outputs, const tnn_input *const *inputs) {
    for (size_t i = 0; i < IMAGES; i++) {
        assert_ok(tnn_infer(evaluator, &outputs[i], &inputs[i], 1, NULL, NULL));
    }
}

static void results_depend_neither_on_threads_nor_on_company(void **state) {
    (void)state;
    tnn_input *inputs[IMAGES];
    tnn_output *alone[IMAGES];
    for (size_t i = 0; i < IMAGES; i++) {
        inputs[i] = encrypted_image(&here, &keys);
    }
    tnn_evaluator *single = new_evaluator(1, 1);
    infer_one_by_one(single, alone, (const tnn_input *const *)inputs);
    for (unsigned threads = 1; threads <= 3; threads++) {
        tnn_evaluator *evaluator = new_evaluator(threads, IMAGES);
        tnn_output *together[IMAGES];
        assert_ok(tnn_infer(evaluator, together, (const tnn_input *const *)inputs, IMAGES, NULL, NULL));
        for (size_t i = 0; i < IMAGES; i++) {
            assert_same_output(together[i], alone[i]);
        }
        free_outputs(together, IMAGES);
        tnn_evaluator_free(evaluator);
    }
    tnn_evaluator_free(single);
    free_outputs(alone, IMAGES);
    for (size_t i = 0; i < IMAGES; i++) {
        tnn_input_free(inputs[i]);
    }
}

/* --------------------------------------------------------------------------------------------------- belonging -- */

static void check_create_refused(tnn_status expected, const tnn_circuit *circuit, const tnn_eval_key *eval,
                                 unsigned threads, size_t max_images) {
    tnn_evaluator *evaluator = UNSET;
    assert_status(expected, tnn_evaluator_create(&evaluator, circuit, eval, threads, max_images));
    assert_null(evaluator);
}

static void keys_of_other_parameters_make_no_evaluator(void **state) {
    (void)state;
    const tnn_params_literal tiny = tiny_literal();
    tnn_params *params = params_of(&tiny);
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    assert_ok(tnn_secret_key_generate(&secret, params));
    assert_ok(tnn_eval_key_generate(&eval, secret, 2));
    check_create_refused(TNN_ERR_PARAMS_MISMATCH, here.circuit, eval, 1, 1);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    tnn_params_free(params);
}

static void misused_create_makes_no_evaluator(void **state) {
    (void)state;
    assert_status(TNN_ERR_MISUSE, tnn_evaluator_create(NULL, here.circuit, keys.eval, 1, 1));
    check_create_refused(TNN_ERR_MISUSE, NULL, keys.eval, 1, 1);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, NULL, 1, 1);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, keys.eval, 0, 1);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, keys.eval, 257, 1);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, keys.eval, 1, 0);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, keys.eval, 1, 4097);
    check_create_refused(TNN_ERR_MISUSE, here.circuit, keys.eval, 1, SIZE_MAX);
    tnn_evaluator_free(NULL);
}

static void check_infer_refused(tnn_status expected, tnn_evaluator *evaluator, const tnn_input *const *inputs,
                                size_t count) {
    tnn_output *outputs[2] = {UNSET, UNSET};
    assert_status(expected, tnn_infer(evaluator, outputs, inputs, count, NULL, NULL));
    for (size_t i = 0; i < count && i < 2; i++) {
        assert_null(outputs[i]);
    }
}

/* A good input in front of the bad one must not leave its output behind. */
static void inputs_that_do_not_belong_are_refused(void **state) {
    (void)state;
    tnn_evaluator *evaluator = new_evaluator(1, 2);
    tnn_input *good = encrypted_image(&here, &keys);
    tnn_input *of_other_model = encrypted_image(&other_model, &keys);
    tnn_input *of_other_key = encrypted_image(&here, &other_keys);
    tnn_input *of_other_shape = encrypted_image(&here, &keys);
    tnn_input *of_other_bits = encrypted_image(&here, &keys);
    of_other_shape->packed->count--;
    of_other_bits->packed->input_bits = 32;
    const struct {
        const tnn_input *bad;
        tnn_status expected;
    } cases[] = {
        {of_other_model, TNN_ERR_MODEL_MISMATCH},
        {of_other_key, TNN_ERR_KEY_MISMATCH},
        {of_other_shape, TNN_ERR_SHAPE},
        {of_other_bits, TNN_ERR_PARAMS_MISMATCH},
        {NULL, TNN_ERR_MISUSE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const tnn_input *bad_behind[2] = {good, cases[i].bad};
        check_infer_refused(cases[i].expected, evaluator, &cases[i].bad, 1);
        check_infer_refused(cases[i].expected, evaluator, bad_behind, 2);
    }
    tnn_input *const all[] = {good, of_other_model, of_other_key, of_other_shape, of_other_bits};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        tnn_input_free(all[i]);
    }
    tnn_evaluator_free(evaluator);
}

static void misused_infer_gives_no_output(void **state) {
    (void)state;
    tnn_evaluator *evaluator = new_evaluator(1, 1);
    tnn_input *input = encrypted_image(&here, &keys);
    const tnn_input *both[2] = {input, input};
    check_infer_refused(TNN_ERR_MISUSE, evaluator, both, 0);
    check_infer_refused(TNN_ERR_MISUSE, evaluator, both, 2);
    check_infer_refused(TNN_ERR_MISUSE, evaluator, NULL, 1);
    check_infer_refused(TNN_ERR_MISUSE, NULL, both, 1);
    assert_status(TNN_ERR_MISUSE, tnn_infer(evaluator, NULL, both, 1, NULL, NULL));
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
}

/* ----------------------------------------------------------------------------------------------------- progress -- */

typedef struct watch {
    uint64_t done;
    uint64_t total;
    bool goes_on;
} watch;

static bool look(void *user, uint64_t done, uint64_t total) {
    watch *w = user;
    assert_true(done > w->done && done <= total);
    w->done = done;
    w->total = total;
    return w->goes_on;
}

static void progress_counts_bootstraps_and_can_cancel(void **state) {
    (void)state;
    tnn_evaluator *evaluator = new_evaluator(1, 2);
    tnn_input *input = encrypted_image(&here, &keys);
    const tnn_input *both[2] = {input, input};
    tnn_output *before[2];
    tnn_output *cancelled[2] = {UNSET, UNSET};
    tnn_output *after[2];
    watch patient = {.goes_on = true};
    watch impatient = {.goes_on = false};
    assert_ok(tnn_infer(evaluator, before, both, 2, look, &patient));
    assert_int_equal(patient.total, 18);
    assert_int_equal(patient.done, 18);
    assert_status(TNN_ERR_CANCELLED, tnn_infer(evaluator, cancelled, both, 2, look, &impatient));
    assert_true(impatient.done < impatient.total);
    assert_null(cancelled[0]);
    assert_null(cancelled[1]);
    assert_ok(tnn_infer(evaluator, after, both, 2, NULL, NULL));
    assert_same_output(before[0], after[0]);
    assert_same_output(before[1], after[1]);
    free_outputs(before, 2);
    free_outputs(after, 2);
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
}

/* ------------------------------------------------------------------------------------------------- one at a time -- */

typedef struct busy_evaluator {
    tnn_evaluator *evaluator;
    const tnn_input *input;
    tnn_status again; /* what a call got while another one was at work */
    tnn_output *output;
} busy_evaluator;

static void *infer_again(void *context) {
    busy_evaluator *busy = context;
    busy->output = UNSET;
    busy->again = tnn_infer(busy->evaluator, &busy->output, &busy->input, 1, NULL, NULL);
    return NULL;
}

static bool infer_again_from_callback(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    infer_again(user);
    return true;
}

static bool infer_again_from_other_thread(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, infer_again, user), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return true;
}

static void check_refused_while_busy(busy_evaluator *busy, tnn_progress progress) {
    tnn_output *alone;
    tnn_output *disturbed;
    busy->again = TNN_OK;
    assert_ok(tnn_infer(busy->evaluator, &alone, &busy->input, 1, NULL, NULL));
    assert_ok(tnn_infer(busy->evaluator, &disturbed, &busy->input, 1, progress, busy));
    assert_status(TNN_ERR_MISUSE, busy->again);
    assert_null(busy->output);
    assert_same_output(alone, disturbed);
    tnn_output_free(alone);
    tnn_output_free(disturbed);
}

static void busy_evaluators_refuse_other_calls(void **state) {
    (void)state;
    tnn_input *input = encrypted_image(&here, &keys);
    for (unsigned threads = 1; threads <= 2; threads++) {
        busy_evaluator busy = {.evaluator = new_evaluator(threads, 1), .input = input};
        check_refused_while_busy(&busy, infer_again_from_callback);
        check_refused_while_busy(&busy, infer_again_from_other_thread);
        tnn_evaluator_free(busy.evaluator);
    }
    tnn_input_free(input);
}

/* A call that fails leaves the evaluator free for the next one. */
static void failed_calls_do_not_stay_busy(void **state) {
    (void)state;
    tnn_evaluator *evaluator = new_evaluator(1, 1);
    tnn_input *of_other_key = encrypted_image(&here, &other_keys);
    for (int i = 0; i < 2; i++) {
        check_infer_refused(TNN_ERR_KEY_MISMATCH, evaluator, (const tnn_input *const *)&of_other_key, 1);
    }
    tnn_input_free(of_other_key);
    tnn_evaluator_free(evaluator);
}

typedef struct crowd {
    tnn_evaluator *evaluator;
    const tnn_input *input;
    const tnn_output *right;
    atomic_uint served, refused, wrong;
} crowd;

static bool same_words(const tnn_output *a, const tnn_output *b) {
    const size_t words = a->outputs * ((size_t)a->dimension + 1);
    return memcmp(a->words, b->words, words * sizeof *a->words) == 0;
}

static void *infer_in_a_crowd(void *context) {
    crowd *c = context;
    for (int i = 0; i < 10; i++) {
        tnn_output *output;
        const tnn_status status = tnn_infer(c->evaluator, &output, &c->input, 1, NULL, NULL);
        c->served += status == TNN_OK;
        c->refused += status == TNN_ERR_MISUSE && !output;
        c->wrong += status == TNN_OK && !same_words(output, c->right);
        tnn_output_free(output);
    }
    return NULL;
}

static void crowds_get_right_results_or_none(void **state) {
    (void)state;
    tnn_input *input = encrypted_image(&here, &keys);
    tnn_output *right;
    crowd c = {.evaluator = new_evaluator(1, 1), .input = input};
    pthread_t threads[4];
    assert_ok(tnn_infer(c.evaluator, &right, &c.input, 1, NULL, NULL));
    c.right = right;
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, infer_in_a_crowd, &c), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(c.wrong, 0);
    assert_int_equal(c.served + c.refused, 10 * COUNT_OF(threads));
    assert_true(c.served > 0);
    tnn_output_free(right);
    tnn_input_free(input);
    tnn_evaluator_free(c.evaluator);
}

/* ----------------------------------------------------------------------------------------------------------- fork --
 */

#define CHILD_SECONDS 60u

static void check_child(pid_t child) {
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how)); /* not killed by its alarm */
    assert_int_equal(WEXITSTATUS(how), 0);
}

/* What a pre-fork server meets: the inherited evaluator is refused and freed, one of its own works. */
static bool child_serves(tnn_evaluator *inherited, const tnn_input *input, const tnn_output *right) {
    tnn_output *output = UNSET;
    tnn_evaluator *own = NULL;
    bool good = tnn_infer(inherited, &output, &input, 1, NULL, NULL) == TNN_ERR_FORKED && !output;
    tnn_evaluator_free(inherited);
    good = good && tnn_evaluator_create(&own, here.circuit, keys.eval, 2, 1) == TNN_OK &&
           tnn_infer(own, &output, &input, 1, NULL, NULL) == TNN_OK && same_words(output, right);
    tnn_output_free(output);
    tnn_evaluator_free(own);
    return good;
}

static void children_create_their_own(void **state) {
    (void)state;
    tnn_input *input = encrypted_image(&here, &keys);
    for (unsigned threads = 1; threads <= 3; threads++) {
        tnn_evaluator *evaluator = new_evaluator(threads, 1);
        tnn_output *before;
        tnn_output *after;
        assert_ok(tnn_infer(evaluator, &before, (const tnn_input *const *)&input, 1, NULL, NULL));
        const pid_t child = fork();
        if (child == 0) {
            alarm(CHILD_SECONDS);
            _exit(child_serves(evaluator, input, before) ? 0 : 1);
        }
        check_child(child);
        assert_ok(tnn_infer(evaluator, &after, (const tnn_input *const *)&input, 1, NULL, NULL));
        assert_same_output(before, after);
        tnn_output_free(before);
        tnn_output_free(after);
        tnn_evaluator_free(evaluator);
    }
    tnn_input_free(input);
}

static bool fork_and_go_on(void *user, uint64_t done, uint64_t total) {
    (void)done;
    (void)total;
    pid_t *child = user;
    if (*child < 0) {
        *child = fork();
        alarm(*child == 0 ? CHILD_SECONDS : 0);
    }
    return true;
}

/* The child of a callback returns into tnn_infer. */
static void children_of_a_callback_get_no_output(void **state) {
    (void)state;
    tnn_evaluator *evaluator = new_evaluator(3, 1);
    tnn_input *input = encrypted_image(&here, &keys);
    tnn_output *output;
    pid_t child = -1;
    const tnn_status status =
        tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, fork_and_go_on, &child);
    if (child == 0) {
        tnn_evaluator_free(evaluator);
        _exit(status == TNN_ERR_FORKED && !output ? 0 : 1);
    }
    check_child(child);
    assert_ok(status);
    tnn_output_free(output);
    tnn_input_free(input);
    tnn_evaluator_free(evaluator);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_come_back_through_files),
        cmocka_unit_test(exact_contract_gives_the_reference),
        cmocka_unit_test(results_depend_neither_on_threads_nor_on_company),
        cmocka_unit_test(keys_of_other_parameters_make_no_evaluator),
        cmocka_unit_test(misused_create_makes_no_evaluator),
        cmocka_unit_test(inputs_that_do_not_belong_are_refused),
        cmocka_unit_test(misused_infer_gives_no_output),
        cmocka_unit_test(progress_counts_bootstraps_and_can_cancel),
        cmocka_unit_test(busy_evaluators_refuse_other_calls),
        cmocka_unit_test(failed_calls_do_not_stay_busy),
        cmocka_unit_test(crowds_get_right_results_or_none),
        cmocka_unit_test(children_create_their_own),
        cmocka_unit_test(children_of_a_callback_get_no_output),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
