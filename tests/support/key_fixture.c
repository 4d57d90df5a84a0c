#include "key_fixture.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "memory.h"
#include "random.h"
#include "schoolbook.h"
#include "server_key.h"
#include "testing.h"
#include "workspace.h"

const tnn_params_literal *shipped_literal(const char *name) {
    size_t count;
    const tnn_shipped_params *sets = tnn_shipped_params_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sets[i].name, name) == 0) {
            return &sets[i].literal;
        }
    }
    fail_msg("no shipped set %s", name);
    return NULL;
}

tnn_params *params_of(const tnn_params_literal *literal) {
    tnn_params *params;
    assert_ok(tnn_params_create(&params, literal, TNN_SECURITY_128_MARGIN));
    return params;
}

tnn_params *shipped_params(const char *name) {
    return params_of(shipped_literal(name));
}

const tnn_engine *engine_named(const char *name) {
    const tnn_engine *engine = strcmp(name, tnn_engine_quad.name) == 0 ? &tnn_engine_quad : &tnn_engine_single;
    return strcmp(name, engine->name) == 0 ? engine : NULL;
}

bool engine_runs(const tnn_engine *engine) {
    return engine != &tnn_engine_quad || tnn_kernels_best()->quad;
}

tnn_params_literal tiny_literal(void) {
    return (tnn_params_literal){.n = 608,
                                .input_N = 32,
                                .input_bits = 16,
                                .lwe_log2_sigma = -12.4,
                                .k = 3,
                                .N = 256,
                                .glwe_log2_sigma = -16.4,
                                .bs_base_log = 8,
                                .bs_levels = 1,
                                .ks_base_log = 4,
                                .ks_levels = 3,
                                .shared_prefix = true};
}

/* Some of `all` bits, whose ones lie `deviations` standard deviations from half of them: in random order, as many of
 * them as of all. */
static void fill_bits(uint32_t *bits, size_t count, size_t all, double deviations) {
    assert_true(all >= count && count > 0);
    const double share = 0.5 + deviations / (2 * sqrt((double)all));
    const uint32_t ones = (uint32_t)ceil(share * (double)count - 0.5);
    uint32_t *order = new_array(count, sizeof *order);
    draw_permutation(order, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        bits[i] = order[i] < ones;
    }
    tnn_free(order);
}

static void fill_big(tnn_secret_key *secret, size_t start, double deviations) {
    const tnn_params_literal *p = &secret->params.literal;
    const size_t all = (size_t)p->k * p->N - start;
    while (start < (size_t)p->k * p->N) {
        size_t end = (start / p->N + 1) * p->N;
        fill_bits(secret->big + start, end - start, all, deviations);
        start = end;
    }
}

tnn_secret_key *secret_key_off(const tnn_params *params, double deviations) {
    tnn_secret_key *secret;
    assert_ok(tnn_secret_key_generate(&secret, params));
    fill_big(secret, params->literal.shared_prefix ? params->literal.n : 0, deviations);
    fill_bits(secret->small, params->literal.n, params->literal.n, deviations);
    return secret;
}

tnn_secret_key *balanced_secret_key(const tnn_params *params) {
    return secret_key_off(params, 0);
}

void make_keys_off_for(key_set *keys, tnn_params *params, double deviations, const tnn_execution *execution,
                       size_t batch) {
    keys->params = params;
    keys->deviations = deviations;
    keys->secret = secret_key_off(params, deviations);
    assert_ok(tnn_eval_key_generate(&keys->eval, keys->secret, 2));
    assert_ok(tnn_server_key_expand_for(&keys->server, execution, keys->eval, 2));
    assert_ok(tnn_workspace_create_for(&keys->workspace, execution, batch));
}

void make_keys_for(key_set *keys, tnn_params *params, const tnn_execution *execution, size_t batch) {
    make_keys_off_for(keys, params, 0, execution, batch);
}

void make_keys_off(key_set *keys, tnn_params *params, double deviations, size_t batch) {
    const tnn_execution execution = tnn_execution_of(params);
    make_keys_off_for(keys, params, deviations, &execution, batch);
}

void make_keys(key_set *keys, tnn_params *params, size_t batch) {
    make_keys_off(keys, params, 0, batch);
}

void free_keys(key_set *keys) {
    tnn_workspace_free(keys->workspace);
    tnn_server_key_free(keys->server);
    tnn_eval_key_free(keys->eval);
    tnn_secret_key_free(keys->secret);
    tnn_params_free(keys->params);
}

tnn_seed draw_seed(void) {
    tnn_seed seed;
    assert_ok(tnn_random_start());
    tnn_random_bytes(&seed, sizeof seed);
    return seed;
}

double torus_difference(uint32_t a, uint32_t b) {
    return (double)(int32_t)(a - b) * 0x1p-32;
}

static uint32_t position_mask_product(const tnn_secret_key *secret, const uint32_t *positions) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < secret->params.literal.n; i++) {
        sum += secret->small[i] ? positions[i] : 0;
    }
    return sum;
}

void draw_positions(const tnn_secret_key *secret, uint32_t *positions, uint32_t target) {
    const uint32_t n = secret->params.literal.n;
    const uint32_t positions_count = 2 * secret->params.literal.N;
    for (uint32_t i = 0; i < n; i++) {
        positions[i] = draw_below(positions_count);
    }
    positions[n] = (target + position_mask_product(secret, positions)) % positions_count;
}

void prepare_rotation_of(const tnn_secret_key *secret, uint32_t *accumulator, uint32_t *expected, uint32_t *positions) {
    const uint32_t N = secret->params.literal.N;
    const size_t mask_words = tnn_params_big_dimension(&secret->params);
    const uint32_t target = draw_below(2 * N);
    memset(accumulator, 0, mask_words * sizeof *accumulator);
    tnn_random_bytes(accumulator + mask_words, N * sizeof *accumulator);
    for (uint32_t t = 0; t < N; t++) {
        expected[t] = schoolbook_rotated(accumulator + mask_words, N, (2 * N - target) % (2 * N), t);
    }
    draw_positions(secret, positions, target);
}

uint32_t position_phase(const tnn_params *params, const tnn_secret_key *secret, const uint32_t *positions) {
    return (positions[params->literal.n] - position_mask_product(secret, positions)) %
           (2 * tnn_params_positions(params));
}

uint32_t coefficient_phase(const tnn_secret_key *secret, const uint32_t *glwe, size_t index) {
    uint32_t *lwe = new_array(tnn_params_big_dimension(&secret->params) + 1, sizeof *lwe);
    tnn_sample_extract(&secret->params, lwe, glwe, index);
    uint32_t phase = tnn_lwe_phase(secret, TNN_KEY_BIG, lwe);
    tnn_free(lwe);
    return phase;
}

double mean_square_error(const tnn_secret_key *secret, const uint32_t *glwe, const uint32_t *expected) {
    const size_t looked_at = 32;
    const size_t N = secret->params.literal.N;
    double sum = 0;
    for (size_t t = 0; t < N; t += N / looked_at) {
        double error = torus_difference(coefficient_phase(secret, glwe, t), expected[t]);
        sum += error * error;
    }
    return sum / (double)looked_at;
}
