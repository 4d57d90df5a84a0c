#include "bench/calibration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/core_items.h"
#include "bench/processor.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/output_file.h"
#include "common/report.h"

static const double LEAST_MS = 8e3; /* of rounds of a degree: longer than a busy neighbour keeps a processor slow */

/* Between what a first run predicts and a second measures. */
static const double MOST_DRIFT = 0.15;

enum { BATCH = 16, SHAPES = 3, MOST_SETS = 8 };

/* A rank and a number of levels that parameter search tries for a degree. */
typedef struct shape {
    uint32_t k, levels;
} shape;

/* Shapes whose transforms and products come in different proportions, so that their times tell both apart. */
typedef struct degree {
    uint32_t N;
    shape shapes[SHAPES];
} degree;

static const degree FFTW_DEGREES[] = {
    {256, {{4, 1}, {4, 3}, {6, 1}}},  {512, {{4, 1}, {4, 3}, {6, 1}}},  {1024, {{1, 1}, {1, 3}, {4, 1}}},
    {2048, {{1, 1}, {1, 3}, {4, 1}}}, {4096, {{1, 1}, {1, 2}, {1, 3}}}, {8192, {{1, 1}, {1, 2}, {1, 3}}},
};

/* What the quad engine is used for; each with 1, 2 and 3 levels. At rank 2 and N = 256 no key is secure. */
typedef struct ring {
    uint32_t N, k;
} ring;

static const ring QUAD_RINGS[] = {{256, 3}, {512, 2}, {512, 3}, {1024, 2}, {1024, 3}, {2048, 2}, {2048, 3}};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
enum { DEGREES = COUNT_OF(FFTW_DEGREES), RINGS = COUNT_OF(QUAD_RINGS) };

/* The constants of a degree: an external product costs (k+1)(l+1) transforms and (k+1)^2 l products on FFTW's engine.
 */
typedef struct constants {
    double transform_ns, product_ns;
} constants;

/* What is found. */
typedef struct calibration {
    constants fftw[DEGREES];
    double quad_ns[RINGS][SHAPES]; /* an external product with 1, 2 and 3 levels */
    double word_ns;                /* of the key switch */
} calibration;

static double transforms_of(const tnn_params_literal *p) {
    return (p->k + 1.0) * (p->bs_levels + 1.0);
}

static double products_of(const tnn_params_literal *p) {
    return (p->k + 1.0) * (p->k + 1.0) * p->bs_levels;
}

static double switched_words(const tnn_params_literal *p) {
    return (double)(p->k * p->N - p->n) * p->ks_levels * (p->n + 1.0);
}

/* The least noise that the security curve allows, or that a word of 2^-floor_log2 can carry. */
static double noise_for(uint32_t dimension, double floor_log2) {
    double least = fmax(tnn_security_min_log2_sigma(dimension, TNN_SECURITY_128_MARGIN), floor_log2);
    return ceil(100.0 * least) / 100.0;
}

/* Small n keeps keys small; no time depends on the gadget's base. */
static tnn_params_literal literal_of(uint32_t N, shape form) {
    tnn_params_literal literal = {.n = 608, .input_N = 32, .input_bits = 32, .k = form.k, .N = N};
    literal.lwe_log2_sigma = noise_for(literal.n, -30.0);
    literal.glwe_log2_sigma = noise_for(form.k * N, -46.0);
    literal.bs_base_log = 30 / (form.levels + 1);
    literal.bs_levels = form.levels;
    return literal;
}

/* -------------------------------------------------------------------------------------------------- times -- */

static const core_item *find_item(const char *name, size_t batch) {
    size_t count;
    const core_item *items = core_items_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0 && items[i].batch == batch) {
            return &items[i];
        }
    }
    return NULL;
}

/* The best of all rounds, microseconds a ciphertext. The key switch is timed where there is its key. */
typedef struct best_times {
    double rotation_us, switch_us;
} best_times;

/* One call, by the clock of the thread: a neighbour that has the processor meanwhile does not count. */
static double sample_us(const core_item *item, core_fixture *fixture) {
    double start = clock_thread_ms();
    item->run(fixture, item->batch);
    return (clock_thread_ms() - start) * 1e3 / (double)item->batch;
}

