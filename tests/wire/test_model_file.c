#include "file_checks.h"
#include "networks.h"
#include "testing.h"

/* Payload offsets of the example: 12 pixels, provenance of 21 bytes, layers 12 -> 4 -> 4 -> 2 of one table of 16. */
#define PROVENANCE ((size_t)32)
#define PROVENANCE_BYTES ((size_t)21)
#define LAYER_0 (PROVENANCE + PROVENANCE_BYTES)
#define WEIGHTS_0 (LAYER_0 + 16)
#define RANGES_0 (WEIGHTS_0 + 4 * 12 + 4 * 4)
#define LAYER_1 (RANGES_0 + 8 * 4 + 2 * 4 * 16)
#define LAYER_2 (LAYER_1 + 16 + 4 * 4 + 4 * 4 + 8 * 4 + 2 * 4 * 16)
#define PAYLOAD_BYTES (LAYER_2 + 16 + 2 * 4 + 4 * 2)

static tnn_model *original;
static file_bytes file;

static int build_file(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 2;
    original = random_network(&shape);
    file = model_file(original);
    assert_int_equal(file.length, FILE_HEADER_BYTES + PAYLOAD_BYTES);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_model_free(original);
    return 0;
}

static void check_same_layer(const tnn_layer *a, const tnn_layer *b) {
    assert_int_equal(a->inputs, b->inputs);
    assert_int_equal(a->neurons, b->neurons);
    assert_int_equal(a->tables_per_neuron, b->tables_per_neuron);
    assert_int_equal(a->table_cells, b->table_cells);
    assert_memory_equal(a->weights, b->weights, (size_t)a->neurons * a->inputs * sizeof *a->weights);
    assert_memory_equal(a->biases, b->biases, a->neurons * sizeof *a->biases);
    if (a->tables_per_neuron) {
        assert_memory_equal(a->ranges, b->ranges, 2 * a->neurons * sizeof *a->ranges);
        assert_memory_equal(a->tables, b->tables, tnn_layer_outputs(a) * a->table_cells * sizeof *a->tables);
    }
}

static void every_field_is_loaded(void **state) {
    (void)state;
    tnn_model *model;
    assert_ok(tnn_model_load(&model, NULL, file.bytes, file.length));
    assert_int_equal(model->height, 4);
    assert_int_equal(model->width, 3);
    assert_int_equal(model->channels, 1);
    assert_int_equal(model->input_levels, 8);
    assert_true(model->readout.scales[0] == 0.125);
    assert_string_equal(model->provenance, original->provenance);
    assert_int_equal(model->layer_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        check_same_layer(&model->layers[i], &original->layers[i]);
    }
    assert_memory_equal(model->fingerprint, file.bytes + 16, TNN_FINGERPRINT_BYTES);
    tnn_model_free(model);
    tnn_model_free(NULL);
}

/* Loads what the writer makes of a model that may be wrong in itself. */
static void check_written(const tnn_model *model, tnn_status expected) {
    file_bytes written = model_file(model);
    void *loaded = UNSET;
    assert_status(expected, MODEL_FORMAT.load(&loaded, written.bytes, written.length));
    assert_true((loaded != NULL) == (expected == TNN_OK));
    tnn_model_free(loaded);
    free_file(&written);
}

static void all_shapes_load(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 24; i++) {
        network_shape shape = small_shape();
        shape.table_layers = i % 5;
        shape.tables_per_neuron = 1 + i % 3;
        shape.channels = i % 2 ? 3 : 1;
        shape.outputs = 1 + i % 11;
        tnn_model *model = random_network(&shape);
        check_written(model, TNN_OK);
        tnn_model_free(model);
    }
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&MODEL_FORMAT, &file);
}

