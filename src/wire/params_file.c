#include "params_file.h"

void tnn_write_params(tnn_writer *writer, const tnn_params *params) {
    const tnn_params_literal *p = &params->literal;
    const uint32_t words[12] = {p->n,
                                p->input_N,
                                p->input_bits,
                                p->k,
                                p->N,
                                p->bs_base_log,
                                p->bs_levels,
                                p->ks_base_log,
                                p->ks_levels,
                                p->shared_prefix,
                                (uint32_t)params->security,
                                p->log2_split};
    for (size_t i = 0; i < 12; i++) {
        tnn_write_u32(writer, words[i]);
    }
    tnn_write_f64(writer, p->lwe_log2_sigma);
    tnn_write_f64(writer, p->glwe_log2_sigma);
}

tnn_status tnn_read_params(tnn_reader *reader, tnn_params *params, bool split) {
    uint32_t words[12];
    for (size_t i = 0; i < 12; i++) {
        words[i] = tnn_read_u32(reader);
    }
    tnn_params_literal literal = {
        .n = words[0],
        .input_N = words[1],
        .input_bits = words[2],
        .k = words[3],
        .N = words[4],
        .bs_base_log = words[5],
        .bs_levels = words[6],
        .ks_base_log = words[7],
        .ks_levels = words[8],
        .shared_prefix = words[9] == 1,
        .log2_split = words[11],
        .lwe_log2_sigma = tnn_read_f64(reader),
    };
    literal.glwe_log2_sigma = tnn_read_f64(reader);
    if (reader->failed) {
        return TNN_ERR_TRUNCATED;
    }
    if (words[9] > 1 || words[10] > TNN_SECURITY_128 || (words[11] != 0) != split) {
        return TNN_ERR_MALFORMED;
    }
    return tnn_params_check(params, &literal, (tnn_security)words[10]);
}