static void take_round(best_times *best, core_fixture *fixture) {
    const core_item *rotation = find_item("blind_rotation", BATCH);
    const core_item *key_switch = find_item("key_switch", 1);
    best->rotation_us = fmin(best->rotation_us, sample_us(rotation, fixture));
    if (core_item_applies(key_switch, tnn_params_get(fixture->params))) {
        best->switch_us = fmin(best->switch_us, sample_us(key_switch, fixture));
    }
}

/* Every round takes each set once, so that all see the same machine. */
static bool time_sets(best_times *best, const tnn_params_literal *sets, size_t count, size_t rounds) {
    core_fixture fixtures[MOST_SETS] = {0};
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        best[i] = (best_times){.rotation_us = INFINITY, .switch_us = INFINITY};
        done = core_fixture_create(&fixtures[i], &sets[i]);
    }
    double start = clock_ms();
    for (size_t round = 0; done && (round < rounds || clock_ms() - start < LEAST_MS); round++) {
        for (size_t i = 0; i < count; i++) {
            take_round(&best[i], &fixtures[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        core_fixture_free(&fixtures[i]);
    }
    return done;
}

/* --------------------------------------------------------------------------------------------------- fit -- */

/*
 * Least squares of relative errors, 1 = transform a + product b with a and b the shares of the measured time, by the
 * normal equations. A constant that came out negative would be noise; then the other explains all of the time, and
 * grows_with_degree may not let it pass.
 */
static constants fit(const tnn_params_literal *sets, const best_times *best) {
    double aa = 0.0, ab = 0.0, bb = 0.0, a1 = 0.0, b1 = 0.0;
    for (size_t i = 0; i < SHAPES; i++) {
        double ns = best[i].rotation_us * 1e3 / sets[i].n;
        double a = transforms_of(&sets[i]) / ns;
        double b = products_of(&sets[i]) / ns;
        aa += a * a;
        ab += a * b;
        bb += b * b;
        a1 += a;
        b1 += b;
    }
    double determinant = aa * bb - ab * ab;
    constants solved = {.transform_ns = (a1 * bb - b1 * ab) / determinant,
                        .product_ns = (b1 * aa - a1 * ab) / determinant};
    if (solved.product_ns < 0.0) {
        return (constants){.transform_ns = a1 / aa};
    }
    return solved.transform_ns < 0.0 ? (constants){.product_ns = b1 / bb} : solved;
}

static double fftw_us(const tnn_params_literal *p, constants of_degree) {
    return 1e-3 * p->n * (transforms_of(p) * of_degree.transform_ns + products_of(p) * of_degree.product_ns);
}

static void print_row(const char *name, const tnn_params_literal *p, double predicted, double measured) {
    printf("%-14s %5u %2u %5u %2u %12.1f %12.1f %+8.1f %%\n", name, p->n, p->k, p->N, p->bs_levels, predicted, measured,
           100.0 * (predicted / measured - 1.0));
}

/* What is measured as a whole has no prediction to be compared with; the second run and shipped sets do that. */
static void print_measured(const char *name, const tnn_params_literal *p, double measured) {
    printf("%-14s %5u %2u %5u %2u %12s %12.1f\n", name, p->n, p->k, p->N, p->bs_levels, "", measured);
}

/* What a first run predicts must come out in a second. */
static bool confirm_row(const char *name, const tnn_params_literal *p, double predicted, double measured) {
    print_row(name, p, predicted, measured);
    return fabs(predicted / measured - 1.0) <= MOST_DRIFT ||
           report_error("two runs differ by more than %.0f %%: try again on a quieter machine", 100.0 * MOST_DRIFT);
}

static bool time_degree(tnn_params_literal *sets, best_times *best, const degree *chosen, size_t rounds) {
    for (size_t i = 0; i < SHAPES; i++) {
        sets[i] = literal_of(chosen->N, chosen->shapes[i]);
    }
    return time_sets(best, sets, SHAPES, rounds);
}

static bool calibrate_degree(constants *solved, const degree *chosen, size_t rounds) {
    tnn_params_literal sets[SHAPES];
    best_times best[SHAPES];
    if (!time_degree(sets, best, chosen, rounds)) {
        return false;
    }
    *solved = fit(sets, best);
    for (size_t i = 0; i < SHAPES; i++) {
        print_row("FFTW", &sets[i], fftw_us(&sets[i], *solved), best[i].rotation_us);
    }
    return true;
}

static bool confirm_degree(constants solved, const degree *chosen, size_t rounds) {
    tnn_params_literal sets[SHAPES];
    best_times best[SHAPES];
    bool good = time_degree(sets, best, chosen, rounds);
    for (size_t i = 0; i < SHAPES && good; i++) {
        good = confirm_row("FFTW again", &sets[i], fftw_us(&sets[i], solved), best[i].rotation_us);
    }
    return good;
}

static bool time_ring(tnn_params_literal *sets, best_times *best, const ring *chosen, size_t rounds) {
    for (uint32_t i = 0; i < SHAPES; i++) {
        sets[i] = literal_of(chosen->N, (shape){chosen->k, i + 1});
    }
    return time_sets(best, sets, SHAPES, rounds);
}

static bool calibrate_ring(double *quad_ns, const ring *chosen, size_t rounds) {
    tnn_params_literal sets[SHAPES];
    best_times best[SHAPES];
    if (!time_ring(sets, best, chosen, rounds)) {
        return false;
    }
    for (size_t i = 0; i < SHAPES; i++) {
        quad_ns[i] = best[i].rotation_us * 1e3 / sets[i].n;
        print_measured("quad", &sets[i], best[i].rotation_us);
    }
    return true;
}

static bool confirm_ring(const double *quad_ns, const ring *chosen, size_t rounds) {
    tnn_params_literal sets[SHAPES];
    best_times best[SHAPES];
    bool good = time_ring(sets, best, chosen, rounds);
    for (size_t i = 0; i < SHAPES && good; i++) {
        good = confirm_row("quad again", &sets[i], 1e-3 * sets[i].n * quad_ns[i], best[i].rotation_us);
    }
    return good;
}

/* Whether the library computes with the quad engine at all: else there is nothing to measure of it. */
static bool has_quad_engine(void) {
    tnn_params *params = NULL;
    const tnn_params_literal literal = literal_of(QUAD_RINGS[0].N, (shape){QUAD_RINGS[0].k, 1});
    bool has = status_ok(tnn_params_create(&params, &literal, TNN_SECURITY_128_MARGIN), "parameters");
    if (has && strcmp(tnn_params_engine(params), "quad") != 0) {
        has = report_error("this build has no quad engine here to calibrate");
    }
    tnn_params_free(params);
    return has;
}

static bool calibrate_engines(calibration *found, size_t rounds) {
    bool done = has_quad_engine();
    for (size_t i = 0; i < DEGREES && done; i++) {
        done = calibrate_degree(&found->fftw[i], &FFTW_DEGREES[i], rounds);
    }
    for (size_t i = 0; i < RINGS && done; i++) {
        done = calibrate_ring(found->quad_ns[i], &QUAD_RINGS[i], rounds);
    }
    return done;
}

static bool confirm_engines(const calibration *found, size_t rounds) {
    bool good = true;
    for (size_t i = 0; i < DEGREES && good; i++) {
        good = confirm_degree(found->fftw[i], &FFTW_DEGREES[i], rounds);
    }
    for (size_t i = 0; i < RINGS && good; i++) {
        good = confirm_ring(found->quad_ns[i], &QUAD_RINGS[i], rounds);
    }
    return good;
}

/* A larger N costs more, with every rank and number of levels. */
static bool grows_with_degree(const calibration *found) {
    bool grows = true;
    for (size_t i = 1; i < DEGREES && grows; i++) {
        const constants *lower = &found->fftw[i - 1], *upper = &found->fftw[i];
        grows = upper->transform_ns > lower->transform_ns && upper->product_ns >= lower->product_ns;
    }
    for (size_t i = 0; i < RINGS * RINGS * SHAPES && grows; i++) {
        const size_t lower = i % RINGS, upper = i / RINGS % RINGS, levels = i / RINGS / RINGS;
        grows = QUAD_RINGS[lower].k != QUAD_RINGS[upper].k || QUAD_RINGS[lower].N >= QUAD_RINGS[upper].N ||
                found->quad_ns[lower][levels] < found->quad_ns[upper][levels];
    }
    return grows || report_error("a larger N cost less: try again on a quieter machine");
}

/* ------------------------------------------------------------------------------------------- shipped sets -- */

static double word_ns_of(const tnn_params_literal *sets, const best_times *best, size_t count) {
    double ns = 0.0, words = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (sets[i].ks_levels > 0) {
            ns += 1e3 * best[i].switch_us;
            words += switched_words(&sets[i]);
        }
    }
    return ns / words;
}

/* Shipped sets have degrees, ranks and levels that are measured. */
static double predicted_us(const calibration *found, const tnn_params_literal *p) {
    for (size_t i = 0; i < RINGS; i++) {
        if (QUAD_RINGS[i].N == p->N && QUAD_RINGS[i].k == p->k) {
            return 1e-3 * p->n * found->quad_ns[i][p->bs_levels - 1];
        }
    }
    size_t i = 0;
    while (i + 1 < DEGREES && FFTW_DEGREES[i].N < p->N) {
        i++;
    }
    return fftw_us(p, found->fftw[i]);
}

/* Times the sets that no constant of a rotation was fitted to, and fits the key switch. */
static bool check_shipped(calibration *found, size_t rounds) {
    size_t count;
    const tnn_shipped_params *shipped = tnn_shipped_params_list(&count);
    tnn_params_literal sets[MOST_SETS];
    best_times best[MOST_SETS];
    count = count < MOST_SETS ? count : MOST_SETS;
    for (size_t i = 0; i < count; i++) {
        sets[i] = shipped[i].literal;
    }
    if (!time_sets(best, sets, count, rounds)) {
        return false;
    }
    found->word_ns = word_ns_of(sets, best, count);
    for (size_t i = 0; i < count; i++) {
        print_row(shipped[i].name, &sets[i], predicted_us(found, &sets[i]), best[i].rotation_us);
        if (sets[i].ks_levels > 0) {
            print_row("  key switch", &sets[i], 1e-3 * found->word_ns * switched_words(&sets[i]), best[i].switch_us);
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------- file -- */

static bool write_text(const char *path, char *text, size_t length) {
    const bytes contents = {.data = (uint8_t *)text, .length = length};
    return output_file_write(path, &contents);
}

static void write_points(FILE *file, const calibration *found) {
    fprintf(file, "/* N, ns a transform, ns a product */\nstatic const calibration_point FFTW_POINTS[] = {\n");
    for (size_t i = 0; i < DEGREES; i++) {
        fprintf(file, "    {%u, %.1f, %.1f},\n", FFTW_DEGREES[i].N, found->fftw[i].transform_ns,
                found->fftw[i].product_ns);
    }
    fprintf(
        file,
        "};\n/* N, k, ns an external product with 1, 2 and 3 levels */\nstatic const quad_point QUAD_POINTS[] = {\n");
    for (size_t i = 0; i < RINGS; i++) {
        const double *ns = found->quad_ns[i];
        fprintf(file, "    {%u, %u, {%.1f, %.1f, %.1f}},\n", QUAD_RINGS[i].N, QUAD_RINGS[i].k, ns[0], ns[1], ns[2]);
    }
    fprintf(file, "};\n#define KEY_SWITCH_WORD_NS %.4f\n", found->word_ns);
}

static bool write_header(const char *path, const calibration *found, const processor *machine) {
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL) {
        return report_out_of_memory();
    }
    fprintf(file, "/* Written by bench_core --calibrate on %s. */\n/* clang-format off */\n", machine->name);
    write_points(file, found);
    bool written = fclose(file) == 0 ? write_text(path, text, length) : report_out_of_memory();
    free(text);
    return written;
}

bool calibration_run(const char *path, size_t rounds) {
    processor machine = processor_describe();
    calibration found = {0};
    printf("%s, processor time of one thread, best of at least %zu rounds\n\n", machine.name, rounds);
    printf("%-14s %5s %2s %5s %2s %12s %12s %10s\n", "us", "n", "k", "N", "l", "predicted", "measured", "error");
    return calibrate_engines(&found, rounds) && grows_with_degree(&found) && check_shipped(&found, rounds) &&
           confirm_engines(&found, rounds) && write_header(path, &found, &machine);
}
