/* excursions.h: how many images take neurons outside their tables. */
#ifndef EXAMPLES_EXCURSIONS_H
#define EXAMPLES_EXCURSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torusnn/torusnn.h>

/** What tnn_excursion counts, over a set of images and the neurons with a bootstrap. */
typedef struct excursions {
    double outside_images; /* share of images with any neuron outside its table */
    double astray_images;  /* share of images with any neuron that reads something else than its table's end */
    double outside;        /* share of neurons outside their tables, mean over the images */
    double worst_outside;  /* the same of the image where it is largest */
    double worst_astray;   /* share of neurons astray of the image where it is largest */
    size_t worst_image;    /* from 0: most neurons astray, of those most outside */
} excursions;

/** Counts images [count][pixels], at least one. All shares are 0 for a circuit without bootstraps. On failure reports.
 */
bool excursions_of(excursions *found, const tnn_circuit *circuit, const tnn_model *model, const uint8_t *images,
                   size_t pixels, size_t count);

/** Prints two lines on stdout, their titles indented and as wide as asked. */
void excursions_print(const excursions *found, int title_width, const char *indent);

#endif
