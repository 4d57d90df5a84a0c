#include <math.h>

#include <torusnn/torusnn.h>

#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

static void check_prediction(const tnn_model *model) {
    const size_t outputs = tnn_model_outputs(model);
    int64_t *integers = new_array(outputs, sizeof *integers);
    double *logits = new_array(outputs, sizeof *logits);
    uint8_t *image = random_image(model);
    naive_logits(model, integers, image);
    assert_ok(tnn_model_predict(model, logits, image, tnn_model_pixels(model)));
    for (size_t j = 0; j < outputs; j++) {
        assert_true(logits[j] == (double)integers[j] * 0.125);
    }
    tnn_free(image);
    tnn_free(logits);
    tnn_free(integers);
}

static void prediction_is_the_reference_times_the_scale(void **state) {
    (void)state;
    for (uint32_t outputs = 1; outputs <= 11; outputs += 5) {
        network_shape shape = small_shape();
        shape.table_layers = 1 + outputs % 3;
        shape.channels = 3;
        shape.outputs = outputs;
        tnn_model *model = random_network(&shape);
        check_prediction(model);
        tnn_model_free(model);
    }
}

static void images_of_another_shape_are_refused(void **state) {
    (void)state;
    network_shape shape = small_shape();
    tnn_model *model = random_network(&shape);
    const uint8_t image[13] = {0};
    double logits[2] = {7, 7};
    const size_t wrong[] = {0, 1, 11, 13, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_status(TNN_ERR_SHAPE, tnn_model_predict(model, logits, image, wrong[i]));
    }
    assert_status(TNN_ERR_MISUSE, tnn_model_predict(NULL, logits, image, 12));
    assert_status(TNN_ERR_MISUSE, tnn_model_predict(model, NULL, image, 12));
    assert_status(TNN_ERR_MISUSE, tnn_model_predict(model, logits, NULL, 12));
    assert_true(logits[0] == 7 && logits[1] == 7);
    tnn_model_free(model);
}

static void description_says_what_the_model_is(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.table_layers = 3;
    shape.tables_per_neuron = 2;
    shape.channels = 3;
    tnn_model *model = random_network(&shape);
    tnn_model_info info;
    tnn_model_describe(model, &info);
    assert_int_equal(info.height, 4);
    assert_int_equal(info.width, 3);
    assert_int_equal(info.channels, 3);
    assert_int_equal(info.input_levels, 8);
    assert_int_equal(info.layers, 4);
    assert_int_equal(info.outputs, 2);
    assert_int_equal(info.table_lookups, 12);
    assert_string_equal(info.provenance, "{\"made\": \"by a test\"}");
    tnn_model_free(model);
}

static void class_is_the_largest_logit_or_its_sign(void **state) {
    (void)state;
    const double positive[] = {0.001};
    const double zero[] = {0};
    const double negative[] = {-3};
    const double several[] = {-5, -1, -2, -1};
    const double last[] = {-INFINITY, 1, 2};
    assert_int_equal(tnn_class_of(positive, 1), 1);
    assert_int_equal(tnn_class_of(zero, 1), 0);
    assert_int_equal(tnn_class_of(negative, 1), 0);
    assert_int_equal(tnn_class_of(several, 4), 1);
    assert_int_equal(tnn_class_of(last, 3), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prediction_is_the_reference_times_the_scale),
        cmocka_unit_test(images_of_another_shape_are_refused),
        cmocka_unit_test(description_says_what_the_model_is),
        cmocka_unit_test(class_is_the_largest_logit_or_its_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
