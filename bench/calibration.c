/*
 * Times blind rotations of 16 under sets of parameter search, group by group, and finds the constants of
 * src/nn/compile/cost.c: of each degree of the single engine the two of
 *
 *     external product = (k+1)(l+1) transforms + (k+1)^2 l products,
 *
 * by least squares of relative errors over three shapes in which both come in different proportions; of the quad engine
 * each external product as a whole. A second run must confirm what the first predicts.
 */
#include "bench/calibration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/core_items.h"
#include "bench/instructions.h"
#include "bench/processor.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/output_file.h"
#include "common/report.h"
#include "common/spread.h"

static const double LEAST_MS = 4e3;    /* of rounds of a group */
static const double MOST_DRIFT = 0.15; /* of a time from what is predicted */

enum { BATCH = 16, SHAPES = 3, MOST_SETS = 8, MOST_ROUNDS = 256, MOST_ATTEMPTS = 3 };

/* Three ranks and numbers of levels of one degree. */
typedef struct group {
    uint32_t N;
    struct shape {
        uint32_t k, levels;
    } shapes[SHAPES];
} group;

/* Of the single engine, which has the ranks above 3; of the quad engine each rank with 1, 2 and 3 levels. At rank 2 and
 * N = 256 no key is secure, and rank 1 needs N = 1024. */
static const group GROUPS[] = {
    {256, {{4, 1}, {4, 3}, {6, 1}}},  {512, {{4, 1}, {4, 3}, {6, 1}}},  {1024, {{4, 1}, {4, 3}, {6, 1}}},
    {2048, {{4, 1}, {4, 2}, {5, 1}}}, {256, {{3, 1}, {3, 2}, {3, 3}}},  {512, {{2, 1}, {2, 2}, {2, 3}}},
    {512, {{3, 1}, {3, 2}, {3, 3}}},  {1024, {{1, 1}, {1, 2}, {1, 3}}}, {1024, {{2, 1}, {2, 2}, {2, 3}}},
    {1024, {{3, 1}, {3, 2}, {3, 3}}}, {2048, {{1, 1}, {1, 2}, {1, 3}}}, {2048, {{2, 1}, {2, 2}, {2, 3}}},
    {2048, {{3, 1}, {3, 2}, {3, 3}}}, {4096, {{1, 1}, {1, 2}, {1, 3}}}, {8192, {{1, 1}, {1, 2}, {1, 3}}}};
enum { GROUP_COUNT = sizeof GROUPS / sizeof *GROUPS, SINGLES = 4 };

/* Timed in every round beside what is to be measured: a shared processor may be slower by a third for minutes. Costs
 * are those of a processor that takes so many nanoseconds for an external product of the reference, as the one did on
 * which the first table was measured: a new table changes proportions, not the processor that predictions speak of. */
static const group REFERENCE = {512, {{3, 1}}};
static const double REFERENCE_PRODUCT_NS = 2179.2;

/* The reference's loops, whatever more the processor at hand has: proportions of costs depend on them. */
static const char REFERENCE_INSTRUCTIONS[] = "avx2";

typedef struct constants {
    double transform_ns, product_ns;
} constants;

