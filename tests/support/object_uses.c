#include "object_uses.h"

#include <string.h>

#include "draw.h"
#include "file_checks.h"
#include "memory.h"
#include "objects.h"
#include "server_key.h"
#include "sizes.h"
#include "spec_file.h"
#include "testing.h"
#include "workspace.h"

/* Largest keys that are generated or expanded, in bytes on the wire and in memory: those of the tiny world fit. Larger
 * objects are saved again at USE_FULL only. */
#define MOST_KEY_BYTES ((size_t)4 << 20)
#define MOST_EXPANDED_BYTES ((size_t)64 << 20)
#define MOST_SAVED_BYTES ((size_t)1 << 16)
#define MOST_COMPILE_BYTES ((size_t)32 << 20)

static void assert_one_of(tnn_status status, const tnn_status *allowed, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (status == allowed[i]) {
            return;
        }
    }
    fail_msg("status %d, which is none of those documented", (int)status);
}

#define ASSERT_ONE_OF(status, ...)                                                                                     \
    do {                                                                                                               \
        const tnn_status allowed_[] = {TNN_OK, __VA_ARGS__};                                                           \
        assert_one_of(status, allowed_, COUNT_OF(allowed_));                                                           \
    } while (0)

/* -------------------------------------------------------------------------------------------------------- model -- */

/* Stops searches and key generations at the first call, some hundredths of a second into them. */
static bool stop_at_once(void *user, uint64_t done, uint64_t total) {
    (void)user;
    (void)done;
    (void)total;
    return false;
}

static void use_names(const char *(*name_of)(const void *, size_t), const void *object, size_t classes) {
    for (size_t i = 0; i < classes + 2; i++) {
        const char *name = name_of(object, i);
        assert_true(!name || strlen(name) < 64);
    }
}

static const char *model_name(const void *model, size_t index) {
    return tnn_model_class_name(model, index);
}

static const char *spec_name(const void *spec, size_t index) {
    return tnn_spec_class_name(spec, index);
}

static void use_ranges(const tnn_model *model, const uint8_t *image, size_t pixels) {
    for (uint32_t i = 0; i + 1 < model->layer_count; i++) {
        tnn_neuron_range *ranges = new_array(model->layers[i].neurons, sizeof *ranges);
        assert_ok(tnn_model_ranges(model, ranges, i, image, pixels, 1));
        tnn_free(ranges);
    }
}

static void use_clear(const tnn_model *model, const tnn_model_info *info, const uint8_t *image, size_t pixels) {
    double *logits = new_array(info->outputs, sizeof *logits);
    assert_ok(tnn_model_predict(model, logits, image, pixels));
    assert_true(tnn_class_of(logits, info->outputs) < info->classes);
    use_ranges(model, image, pixels);
    tnn_free(logits);
}

static void use_circuit(const tnn_model *model, const tnn_circuit *circuit, const uint8_t *image, size_t pixels) {
    tnn_circuit_info info;
    tnn_spec *spec;
    tnn_circuit *again;
    tnn_circuit_describe(circuit, &info);
    for (uint32_t i = 0; i < info.layers; i++) {
        tnn_layer_info layer;
        assert_ok(tnn_circuit_layer(circuit, &layer, i));
    }
    double *logits = new_array(info.outputs, sizeof *logits);
    assert_ok(tnn_simulate(circuit, logits, image, pixels, 1));
    assert_ok(tnn_circuit_spec(&spec, circuit));
    check_round_trip(&SPEC_FORMAT, spec);
    assert_ok(tnn_compile_for_spec(&again, NULL, model, spec));
    tnn_circuit_free(again);
    tnn_spec_free(spec);
    tnn_free(logits);
}

static void use_compiled(const tnn_model *model, const uint8_t *image, size_t pixels) {
    tnn_options options;
    tnn_refusal refusal = {.sentence = ""};
    tnn_circuit *circuit;
    tnn_options_for(&options, model);
    options.max_bytes = MOST_COMPILE_BYTES;
    options.progress = stop_at_once;
    const tnn_status status = tnn_compile(&circuit, &refusal, model, &options);
    ASSERT_ONE_OF(status, TNN_ERR_MISUSE, TNN_ERR_UNSATISFIABLE, TNN_ERR_LIMIT, TNN_ERR_CANCELLED);
    assert_true(memchr(refusal.sentence, 0, sizeof refusal.sentence));
    assert_true((status == TNN_OK) == (circuit != NULL));
    if (circuit) {
        use_circuit(model, circuit, image, pixels);
    }
    tnn_circuit_free(circuit);
}

static void use_model(const tiny_world *world, void *object, use_depth depth) {
    (void)world;
    const tnn_model *model = object;
    tnn_model_info info;
    tnn_model_describe(model, &info);
    assert_true(strlen(info.provenance) <= TNN_MAX_PROVENANCE);
    use_names(model_name, model, info.classes);
    const size_t pixels = (size_t)info.height * info.width * info.channels;
    uint8_t *image = new_array(pixels, 1);
    memset(image, 0x9c, pixels);
    use_clear(model, &info, image, pixels);
    if (depth == USE_FULL) {
        use_compiled(model, image, pixels);
    }
    tnn_free(image);
}

