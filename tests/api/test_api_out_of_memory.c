/* Every allocation and thread of every public function that makes something fails once, those inside libsodium, FFTW
 * and the C library too: support/failing_malloc.c. */
#include <string.h>

#include "deployment.h"
#include "failures.h"
#include "fftw_plans.h"
#include "file_formats.h"
#include "instruction_sets.h"
#include "key_fixture.h"
#include "memory.h"
#include "objects.h"
#include "pool.h"
#include "testing.h"

#define THREADS 2u

#if defined(TNN_FFTW_ONLY)
#define FFTW_ONLY true
#else
#define FFTW_ONLY false
#endif

tnn_status __real_tnn_fftw_plans_of(const tnn_fftw_plans **plans, uint32_t N);
tnn_status __wrap_tnn_fftw_plans_of(const tnn_fftw_plans **plans, uint32_t N);

static size_t plans_asked_for;

tnn_status __wrap_tnn_fftw_plans_of(const tnn_fftw_plans **plans, uint32_t N) {
    plans_asked_for++;
    return __real_tnn_fftw_plans_of(plans, N);
}

static network_shape shape;
static deployment d;
static client_keys keys;
static uint8_t *image;
static tnn_evaluator *evaluator;
static tnn_input *input;
static tnn_output *output;

/* The C library keeps the stacks of threads that have ended, and what it allocates with them. */
static void fill_stack_cache(void) {
    tnn_pool *pool;
    assert_ok(tnn_pool_create(&pool, THREADS));
    tnn_pool_free(pool);
}

static tnn_status make_workspace(void *context, void **object) {
    return tnn_workspace_create((tnn_workspace **)object, context, 1);
}

static void release_workspace(void *object) {
    tnn_workspace_free(object);
}

static void for_each_shipped_set(void (*check)(const tnn_shipped_params *set, tnn_params *params)) {
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        tnn_params *params = params_of(&sets[i].literal);
        check(&sets[i], params);
        tnn_params_free(params);
    }
}

/* FFTW keeps its plans, and ends the process where it gets no memory while it plans: see fftw_plans.c. In a build of
 * our own transforms nothing is kept. */
static void plan(const tnn_shipped_params *set, tnn_params *params) {
    void *workspace;
    (void)set;
    assert_ok(make_workspace(params, &workspace));
    release_workspace(workspace);
}

static int make_all(void) {
    d = deploy(&shape, NULL);
    keys = new_client_keys(&d);
    image = random_image(d.model);
    input = encrypted_image(&d, &keys);
    assert_ok(tnn_evaluator_create(&evaluator, d.circuit, keys.eval, THREADS, 1));
    assert_ok(tnn_infer(evaluator, &output, (const tnn_input *const *)&input, 1, NULL, NULL));
    fill_stack_cache();
    for_each_shipped_set(plan);
    return 0;
}

/* Two table layers, so that there is a key switch, and two tables a neuron. */
static int make_fixture(void **state) {
    (void)state;
    shape = small_shape();
    shape.neurons = 2;
    shape.table_layers = 2;
    shape.tables_per_neuron = 2;
    shape.weight_magnitude = 1;
    shape.table_magnitude = 2;
    return make_all();
}

/* Logits alone: no ring, and so no FFT plan, no server key and no workspace. */
static int make_one_layer(void **state) {
    (void)state;
    shape = small_shape();
    shape.table_layers = 0;
    return make_all();
}

