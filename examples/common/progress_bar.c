#include "common/progress_bar.h"

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

enum { BAR_CELLS = 40 };

static const double REDRAW_MS = 100.0;
static const char FULL_BAR[] = "########################################";

progress_bar progress_bar_start(const char *unit, size_t total) {
    return (progress_bar){.unit = unit, .total = total, .start_ms = clock_ms(), .visible = isatty(STDERR_FILENO) == 1};
}

void progress_bar_update(progress_bar *bar, size_t done) {
    double now = clock_ms();
    if (!bar->visible || done == 0 || now - bar->drawn_ms < REDRAW_MS) {
        return;
    }
    bar->drawn_ms = now;
    int cells = (int)(done * BAR_CELLS / bar->total);
    double left_s = (now - bar->start_ms) * 1e-3 / (double)done * (double)(bar->total - done);
    fprintf(stderr, "\r[%-*.*s] %zu/%zu %s, %.0f s left \033[K", BAR_CELLS, cells, FULL_BAR, done, bar->total,
            bar->unit, left_s);
}

void progress_bar_finish(const progress_bar *bar) {
    if (bar->visible) {
        fputs("\r\033[K", stderr);
    }
}
