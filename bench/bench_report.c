/*
 * bench_report: measures everything that the benchmark page says and writes page and charts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torusnn/torusnn.h>

#include "kernels.h"

#include "bench/bundled_models.h"
#include "bench/report_charts.h"
#include "bench/report_figures.h"
#include "bench/report_json.h"
#include "bench/report_page.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/compile.h"
#include "common/machine.h"
#include "common/output_file.h"
#include "common/report.h"

static const char FAST_NET[] = "pneumoniamnist";
static const char WIDE_NET[] = "784-392-2 (synthetic)";
static const synthetic_shape WIDE_SHAPE = {.inputs = 784, .neurons = 392, .table_layers = 1, .outputs = 2};
static const synthetic_shape SCALING_SHAPE = {.inputs = 784, .neurons = 16, .table_layers = 1, .outputs = 2};

typedef struct options {
    const char *page_path, *chart_path;
    const char *json_path; /* NULL: none */
    const char *models;
    size_t threads;
    bool quick;
} options;

enum option_key { PAGE = 1, CHART, JSON, MODELS, THREADS, QUICK };

static const struct argp_option OPTIONS[] = {
    {"page", PAGE, "FILE", 0, "Markdown page to write (default: docs/BENCH.md)", 0},
    {"chart", CHART, "FILE", 0, "SVG chart to write (default: docs/bench.svg)", 0},
    {"json", JSON, "FILE", 0, "Write the figures to a file too", 0},
    {"models", MODELS, "DIR", 0, "Folder of models (default: the bundled ones)", 0},
    {"threads", THREADS, "COUNT", 0, "The most threads to try (default: online processors)", 0},
    {"quick", QUICK, 0, 0, "Fewer rounds and smaller networks: a test of the program, no figures", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state) {
    options *chosen = state->input;
    switch (key) {
    case PAGE: chosen->page_path = value; return 0;
    case CHART: chosen->chart_path = value; return 0;
    case JSON: chosen->json_path = value; return 0;
    case MODELS: chosen->models = value; return 0;
    case THREADS: return option_done(parse_count(&chosen->threads, "--threads", value, 1, MOST_THREADS));
    case QUICK: chosen->quick = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp PARSER = {
    .options = OPTIONS, .parser = parse_option, .doc = "Measures everything that docs/BENCH.md says, and writes it."};

/* Samples of each figure. */
typedef struct round_counts {
    size_t rotation, latency, scaling, growth, footprint;
} round_counts;

static const round_counts FULL_ROUNDS = {.rotation = 12, .latency = 25, .scaling = 150, .growth = 15, .footprint = 5};
static const round_counts QUICK_ROUNDS = {.rotation = 2, .latency = 3, .scaling = 3, .growth = 1, .footprint = 1};

/* What the measurements share. */
typedef struct session {
    const options *chosen;
    const round_counts *rounds;
    const char *fast_path;         /* model file of the fast net */
    tnn_params_literal parameters; /* of the fast net */
    report_figures *figures;
    double start_ms;
} session;

static void tell(const session *at, const char *what) {
    printf("%6.1f s  %s\n", (clock_ms() - at->start_ms) * 1e-3, what);
    fflush(stdout);
}

static bool add_model(session *at, const char *name, bool exact, tnn_circuit *circuit) {
    report_model *model = &at->figures->models[at->figures->model_count++];
    snprintf(model->name, sizeof model->name, "%s", name);
    model->exact = exact;
    tell(at, model->name);
    return latency_measure(&model->latency, circuit, at->chosen->threads, at->rounds->latency);
}

static const char *name_in_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool add_bundled_model(session *at, const char *path) {
    char name[REPORT_NAME_MAX];
    const char *base = name_in_folder(path);
    tnn_circuit *circuit = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    return bundled_model_compile(&circuit, path) && add_model(at, name, bundled_model_is_exact(path), circuit);
}

static bool is_fast_net(const char *path) {
    const char *base = name_in_folder(path);
    return strncmp(base, FAST_NET, sizeof FAST_NET - 1) == 0 && strcmp(base + sizeof FAST_NET - 1, ".tnn") == 0;
}

static bool measure_models(session *at, const glob_t *found) {
    tnn_circuit *wide = NULL;
    bool done = add_bundled_model(at, at->fast_path);
    for (size_t i = 0; i < found->gl_pathc && done; i++) {
        if (is_fast_net(found->gl_pathv[i])) {
            continue;
        }
        if (at->figures->model_count + 1 == REPORT_MOST_MODELS) {
            return report_error("%s: holds more models than a report has room for", at->chosen->models);
        }
        done = add_bundled_model(at, found->gl_pathv[i]);
    }
    return done && synthetic_circuit(&wide, &WIDE_SHAPE, &at->parameters) && add_model(at, WIDE_NET, false, wide);
}

static bool measure_scaling(session *at) {
    tnn_circuit *circuit = NULL;
    tell(at, "threads");
    return synthetic_circuit(&circuit, &SCALING_SHAPE, &at->parameters) &&
           latency_measure(&at->figures->scaling, circuit, at->chosen->threads, at->rounds->scaling);
}

/* What the library chooses for the deepest network with its default options. */
static bool find_deep_parameters(tnn_params_literal *parameters) {
    synthetic_shape shape = growth_largest(GROWTH_LAYERS);
    tnn_model *model = NULL;
    tnn_circuit *circuit = NULL;
    bool done = synthetic_network(&model, &shape) && compile_model(&circuit, model, NULL, "synthetic deep net");
    if (done) {
        tnn_circuit_info info;
        tnn_circuit_describe(circuit, &info);
        *parameters = info.parameters;
    }
    tnn_circuit_free(circuit);
    tnn_model_free(model);
    return done;
}

static bool measure_growth(session *at) {
    const tnn_params_literal *parameters[GROWTH_VARIABLES] = {&at->parameters, &at->parameters, NULL};
    tnn_params_literal deep;
    bool done = find_deep_parameters(&deep);
    parameters[GROWTH_LAYERS] = &deep;
    for (growth_variable i = 0; i < GROWTH_VARIABLES && done; i++) {
        tell(at, growth_name(i));
        done = growth_measure(&at->figures->growth[i], i, parameters[i], at->rounds->growth, at->chosen->quick);
    }
    return done;
}

static bool choose_fast_net(session *at, const glob_t *found) {
    for (size_t i = 0; i < found->gl_pathc; i++) {
        if (is_fast_net(found->gl_pathv[i])) {
            at->fast_path = found->gl_pathv[i];
        }
    }
    tnn_circuit *circuit = NULL;
    tnn_circuit_info info;
    if (at->fast_path == NULL) {
        report_error("%s: lacks the fast net, %s.tnn", at->chosen->models, FAST_NET);
        return false;
    }
    if (!bundled_model_compile(&circuit, at->fast_path)) {
        return false;
    }
    tnn_circuit_describe(circuit, &info);
    at->parameters = info.parameters;
    tnn_circuit_free(circuit);
    return true;
}

static bool measure(session *at, const glob_t *found) {
    report_figures *figures = at->figures;
    figures->machine = processor_describe();
    figures->kernels = strrchr(tnn_kernels_best()->name, '_') + 1;
    figures->quick = at->chosen->quick;
    if (!choose_fast_net(at, found)) {
        return false;
    }
    tell(at, "sizes and set-up");
    if (!footprint_measure(&figures->footprint, at->fast_path, at->chosen->threads, at->rounds->footprint)) {
        return false;
    }
    tell(at, "blind rotation");
    return rotation_measure(&figures->rotation, &at->parameters, at->rounds->rotation) && measure_models(at, found) &&
           measure_scaling(at) && measure_growth(at);
}

/* ------------------------------------------------------------------------------------------------- write -- */

typedef struct text {
    FILE *stream;
    char *data;
    size_t length;
} text;

static bool text_open(text *written) {
    *written = (text){0};
    written->stream = open_memstream(&written->data, &written->length);
    return written->stream != NULL || report_out_of_memory();
}

/* Closes a text and, where all went well so far, gives it to a file. */
static bool text_save(text *written, const char *path, bool good) {
    bool closed = written->stream == NULL || fclose(written->stream) == 0;
    bytes contents = {.data = (uint8_t *)written->data, .length = written->length};
    bool done = good && (closed || report_out_of_memory()) && output_file_write(path, &contents);
    free(written->data);
    return done;
}

static bool write_page(const options *chosen, const report_figures *figures) {
    text page;
    bool opened = text_open(&page);
    if (opened) {
        report_page_write(page.stream, figures, name_in_folder(chosen->chart_path));
    }
    return text_save(&page, chosen->page_path, opened);
}

static bool write_charts(const options *chosen, const report_figures *figures) {
    text charts;
    bool good = text_open(&charts) && report_charts_write(charts.stream, figures);
    return text_save(&charts, chosen->chart_path, good);
}

static bool run(const options *chosen) {
    glob_t found;
    report_figures *figures = calloc(1, sizeof *figures);
    if (figures == NULL) {
        return report_out_of_memory();
    }
    session at = {.chosen = chosen,
                  .rounds = chosen->quick ? &QUICK_ROUNDS : &FULL_ROUNDS,
                  .figures = figures,
                  .start_ms = clock_ms()};
    bool done = bundled_models_find(&found, chosen->models);
    if (done) {
        done = measure(&at, &found) && write_charts(chosen, figures) && write_page(chosen, figures) &&
               (chosen->json_path == NULL || report_json_write(chosen->json_path, figures));
        globfree(&found);
    }
    if (done) {
        tell(&at, chosen->page_path);
    }
    free(figures);
    return done;
}

int main(int argc, char **argv) {
    options chosen = {.page_path = DOCS "/BENCH.md",
                      .chart_path = DOCS "/bench.svg",
                      .models = EXAMPLES_MODELS,
                      .threads = machine_cores()};
    bool done = command_line_parse(&PARSER, argc, argv, &chosen) && run(&chosen) && output_written();
    return done ? EXIT_SUCCESS : EXIT_REPORTED;
}
