/* Model files of version 2, and what is said of malformed ones of either version. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <torusnn/torusnn.h>

#include "bytes.h"
#include "draw.h"
#include "file_bytes.h"
#include "file_checks.h"
#include "networks.h"
#include "reference.h"
#include "testing.h"

/* Payload offsets of the example: 12 pixels, provenance of 21 bytes, layers 12 -> 3 -> 2, thresholds, weights of 2
 * bytes. */
#define NAMED ((size_t)24)
#define CONTRACT (NAMED + 4 + 16)
#define MAP (CONTRACT + 12 + 24)
#define PROVENANCE (MAP + 4 + 256)
#define LAYER_0 (PROVENANCE + 21)
#define WEIGHTS_0 (LAYER_0 + 24)
#define RANGES_0 (WEIGHTS_0 + 2 * 3 * 12 + 4 * 3)
#define THRESHOLDS_0 (RANGES_0 + 8 * 3)
#define TABLES_0 (THRESHOLDS_0 + 4 * 3 * 3)
#define LAYER_1 (TABLES_0 + 2 * 3 * 4)
#define READOUT (LAYER_1 + 24 + 2 * 3 + 4 * 2) /* weights of 1 byte */
#define NAMES (READOUT + 2 * 16)
#define PAYLOAD_BYTES (NAMES + 4 + 3 + 4 + 4)

static const double SCALES[2] = {0.5, 2};
static const double OFFSETS[2] = {-1, 0.25};
static const int32_t THRESHOLDS[3] = {-40, 0, 17};

static file_bytes file;

static void write_head(tnn_writer *w, uint32_t layers) {
    const uint32_t head[7] = {4, 3, 1, 8, layers, 21, 2};
    for (size_t i = 0; i < 7; i++) {
        tnn_write_u32(w, head[i]);
    }
    tnn_write_copy(w, "0123456789abcdef", 16);
    const uint32_t contract[3] = {1, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        tnn_write_u32(w, contract[i]);
    }
    tnn_write_f64(w, 0.01);
    tnn_write_f64(w, 0.2);
    tnn_write_f64(w, -50);
    tnn_write_u32(w, 0);
    for (uint32_t pixel = 0; pixel < 256; pixel++) {
        tnn_write_le(w, 7 - pixel / 32, 1);
    }
    tnn_write_copy(w, "{\"made\": \"by a test\"}", 21);
}

static void write_layer_0(tnn_writer *w) {
    const uint32_t sizes[6] = {12, 3, 1, 4, 2, 1};
    for (size_t i = 0; i < 6; i++) {
        tnn_write_u32(w, sizes[i]);
    }
    for (int32_t i = 0; i < 3 * 12; i++) {
        tnn_write_le(w, (uint16_t)(i == 0 ? 300 : i == 1 ? -300 : i % 3 - 1), 2);
    }
    for (uint32_t j = 0; j < 3; j++) {
        tnn_write_u32(w, j);
    }
    for (uint32_t j = 0; j < 3; j++) {
        tnn_write_u32(w, (uint32_t)-100);
        tnn_write_u32(w, 100);
    }
    for (size_t i = 0; i < 9; i++) {
        tnn_write_u32(w, (uint32_t)THRESHOLDS[i % 3]);
    }
    for (uint32_t i = 0; i < 12; i++) {
        tnn_write_le(w, 10 * i, 2);
    }
}

/* weights [2][inputs] */
static void write_logits(tnn_writer *w, uint32_t inputs, const int8_t *weights) {
    const uint32_t sizes[6] = {inputs, 2, 0, 0, 1, 0};
    for (size_t i = 0; i < 6; i++) {
        tnn_write_u32(w, sizes[i]);
    }
    tnn_write_copy(w, weights, 2 * (size_t)inputs);
    tnn_write_u32(w, 5);
    tnn_write_u32(w, 6);
}

static void write_readout(tnn_writer *w) {
    for (size_t i = 0; i < 2; i++) {
        tnn_write_f64(w, SCALES[i]);
        tnn_write_f64(w, OFFSETS[i]);
    }
    tnn_write_u32(w, 3);
    tnn_write_copy(w, "cat", 3);
    tnn_write_u32(w, 4);
    tnn_write_copy(w, "bird", 4);
}