static int free_fixture(void **state) {
    (void)state;
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    tnn_input_free(input);
    tnn_free(image);
    free_client_keys(&keys);
    free_deployment(&d);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- loaders -- */

typedef struct loading {
    const file_format *format;
    file_bytes file;
} loading;

static tnn_status load(void *context, void **object) {
    const loading *l = context;
    return l->format->load(object, l->file.bytes, l->file.length);
}

static void check_loader(const char *name, const file_format *format, file_bytes file, size_t calls) {
    loading l = {format, file};
    const fallible function = {name, load, format->release, calls};
    check_each_failure(&function, &l);
    free_file(&file);
}

/* Structures and their arrays, counted by hand. */
static void loaders_leave_nothing(void **state) {
    (void)state;
    check_loader("load model", &MODEL_FORMAT, model_file(d.model), 3 + 4 + 4 + 2);
    check_loader("load spec", &SPEC_FORMAT, saved_file(&SPEC_FORMAT, d.spec), 1);
    check_loader("load secret key", &SECRET_KEY_FORMAT, saved_file(&SECRET_KEY_FORMAT, keys.secret), 2);
    check_loader("open sealed key", &SEALED_KEY_FORMAT, saved_file(&SEALED_KEY_FORMAT, keys.secret), 1 + 1 + 2);
    check_loader("load evaluation key", &EVAL_KEY_FORMAT, saved_file(&EVAL_KEY_FORMAT, keys.eval), 3);
    check_loader("load input", &INPUT_FORMAT, saved_file(&INPUT_FORMAT, input), 2);
    check_loader("load output", &OUTPUT_FORMAT, saved_file(&OUTPUT_FORMAT, output), 1);
}

/* --------------------------------------------------------------------------------------------------------- makers --
 */

static tnn_status make_circuit(void *context, void **object) {
    (void)context;
    return tnn_compile((tnn_circuit **)object, NULL, d.model, NULL);
}

static void release_circuit(void *object) {
    tnn_circuit_free(object);
}

/* A neuron that is constant, and a layer of nothing else: both models are compiled. */
static tnn_status make_simplified_circuit(void *context, void **object) {
    return tnn_compile((tnn_circuit **)object, NULL, context, NULL);
}

static void simplified_circuits_leave_nothing(void **state) {
    (void)state;
    for (size_t neurons = 1; neurons <= 2; neurons++) {
        tnn_model *model = random_network(&shape);
        const tnn_layer *layer = &model->layers[1];
        for (size_t c = 0; c < neurons * 2 * layer->table_cells; c++) {
            layer->tables[c] = 1;
        }
        const fallible function = {"compile simplified", make_simplified_circuit, release_circuit, 14 + 18 + 12};
        check_each_failure(&function, model);
        tnn_model_free(model);
    }
}

static tnn_status make_spec(void *context, void **object) {
    (void)context;
    return tnn_circuit_spec((tnn_spec **)object, d.circuit);
}

static tnn_status make_input(void *context, void **object) {
    (void)context;
    return tnn_encrypt((tnn_input **)object, d.spec, keys.secret, image, tnn_model_pixels(d.model));
}

static tnn_status make_output(void *context, void **object) {
    (void)context;
    return tnn_infer(evaluator, (tnn_output **)object, (const tnn_input *const *)&input, 1, NULL, NULL);
}

static void check_workspace(const tnn_shipped_params *set, tnn_params *params) {
    const fallible function = {set->name, make_workspace, release_workspace, 1 + 2 + 3};
    check_each_failure(&function, params);
}

/* Of every rank, and so on both engines. */
static void workspaces_leave_nothing(void **state) {
    (void)state;
    for_each_shipped_set(check_workspace);
}

/* All of the above, unless the build asks for it. */
static void no_plan_of_fftw_is_needed(void **state) {
    (void)state;
    assert_true((plans_asked_for > 0) == FFTW_ONLY);
}

static void makers_leave_nothing(void **state) {
    (void)state;
    const fallible functions[] = {
        {"compile", make_circuit, release_circuit, 14 + 18},
        {"spec of a circuit", make_spec, SPEC_FORMAT.release, 1},
        {"encrypt", make_input, INPUT_FORMAT.release, 4},
        {"infer", make_output, OUTPUT_FORMAT.release, 1},
    };
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        check_each_failure(&functions[i], NULL);
    }
}

/* The second key is NULL as well, and freed with the first where both were made. */
static tnn_status make_client_keys(void *context, void **object) {
    tnn_eval_key **eval = context;
    *eval = UNSET;
    tnn_status status = tnn_keygen((tnn_secret_key **)object, eval, d.spec, THREADS, NULL);
    assert_true((*eval == NULL) == (status != TNN_OK));
    tnn_eval_key_free(*eval);
    return status;
}

static tnn_status make_evaluator(void *context, void **object) {
    (void)context;
    return tnn_evaluator_create((tnn_evaluator **)object, d.circuit, keys.eval, THREADS, 2);
}

static void release_evaluator(void *object) {
    tnn_evaluator_free(object);
}

/* Both take seconds with the parameters of a shipped set: each failure costs up to one key. */
static void slow_makers_leave_nothing(void **state) {
    (void)state;
    tnn_eval_key *eval;
    const fallible keygen = {"keygen", make_client_keys, SECRET_KEY_FORMAT.release, 2 + 3 + 2};
    const fallible create = {"evaluator", make_evaluator, release_evaluator, 3 + 3 + 2 + 2 + 2};
    check_each_failure(&keygen, &eval);
    check_each_failure(&create, NULL);
}

