/* Key stream, digest and fresh bytes of sodium.c, and the secret memory that it implements. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "secret.h"
#include "testing.h"

static int start(void **state) {
    (void)state;
    return tnn_random_start() == TNN_OK ? 0 : -1;
}

static void starting_again_is_harmless(void **state) {
    (void)state;
    assert_ok(tnn_random_start());
}

/* Key, nonce (little-endian) and first bytes of the key stream. */
typedef struct stream_vector {
    uint8_t key_step; /* key byte i is i * key_step */
    uint64_t nonce;
    uint8_t stream[32];
} stream_vector;

/* Bernstein's zero-key vector and draft-agl-tls-chacha20poly1305-04, section 7 (nonce 01 00 ..); the third computed
 * with OpenSSL 3.0.19, `openssl enc -chacha20`, block counter 0. */
static const stream_vector STREAMS[] = {
    {0, 0, {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28,
            0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7}},
    {0, 1, {0xef, 0x3f, 0xdf, 0xd6, 0xc6, 0x15, 0x78, 0xfb, 0xf5, 0xcf, 0x35, 0xbd, 0x3d, 0xd3, 0x3b, 0x80,
            0x09, 0x63, 0x16, 0x34, 0xd2, 0x1e, 0x42, 0xac, 0x33, 0x96, 0x0b, 0xd1, 0x38, 0xe5, 0x0d, 0x32}},
    {1, 0x0001020304050607u, {0x1e, 0x7c, 0xcd, 0xba, 0xf9, 0x96, 0xb3, 0xf4, 0x5d, 0x35, 0x76,
                              0x7a, 0x77, 0x14, 0x00, 0xa6, 0xc0, 0xce, 0xa7, 0xbb, 0x1e, 0xd2,
                              0x43, 0xfc, 0x52, 0xda, 0x9e, 0x68, 0x52, 0x16, 0x31, 0x17}},
};

static void expansion_is_chacha20(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(STREAMS); i++) {
        tnn_seed seed;
        for (size_t j = 0; j < TNN_SEED_BYTES; j++) {
            seed.bytes[j] = (uint8_t)(j * STREAMS[i].key_step);
        }
        uint8_t out[sizeof STREAMS[i].stream];
        tnn_expand(out, sizeof out, &seed, STREAMS[i].nonce);
        assert_memory_equal(out, STREAMS[i].stream, sizeof out);
    }
}

static void shorter_expansions_are_prefixes(void **state) {
    (void)state;
    tnn_seed seed;
    tnn_random_bytes(&seed, sizeof seed);
    uint8_t whole[200];
    uint8_t part[201];
    tnn_expand(whole, sizeof whole, &seed, 5);
    for (size_t length = 0; length <= sizeof whole; length++) {
        part[length] = 0xa5;
        tnn_expand(part, length, &seed, 5);
        assert_memory_equal(part, whole, length);
        assert_int_equal(part[length], 0xa5);
    }
}

static void streams_and_seeds_differ(void **state) {
    (void)state;
    tnn_seed seed;
    tnn_random_bytes(&seed, sizeof seed);
    tnn_seed other = seed;
    other.bytes[TNN_SEED_BYTES - 1] ^= 1;
    uint8_t a[32];
    uint8_t b[32];
    uint8_t c[32];
    tnn_expand(a, sizeof a, &seed, 0);
    tnn_expand(b, sizeof b, &seed, (uint64_t)1 << 32);
    tnn_expand(c, sizeof c, &other, 0);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
}