static int build_file(void **state) {
    (void)state;
    file = new_file(FILE_HEADER_BYTES + PAYLOAD_BYTES);
    tnn_writer w = {file.bytes + FILE_HEADER_BYTES};
    write_head(&w, 2);
    write_layer_0(&w);
    write_logits(&w, 3, (const int8_t[]){1, -1, 1, -128, 2, 3});
    write_readout(&w);
    assert_int_equal((size_t)(w.next - file.bytes), file.length);
    file.bytes[4] = 2;
    seal_file(&file, 'M');
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    return 0;
}

static tnn_model *loaded(void) {
    tnn_model *model;
    tnn_fault fault;
    assert_ok(tnn_model_load(&model, &fault, file.bytes, file.length));
    return model;
}

static void every_field_is_loaded(void **state) {
    (void)state;
    tnn_model *model = loaded();
    assert_true(model->contract.stated && !model->contract.exact && model->contract.whole_torus);
    assert_true(model->contract.position_noise == 0.01 && model->contract.logit_noise == 0.2);
    assert_true(model->contract.log2_lookup_error == -50);
    assert_int_equal(model->input_map[0], 7);
    assert_int_equal(model->input_map[255], 0);
    assert_int_equal(model->layers[0].weights[0], 300);
    assert_int_equal(model->layers[0].weights[1], -300);
    assert_int_equal(model->layers[1].weights[3], -128);
    assert_memory_equal(model->readout.scales, SCALES, sizeof SCALES);
    assert_memory_equal(model->readout.offsets, OFFSETS, sizeof OFFSETS);
    assert_string_equal(tnn_model_class_name(model, 0), "cat");
    assert_string_equal(tnn_model_class_name(model, 1), "bird");
    assert_null(tnn_model_class_name(model, 2));
    tnn_model_free(model);
}

static void thresholds_say_where_cells_begin(void **state) {
    (void)state;
    tnn_model *model = loaded();
    const tnn_layer *layer = &model->layers[0];
    for (int64_t a = -150; a <= 150; a++) {
        const size_t cell = (size_t)((a >= -40) + (a >= 0) + (a >= 17));
        assert_int_equal(tnn_layer_cell(layer, 1, a), cell);
        assert_int_equal(tnn_layer_lookup(layer, 1, 0, a), 40 + 10 * (int32_t)cell);
    }
    tnn_model_free(model);
}

/* The reference by hand: map, weights, thresholds, scale and offset. */
static void prediction_follows_the_fields(void **state) {
    (void)state;
    tnn_model *model = loaded();
    uint8_t image[12];
    double logits[2];
    for (size_t i = 0; i < 12; i++) {
        image[i] = (uint8_t)(i * 20);
    }
    assert_ok(tnn_model_predict(model, logits, image, 12));
    int64_t values[3];
    for (int32_t j = 0; j < 3; j++) {
        int64_t sum = j;
        for (int32_t i = 0; i < 12; i++) {
            const int32_t at = 12 * j + i;
            sum += (at == 0 ? 300 : at == 1 ? -300 : at % 3 - 1) * (7 - image[i] / 32);
        }
        values[j] = 40 * j + 10 * ((sum >= -40) + (sum >= 0) + (sum >= 17));
    }
    assert_true(logits[0] == 0.5 * (double)(5 + values[0] - values[1] + values[2]) - 1);
    assert_true(logits[1] == 2 * (double)(6 - 128 * values[0] + 2 * values[1] + 3 * values[2]) + 0.25);
    tnn_model_free(model);
}

/* ---------------------------------------------------------------------------------------------------- one layer -- */

static const int8_t LINEAR_WEIGHTS[2 * 12] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, 127, -128, 0, 1, 0, 2};

#define LINEAR_BIASES (LAYER_0 + 24 + sizeof LINEAR_WEIGHTS)
#define LINEAR_BYTES (LINEAR_BIASES + 4 * 2 + 2 * 16 + 4 + 3 + 4 + 4)

static file_bytes linear_file(void) {
    file_bytes linear = new_file(FILE_HEADER_BYTES + LINEAR_BYTES);
    tnn_writer w = {linear.bytes + FILE_HEADER_BYTES};
    write_head(&w, 1);
    write_logits(&w, 12, LINEAR_WEIGHTS);
    write_readout(&w);
    assert_int_equal((size_t)(w.next - linear.bytes), linear.length);
    linear.bytes[4] = 2;
    seal_file(&linear, 'M');
    return linear;
}

