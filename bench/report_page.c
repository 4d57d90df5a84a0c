#include "bench/report_page.h"

#include <string.h>

#include "bench/goals.h"

static void write_parameters(FILE *out, const tnn_params_literal *p) {
    fprintf(out, "n = %u, k = %u, N = %u, noise 2^%.2f and 2^%.2f, bootstrap gadget 2^%u x %u", p->n, p->k, p->N,
            p->lwe_log2_sigma, p->glwe_log2_sigma, p->bs_base_log, p->bs_levels);
    if (p->ks_levels > 0) {
        fprintf(out, ", key switch gadget 2^%u x %u", p->ks_base_log, p->ks_levels);
    }
}

static void write_head(FILE *out, const report_figures *figures, const char *chart) {
    fprintf(
        out,
        "# Benchmarks\n\n"
        "Written by `cmake --build --preset release --target run-bench-report`; do not edit.%s\n\n"
        "Machine: %s, %u processors online, %s kernels.\n\n"
        "**The floor** of a bootstrap is n (k+1)(l+1) transforms of N/2 complex points, each timed with FFTW, split\n"
        "format, in cache, on one thread, by the fastest of six plans. Every sample of a figure follows a sample of "
        "the floor; a ratio compares "
        "both\nminima (best) or both medians. Absolute times drift with the machine, ratios much less.\n\n",
        figures->quick ? " **A short run (`--quick`): too few samples to quote.**" : "", figures->machine.name,
        figures->machine.cores, figures->kernels);
    if (chart != NULL) {
        fprintf(out, "![Charts of the tables below](%s)\n\n", chart);
    }
}

static void write_goals(FILE *out, const report_figures *figures) {
    goal goals[GOALS_MOST];
    size_t count = goals_list(goals, figures);
    fputs("## Goals\n\nBest of several. Threads gain no more than the machine has to give: the table of threads says "
          "what "
          "that was.\n\n| what | measured | goal | reached |\n|---|---:|---:|---|\n",
          out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "| %s | %.3g %s | %s %g | %s |\n", goals[i].what, goals[i].measured, goals[i].unit,
                goals[i].at_least ? "at least" : "at most", goals[i].bound, goal_reached(&goals[i]) ? "yes" : "no");
    }
}

static const rotation_point *point_of(const rotation_figures *rotation, const char *name, size_t batch) {
    for (size_t i = 0; i < rotation->count; i++) {
        const rotation_point *point = &rotation->points[i];
        if (strcmp(point->item->name, name) == 0 && point->item->batch == batch) {
            return point;
        }
    }
    return NULL;
}

static void write_rotation(FILE *out, const rotation_figures *rotation) {
    double transforms = fft_floor_transforms(&rotation->parameters);
    fputs("\n## Bootstrap against the floor\n\nParameters of the fast net: ", out);
    write_parameters(out, &rotation->parameters);
    fprintf(
        out,
        ". One thread, %zu rounds. Floor of a bootstrap: %.0f transforms of %.3f us = %.2f ms (median %.2f ms).\n"
        "Times are of one ciphertext.\n\n"
        "| batch | blind rotation: ms, best | median | ratio, best | median | bootstrap: ms, best | median | ratio, "
        "best | median |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        rotation->rounds, transforms, rotation->floor_us.min, transforms * rotation->floor_us.min * 1e-3,
        transforms * rotation->floor_us.median * 1e-3);
    for (size_t i = 0; i < rotation->count; i++) {
        const rotation_point *blind = &rotation->points[i];
        const rotation_point *whole = point_of(rotation, "bootstrap", blind->item->batch);
        if (strcmp(blind->item->name, "blind_rotation") == 0 && whole != NULL) {
            fprintf(out, "| %zu | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", blind->item->batch,
                    blind->us.min * 1e-3, blind->us.median * 1e-3, blind->ratio.best, blind->ratio.median,
                    whole->us.min * 1e-3, whole->us.median * 1e-3, whole->ratio.best, whole->ratio.median);
        }
    }
}

static void write_model_rows(FILE *out, const report_model *model) {
    for (size_t i = 0; i < model->latency.count; i++) {
        const latency_setting *setting = &model->latency.settings[i];
        fprintf(out, "| %s | %s | %llu | %zu | %.2f | %.2f | %.2f | %.2f | %zu | %.1f | %.1f |\n", model->name,
                model->exact ? "exact" : "tolerant", (unsigned long long)model->latency.info.bootstraps,
                setting->threads, setting->image_ms.min, setting->image_ms.median, setting->ratio.best,
                setting->ratio.median, setting->images, setting->best_per_second, setting->median_per_second);
    }
}

static void write_models(FILE *out, const report_figures *figures) {
    fputs("\n## Latency of an image\n\nRatios are to the floor of all bootstraps of an image on one thread. "
          "Images a second are\nof calls with as many images as fill the batches of all threads.\n\n"
          "| model | lookups | bootstraps | threads | ms, best | median | ratio, best | median | images a call | "
          "images a second, best | median |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
          out);
    for (size_t i = 0; i < figures->model_count; i++) {
        write_model_rows(out, &figures->models[i]);
    }
    fputs("\n| model | parameters | rounds |\n|---|---|---:|\n", out);
    for (size_t i = 0; i < figures->model_count; i++) {
        fprintf(out, "| %s | ", figures->models[i].name);
        write_parameters(out, &figures->models[i].latency.info.parameters);
        fprintf(out, " | %zu |\n", figures->models[i].latency.rounds);
    }
    fputs("\nThe 784-392-2 net has random weights and the parameters of the fast net.\n", out);
}