static void fresh_bytes_differ(void **state) {
    (void)state;
    uint8_t a[32];
    uint8_t b[32];
    tnn_random_bytes(a, sizeof a);
    tnn_random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

/* hashlib.blake2b(b"abc", digest_size=16) and of b"" (Python 3). */
static void digest_is_blake2b_of_the_joined_parts(void **state) {
    (void)state;
    const uint8_t of_abc[TNN_DIGEST_BYTES] = {0xcf, 0x4a, 0xb7, 0x91, 0xc6, 0x2b, 0x8d, 0x2b,
                                              0x21, 0x09, 0xc9, 0x02, 0x75, 0x28, 0x78, 0x16};
    const uint8_t of_nothing[TNN_DIGEST_BYTES] = {0xca, 0xe6, 0x69, 0x41, 0xd9, 0xef, 0xbd, 0x40,
                                                  0x4e, 0x4d, 0x88, 0x75, 0x8e, 0xa6, 0x76, 0x70};
    const tnn_bytes_view one[] = {{"abc", 3}};
    const tnn_bytes_view three[] = {{"a", 1}, {"", 0}, {"bc", 2}};
    uint8_t out[TNN_DIGEST_BYTES];
    tnn_digest(out, one, COUNT_OF(one));
    assert_memory_equal(out, of_abc, sizeof out);
    tnn_digest(out, three, COUNT_OF(three));
    assert_memory_equal(out, of_abc, sizeof out);
    tnn_digest(out, NULL, 0);
    assert_memory_equal(out, of_nothing, sizeof out);
}

static void digests_are_equal_where_every_bit_is(void **state) {
    (void)state;
    uint8_t a[TNN_DIGEST_BYTES];
    uint8_t b[TNN_DIGEST_BYTES];
    tnn_digest(a, NULL, 0);
    memcpy(b, a, sizeof a);
    assert_true(tnn_digest_equal(a, b));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(tnn_digest_equal(a, b));
        memcpy(b, a, sizeof a);
    }
}

static void secret_memory_is_zeroed_and_aligned(void **state) {
    (void)state;
    for (size_t count = 1; count < 300; count += 13) {
        uint8_t *secret = tnn_secret_alloc(count, 5);
        assert_non_null(secret);
        assert_int_equal((uintptr_t)secret % 64, 0);
        for (size_t i = 0; i < 5 * count; i++) {
            assert_int_equal(secret[i], 0);
        }
        memset(secret, 0xff, 5 * count);
        tnn_secret_free(secret);
    }
    tnn_secret_free(NULL);
}

static void impossible_secret_sizes_give_null(void **state) {
    (void)state;
    assert_null(tnn_secret_alloc(0, 4));
    assert_null(tnn_secret_alloc(4, 0));
    assert_null(tnn_secret_alloc(SIZE_MAX, 1));
    assert_null(tnn_secret_alloc(SIZE_MAX / 4 + 1, 4));
    assert_null(tnn_secret_alloc((SIZE_MAX >> 1) + 2, 2));
}

static void wiping_clears_exactly_its_range(void **state) {
    (void)state;
    uint8_t bytes[100];
    memset(bytes, 0x5a, sizeof bytes);
    tnn_wipe(bytes + 10, 80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(bytes[i], i < 10 || i >= 90 ? 0x5a : 0);
    }
}

/* A sanitizer answers the fault in place of the system. */
#if !defined(__SANITIZE_ADDRESS__)
enum { SECRET_BYTES = 128 };

static void touch_last_byte(volatile uint8_t *secret) {
    secret[SECRET_BYTES - 1] = 1;
}

static void write_past_the_end(volatile uint8_t *secret) {
    secret[SECRET_BYTES] = 1;
}

static void read_after_free(volatile uint8_t *secret) {
    tnn_secret_free((void *)secret);
    (void)secret[0];
}

/* sodium_free finds its canary changed and ends the program. */
static void write_before_the_start(volatile uint8_t *secret) {
    secret[-1] ^= 1;
    tnn_secret_free((void *)secret);
}

/* The signal that ended a child process that did `action`; 0 where it lived on. cmocka's handlers are taken away. */
static int signal_after(void (*action)(volatile uint8_t *)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        action(tnn_secret_alloc(1, SECRET_BYTES));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void guard_pages_stop_stray_accesses(void **state) {
    (void)state;
    assert_int_equal(signal_after(touch_last_byte), 0);
    assert_int_equal(signal_after(write_past_the_end), SIGSEGV);
    assert_int_equal(signal_after(read_after_free), SIGSEGV);
    assert_int_not_equal(signal_after(write_before_the_start), 0);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_again_is_harmless),
        cmocka_unit_test(expansion_is_chacha20),
        cmocka_unit_test(shorter_expansions_are_prefixes),
        cmocka_unit_test(streams_and_seeds_differ),
        cmocka_unit_test(fresh_bytes_differ),
        cmocka_unit_test(digest_is_blake2b_of_the_joined_parts),
        cmocka_unit_test(digests_are_equal_where_every_bit_is),
        cmocka_unit_test(secret_memory_is_zeroed_and_aligned),
        cmocka_unit_test(impossible_secret_sizes_give_null),
        cmocka_unit_test(wiping_clears_exactly_its_range),
#if !defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(guard_pages_stop_stray_accesses),
#endif
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