/* ------------------------------------------------------------------------------------------- client's half of it -- */

static void use_images(const tnn_spec *spec, const tnn_spec_info *info, const tnn_secret_key *secret) {
    const size_t pixels = (size_t)info->height * info->width * info->channels;
    const uint32_t dimension = (uint32_t)tnn_params_big_dimension(&spec->params);
    uint8_t *image = new_array(pixels, 1);
    double *logits = new_array(info->outputs, sizeof *logits);
    tnn_input *input;
    memset(image, 0x9c, pixels);
    assert_ok(tnn_encrypt(&input, spec, secret, image, pixels));
    assert_int_equal(tnn_input_size(input), info->input_bytes);
    check_round_trip(&INPUT_FORMAT, input);
    if (info->output_bytes <= MOST_KEY_BYTES) {
        tnn_output *output;
        assert_ok(tnn_output_new(&output, spec->output_bits, info->outputs, dimension));
        memcpy(output->fingerprint, spec->fingerprint, sizeof output->fingerprint);
        output->id = secret->id;
        assert_ok(tnn_decrypt(spec, secret, logits, info->outputs, output));
        assert_int_equal(tnn_output_size(output), info->output_bytes);
        tnn_output_free(output);
    }
    tnn_input_free(input);
    tnn_free(logits);
    tnn_free(image);
}

static void use_keygen(const tnn_spec *spec) {
    tnn_keygen_options options;
    tnn_secret_key *secret;
    tnn_eval_key *eval;
    tnn_keygen_options_default(&options);
    options.most_eval_key_bytes = MOST_KEY_BYTES;
    options.progress = stop_at_once;
    const tnn_status status = tnn_keygen(&secret, &eval, spec, 1, &options);
    ASSERT_ONE_OF(status, TNN_ERR_LIMIT, TNN_ERR_CANCELLED);
    assert_true((status == TNN_OK) == (secret && eval));
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
}

/* A server that serves the spec of a client: as one of the world's model, so that the fingerprint is no obstacle. */
static void use_on_server(const tiny_world *world, tnn_spec *spec) {
    tnn_circuit *circuit;
    assert_ok(tnn_spec_set_fingerprint(spec, world->model->fingerprint));
    ASSERT_ONE_OF(tnn_compile_for_spec(&circuit, NULL, world->model, spec), TNN_ERR_MODEL_MISMATCH,
                  TNN_ERR_UNSATISFIABLE, TNN_ERR_LIMIT);
    tnn_circuit_free(circuit);
}

static void use_spec(const tiny_world *world, void *object, use_depth depth) {
    tnn_spec *spec = object;
    tnn_spec_info info;
    tnn_secret_key *secret;
    tnn_spec_describe(spec, &info);
    use_names(spec_name, spec, info.classes);
    assert_ok(tnn_secret_key_generate(&secret, &spec->params));
    assert_int_equal(tnn_secret_key_size(secret), info.secret_key_bytes);
    use_images(spec, &info, secret);
    tnn_secret_key_free(secret);
    use_on_server(world, spec);
    if (depth == USE_FULL) {
        use_keygen(spec);
    }
}

static void use_secret_key(const tiny_world *world, void *object, use_depth depth) {
    const tnn_secret_key *secret = object;
    const tnn_params *params = tnn_secret_key_params(secret);
    const uint32_t messages[3] = {1, 2, 3};
    uint32_t *lwe = new_array(tnn_params_big_dimension(params) + params->literal.n + 1, sizeof *lwe);
    tnn_packed *packed;
    tnn_input *input = NULL;
    for (int part = TNN_KEY_SMALL; part <= TNN_KEY_BIG; part++) {
        assert_ok(tnn_lwe_encrypt(secret, (tnn_key_part)part, lwe, 1u << 30));
        (void)tnn_lwe_phase(secret, (tnn_key_part)part, lwe);
    }
    assert_ok(tnn_packed_encrypt(secret, &packed, messages, COUNT_OF(messages)));
    ASSERT_ONE_OF(tnn_encrypt(&input, world->spec, secret, (const uint8_t[TINY_PIXELS]){0}, TINY_PIXELS),
                  TNN_ERR_PARAMS_MISMATCH);
    tnn_eval_key *eval = NULL;
    if (depth == USE_FULL && tnn_eval_key_file_bytes(params) <= MOST_KEY_BYTES) {
        const tnn_key_watch watch = {stop_at_once, NULL};
        ASSERT_ONE_OF(tnn_eval_key_generate_watched(&eval, secret, 1, watch), TNN_ERR_CANCELLED);
    }
    tnn_eval_key_free(eval);
    tnn_input_free(input);
    tnn_packed_free(packed);
    tnn_free(lwe);
}

/* ------------------------------------------------------------------------------------------------- server's half -- */

static void infer(tnn_evaluator *evaluator, const tnn_input *input) {
    const tnn_input *const inputs[] = {input};
    tnn_output *output;
    ASSERT_ONE_OF(tnn_infer(evaluator, &output, inputs, 1, NULL, NULL), TNN_ERR_MODEL_MISMATCH, TNN_ERR_KEY_MISMATCH);
    tnn_output_free(output);
}

