#include "common/clock.h"

#include <time.h>

static double milliseconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double clock_ms(void) {
    return milliseconds_of(CLOCK_MONOTONIC);
}

double clock_thread_ms(void) {
    return milliseconds_of(CLOCK_THREAD_CPUTIME_ID);
}