static void logits_can_be_all_there_is(void **state) {
    (void)state;
    tnn_model *model;
    uint8_t image[12];
    double logits[2];
    int64_t sums[2] = {5, 6};
    file_bytes linear = linear_file();
    assert_ok(tnn_model_load(&model, NULL, linear.bytes, linear.length));
    for (size_t i = 0; i < 12; i++) {
        image[i] = (uint8_t)(i * 20);
        sums[0] += LINEAR_WEIGHTS[i] * (7 - image[i] / 32);
        sums[1] += LINEAR_WEIGHTS[12 + i] * (7 - image[i] / 32);
    }
    assert_ok(tnn_model_predict(model, logits, image, 12));
    assert_true(logits[0] == 0.5 * (double)sums[0] - 1 && logits[1] == 2 * (double)sums[1] + 0.25);
    tnn_model_free(model);
    check_truncations(&MODEL_FORMAT, &linear, 1);
    check_mutations(&MODEL_FORMAT, &linear, linear.length, 3000);
    free_file(&linear);
}

static void the_contract_is_what_is_compiled_for(void **state) {
    (void)state;
    tnn_model *model = loaded();
    tnn_options options;
    tnn_options_for(&options, model);
    assert_int_equal(options.precision, TNN_PRECISION_TOLERANT);
    assert_true(options.position_noise == 0.01 && options.logit_noise == 0.2 && options.whole_torus);
    tnn_model_free(model);
}

/* A field, what makes it wrong, and what must be said of it. */
typedef struct bad_case {
    size_t offset;
    unsigned width;
    uint64_t value;
    tnn_status status;
    uint32_t layer;
    const char *field;
} bad_case;

#define WHOLE UINT32_MAX
static const bad_case BAD[] = {
    {0, 4, 0x10001, TNN_ERR_LIMIT, WHOLE, "image"},
    {12, 4, 1, TNN_ERR_MALFORMED, WHOLE, "input levels"},
    {16, 4, 0, TNN_ERR_MALFORMED, WHOLE, "layers"},
    {16, 4, 65, TNN_ERR_LIMIT, WHOLE, "layers"},
    {20, 4, 65537, TNN_ERR_LIMIT, WHOLE, "provenance"},
    {NAMED, 4, 1, TNN_ERR_MALFORMED, WHOLE, "output scales and class names"},
    {CONTRACT, 4, 2, TNN_ERR_MALFORMED, WHOLE, "contract"},
    {CONTRACT + 4, 4, 2, TNN_ERR_MALFORMED, WHOLE, "contract"},
    {CONTRACT + 4, 4, 1, TNN_ERR_MALFORMED, WHOLE, "contract"}, /* exact does not take the whole torus */
    {CONTRACT + 8, 4, 2, TNN_ERR_MALFORMED, WHOLE, "contract"},
    {CONTRACT + 12, 8, 0, TNN_ERR_MALFORMED, WHOLE, "contract"}, /* no noise; no number */
    {CONTRACT + 20, 8, 0x7ff8000000000000u, TNN_ERR_MALFORMED, WHOLE, "contract"},
    {CONTRACT + 28, 8, 0, TNN_ERR_MALFORMED, WHOLE, "contract"},
    {MAP, 4, 2, TNN_ERR_MALFORMED, WHOLE, "input map"},
    {MAP + 4, 1, 8, TNN_ERR_MALFORMED, WHOLE, "input map"},
    {PROVENANCE + 3, 1, 0, TNN_ERR_MALFORMED, WHOLE, "provenance"},
    {LAYER_0, 4, 11, TNN_ERR_MALFORMED, 1, "sizes"}, /* what follows is read as other sizes */
    {LAYER_0 + 16, 4, 3, TNN_ERR_MALFORMED, 0, "sizes"},
    {LAYER_0 + 20, 4, 2, TNN_ERR_MALFORMED, 0, "sizes"},
    {WEIGHTS_0 + 4, 2, 0x8000, TNN_ERR_MALFORMED, 0, "weights"},
    {RANGES_0 + 4, 4, (uint32_t)-101, TNN_ERR_MALFORMED, 0, "ranges"},
    {THRESHOLDS_0 + 4, 4, (uint32_t)-41, TNN_ERR_MALFORMED, 0, "thresholds"},
    {LAYER_1 + 8, 4, 1, TNN_ERR_MALFORMED, 1, "sizes"},    /* tables without cells */
    {LAYER_1 + 20, 4, 1, TNN_ERR_MALFORMED, 1, "sizes"},   /* thresholds without tables */
    {LAYER_1 + 12, 4, 16, TNN_ERR_MALFORMED, 1, "tables"}, /* cells without tables */
    {READOUT, 8, 0, TNN_ERR_MALFORMED, WHOLE, "output scales and class names"},
    {NAMES, 4, 64, TNN_ERR_LIMIT, WHOLE, "output scales and class names"},
    {NAMES, 4, 2, TNN_ERR_LIMIT, WHOLE, "output scales and class names"}, /* "t" begins the next one's length */
};