static void evaluate_with(const tiny_world *world, const tnn_eval_key *eval) {
    tnn_evaluator *evaluator;
    ASSERT_ONE_OF(tnn_evaluator_create(&evaluator, world->circuit, eval, 1, 1), TNN_ERR_PARAMS_MISMATCH);
    if (evaluator) {
        tnn_input *input = tiny_input(world);
        input->packed->id = eval->id;
        infer(evaluator, input);
        tnn_input_free(input);
    }
    tnn_evaluator_free(evaluator);
}

/* One bootstrap of a trivial ciphertext, and a key switch back where the key has one. */
static void bootstrap_with(const tnn_eval_key *eval) {
    const tnn_params *params = tnn_eval_key_params(eval);
    tnn_server_key *server;
    tnn_workspace *workspace;
    assert_ok(tnn_server_key_expand(&server, eval, 1));
    assert_ok(tnn_workspace_create(&workspace, params, 1));
    uint32_t *table = new_array(params->literal.N, sizeof *table);
    const uint32_t *const tables[] = {table};
    uint32_t *small = new_array(params->literal.n + 1, sizeof *small);
    uint32_t *big = new_array(tnn_params_big_dimension(params) + 1, sizeof *big);
    tnn_bootstrap(server, workspace, big, small, tables, 1);
    assert_status(params->literal.ks_levels > 0 ? TNN_OK : TNN_ERR_MISUSE, tnn_key_switch(server, small, big));
    tnn_free(big);
    tnn_free(small);
    tnn_free(table);
    tnn_workspace_free(workspace);
    tnn_server_key_free(server);
}

static void use_eval_key(const tiny_world *world, void *object, use_depth depth) {
    const tnn_eval_key *eval = object;
    const tnn_params *params = tnn_eval_key_params(eval);
    assert_non_null(tnn_params_engine(params));
    if (depth == USE_QUICK) {
        return;
    }
    if (tnn_params_equal(params, tnn_eval_key_params(world->eval))) {
        evaluate_with(world, eval);
    } else if (tnn_params_server_key_bytes(params) <= MOST_EXPANDED_BYTES) {
        bootstrap_with(eval);
    }
}

static void adopt(const tiny_world *world, uint8_t fingerprint[TNN_FINGERPRINT_BYTES], tnn_key_id *id) {
    if (fingerprint[0] == 0) {
        memcpy(fingerprint, world->spec->fingerprint, TNN_FINGERPRINT_BYTES);
    }
    if (id->bytes[0] == 0) {
        *id = world->secret->id;
    }
}

static void use_input(const tiny_world *world, void *object, use_depth depth) {
    (void)depth;
    tnn_input *input = object;
    adopt(world, input->fingerprint, &input->packed->id);
    infer(world->evaluator, input);
}

static void use_output(const tiny_world *world, void *object, use_depth depth) {
    (void)depth;
    tnn_output *output = object;
    double logits[2];
    adopt(world, output->fingerprint, &output->id);
    ASSERT_ONE_OF(tnn_decrypt(world->spec, world->secret, logits, COUNT_OF(logits), output), TNN_ERR_MODEL_MISMATCH,
                  TNN_ERR_KEY_MISMATCH, TNN_ERR_MALFORMED);
}

/* ---------------------------------------------------------------------------------------------------------- any -- */

const object_use USE_MODEL = {&MODEL_FORMAT, use_model};
const object_use USE_SPEC = {&SPEC_FORMAT, use_spec};
const object_use USE_SECRET_KEY = {&SECRET_KEY_FORMAT, use_secret_key};
const object_use USE_EVAL_KEY = {&EVAL_KEY_FORMAT, use_eval_key};
const object_use USE_INPUT = {&INPUT_FORMAT, use_input};
const object_use USE_OUTPUT = {&OUTPUT_FORMAT, use_output};

/* A file has one form: what is accepted saves to the same bytes. */
static void check_saves_as(const file_format *format, const void *object, const file_bytes *file) {
    file_bytes saved = saved_file(format, object);
    assert_int_equal(saved.length, file->length);
    assert_memory_equal(saved.bytes, file->bytes, file->length);
    free_file(&saved);
}

tnn_status load_and_use(const object_use *kind, const tiny_world *world, const file_bytes *file, use_depth depth) {
    void *object = UNSET;
    const tnn_status status = kind->format->load(&object, file->bytes, file->length);
    ASSERT_ONE_OF(status, TNN_ERR_TRUNCATED, TNN_ERR_MAGIC, TNN_ERR_VERSION, TNN_ERR_CORRUPT, TNN_ERR_LIMIT,
                  TNN_ERR_MALFORMED, TNN_ERR_INSECURE);
    assert_true((status == TNN_OK) == (object != NULL));
    if (object && kind->format->save && (depth == USE_FULL || file->length <= MOST_SAVED_BYTES)) {
        check_saves_as(kind->format, object, file);
    }
    if (object) {
        kind->use(world, object, depth);
    }
    kind->format->release(object);
    return status;
}
