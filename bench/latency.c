#include "bench/latency.h"

#include <stdlib.h>

#include "bench/document.h"
#include "bench/samples.h"
#include "common/report.h"

enum { MOST_CREWS = 12, MOST_CALLS = MOST_CREWS * LATENCY_MOST_CALLS };

/* What works with some number of threads. */
typedef struct crew {
    size_t threads;
    tnn_evaluator *evaluator;
    tnn_pool *pool; /* for the floor */
} crew;

typedef struct call {
    const crew *by;
    size_t images;
} call;

typedef struct measurement {
    const deployment *made;
    crew crews[MOST_CREWS];
    call calls[MOST_CALLS]; /* an image alone on one thread first */
    size_t crew_count, call_count;
    double alone_ms; /* of this round, that first call */
} measurement;

enum figure { IMAGE_MS, GAIN, CREW_US, FIGURES };

static void add_calls(measurement *taken, const crew *by, const latency_plan *plan) {
    for (size_t i = 0; i < plan->image_count; i++) {
        size_t full = images_that_fill(taken->made->circuit, by->threads);
        size_t images = plan->images[i] == LATENCY_FULL ? full : plan->images[i];
        if (i == 0 || images > 1) {
            taken->calls[taken->call_count++] = (call){by, images};
        }
    }
}

static bool add_crew(measurement *taken, size_t threads, const latency_plan *plan) {
    crew *added = &taken->crews[taken->crew_count++];
    added->threads = threads;
    add_calls(taken, added, plan);
    return deployment_evaluator(&added->evaluator, taken->made, threads) &&
           status_ok(tnn_pool_create(&added->pool, (unsigned)threads), "threads");
}

static bool prepare(measurement *taken, const latency_plan *plan) {
    bool done = true;
    for (size_t threads = 1; threads < plan->threads && done; threads *= 2) {
        done = add_crew(taken, threads, plan);
    }
    return done && add_crew(taken, plan->threads, plan);
}

static double predicted_round_ms(const measurement *taken) {
    double ms = 0;
    for (size_t i = 0; i < taken->call_count; i++) {
        ms += taken->made->info.predicted_ms * (double)taken->calls[i].images / (double)taken->calls[i].by->threads;
    }
    return ms;
}

static bool sample_call(void *context, size_t subject, double *figures) {
    measurement *taken = context;
    const call *timed = &taken->calls[subject];
    double call_ms = 0;
    figures[CREW_US] = fft_floor_sample_pool_us(taken->made->floor, timed->by->pool);
    bool done = deployment_time_call(&call_ms, taken->made, timed->by->evaluator, timed->images);
    figures[IMAGE_MS] = call_ms / (double)timed->images;
    taken->alone_ms = subject == 0 ? figures[IMAGE_MS] : taken->alone_ms;
    figures[GAIN] = taken->alone_ms / figures[IMAGE_MS];
    return done;
}

static bool report(cJSON *object, const measurement *of, const samples *taken) {
    const tnn_circuit_info *info = &of->made->info;
    spread floor_us = samples_floor_us(taken);
    bool done = add_parameters(object, &info->parameters) && add_count(object, "bootstraps", info->bootstraps) &&
                add_number(object, "predicted_ms", info->predicted_ms) && add_count(object, "rounds", taken->rounds) &&
                add_floor(object, floor_us, &info->parameters);
    cJSON *list = cJSON_AddArrayToObject(object, "calls");
    for (size_t i = 0; i < of->call_count && done; i++) {
        spread image_ms = samples_spread(taken, i, IMAGE_MS);
        cJSON *row = add_row(list);
        done = add_count(row, "threads", of->calls[i].by->threads) && add_count(row, "images", of->calls[i].images) &&
               add_spread(row, "image_ms", image_ms) && add_spread(row, "gain", samples_spread(taken, i, GAIN)) &&
               add_spread(row, "crew_us", samples_spread(taken, i, CREW_US)) &&
               add_over_floor(row, image_ms, floor_us, deployment_floor_units(of->made));
    }
    return done;
}

bool latency_measure(cJSON *object, const deployment *made, const latency_plan *plan) {
    measurement of = {.made = made};
    samples taken = {.figures = FIGURES};
    bool done = prepare(&of, plan);
    if (done) {
        taken.rounds = samples_rounds(plan->rounds, predicted_round_ms(&of), plan->all_ms);
        taken.subjects = of.call_count;
        done = samples_take(&taken, made->floor, sample_call, &of) && report(object, &of, &taken);
    }
    for (size_t i = 0; i < of.crew_count; i++) {
        tnn_evaluator_free(of.crews[i].evaluator);
        tnn_pool_free(of.crews[i].pool);
    }
    samples_free(&taken);
    return done;
}