static const bad_field BAD_FIELDS[] = {
    {0, 4, 0, TNN_ERR_MALFORMED}, /* height */
    {0, 4, 5, TNN_ERR_MALFORMED},
    {0, 4, 65537, TNN_ERR_LIMIT},
    {0, 4, ~0u, TNN_ERR_LIMIT},
    {4, 4, 0, TNN_ERR_MALFORMED}, /* width */
    {4, 4, 16385, TNN_ERR_LIMIT},
    {4, 4, 1u << 30, TNN_ERR_LIMIT},
    {8, 4, 0, TNN_ERR_MALFORMED}, /* channels */
    {8, 4, 3, TNN_ERR_MALFORMED},
    {8, 4, 5462, TNN_ERR_LIMIT}, /* times 12 pixels: above 65536 */
    {8, 4, ~0u, TNN_ERR_LIMIT},
    {12, 4, 0, TNN_ERR_MALFORMED}, /* input_levels */
    {12, 4, 1, TNN_ERR_MALFORMED},
    {12, 4, 257, TNN_ERR_MALFORMED},
    {16, 4, 0, TNN_ERR_MALFORMED}, /* layer_count */
    {16, 4, 1, TNN_ERR_MALFORMED},
    {16, 4, 4, TNN_ERR_TRUNCATED},
    {16, 4, 65, TNN_ERR_LIMIT},
    {16, 4, ~0u, TNN_ERR_LIMIT},
    {20, 4, 65536, TNN_ERR_TRUNCATED}, /* provenance_bytes */
    {20, 4, 65537, TNN_ERR_LIMIT},
    {20, 4, ~0u, TNN_ERR_LIMIT},
    {24, 8, 0, TNN_ERR_MALFORMED}, /* output_scale: 0, -1, infinity, no number */
    {24, 8, 0xbff0000000000000u, TNN_ERR_MALFORMED},
    {24, 8, 0x7ff0000000000000u, TNN_ERR_MALFORMED},
    {24, 8, 0x7ff8000000000000u, TNN_ERR_MALFORMED},
    {PROVENANCE, 1, 0, TNN_ERR_MALFORMED}, /* a NUL in the text */
    {PROVENANCE + PROVENANCE_BYTES - 1, 1, 0, TNN_ERR_MALFORMED},
    {LAYER_0, 4, 0, TNN_ERR_MALFORMED}, /* inputs */
    {LAYER_0, 4, 65537, TNN_ERR_LIMIT},
    {LAYER_0, 4, 65536, TNN_ERR_TRUNCATED},
    {LAYER_0 + 4, 4, 0, TNN_ERR_MALFORMED}, /* neurons */
    {LAYER_0 + 4, 4, 65537, TNN_ERR_LIMIT},
    {LAYER_0 + 4, 4, 65536, TNN_ERR_TRUNCATED},
    {LAYER_0 + 8, 4, 16385, TNN_ERR_LIMIT}, /* tables of 4 neurons */
    {LAYER_0 + 8, 4, 16384, TNN_ERR_TRUNCATED},
    {LAYER_0 + 8, 4, ~0u, TNN_ERR_LIMIT},
    {LAYER_0 + 12, 4, 0, TNN_ERR_MALFORMED}, /* cells */
    {LAYER_0 + 12, 4, 32768, TNN_ERR_TRUNCATED},
    {LAYER_0 + 12, 4, 32769, TNN_ERR_LIMIT},
    {RANGES_0, 4, 0x7fffffff, TNN_ERR_MALFORMED}, /* a range that ends before it starts */
    {RANGES_0 + 4, 4, 0x80000000, TNN_ERR_MALFORMED},
    {RANGES_0 + 24, 4, 0x7fffffff, TNN_ERR_MALFORMED}, /* of the last neuron */
    {LAYER_2 + 8, 4, 1, TNN_ERR_MALFORMED},            /* tables without cells */
    {LAYER_2 + 12, 4, 16, TNN_ERR_MALFORMED},          /* cells without tables */
};

static void each_bad_field_is_refused(void **state) {
    (void)state;
    check_bad_fields(&MODEL_FORMAT, &file, BAD_FIELDS, COUNT_OF(BAD_FIELDS));
}