/* Of a file of one layer. */
static const bad_case LINEAR_BAD[] = {
    {16, 4, 0, TNN_ERR_MALFORMED, WHOLE, "layers"},
    {16, 4, 2, TNN_ERR_MALFORMED, 1, "sizes"},             /* scales are read as another layer's sizes */
    {LAYER_0 + 8, 4, 1, TNN_ERR_MALFORMED, 0, "sizes"},    /* tables without cells */
    {LAYER_0 + 12, 4, 16, TNN_ERR_MALFORMED, 0, "tables"}, /* cells without tables */
    {LAYER_0 + 20, 4, 1, TNN_ERR_MALFORMED, 0, "sizes"},   /* thresholds without tables */
    {0, 4, 5, TNN_ERR_MALFORMED, 0, "inputs"},             /* a larger image than it reads */
    {LINEAR_BIASES + 8, 8, 0, TNN_ERR_MALFORMED, WHOLE, "output scales and class names"},
};

static void check_bad_case(const file_bytes *good, const bad_case *expected) {
    tnn_model *model = UNSET;
    tnn_fault fault = {0};
    file_bytes bad = copy_file(good, good->length);
    set_field(&bad, FILE_HEADER_BYTES + expected->offset, expected->value, expected->width);
    seal_file(&bad, 'M');
    const tnn_status status = tnn_model_load(&model, &fault, bad.bytes, bad.length);
    if (status != expected->status || fault.layer != expected->layer || strcmp(fault.field, expected->field) != 0) {
        fail_msg("at %zu: status %d, layer %u, field %s: %s", expected->offset, status, fault.layer, fault.field,
                 fault.sentence);
    }
    assert_null(model);
    assert_int_equal(fault.status, status);
    assert_non_null(strstr(fault.sentence, expected->field));
    free_file(&bad);
}

static void each_fault_names_layer_and_field(void **state) {
    (void)state;
    file_bytes linear = linear_file();
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        check_bad_case(&file, &BAD[i]);
    }
    for (size_t i = 0; i < COUNT_OF(LINEAR_BAD); i++) {
        check_bad_case(&linear, &LINEAR_BAD[i]);
    }
    free_file(&linear);
}

static void other_faults_are_said_too(void **state) {
    (void)state;
    tnn_model *model = UNSET;
    tnn_fault fault;
    assert_status(TNN_ERR_TRUNCATED, tnn_model_load(&model, &fault, file.bytes, 31));
    assert_string_equal(fault.sentence, tnn_status_text(TNN_ERR_TRUNCATED));
    assert_string_equal(fault.field, "");
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&MODEL_FORMAT, &file, 1);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&MODEL_FORMAT, &file, file.length, 30000);
}

static void what_is_longer_than_its_fields_is_malformed(void **state) {
    (void)state;
    tnn_model *model = UNSET;
    tnn_fault fault;
    file_bytes longer = copy_file(&file, file.length + 1);
    seal_file(&longer, 'M');
    assert_status(TNN_ERR_MALFORMED, tnn_model_load(&model, &fault, longer.bytes, longer.length));
    assert_string_equal(fault.field, "end");
    free_file(&longer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_loaded),
        cmocka_unit_test(thresholds_say_where_cells_begin),
        cmocka_unit_test(prediction_follows_the_fields),
        cmocka_unit_test(logits_can_be_all_there_is),
        cmocka_unit_test(the_contract_is_what_is_compiled_for),
        cmocka_unit_test(each_fault_names_layer_and_field),
        cmocka_unit_test(other_faults_are_said_too),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),
        cmocka_unit_test(what_is_longer_than_its_fields_is_malformed),
    };
    return cmocka_run_group_tests(tests, build_file, free_all);
}
