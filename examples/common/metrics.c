#include "common/metrics.h"

#include <math.h>
#include <stdlib.h>

#include <torusnn/torusnn.h>

#include "common/report.h"

typedef struct scored_image {
    double score; /* in millionths, an integer: rounding errors do not break ties */
    bool positive;
} scored_image;

size_t metrics_classes(size_t outputs) {
    return outputs == 1 ? 2 : outputs;
}

double metrics_accuracy(const double *logits, size_t outputs, const uint32_t *labels, size_t count) {
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        right += tnn_class_of(logits + i * outputs, outputs) == labels[i];
    }
    return (double)right / (double)count;
}

double metrics_agreement(const double *logits, const double *others, size_t outputs, size_t count) {
    size_t same = 0;
    for (size_t i = 0; i < count; i++) {
        same += tnn_class_of(logits + i * outputs, outputs) == tnn_class_of(others + i * outputs, outputs);
    }
    return (double)same / (double)count;
}

double metrics_rms_difference(const double *logits, const double *others, size_t outputs, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count * outputs; i++) {
        sum += (logits[i] - others[i]) * (logits[i] - others[i]);
    }
    return sqrt(sum / (double)(count * outputs));
}

/* log(p / (1 - p)) of the softmax probability p of a class: orders like p, and does not run into 0 and 1. */
static double log_odds(const double *logits, size_t outputs, size_t class) {
    if (outputs == 1) {
        return class == 1 ? logits[0] : -logits[0];
    }
    double largest = -INFINITY;
    for (size_t i = 0; i < outputs; i++) {
        largest = i == class ? largest : fmax(largest, logits[i]);
    }
    double rest = 0.0;
    for (size_t i = 0; i < outputs; i++) {
        rest += i == class ? 0.0 : exp(logits[i] - largest);
    }
    return logits[class] - largest - log(rest);
}

static int compare_scores(const void *left, const void *right) {
    double a = ((const scored_image *)left)->score;
    double b = ((const scored_image *)right)->score;
    return (a > b) - (a < b);
}

/* Mann-Whitney: the sum of the positives' ranks, tied scores sharing their mean rank. */
static double auc_of_scores(scored_image *images, size_t count) {
    qsort(images, count, sizeof *images, compare_scores);
    double rank_sum = 0.0;
    double positives = 0.0;
    for (size_t first = 0, end; first < count; first = end) {
        double tied_positives = 0.0;
        for (end = first; end < count && images[end].score == images[first].score; end++) {
            tied_positives += images[end].positive;
        }
        double mean_rank = (double)(first + 1 + end) / 2.0;
        rank_sum += tied_positives * mean_rank;
        positives += tied_positives;
    }
    double negatives = (double)count - positives;
    return (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives);
}

static void score_class(scored_image *images, const double *logits, size_t outputs, const uint32_t *labels,
                        size_t count, size_t class) {
    for (size_t i = 0; i < count; i++) {
        images[i].score = nearbyint(1e6 * log_odds(logits + i * outputs, outputs, class));
        images[i].positive = labels[i] == class;
    }
}

bool metrics_auc(double *auc, const double *logits, size_t outputs, const uint32_t *labels, size_t count) {
    scored_image *images = calloc(count, sizeof *images);
    if (images == NULL) {
        return report_out_of_memory();
    }
    double sum = 0.0;
    double defined = 0.0;
    for (size_t class = 0; class < metrics_classes(outputs); class ++) {
        score_class(images, logits, outputs, labels, count, class);
        double class_auc = auc_of_scores(images, count);
        if (!isnan(class_auc)) {
            sum += class_auc;
            defined += 1.0;
        }
    }
    free(images);
    *auc = defined > 0.0 ? sum / defined : NAN;
    return true;
}

bool metrics_quality_of(metrics_quality *quality, const double *logits, const double *clear, size_t outputs,
                        const uint32_t *labels, size_t count) {
    quality->accuracy = metrics_accuracy(logits, outputs, labels, count);
    quality->agreement = metrics_agreement(logits, clear, outputs, count);
    quality->logit_rms_error = metrics_rms_difference(logits, clear, outputs, count);
    return metrics_auc(&quality->auc, logits, outputs, labels, count);
}

void metrics_quality_add(metrics_quality *sum, const metrics_quality *one) {
    sum->accuracy += one->accuracy;
    sum->auc += one->auc;
    sum->agreement += one->agreement;
    sum->logit_rms_error += one->logit_rms_error * one->logit_rms_error;
}

metrics_quality metrics_quality_mean(const metrics_quality *sum, size_t count) {
    const double ones = (double)count;
    return (metrics_quality){.accuracy = sum->accuracy / ones,
                             .auc = sum->auc / ones,
                             .agreement = sum->agreement / ones,
                             .logit_rms_error = sqrt(sum->logit_rms_error / ones)};
}
