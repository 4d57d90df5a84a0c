#include "bench/goals.h"

#include <math.h>
#include <string.h>

enum { GOAL_BATCH = 8 }; /* the ratio to the floor is promised from this batch on */

bool goal_reached(const goal *asked) {
    return asked->at_least ? asked->measured >= asked->bound : asked->measured <= asked->bound;
}

/* The largest of the best ratios at GOAL_BATCH and above. */
static double rotation_ratio(const rotation_figures *rotation) {
    double largest = 0;
    for (size_t i = 0; i < rotation->count; i++) {
        const rotation_point *point = &rotation->points[i];
        if (strcmp(point->item->name, "blind_rotation") == 0 && point->item->batch >= GOAL_BATCH) {
            largest = fmax(largest, point->ratio.best);
        }
    }
    return largest;
}

static const latency_setting *setting_of(const latency_figures *latency, size_t threads) {
    for (size_t i = 0; i < latency->count; i++) {
        if (latency->settings[i].threads == threads) {
            return &latency->settings[i];
        }
    }
    return NULL;
}

/* The trained net of that shape; where it is not bundled the synthetic one, the last. */
static const report_model *wide_net(const report_figures *figures) {
    for (size_t i = 0; i < figures->model_count; i++) {
        if (strcmp(figures->models[i].name, "pneumoniamnist-392") == 0) {
            return &figures->models[i];
        }
    }
    return &figures->models[figures->model_count - 1];
}

typedef struct goal_list {
    goal *goals;
    size_t count;
} goal_list;

static void add(goal_list *list, const char *what, const char *unit, double measured, double bound, bool at_least) {
    list->goals[list->count++] =
        (goal){.what = what, .unit = unit, .measured = measured, .bound = bound, .at_least = at_least};
}

static void add_latencies(goal_list *list, const report_figures *figures) {
    const latency_figures *fast = &figures->models[0].latency;
    const latency_figures *wide = &wide_net(figures)->latency;
    add(list, "An image through the fast net, 1 thread", "ms", setting_of(fast, 1)->image_ms.min, 25, false);
    const latency_setting *pair = setting_of(fast, 2);
    if (pair != NULL) {
        add(list, "An image through the fast net, 2 threads", "ms", pair->image_ms.min, 15, false);
        add(list, "An image through the trained 784-392-2 net, 2 threads", "ms", setting_of(wide, 2)->image_ms.min, 500,
            false);
        double one_thread_ms = setting_of(&figures->scaling, 1)->image_ms.min;
        add(list, "Gain from 1 to 2 threads, 16 neurons", "times",
            one_thread_ms / setting_of(&figures->scaling, 2)->image_ms.min, 1.8, true);
    }
}

static void add_sizes(goal_list *list, const footprint_figures *footprint) {
    add(list, "Evaluation key on the wire", "MB", (double)footprint->eval_key_bytes * 1e-6, 8, false);
    add(list, "Encrypted image", "kB", (double)footprint->input_bytes * 1e-3, 1.7, false);
    add(list, "Encrypted result", "kB", (double)footprint->output_bytes * 1e-3, 4, false);
    add(list, "Memory of a serving process, one model and one key", "MB", (double)footprint->server_peak_bytes * 1e-6,
        120, false);
    add(list, "Key generation", "s", footprint->keygen_ms.min * 1e-3, 1, false);
    add(list, "Key load and evaluator", "s", footprint->ready_ms.min * 1e-3, 0.5, false);
}

size_t goals_list(goal *goals, const report_figures *figures) {
    goal_list list = {.goals = goals};
    add(&list, "Blind rotation over the FFT floor, batch 8 and more, 1 thread", "times",
        rotation_ratio(&figures->rotation), 1.6, false);
    add_latencies(&list, figures);
    add(&list, "Largest deviation from linear growth with neurons", "%",
        100 * figures->growth[GROWTH_NEURONS].fit.largest_deviation, 10, false);
    add_sizes(&list, &figures->footprint);
    return list.count;
}
