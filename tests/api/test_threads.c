/*
 * Many threads at once: the first use of the library, and objects that they share. What the thread sanitizer sees
 * (preset `thread`) fails the test as much as a status or a result that should not be.
 */
#include <pthread.h>
#include <stdio.h>

#include "testing.h"
#include "tiny_world.h"

#define THREADS 4
#define MOST_MODEL_BYTES 1024

/* One thread's work; a cmocka check may fail on the main thread only. */
typedef struct task {
    tnn_status (*work)(struct task *task);
    const tiny_world *world;
    const tnn_input *input;
    pthread_barrier_t *start;
    uint32_t number;
    tnn_status status;
    double logits[2];
} task;

static uint8_t model_bytes[MOST_MODEL_BYTES];
static size_t model_length;

static void *run_task(void *context) {
    task *t = context;
    pthread_barrier_wait(t->start);
    t->status = t->work(t);
    return NULL;
}

/* All at the same time; each has to end with TNN_OK. */
static void run_together(task tasks[THREADS], task common) {
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    common.start = &start;
    for (uint32_t i = 0; i < THREADS; i++) {
        tasks[i] = common;
        tasks[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(tasks[i].status);
    }
    pthread_barrier_destroy(&start);
}

/* No function of the library has run yet: the file is not made but read. */
static int read_model(void **state) {
    (void)state;
    FILE *file = fopen(MODEL_FILE, "rb");
    assert_non_null(file);
    model_length = fread(model_bytes, 1, sizeof model_bytes, file);
    return fclose(file);
}

/* --------------------------------------------------------------------------------------------------- first use -- */

static tnn_status make_keys_once(const tnn_spec *spec) {
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    const tnn_status status = tnn_keygen(&secret, &eval, spec, 1, NULL);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    return status;
}

/* Thread 0 goes on to a key, whose noise is drawn. */
static tnn_status load_and_compile(task *t) {
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    tnn_spec *spec = NULL;
    tnn_status status = tnn_model_load(&model, NULL, model_bytes, model_length);
    status = status == TNN_OK ? tnn_compile(&circuit, NULL, model, NULL) : status;
    status = status == TNN_OK ? tnn_circuit_spec(&spec, circuit) : status;
    status = status == TNN_OK && t->number == 0 ? make_keys_once(spec) : status;
    tnn_spec_free(spec);
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    return status;
}

static void the_first_use_may_be_many_threads(void **state) {
    (void)state;
    task tasks[THREADS];
    run_together(tasks, (task){.work = load_and_compile});
}

/* --------------------------------------------------------------------------------------------------- transforms -- */

/* Sets of both engines. */
static tnn_status create_workspaces(task *t) {
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    tnn_status status = TNN_OK;
    for (size_t i = 0; status == TNN_OK && i < count; i++) {
        tnn_params *params = NULL;
        tnn_workspace *workspace = NULL;
        const tnn_params_literal *literal = &sets[(i + t->number) % count].literal;
        status = tnn_params_create(&params, literal, TNN_SECURITY_128_MARGIN);
        status = status == TNN_OK ? tnn_workspace_create(&workspace, params, 1) : status;
        tnn_workspace_free(workspace);
        tnn_params_free(params);
    }
    return status;
}

static void transforms_are_planned_at_once(void **state) {
    (void)state;
    task tasks[THREADS];
    run_together(tasks, (task){.work = create_workspaces});
}

/* ----------------------------------------------------------------------------------------------- shared objects -- */

static tnn_status evaluate(const tiny_world *world, const tnn_input *input, unsigned threads, double logits[2]) {
    tnn_evaluator *evaluator;
    tnn_output *output = NULL;
    tnn_status status = tnn_evaluator_create(&evaluator, world->circuit, world->eval, threads, 1);
    status = status == TNN_OK ? tnn_infer(evaluator, &output, &input, 1, NULL, NULL) : status;
    status = status == TNN_OK ? tnn_decrypt(world->spec, world->secret, logits, 2, output) : status;
    tnn_output_free(output);
    tnn_evaluator_free(evaluator);
    return status;
}

/* One circuit, one key, one input: one result, on 1 thread or 2. */
static tnn_status evaluate_shared(task *t) {
    return evaluate(t->world, t->input, 1 + t->number % 2, t->logits);
}

static void evaluators_share_circuit_key_and_input(void **state) {
    const tiny_world *world = *state;
    task tasks[THREADS];
    tnn_input *input = tiny_input(world);
    run_together(tasks, (task){.work = evaluate_shared, .world = world, .input = input});
    for (size_t i = 1; i < THREADS; i++) {
        assert_memory_equal(tasks[i].logits, tasks[0].logits, sizeof tasks[0].logits);
    }
    tnn_input_free(input);
}

static tnn_status compile_shared(const tiny_world *world) {
    tnn_circuit *searched = NULL;
    tnn_circuit *served = NULL;
    tnn_status status = tnn_compile(&searched, NULL, world->model, NULL);
    status = status == TNN_OK ? tnn_compile_for_spec(&served, NULL, world->model, world->spec) : status;
    tnn_circuit_free(served);
    tnn_circuit_free(searched);
    return status;
}

static tnn_status encrypt_shared(const tiny_world *world) {
    static const uint8_t IMAGE[TINY_PIXELS] = {1, 2, 3, 4};
    tnn_input *input = NULL;
    const tnn_status status = tnn_encrypt(&input, world->spec, world->secret, IMAGE, sizeof IMAGE);
    tnn_input_free(input);
    return status;
}

/* Whatever reads const objects: the same ones in every thread. */
static tnn_status read_shared(task *t) {
    static const uint8_t IMAGE[TINY_PIXELS] = {1, 2, 3, 4};
    const tiny_world *world = t->world;
    tnn_eval_key *eval = NULL;
    tnn_status status = tnn_model_predict(world->model, t->logits, IMAGE, sizeof IMAGE);
    status = status == TNN_OK ? tnn_simulate(world->circuit, t->logits, IMAGE, sizeof IMAGE, 7) : status;
    status = status == TNN_OK ? compile_shared(world) : status;
    status = status == TNN_OK ? encrypt_shared(world) : status;
    status = status == TNN_OK ? tnn_eval_key_generate(&eval, world->secret, 2) : status;
    tnn_eval_key_free(eval);
    return status;
}

static void threads_read_the_same_objects(void **state) {
    const tiny_world *world = *state;
    task tasks[THREADS];
    run_together(tasks, (task){.work = read_shared, .world = world});
    for (size_t i = 1; i < THREADS; i++) {
        assert_memory_equal(tasks[i].logits, tasks[0].logits, sizeof tasks[0].logits);
    }
}

/* ---------------------------------------------------------------------------------------------------------- all -- */

static int make_world(void **state) {
    static tiny_world world;
    make_tiny_world(&world);
    *state = &world;
    return 0;
}

static int free_world(void **state) {
    free_tiny_world(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_use_may_be_many_threads),
        cmocka_unit_test(transforms_are_planned_at_once),
        cmocka_unit_test_setup_teardown(evaluators_share_circuit_key_and_input, make_world, free_world),
        cmocka_unit_test_setup_teardown(threads_read_the_same_objects, make_world, free_world),
    };
    return cmocka_run_group_tests(tests, read_model, NULL);
}
