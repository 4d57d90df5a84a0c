/* progress_bar.h: how far a long run is, on a terminal only. */
#ifndef EXAMPLES_PROGRESS_BAR_H
#define EXAMPLES_PROGRESS_BAR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress_bar {
    const char *unit; /* what is counted */
    size_t total;
    double start_ms, drawn_ms;
    bool visible; /* stderr is a terminal */
} progress_bar;

/** A bar at 0 of total, total at least 1. */
progress_bar progress_bar_start(const char *unit, size_t total);

/** Draws the bar, at most ten times a second. */
void progress_bar_update(progress_bar *bar, size_t done);

/** Removes the bar. */
void progress_bar_finish(const progress_bar *bar);

#endif
