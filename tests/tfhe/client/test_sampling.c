#include "sampling.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "key_fixture.h"
#include "memory.h"
#include "statistics.h"
#include "testing.h"

#define MASKS ((size_t)1 << 14)

static int start(void **state) {
    (void)state;
    return tnn_random_start() == TNN_OK ? 0 : -1;
}

static uint64_t *new_masks(size_t count, const tnn_seed *seed, uint64_t stream, uint32_t bytes) {
    uint64_t *masks = new_random(count, sizeof *masks);
    uint8_t *scratch = new_random(count, bytes);
    tnn_uniform_masks(masks, scratch, count, (tnn_mask_source){seed, stream, bytes});
    tnn_free(scratch);
    return masks;
}

/* ------------------------------------------------------------------------------------------------------ masks -- */

/* Mask i is made of bytes i * width and on, little-endian, and stands in the top of its word. */
static void check_width(const tnn_seed *seed, uint64_t stream, uint32_t bytes) {
    const size_t count = 100;
    uint64_t *masks = new_masks(count, seed, stream, bytes);
    uint8_t *key_stream = new_array(count, bytes);
    tnn_expand(key_stream, count * bytes, seed, stream);
    for (size_t i = 0; i < count * bytes; i++) {
        assert_int_equal((masks[i / bytes] >> (64 - 8 * bytes + 8 * (i % bytes))) & 0xff, key_stream[i]);
    }
    for (size_t i = 0; i < count && bytes < 8; i++) {
        assert_int_equal(masks[i] << (8 * bytes), 0);
    }
    tnn_free(masks);
    tnn_free(key_stream);
}

static void masks_are_words_of_the_key_stream(void **state) {
    (void)state;
    const tnn_seed seed = draw_seed();
    const uint64_t streams[] = {0, 1, (uint64_t)1 << 32, ~(uint64_t)0};
    for (uint32_t bytes = 1; bytes <= 8; bytes++) {
        for (size_t i = 0; i < COUNT_OF(streams); i++) {
            check_width(&seed, streams[i], bytes);
        }
    }
}

/* Of 100 words of 64 bits none is met again, except by chance of 1e-14. */
static void assert_disjoint(const tnn_seed *seed_a, uint64_t stream_a, const tnn_seed *seed_b, uint64_t stream_b) {
    const size_t count = 100;
    uint64_t *a = new_masks(count, seed_a, stream_a, 8);
    uint64_t *b = new_masks(count, seed_b, stream_b, 8);
    for (size_t i = 0; i < count * count; i++) {
        assert_true(a[i / count] != b[i % count]);
    }
    tnn_free(a);
    tnn_free(b);
}

static void streams_and_seeds_share_nothing(void **state) {
    (void)state;
    const tnn_seed seed = draw_seed();
    for (size_t bit = 0; bit < 64; bit++) {
        assert_disjoint(&seed, 0, &seed, (uint64_t)1 << bit);
    }
    for (size_t bit = 0; bit < 8 * TNN_SEED_BYTES; bit += 17) {
        tnn_seed other = seed;
        other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_disjoint(&seed, 7, &other, 7);
    }
}

/* Every bit of a mask is set half the time, and independently of its neighbour in the next mask. */
static void masks_are_uniform(void **state) {
    (void)state;
    const tnn_seed seed = draw_seed();
    uint64_t *masks = new_masks(MASKS, &seed, 3, 8);
    for (unsigned bit = 0; bit < 64; bit++) {
        tally ones = {0};
        tally changes = {0};
        for (size_t i = 0; i + 1 < MASKS; i++) {
            tally_add(&ones, (double)(masks[i] >> bit & 1) - 0.5);
            tally_add(&changes, (double)((masks[i] ^ masks[i + 1]) >> bit & 1) - 0.5);
        }
        assert_true(mean_is_zero(&ones, 0.5));
        assert_true(mean_is_zero(&changes, 0.5));
    }
    tnn_free(masks);
}

/* ------------------------------------------------------------------------------------------------------ noise -- */

typedef struct noise_source {
    double log2_sigma;
    uint32_t bits;
} noise_source;

/* Mean square of one call, in units of the torus' points. An odd count, beyond one block of Gaussians. */
static double draw_noise_squares(void *context) {
    enum { COUNT = 333 };
    const noise_source *source = context;
    uint64_t words[COUNT] = {0};
    double squares = 0;
    tnn_add_noise(words, COUNT, source->log2_sigma, source->bits);
    for (size_t i = 0; i < COUNT; i++) {
        double noise = ldexp((double)(int64_t)words[i], (int)source->bits - 64);
        assert_true(noise == floor(noise));
        squares += noise * noise;
    }
    return squares / COUNT;
}