/* What is found, in time of the reference's processor. */
typedef struct calibration {
    double us[GROUP_COUNT][SHAPES]; /* a blind rotation */
    constants single[SINGLES];
    double word_ns; /* of the key switch */
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
static tnn_params_literal literal_of(const group *g, size_t shape) {
    tnn_params_literal literal = {.n = 608, .input_N = 32, .input_bits = 32, .k = g->shapes[shape].k, .N = g->N};
    literal.lwe_log2_sigma = noise_for(literal.n, -30.0);
    literal.glwe_log2_sigma = noise_for(literal.k * literal.N, -46.0);
    literal.bs_levels = g->shapes[shape].levels;
    literal.bs_base_log = 30 / (literal.bs_levels + 1);
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

/* Microseconds a ciphertext. The key switch is timed where there is its key. */
typedef struct set_times {
    double rotation_us, switch_us;
} set_times;

/* Of a set, each as a share of a rotation of the reference just before. */
typedef struct shares {
    double rotation[MOST_ROUNDS], key_switch[MOST_ROUNDS];
} shares;

/* One call, by the clock of the thread: a neighbour that has the processor meanwhile does not count. */
static double sample_us(const core_item *item, core_fixture *fixture) {
    double start = clock_thread_ms();
    item->run(fixture, item->batch);
    return (clock_thread_ms() - start) * 1e3 / (double)item->batch;
}

static void take_round(shares *taken, size_t round, core_fixture *fixture, core_fixture *reference) {
    const core_item *rotation = find_item("blind_rotation", BATCH);
    const core_item *key_switch = find_item("key_switch", 1);
    const double reference_us = sample_us(rotation, reference);
    taken->rotation[round] = sample_us(rotation, fixture) / reference_us;
    if (core_item_applies(key_switch, tnn_params_get(fixture->params))) {
        taken->key_switch[round] = sample_us(key_switch, fixture) / reference_us;
    }
}

/* The middle of all rounds, in time of the reference's processor. */
static set_times times_of(shares *taken, size_t rounds) {
    const double reference_us = 1e-3 * REFERENCE_PRODUCT_NS * literal_of(&REFERENCE, 0).n;
    return (set_times){.rotation_us = reference_us * spread_of(taken->rotation, rounds).median,
                       .switch_us = reference_us * spread_of(taken->key_switch, rounds).median};
}

/* The sets' fixtures, the reference's behind them. */
static bool create_fixtures(core_fixture *fixtures, const tnn_params_literal *sets, size_t count) {
    bool done = true;
    for (size_t i = 0; i <= count && done; i++) {
        const tnn_params_literal set = i < count ? sets[i] : literal_of(&REFERENCE, 0);
        done = core_fixture_create(&fixtures[i], &set);
    }
    return done;
}

/* Every round takes each set once. */
static bool time_sets(set_times *times, const tnn_params_literal *sets, size_t count, size_t rounds) {
    static shares taken[MOST_SETS];
    core_fixture fixtures[MOST_SETS + 1] = {0};
    const bool done = create_fixtures(fixtures, sets, count);
    const double start = clock_ms();
    size_t round = 0;
    for (; done && round < MOST_ROUNDS && (round < rounds || clock_ms() - start < LEAST_MS); round++) {
        for (size_t i = 0; i < count; i++) {
            take_round(&taken[i], round, &fixtures[i], &fixtures[count]);
        }
    }
    for (size_t i = 0; i <= count; i++) {
        if (done && i < count) {
            times[i] = times_of(&taken[i], round);
        }
        core_fixture_free(&fixtures[i]);
    }
    return done;
}

static bool time_group(double us[SHAPES], const group *g, size_t rounds) {
    tnn_params_literal sets[SHAPES];
    set_times times[SHAPES];
    for (size_t i = 0; i < SHAPES; i++) {
        sets[i] = literal_of(g, i);
    }
    bool done = time_sets(times, sets, SHAPES, rounds);
    for (size_t i = 0; i < SHAPES && done; i++) {
        us[i] = times[i].rotation_us;
    }
    return done;
}

/* --------------------------------------------------------------------------------------------- predictions -- */

/* The normal equations of 1 = transform a + product b, a and b the shares of the measured time. A constant that came
 * out negative would be noise; then the other explains all of the time. */
static constants fit(const group *g, const double us[SHAPES]) {
    double aa = 0.0, ab = 0.0, bb = 0.0, a1 = 0.0, b1 = 0.0;
    for (size_t i = 0; i < SHAPES; i++) {
        const tnn_params_literal set = literal_of(g, i);
        const double ns = us[i] * 1e3 / set.n;
        const double a = transforms_of(&set) / ns;
        const double b = products_of(&set) / ns;
        aa += a * a;
        ab += a * b;
        bb += b * b;
        a1 += a;
        b1 += b;
    }
    const double determinant = aa * bb - ab * ab;
    constants solved = {.transform_ns = (a1 * bb - b1 * ab) / determinant,
                        .product_ns = (b1 * aa - a1 * ab) / determinant};
    if (solved.product_ns < 0.0) {
        return (constants){.transform_ns = a1 / aa};
    }
    return solved.transform_ns < 0.0 ? (constants){.product_ns = b1 / bb} : solved;
}

/* A set of group i with the shape's rank and levels. */
static double predicted_us(const calibration *found, size_t i, const tnn_params_literal *p) {
    if (i >= SINGLES) {
        return found->us[i][p->bs_levels - 1] * p->n / literal_of(&GROUPS[i], 0).n;
    }
    const constants *c = &found->single[i];
    return 1e-3 * p->n * (transforms_of(p) * c->transform_ns + products_of(p) * c->product_ns);
}

static void print_row(const char *name, const tnn_params_literal *p, double predicted, double measured) {
    printf("%-14s %5u %2u %5u %2u %12.1f %12.1f %+8.1f %%\n", name, p->n, p->k, p->N, p->bs_levels, predicted, measured,
           100.0 * (predicted / measured - 1.0));
}

/* Whether all lie near what is predicted. */
static bool print_group(const calibration *found, size_t i, const double us[SHAPES]) {
    bool close = true;
    for (size_t j = 0; j < SHAPES; j++) {
        const tnn_params_literal set = literal_of(&GROUPS[i], j);
        const double predicted = predicted_us(found, i, &set);
        print_row(i < SINGLES ? "single" : "quad", &set, predicted, us[j]);
        close = close && fabs(predicted / us[j] - 1.0) <= MOST_DRIFT;
    }
    return close;
}

static bool report_drift(void) {
    return report_error("times lie more than %.0f %% off what is predicted: try again on a quieter machine",
                        100.0 * MOST_DRIFT);
}

static bool calibrate_group(calibration *found, size_t i, size_t rounds) {
    if (!time_group(found->us[i], &GROUPS[i], rounds)) {
        return false;
    }
    if (i < SINGLES) {
        found->single[i] = fit(&GROUPS[i], found->us[i]);
    }
    return print_group(found, i, found->us[i]) || report_drift();
}

/* A group that a neighbour has disturbed is timed again. */
static bool confirm_group(const calibration *found, size_t i, size_t rounds) {
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        double us[SHAPES];
        if (!time_group(us, &GROUPS[i], rounds)) {
            return false;
        }
        if (print_group(found, i, us)) {
            return true;
        }
    }
    return report_drift();
}

/* Whether a larger N costs more at every rank and level that the single engine serves. */
static bool single_grows(const calibration *found) {
    bool grows = true;
    for (size_t i = 1; i < SINGLES; i++) {
        for (uint32_t shape = 0; shape < 9; shape++) {
            const tnn_params_literal set = {.n = 1, .k = 4 + shape / 3, .bs_levels = 1 + shape % 3};
            grows = grows && predicted_us(found, i - 1, &set) < predicted_us(found, i, &set);
        }
    }
    return grows;
}

/* Likewise of all that was measured. */
static bool grows_with_degree(const calibration *found) {
    bool grows = single_grows(found);
    for (size_t pair = 0; pair < (size_t)GROUP_COUNT * GROUP_COUNT; pair++) {
        const size_t lower = pair % GROUP_COUNT, upper = pair / GROUP_COUNT;
        const bool comparable = lower >= SINGLES && upper >= SINGLES && GROUPS[lower].N < GROUPS[upper].N &&
                                GROUPS[lower].shapes[0].k == GROUPS[upper].shapes[0].k;
        for (size_t j = 0; j < SHAPES && comparable; j++) {
            grows = grows && found->us[lower][j] < found->us[upper][j];
        }
    }
    return grows || report_error("a larger N cost less: try again on a quieter machine");
}

/* ------------------------------------------------------------------------------------------- shipped sets -- */

static double word_ns_of(const tnn_params_literal *sets, const set_times *times, size_t count) {
    double ns = 0.0, words = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (sets[i].ks_levels > 0) {
            ns += 1e3 * times[i].switch_us;
            words += switched_words(&sets[i]);
        }
    }
    return ns / words;
}