/* Fields that contradict another with all sizes explained by the bytes. */
static void contradictions_are_malformed(void **state) {
    (void)state;
    tnn_layer *hidden = &original->layers[1];
    tnn_layer *last = &original->layers[2];
    hidden->inputs = 3; /* a layer before it gives 4 */
    check_written(original, TNN_ERR_MALFORMED);
    hidden->inputs = 4;
    hidden->neurons = 3;
    check_written(original, TNN_ERR_MALFORMED);
    hidden->neurons = 4;
    original->layer_count = 2; /* the last layer has tables */
    check_written(original, TNN_ERR_MALFORMED);
    original->layer_count = 3;
    last->inputs = 2;
    check_written(original, TNN_ERR_MALFORMED);
    last->inputs = 4;
    check_written(original, TNN_OK);
}

/* Tables one entry short, or one longer, than their size says. */
static void tables_of_the_wrong_length_are_refused(void **state) {
    (void)state;
    file_bytes shorter = copy_file(&file, file.length - 2);
    seal_file(&shorter, 'M');
    assert_refused(&MODEL_FORMAT, &shorter, TNN_ERR_TRUNCATED);
    free_file(&shorter);
    tnn_layer *layer = &original->layers[1];
    for (uint32_t cells = 15; cells <= 17; cells += 2) {
        file_bytes wrong = copy_file(&file, file.length);
        set_field(&wrong, FILE_HEADER_BYTES + LAYER_1 + 12, cells, 4);
        seal_file(&wrong, 'M');
        void *loaded = UNSET;
        assert_true(MODEL_FORMAT.load(&loaded, wrong.bytes, wrong.length) != TNN_OK);
        assert_null(loaded);
        free_file(&wrong);
    }
    layer->ranges[1] = layer->ranges[0] + 14; /* 15 accumulators for 16 cells */
    check_written(original, TNN_ERR_MALFORMED);
    layer->ranges[1]++;
    check_written(original, TNN_OK);
}

/* Layers that each keep to their limits, but have too many weights together. */
static void too_many_weights_are_refused_before_memory_is_asked_for(void **state) {
    (void)state;
    file_bytes huge = copy_file(&file, file.length);
    set_field(&huge, FILE_HEADER_BYTES + LAYER_0, 65536, 4);
    set_field(&huge, FILE_HEADER_BYTES + LAYER_0 + 4, 4097, 4);
    set_field(&huge, FILE_HEADER_BYTES + LAYER_0 + 8, 1, 4);
    seal_file(&huge, 'M');
    assert_refused(&MODEL_FORMAT, &huge, TNN_ERR_LIMIT);
    set_field(&huge, FILE_HEADER_BYTES + LAYER_0 + 4, 4096, 4);
    seal_file(&huge, 'M');
    assert_refused(&MODEL_FORMAT, &huge, TNN_ERR_TRUNCATED);
    free_file(&huge);
}

static void provenance_may_be_empty(void **state) {
    (void)state;
    tnn_model *model = random_network(&(network_shape){.height = 1,
                                                       .width = 1,
                                                       .channels = 1,
                                                       .input_levels = 2,
                                                       .table_layers = 1,
                                                       .neurons = 1,
                                                       .tables_per_neuron = 1,
                                                       .table_cells = 1,
                                                       .outputs = 1,
                                                       .weight_magnitude = 1,
                                                       .table_magnitude = 1});
    model->provenance[0] = 0;
    check_written(model, TNN_OK);
    tnn_model_free(model);
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&MODEL_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&MODEL_FORMAT, &file, WEIGHTS_0, 30000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_loaded),
        cmocka_unit_test(all_shapes_load),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(contradictions_are_malformed),
        cmocka_unit_test(tables_of_the_wrong_length_are_refused),
        cmocka_unit_test(too_many_weights_are_refused_before_memory_is_asked_for),
        cmocka_unit_test(provenance_may_be_empty),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),
    };
    return cmocka_run_group_tests(tests, build_file, free_all);
}