static void write_scaling(FILE *out, const latency_figures *scaling) {
    fprintf(
        out,
        "\n## Threads\n\nA net of 16 neurons, in equal parts on each thread. Parameters of the fast net, %zu rounds; "
        "the "
        "gain in a round\ncompares two calls that follow each other. The last columns are what the machine has to "
        "give: in "
        "the same rounds,\nthe gain of FFTs that run on these threads and share nothing. Two processors of a virtual "
        "machine may be one core's.\n\n"
        "| threads | ms, best | median | gain of the best | median gain | separate FFTs: gain of the best | of the "
        "medians "
        "|\n"
        "|---:|---:|---:|---:|---:|---:|---:|\n",
        scaling->rounds);
    const latency_setting *alone = &scaling->settings[0];
    for (size_t i = 0; i < scaling->count; i++) {
        const latency_setting *setting = &scaling->settings[i];
        double threads = (double)setting->threads;
        fprintf(out, "| %zu | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", setting->threads, setting->image_ms.min,
                setting->image_ms.median, alone->image_ms.min / setting->image_ms.min, setting->gain.median,
                threads * alone->crew_us.min / setting->crew_us.min,
                threads * alone->crew_us.median / setting->crew_us.median);
    }
}

static void write_series(FILE *out, const growth_series *series) {
    const linear_fit *fit = &series->fit;
    fprintf(out, "\n### %s\n\n%s; every size under the same parameters: ", growth_name(series->variable),
            growth_setting(series->variable));
    write_parameters(out, &series->parameters);
    fprintf(out,
            ".\n%zu rounds. Fit of the best times: %.3f ms + %.4g ms a unit of %s; largest deviation from it %.1f %%, "
            "at %zu.\n\n| %s | ms, best | median | ratio, best | median | fit, ms | deviation |\n"
            "|---:|---:|---:|---:|---:|---:|---:|\n",
            series->rounds, fit->intercept, fit->slope, growth_name(series->variable), 100 * fit->largest_deviation,
            series->points[fit->deviating].size, growth_name(series->variable));
    for (size_t i = 0; i < series->count; i++) {
        const growth_point *point = &series->points[i];
        double fitted = linear_fit_at(fit, (double)point->size);
        fprintf(out, "| %zu | %.2f | %.2f | %.2f | %.2f | %.2f | %+.1f %% |\n", point->size, point->best_ms,
                point->median_ms, point->ratio.best, point->ratio.median, fitted, 100 * (point->best_ms / fitted - 1));
    }
}

static void write_growth(FILE *out, const report_figures *figures) {
    fputs(
        "\n## Growth\n\nOne image on one thread through networks with random ternary weights. Parameters are held "
        "along a series: those\nof the fast net, and for layers those that the library finds for the deepest net. "
        "The fit is by least squares of relative\nerrors; ratios are to the floor of all bootstraps. Times are the "
        "processor's on the thread; the best\ntime of an image is the sum, over its batches of bootstraps, of the best "
        "time of each: a run of seconds never has this\nprocessor to itself, one of milliseconds has.\n",
        out);
    for (size_t i = 0; i < GROWTH_VARIABLES; i++) {
        write_series(out, &figures->growth[i]);
    }
}

static void write_bytes_row(FILE *out, const char *what, size_t measured, size_t predicted) {
    fprintf(out, "| %s | %zu bytes | %zu bytes |\n", what, measured, predicted);
}

static void write_footprint(FILE *out, const footprint_figures *footprint) {
    const tnn_circuit_info *info = &footprint->info;
    fprintf(out,
            "\n## Sizes and set-up\n\nThe fast net, %zu threads, %zu rounds. Memory is the most that was resident in a "
            "process that compiles the model,\nloads the key and evaluates one image; beside it what "
            "`tnn_circuit_describe` says of key, circuit and scratch memory.\n\n"
            "| what | measured | said before any key exists |\n|---|---:|---:|\n",
            footprint->threads, footprint->rounds);
    write_bytes_row(out, "evaluation key on the wire", footprint->eval_key_bytes, info->eval_key_bytes);
    write_bytes_row(out, "encrypted image", footprint->input_bytes, info->input_bytes);
    write_bytes_row(out, "encrypted result", footprint->output_bytes, info->output_bytes);
    write_bytes_row(out, "memory of a serving process", footprint->server_peak_bytes, info->server_bytes);
    fputs("\n| set-up | ms, best | median |\n|---|---:|---:|\n", out);
    fprintf(out, "| key generation | %.0f | %.0f |\n", footprint->keygen_ms.min, footprint->keygen_ms.median);
    fprintf(out, "| key load and evaluator, in a new process | %.0f | %.0f |\n", footprint->ready_ms.min,
            footprint->ready_ms.median);
    fprintf(out, "| first image of that process | %.2f | %.2f |\n", footprint->first_image_ms.min,
            footprint->first_image_ms.median);
}

void report_page_write(FILE *out, const report_figures *figures, const char *chart) {
    write_head(out, figures, chart);
    write_goals(out, figures);
    write_rotation(out, &figures->rotation);
    write_models(out, figures);
    write_scaling(out, &figures->scaling);
    write_growth(out, figures);
    write_footprint(out, &figures->footprint);
}
