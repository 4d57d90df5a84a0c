#include "bench/crew.h"

#include <stdlib.h>

#include "pool.h"

#include "common/clock.h"
#include "common/report.h"

enum { SAMPLES = 5 }; /* of the floor, a thread: a thread's waking up is little beside them */

struct crew {
    tnn_pool *pool;
    fft_floor **floors; /* [threads] */
    size_t threads;
};

static bool make_floors(crew *made, const fft_floor *floor) {
    made->floors = calloc(made->threads, sizeof(fft_floor *));
    if (made->floors == NULL) {
        return report_out_of_memory();
    }
    for (size_t i = 0; i < made->threads; i++) {
        if (!fft_floor_copy(&made->floors[i], floor)) {
            return false;
        }
    }
    return true;
}

bool crew_create(crew **out, const fft_floor *floor, size_t threads) {
    crew *made = calloc(1, sizeof *made);
    *out = NULL;
    if (made == NULL) {
        return report_out_of_memory();
    }
    made->threads = threads;
    if (!status_ok(tnn_pool_create(&made->pool, (unsigned)threads), "threads") || !make_floors(made, floor)) {
        crew_free(made);
        return false;
    }
    *out = made;
    return true;
}

void crew_free(crew *made) {
    if (made == NULL) {
        return;
    }
    for (size_t i = 0; made->floors != NULL && i < made->threads; i++) {
        fft_floor_free(made->floors[i]);
    }
    free(made->floors);
    tnn_pool_free(made->pool);
    free(made);
}

static void run_task(void *context, unsigned worker, size_t task) {
    (void)worker;
    const crew *working = context;
    for (int i = 0; i < SAMPLES; i++) {
        fft_floor_run(working->floors[task]);
    }
}

double crew_sample_us(crew *working) {
    double start = clock_ms();
    tnn_pool_run(working->pool, run_task, working, working->threads);
    return (clock_ms() - start) * 1e3 / (SAMPLES * (double)FFT_FLOOR_TRANSFORMS);
}
