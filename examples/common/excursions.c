#include "common/excursions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report.h"

static bool is_further(const tnn_excursion *a, const tnn_excursion *b) {
    return a->astray > b->astray || (a->astray == b->astray && a->outside > b->outside);
}

static excursions sum_up(const tnn_excursion *counted, size_t count, double neurons) {
    excursions sum = {0};
    for (size_t i = 0; i < count; i++) {
        const double outside = (double)counted[i].outside / neurons;
        sum.outside_images += (counted[i].outside > 0) / (double)count;
        sum.astray_images += (counted[i].astray > 0) / (double)count;
        sum.outside += outside / (double)count;
        sum.worst_outside = fmax(sum.worst_outside, outside);
        sum.worst_astray = fmax(sum.worst_astray, (double)counted[i].astray / neurons);
        sum.worst_image = is_further(&counted[i], &counted[sum.worst_image]) ? i : sum.worst_image;
    }
    return sum;
}

bool excursions_of(excursions *found, const tnn_circuit *circuit, const tnn_model *model, const uint8_t *images,
                   size_t pixels, size_t count) {
    tnn_circuit_info info;
    tnn_circuit_describe(circuit, &info);
    tnn_excursion *counted = calloc(count, sizeof *counted);
    if (counted == NULL) {
        return report_out_of_memory();
    }
    bool done = status_ok(tnn_circuit_excursions(circuit, counted, model, images, pixels, count), "table ranges");
    if (done) {
        *found = sum_up(counted, count, info.bootstraps > 0 ? (double)info.bootstraps : 1.0);
    }
    free(counted);
    return done;
}

void excursions_print(const excursions *found, int title_width, const char *indent) {
    const int width = title_width - (int)strlen(indent);
    printf("%s%-*s %.2f %% of images have a neuron outside; %.2f %% of neurons are, %.0f %% at worst\n", indent, width,
           "outside the tables", 100.0 * found->outside_images, 100.0 * found->outside, 100.0 * found->worst_outside);
    printf("%s%-*s %.2f %% of images have a neuron past its table's flat end", indent, width, "read astray",
           100.0 * found->astray_images);
    if (found->astray_images > 0) {
        printf("; at worst %.0f %% of neurons (image %zu)", 100.0 * found->worst_astray, found->worst_image);
    }
    putchar('\n');
}
