#include "agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "deployment.h"
#include "draw.h"
#include "memory.h"
#include "networks.h"
#include "testing.h"

#define IMAGES 200u

static tnn_model *model;
static uint8_t *images;
static tnn_options options;

static int make_images(void **state) {
    (void)state;
    network_shape shape = small_shape();
    shape.neurons = 6;
    model = through_file(random_network(&shape));
    options.pixels = tnn_model_pixels(model);
    options.image_count = IMAGES;
    images = new_random(IMAGES * options.pixels, 1);
    return 0;
}

static int free_images(void **state) {
    (void)state;
    tnn_model_free(model);
    tnn_free(images);
    return 0;
}

static tnn_options asking(double agreement) {
    tnn_options asked;
    tnn_options_default(&asked);
    asked.agreement = agreement;
    asked.images = images;
    asked.image_count = IMAGES;
    asked.pixels = tnn_model_pixels(model);
    return asked;
}

/* The bound solves (p - x)^2 = z^2 x (1 - x) / n below p. */
static void wilson_s_bound_solves_its_equation(void **state) {
    (void)state;
    const double z = 1.6448536269514722;
    for (size_t n = 1; n <= 10000; n *= 10) {
        for (double p = 0; p <= 1; p += 0.125) {
            const double x = tnn_wilson_low(p, n);
            assert_true(x >= 0 && x <= p);
            assert_true(fabs((p - x) * (p - x) - z * z * x * (1 - x) / (double)n) < 1e-12);
        }
    }
    assert_true(fabs(tnn_wilson_low(1, 624) - 624 / (624 + z * z)) < 1e-12);
}

static void more_agreement_costs_more(void **state) {
    (void)state;
    const double shares[] = {0.5, 0.93};
    double cost = 0;
    for (size_t i = 0; i < COUNT_OF(shares); i++) {
        const tnn_options asked = asking(shares[i]);
        tnn_circuit *circuit;
        tnn_circuit_info info;
        tnn_agreement_point last;
        assert_ok(tnn_compile(&circuit, NULL, model, &asked));
        tnn_circuit_describe(circuit, &info);
        const size_t points = tnn_circuit_agreement_points(circuit);
        assert_true(points > 0);
        assert_ok(tnn_circuit_agreement(circuit, &last, points - 1));
        assert_true(last.agreement_low >= shares[i] && last.agreement >= last.agreement_low);
        assert_true(last.predicted_ms == info.predicted_ms);
        assert_true(info.predicted_ms >= cost);
        cost = info.predicted_ms;
        for (size_t j = 0; j + 1 < points; j++) {
            tnn_agreement_point point;
            assert_ok(tnn_circuit_agreement(circuit, &point, j));
            assert_true(point.agreement_low < shares[i] && point.predicted_ms <= info.predicted_ms);
        }
        assert_status(TNN_ERR_MISUSE, tnn_circuit_agreement(circuit, &last, points));
        tnn_circuit_free(circuit);
    }
}

/* The simulated share is what simulating the circuit with other seeds gives. */
static void the_share_is_what_simulations_show(void **state) {
    (void)state;
    const tnn_options asked = asking(0.9);
    tnn_circuit *circuit;
    tnn_agreement_point last;
    assert_ok(tnn_compile(&circuit, NULL, model, &asked));
    assert_ok(tnn_circuit_agreement(circuit, &last, tnn_circuit_agreement_points(circuit) - 1));
    size_t same = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        double clear[2];
        double noisy[2];
        assert_ok(tnn_model_predict(model, clear, images + i * asked.pixels, asked.pixels));
        assert_ok(tnn_simulate(circuit, noisy, images + i * asked.pixels, asked.pixels, 1000000 + i));
        same += tnn_class_of(clear, 2) == tnn_class_of(noisy, 2);
    }
    const double share = (double)same / IMAGES;
    assert_true(fabs(share - last.agreement) < 5 * sqrt(0.25 / IMAGES));
    tnn_circuit_free(circuit);
}

static void few_images_cannot_show_much(void **state) {
    (void)state;
    tnn_options asked = asking(0.95);
    tnn_circuit *circuit = UNSET;
    tnn_refusal refusal;
    asked.image_count = 20; /* all of them show 0.88 */
    assert_status(TNN_ERR_UNSATISFIABLE, tnn_compile(&circuit, &refusal, model, &asked));
    assert_null(circuit);
    assert_int_equal(refusal.obstacle, TNN_OBSTACLE_AGREEMENT);
    assert_true(refusal.asked == 0.95 && refusal.reachable < 0.89 && refusal.reachable >= 0);
    assert_non_null(strstr(refusal.sentence, "20 images"));
}

static bool stop_at_once(void *user, uint64_t done, uint64_t total) {
    uint64_t *calls = user;
    assert_true(done <= total);
    return ++*calls < 3;
}

static void compilation_stops_when_told(void **state) {
    (void)state;
    tnn_options asked = asking(0.9);
    tnn_circuit *circuit = UNSET;
    uint64_t calls = 0;
    asked.progress = stop_at_once;
    asked.user = &calls;
    assert_status(TNN_ERR_CANCELLED, tnn_compile(&circuit, NULL, model, &asked));
    assert_int_equal(calls, 3);
    assert_null(circuit);
}

static void assert_wrong(const tnn_options *asked, tnn_status expected) {
    tnn_circuit *circuit = UNSET;
    assert_status(expected, tnn_compile(&circuit, NULL, model, asked));
    assert_null(circuit);
}

static void wrong_requests_are_refused(void **state) {
    (void)state;
    tnn_options asked = asking(1);
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(-0.1);
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(NAN);
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(0.9);
    asked.images = NULL;
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(0.9);
    asked.image_count = 0;
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(0.9);
    asked.precision = TNN_PRECISION_EXACT;
    assert_wrong(&asked, TNN_ERR_MISUSE);
    asked = asking(0.9);
    asked.pixels--;
    assert_wrong(&asked, TNN_ERR_SHAPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_s_bound_solves_its_equation), cmocka_unit_test(more_agreement_costs_more),
        cmocka_unit_test(the_share_is_what_simulations_show), cmocka_unit_test(few_images_cannot_show_much),
        cmocka_unit_test(compilation_stops_when_told),        cmocka_unit_test(wrong_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, make_images, free_images);
}