/* sigma^2 in units of the points, and 1/12 for rounding. */
static double noise_variance(const noise_source *source) {
    return exp2(2 * (source->log2_sigma + source->bits)) + 1.0 / 12;
}

static void noise_has_the_stated_variance(void **state) {
    (void)state;
    const noise_source sources[] = {
        {-13.28, 16}, {-14, 16},    {-17.28, 32}, {-30, 32}, {-35.8, 40},
        {-46, 48},    {-53.99, 56}, {-62, 64},    {-9, 64},  {-12.4, 32},
    };
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        noise_source source = sources[i];
        tally squares = measure_variance(draw_noise_squares, &source, noise_variance(&source));
        assert_variance("noise of a discretized torus", &squares, noise_variance(&source));
    }
}

/* The mean of a million noises is zero within 6.5 deviations; a rounding that cuts, half a unit off, is seen. */
static void noise_is_centred(void **state) {
    (void)state;
    const size_t count = (size_t)1 << 20;
    uint64_t *words = new_array(count, sizeof *words);
    tally noise = {0};
    tnn_add_noise(words, count, -14, 16);
    for (size_t i = 0; i < count; i++) {
        tally_add(&noise, ldexp((double)(int64_t)words[i], 16 - 64));
    }
    assert_true(mean_is_zero(&noise, sqrt(16 + 1.0 / 12)));
    noise.sum += (double)count / 2;
    assert_false(mean_is_zero(&noise, sqrt(16 + 1.0 / 12)));
    tnn_free(words);
}

/* Noise of 4 units is 0 one time in ten, so of 1000 words some stay and most change; the low bits all stay. */
static void noise_is_added_to_what_is_there(void **state) {
    (void)state;
    const size_t count = 1000;
    uint64_t *before = new_random(count, sizeof *before);
    uint64_t *after = new_array(count, sizeof *after);
    size_t changed = 0;
    memcpy(after, before, count * sizeof *after);
    tnn_add_noise(after, count, -30, 32);
    for (size_t i = 0; i < count; i++) {
        int64_t noise = (int64_t)(after[i] - before[i]);
        assert_int_equal((uint32_t)noise, 0);
        assert_true(fabs((double)(noise >> 32)) < 4 * NOISE_DEVIATIONS + 1);
        changed += noise != 0;
    }
    assert_in_range(changed, 700, 999);
    tnn_free(before);
    tnn_free(after);
}

static double draw_single_noise_square(void *context) {
    const noise_source *source = context;
    uint32_t noise = tnn_noise_u32(source->log2_sigma, source->bits);
    double centred = (double)(int32_t)(noise << (32 - source->bits)) * exp2((double)source->bits - 32);
    assert_true(source->bits == 32 || noise >> source->bits == 0);
    return centred * centred;
}

static void single_noise_stands_in_the_low_bits(void **state) {
    (void)state;
    const noise_source sources[] = {{-13.28, 16}, {-30, 32}, {-9.5, 32}};
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        noise_source source = sources[i];
        tally squares = measure_variance(draw_single_noise_square, &source, noise_variance(&source));
        assert_variance("one noise element", &squares, noise_variance(&source));
    }
}

static void noise_on_words_of_32_bits_has_a_floor(void **state) {
    (void)state;
    assert_true(tnn_log2_sigma_on_u32(-12.5) == -12.5);
    assert_true(tnn_log2_sigma_on_u32(-29.999) == -29.999);
    assert_true(tnn_log2_sigma_on_u32(-30) == -30);
    assert_true(tnn_log2_sigma_on_u32(-30.001) == -30);
    assert_true(tnn_log2_sigma_on_u32(-62) == -30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_words_of_the_key_stream),
        cmocka_unit_test(streams_and_seeds_share_nothing),
        cmocka_unit_test(masks_are_uniform),
        cmocka_unit_test(noise_has_the_stated_variance),
        cmocka_unit_test(noise_is_centred),
        cmocka_unit_test(noise_is_added_to_what_is_there),
        cmocka_unit_test(single_noise_stands_in_the_low_bits),
        cmocka_unit_test(noise_on_words_of_32_bits_has_a_floor),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
