/* core_fixture.h: keys and operands of one parameter set, ready for every operation of the core. */
#ifndef BENCH_CORE_FIXTURE_H
#define BENCH_CORE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <torusnn/tfhe.h>

#include "fft.h"

enum { CORE_MOST_BATCH = 32 };

typedef struct core_fixture {
    tnn_params *params;
    tnn_server_key *server;
    tnn_workspace *workspace;
    tnn_ggsw *ggsw;
    tnn_fft *fft;

    double *points_in, *points_out;         /* [N], aligned */
    uint32_t *accumulators;                 /* [CORE_MOST_BATCH][2^v][k + 1][N] */
    uint32_t *positions;                    /* [CORE_MOST_BATCH][n + 1] */
    uint32_t *small;                        /* [CORE_MOST_BATCH][n + 1] */
    uint32_t *big;                          /* [CORE_MOST_BATCH][k N + 1] */
    const uint32_t *tests[CORE_MOST_BATCH]; /* each is the same [N] */
} core_fixture;

/** Makes everything; operands are random, since no operation's time depends on their values. On failure reports. */
bool core_fixture_create(core_fixture *fixture, const tnn_params_literal *parameters);

/** Frees what there is; a fixture whose creation failed is allowed. */
void core_fixture_free(core_fixture *fixture);

#endif
