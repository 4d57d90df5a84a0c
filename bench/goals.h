/* goals.h: what was asked for beside what was measured. */
#ifndef BENCH_GOALS_H
#define BENCH_GOALS_H

#include "bench/report_figures.h"

enum { GOALS_MOST = 16 };

typedef struct goal {
    const char *what;
    const char *unit;
    double measured;
    double bound;
    bool at_least; /* else at most */
} goal;

/** Fills goals [GOALS_MOST], those that this machine can answer, and returns their number. */
size_t goals_list(goal *goals, const report_figures *figures);

bool goal_reached(const goal *asked);

#endif
