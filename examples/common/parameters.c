#include "common/parameters.h"

#include <stdio.h>

static void print_ring(const tnn_params_literal *p, int width) {
    printf("%-*s k %u, N %u, noise 2^%.2f\n", width, "  GLWE key", p->k, p->N, p->glwe_log2_sigma);
    if (p->log2_split > 0) {
        printf("%-*s %u positions in %u polynomials\n", width, "  split tables", p->N << p->log2_split,
               1u << p->log2_split);
    }
    printf("%-*s base 2^%u, %u level%s\n", width, "  bootstrap gadget", p->bs_base_log, p->bs_levels,
           p->bs_levels == 1 ? "" : "s");
    if (p->ks_levels > 0) {
        printf("%-*s base 2^%u, %u levels, from %u to %u coordinates\n", width, "  key switch gadget", p->ks_base_log,
               p->ks_levels, p->k * p->N, p->n);
    }
}

void parameters_print(const tnn_params_literal *p, int width) {
    printf("%-*s n %u, noise 2^%.2f; inputs of %u bits packed by %u\n", width, "  small key", p->n, p->lwe_log2_sigma,
           p->input_bits, p->input_N);
    if (p->N > 0) {
        print_ring(p, width);
    }
}
