/*
 * metrics.h: how good a classifier's logits are.
 *
 * Logits are [count][outputs]. One output stands for two classes, class 1 where it is above 0.
 */
#ifndef EXAMPLES_METRICS_H
#define EXAMPLES_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Classes that so many outputs tell apart. */
size_t metrics_classes(size_t outputs);

/** The share of images whose class is their label [count]. */
double metrics_accuracy(const double *logits, size_t outputs, const uint32_t *labels, size_t count);

/** The share of images of which both say the same class. */
double metrics_agreement(const double *logits, const double *others, size_t outputs, size_t count);

/** The root of the mean squared difference of two sets of logits. */
double metrics_rms_difference(const double *logits, const double *others, size_t outputs, size_t count);

/**
 * The area under the ROC curve: the chance that an image of a class scores above one of another class, ties counted
 * half. The score is the log odds of the softmax, and the result the mean over the classes that some but not all
 * images have; NAN where there is no such class. On failure reports.
 */
bool metrics_auc(double *auc, const double *logits, size_t outputs, const uint32_t *labels, size_t count);

/** How good a set of logits is, by itself and against the clear reference. */
typedef struct metrics_quality {
    double accuracy;
    double auc; /* NAN where the images are all of one class */
    double agreement;
    double logit_rms_error;
} metrics_quality;

/** Adds one evaluation of the images to a sum, which starts from {0}; the error is summed squared. */
void metrics_quality_add(metrics_quality *sum, const metrics_quality *one);

/** The mean of a sum of count evaluations; the root of the mean square for the error. */
metrics_quality metrics_quality_mean(const metrics_quality *sum, size_t count);

/** All of the above. Args: clear  [count][outputs], the reference; labels [count]. On failure reports. */
bool metrics_quality_of(metrics_quality *quality, const double *logits, const double *clear, size_t outputs,
                        const uint32_t *labels, size_t count);

#endif