/* Shipped sets have degrees, ranks and levels that are measured. */
static size_t group_of(const tnn_params_literal *p) {
    size_t i = p->k <= 3 ? SINGLES : 0;
    while (GROUPS[i].N != p->N || (i >= SINGLES && GROUPS[i].shapes[0].k != p->k)) {
        i++;
    }
    return i;
}

/* Times the sets that no constant of a rotation was fitted to, and finds that of the key switch. */
static bool check_shipped(calibration *found, size_t rounds) {
    size_t count;
    const tnn_shipped_params *shipped = tnn_shipped_params_list(&count);
    tnn_params_literal sets[MOST_SETS];
    set_times times[MOST_SETS];
    count = count < MOST_SETS ? count : MOST_SETS;
    for (size_t i = 0; i < count; i++) {
        sets[i] = shipped[i].literal;
    }
    if (!time_sets(times, sets, count, rounds)) {
        return false;
    }
    found->word_ns = word_ns_of(sets, times, count);
    for (size_t i = 0; i < count; i++) {
        print_row(shipped[i].name, &sets[i], predicted_us(found, group_of(&sets[i]), &sets[i]), times[i].rotation_us);
        if (sets[i].ks_levels > 0) {
            print_row("  key switch", &sets[i], 1e-3 * found->word_ns * switched_words(&sets[i]), times[i].switch_us);
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------- file -- */

static void print_header(FILE *file, const calibration *found, const processor *machine) {
    fprintf(file, "/* Written by bench_core --calibrate on %s, %s. */\n/* clang-format off */\n", machine->name,
            REFERENCE_INSTRUCTIONS);
    fprintf(file, "/* N, ns a transform, ns a product */\nstatic const calibration_point SINGLE_POINTS[] = {\n");
    for (size_t i = 0; i < SINGLES; i++) {
        fprintf(file, "    {%u, %.1f, %.1f},\n", GROUPS[i].N, found->single[i].transform_ns,
                found->single[i].product_ns);
    }
    fprintf(file, "};\n/* N, k, ns an external product with 1, 2 and 3 levels */\n"
                  "static const quad_point QUAD_POINTS[] = {\n");
    for (size_t i = SINGLES; i < GROUP_COUNT; i++) {
        const double to_ns = 1e3 / literal_of(&GROUPS[i], 0).n;
        fprintf(file, "    {%u, %u, {%.1f, %.1f, %.1f}},\n", GROUPS[i].N, GROUPS[i].shapes[0].k,
                to_ns * found->us[i][0], to_ns * found->us[i][1], to_ns * found->us[i][2]);
    }
    fprintf(file, "};\n#define KEY_SWITCH_WORD_NS %.4f\n", found->word_ns);
}

static bool write_header(const char *path, const calibration *found, const processor *machine) {
    bytes text = {0};
    FILE *file = open_memstream((char **)&text.data, &text.length);
    if (file == NULL) {
        return report_out_of_memory();
    }
    print_header(file, found, machine);
    bool written = fclose(file) == 0 ? output_file_write(path, &text) : report_out_of_memory();
    free(text.data);
    return written;
}

/* Without vectors of four doubles there is nothing to measure of the quad engine. */
static bool has_quad_engine(void) {
    tnn_params *params = NULL;
    const tnn_params_literal literal = literal_of(&GROUPS[SINGLES], 0);
    bool has = status_ok(tnn_params_create(&params, &literal, TNN_SECURITY_128_MARGIN), "parameters");
    if (has && strcmp(tnn_params_engine(params), "quad") != 0) {
        has = report_error("this build has no quad engine here to calibrate");
    }
    tnn_params_free(params);
    return has;
}

bool calibration_run(const char *path, size_t rounds) {
    processor machine = processor_describe();
    calibration found = {0};
    printf("%s, processor time of one thread, the middle of at least %zu rounds\n\n", machine.name, rounds);
    printf("%-14s %5s %2s %5s %2s %12s %12s %10s\n", "us", "n", "k", "N", "l", "predicted", "measured", "error");
    bool done = instructions_choose(REFERENCE_INSTRUCTIONS) && has_quad_engine();
    for (size_t i = 0; i < GROUP_COUNT && done; i++) {
        done = calibrate_group(&found, i, rounds);
    }
    done = done && grows_with_degree(&found) && check_shipped(&found, rounds);
    for (size_t i = 0; i < GROUP_COUNT && done; i++) {
        done = confirm_group(&found, i, rounds);
    }
    return done && write_header(path, &found, &machine);
}
