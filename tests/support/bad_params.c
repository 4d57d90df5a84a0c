#include "bad_params.h"

#include "testing.h"

/* IEEE doubles: -40 is below every curve, the others are no noise at all. */
#define MINUS_40 0xc044000000000000u
#define MINUS_64 0xc050000000000000u
#define ZERO 0u
#define PLUS_1 0x3ff0000000000000u
#define NOT_A_NUMBER 0x7ff8000000000000u
#define MINUS_INFINITY 0xfff0000000000000u

static const bad_field FIELDS[] = {
    {0, 4, 599, TNN_ERR_MALFORMED}, /* n */
    {0, 4, 2049, TNN_ERR_MALFORMED},
    {0, 4, 609, TNN_ERR_MALFORMED}, /* N' = 32 does not divide it */
    {0, 4, 800, TNN_ERR_MALFORMED}, /* beyond k N: no prefix */
    {0, 4, ~0u, TNN_ERR_MALFORMED},
    {4, 4, 0, TNN_ERR_MALFORMED}, /* N' */
    {4, 4, 19, TNN_ERR_MALFORMED},
    {4, 4, 64, TNN_ERR_MALFORMED},
    {8, 4, 0, TNN_ERR_MALFORMED}, /* input_bits */
    {8, 4, 8, TNN_ERR_MALFORMED},
    {8, 4, 64, TNN_ERR_MALFORMED},
    {12, 4, 0, TNN_ERR_MALFORMED}, /* k */
    {12, 4, 7, TNN_ERR_MALFORMED},
    {12, 4, 1u << 24, TNN_ERR_MALFORMED}, /* k N wraps */
    {16, 4, 0, TNN_ERR_MALFORMED},        /* N */
    {16, 4, 255, TNN_ERR_MALFORMED},
    {16, 4, 128, TNN_ERR_MALFORMED},
    {16, 4, 32768, TNN_ERR_MALFORMED},
    {20, 4, 0, TNN_ERR_MALFORMED}, /* bs_base_log */
    {20, 4, 32, TNN_ERR_MALFORMED},
    {20, 4, 1u << 31, TNN_ERR_MALFORMED},
    {24, 4, 0, TNN_ERR_MALFORMED}, /* bs_levels: 8 bits each */
    {24, 4, 4, TNN_ERR_MALFORMED},
    {24, 4, 1u << 29, TNN_ERR_MALFORMED},
    {28, 4, 0, TNN_ERR_MALFORMED}, /* ks_base_log without, with too many levels */
    {28, 4, 11, TNN_ERR_MALFORMED},
    {32, 4, 0, TNN_ERR_MALFORMED}, /* ks_levels */
    {32, 4, 17, TNN_ERR_MALFORMED},
    {36, 4, 0, TNN_ERR_MALFORMED}, /* shared_prefix, which the key switch needs */
    {36, 4, 2, TNN_ERR_MALFORMED},
    {40, 4, 2, TNN_ERR_MALFORMED}, /* security */
    {40, 4, ~0u, TNN_ERR_MALFORMED},
    {44, 4, 1, TNN_ERR_MALFORMED},       /* log2_split: of no key, and of no spec before version 3 */
    {48, 8, MINUS_40, TNN_ERR_INSECURE}, /* lwe_log2_sigma */
    {48, 8, MINUS_64, TNN_ERR_MALFORMED},
    {48, 8, ZERO, TNN_ERR_MALFORMED},
    {48, 8, NOT_A_NUMBER, TNN_ERR_MALFORMED},
    {48, 8, MINUS_INFINITY, TNN_ERR_MALFORMED},
    {56, 8, MINUS_40, TNN_ERR_INSECURE}, /* glwe_log2_sigma */
    {56, 8, MINUS_64, TNN_ERR_MALFORMED},
    {56, 8, PLUS_1, TNN_ERR_MALFORMED},
    {56, 8, NOT_A_NUMBER, TNN_ERR_MALFORMED},
    {56, 8, MINUS_INFINITY, TNN_ERR_MALFORMED},
};

const bad_field *bad_params_fields(size_t *count) {
    *count = COUNT_OF(FIELDS);
    return FIELDS;
}
