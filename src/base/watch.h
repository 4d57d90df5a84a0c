/* Long work that whoever asked for it may follow and stop. */
#ifndef TNN_BASE_WATCH_H
#define TNN_BASE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tnn_watch {
    bool (*progress)(void *user, uint64_t done, uint64_t total); /* false: stop; NULL: nobody follows */
    void *user;
    uint64_t done, total; /* of the stage at hand */
    uint64_t since_call;  /* ns of work, estimated, since progress was last called */
    bool stopped;
} tnn_watch;

/* A fifth of what a caller may have to wait: the estimates are of a fast processor with nothing else to do. */
#define TNN_WATCH_CALL_NS 10000000u

/* A stage of `total` parts begins. watch may be NULL, here and below. */
static inline void tnn_watch_stage(tnn_watch *watch, uint64_t total) {
    if (watch) {
        watch->done = 0;
        watch->total = total;
    }
}

/* Work of about `ns` was done, and with it `parts` of the stage. False where it is to stop. */
static inline bool tnn_watch_work(tnn_watch *watch, uint64_t parts, uint64_t ns) {
    if (!watch || !watch->progress || watch->stopped) {
        return !watch || !watch->stopped;
    }
    watch->done += parts;
    watch->since_call += ns;
    if (watch->since_call >= TNN_WATCH_CALL_NS) {
        watch->since_call = 0;
        watch->stopped = !watch->progress(watch->user, watch->done, watch->total);
    }
    return !watch->stopped;
}

#endif