/* --------------------------------------------------------------------------------------------- without an object -- */

static tnn_status predict(void *context, void **object) {
    (void)context;
    *object = NULL;
    double logits[2];
    return tnn_model_predict(d.model, logits, image, tnn_model_pixels(d.model));
}

static tnn_status ranges(void *context, void **object) {
    (void)context;
    *object = NULL;
    tnn_neuron_range out[2];
    return tnn_model_ranges(d.model, out, 1, image, tnn_model_pixels(d.model), 1);
}

static tnn_status simulate(void *context, void **object) {
    (void)context;
    *object = NULL;
    double logits[2] = {7, 7};
    tnn_status status = tnn_simulate(d.circuit, logits, image, tnn_model_pixels(d.model), 1);
    assert_true(status == TNN_OK || (logits[0] == 7 && logits[1] == 7));
    return status;
}

static tnn_status decrypt(void *context, void **object) {
    (void)context;
    *object = NULL;
    double logits[2] = {7, 7};
    tnn_status status = tnn_decrypt(d.spec, keys.secret, logits, 2, output);
    assert_true(status == TNN_OK || (logits[0] == 7 && logits[1] == 7));
    return status;
}

static void release_nothing(void *object) {
    assert_null(object);
}

static void readers_leave_nothing(void **state) {
    (void)state;
    const fallible functions[] = {
        {"predict", predict, release_nothing, 2},
        {"ranges", ranges, release_nothing, 2},
        {"simulate", simulate, release_nothing, 1 + 3},
        {"decrypt", decrypt, release_nothing, 1},
    };
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        check_each_failure(&functions[i], NULL);
    }
}

/* Keys have a structure and one array; an evaluator a key, an evaluation and threads. */
static void one_layer_leaves_nothing(void **state) {
    (void)state;
    tnn_eval_key *eval;
    const fallible keygen = {"keygen", make_client_keys, SECRET_KEY_FORMAT.release, 1 + 1 + 1};
    const fallible functions[] = {
        {"compile", make_circuit, release_circuit, 14},
        {"evaluator", make_evaluator, release_evaluator, 3 + 1 + 3 + 2},
        {"encrypt", make_input, INPUT_FORMAT.release, 4},
        {"infer", make_output, OUTPUT_FORMAT.release, 1},
        {"simulate", simulate, release_nothing, 1 + 3},
        {"decrypt", decrypt, release_nothing, 1},
    };
    check_loader("load secret key", &SECRET_KEY_FORMAT, saved_file(&SECRET_KEY_FORMAT, keys.secret), 2);
    check_loader("load evaluation key", &EVAL_KEY_FORMAT, saved_file(&EVAL_KEY_FORMAT, keys.eval), 1);
    check_each_failure(&keygen, &eval);
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        check_each_failure(&functions[i], NULL);
    }
}

/* With "slow": what makes or expands a key, or searches twice, at each of its failures. With "portable": the rest, as
 * on a processor that has no instruction set beyond the least. */
int main(int argc, char **argv) {
    const struct CMUnitTest quick[] = {
        cmocka_unit_test(loaders_leave_nothing),     cmocka_unit_test(makers_leave_nothing),
        cmocka_unit_test(readers_leave_nothing),     cmocka_unit_test(workspaces_leave_nothing),
        cmocka_unit_test(no_plan_of_fftw_is_needed),
    };
    const struct CMUnitTest slow[] = {
        cmocka_unit_test(simplified_circuits_leave_nothing),
        cmocka_unit_test(slow_makers_leave_nothing),
    };
    const struct CMUnitTest one_layer[] = {
        cmocka_unit_test(one_layer_leaves_nothing),
    };
    if (argc == 2 && strcmp(argv[1], "slow") == 0) {
        return cmocka_run_group_tests(slow, make_fixture, free_fixture);
    }
    if (argc == 2 && strcmp(argv[1], "portable") == 0) {
        choose_instructions(TNN_PORTABLE);
    }
    const int failed = cmocka_run_group_tests(quick, make_fixture, free_fixture);
    return failed + cmocka_run_group_tests(one_layer, make_one_layer, free_fixture);
}
