/* Layout, refusals and statuses of sealed secret keys. Costs are the least allowed, but for the test of the defaults.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <torusnn/torusnn.h>

#include "bytes.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

/* In the payload. */
#define MEMORY ((size_t)0)
#define PASSES ((size_t)4)
#define SALT ((size_t)8)
#define CHECK ((size_t)24)
#define NONCE ((size_t)40)
#define BOX ((size_t)64)
#define OWN_BYTES (BOX + 16)

#define MOST_PLAIN_BYTES ((size_t)(32 + 64 + 16 + (6 * 16384 + 2048) / 8))

static const tnn_seal_options CHEAPEST = {.memory_kib = TNN_MIN_SEAL_KIB, .passes = 1};
static tnn_secret_key *secret;
static file_bytes plain;
static file_bytes sealed;

static int make_key(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    tnn_params *params = params_of(&literal);
    assert_ok(tnn_secret_key_generate(&secret, params));
    tnn_params_free(params);
    plain = saved_file(&SECRET_KEY_FORMAT, secret);
    sealed = saved_file(&SEALED_KEY_FORMAT, secret);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&sealed);
    free_file(&plain);
    tnn_secret_key_free(secret);
    return 0;
}

static tnn_status open_status(const file_bytes *file, const char *passphrase, size_t length) {
    tnn_secret_key *opened = UNSET;
    tnn_status status = tnn_secret_key_open(&opened, file->bytes, file->length, passphrase, length);
    assert_true((opened == NULL) == (status != TNN_OK));
    tnn_secret_key_free(opened);
    return status;
}

static void check_opens_as_sealed(const file_bytes *file, const char *passphrase, size_t length) {
    tnn_secret_key *opened;
    assert_ok(tnn_secret_key_open(&opened, file->bytes, file->length, passphrase, length));
    file_bytes again = saved_file(&SECRET_KEY_FORMAT, opened);
    assert_int_equal(again.length, plain.length);
    assert_memory_equal(again.bytes, plain.bytes, plain.length);
    free_file(&again);
    tnn_secret_key_free(opened);
}

/* ------------------------------------------------------------------------------------------------------ round trips --
 */

static void keys_survive_the_round_trip(void **state) {
    (void)state;
    assert_int_equal(tnn_secret_key_sealed_size(secret), 32 + OWN_BYTES + plain.length);
    check_opens_as_sealed(&sealed, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE));
    check_small_buffers(&SEALED_KEY_FORMAT, secret, sealed.length);
}

static void passphrases_are_any_bytes(void **state) {
    (void)state;
    char longest[TNN_MAX_PASSPHRASE_BYTES];
    memset(longest, 0xff, sizeof longest);
    const struct {
        const char *text;
        size_t length;
    } phrases[] = {{"x", 1}, {"\0", 1}, {"a\0b", 3}, {"Grüße", 7}, {longest, sizeof longest}};
    file_bytes file = new_file(sealed.length);
    for (size_t i = 0; i < COUNT_OF(phrases); i++) {
        assert_ok(tnn_secret_key_seal(secret, file.bytes, file.length, phrases[i].text, phrases[i].length, &CHEAPEST));
        check_opens_as_sealed(&file, phrases[i].text, phrases[i].length);
    }
    free_file(&file);
}

static void the_defaults_are_within_the_limits(void **state) {
    (void)state;
    tnn_seal_options options;
    tnn_seal_options_default(&options);
    assert_true(options.passes >= 3 && options.memory_kib >= 256 << 10);
    file_bytes file = new_file(sealed.length);
    assert_ok(tnn_secret_key_seal(secret, file.bytes, file.length, "x", 1, NULL));
    assert_int_equal(tnn_load_le(file.bytes + FILE_HEADER_BYTES + MEMORY, 4), options.memory_kib);
    assert_int_equal(tnn_load_le(file.bytes + FILE_HEADER_BYTES + PASSES, 4), options.passes);
    check_opens_as_sealed(&file, "x", 1);
    free_file(&file);
}

/* Salt and nonce are drawn anew, so that nothing tells whether two files hold one key. */
static void no_two_sealings_are_alike(void **state) {
    (void)state;
    file_bytes other = saved_file(&SEALED_KEY_FORMAT, secret);
    const size_t places[] = {SALT, CHECK, NONCE, BOX, BOX + 16};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const size_t at = FILE_HEADER_BYTES + places[i];
        assert_memory_not_equal(sealed.bytes + at, other.bytes + at, 16);
    }
    free_file(&other);
}

/* ----------------------------------------------------------------------------------------------------------- layout --
 */

/* Key of the box (32), key of the check (32), by libsodium itself. */
static void stretch(uint8_t keys[64], const uint8_t *payload) {
    const size_t memory = (size_t)tnn_load_le(payload + MEMORY, 4) * 1024;
    assert_int_equal(crypto_pwhash(keys, 64, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE), payload + SALT,
                                   tnn_load_le(payload + PASSES, 4), memory, crypto_pwhash_ALG_ARGON2ID13),
                     0);
}

static void the_layout_is_the_documented_one(void **state) {
    (void)state;
    const uint8_t *payload = sealed.bytes + FILE_HEADER_BYTES;
    uint8_t keys[64];
    uint8_t check[16];
    uint8_t *opened = malloc(plain.length);
    crypto_generichash_state hash;
    assert_memory_equal(sealed.bytes, "TNNK", 4);
    assert_int_equal(tnn_load_le(payload + MEMORY, 4), CHEAPEST.memory_kib);
    assert_int_equal(tnn_load_le(payload + PASSES, 4), CHEAPEST.passes);
    stretch(keys, payload);
    crypto_generichash_init(&hash, NULL, 0, sizeof check);
    crypto_generichash_update(&hash, keys + 32, 32);
    crypto_generichash_update(&hash, payload, CHECK);
    crypto_generichash_final(&hash, check, sizeof check);
    assert_memory_equal(check, payload + CHECK, sizeof check);
    assert_int_equal(crypto_secretbox_open_easy(opened, payload + BOX, 16 + plain.length, payload + NONCE, keys), 0);
    assert_memory_equal(opened, plain.bytes, plain.length);
    free(opened);
}

/* A box that its key opens, around bytes that are no secret key. */
static void what_is_in_the_box_is_checked(void **state) {
    (void)state;
    const struct {
        size_t at;
        tnn_status expected;
    } changes[] = {{3, TNN_ERR_MAGIC}, {4, TNN_ERR_VERSION}, {20, TNN_ERR_CORRUPT}, {100, TNN_ERR_CORRUPT}};
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        file_bytes file = copy_file(&sealed, sealed.length);
        file_bytes inner = copy_file(&plain, plain.length);
        uint8_t *payload = file.bytes + FILE_HEADER_BYTES;
        uint8_t keys[64];
        inner.bytes[changes[i].at] ^= 0x40;
        stretch(keys, payload);
        crypto_secretbox_easy(payload + BOX, inner.bytes, inner.length, payload + NONCE, keys);
        seal_file(&file, 'K');
        assert_refused(&SEALED_KEY_FORMAT, &file, changes[i].expected);
        free_file(&inner);
        free_file(&file);
    }
}

/* -------------------------------------------------------------------------------------- wrong passphrase, plain,
 * damage -- */

static void another_passphrase_is_told_from_damage(void **state) {
    (void)state;
    const char *others[] = {"x", "correct horse battery stapl", "correct horse battery staple ",
                            "Correct horse battery staple"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_status(TNN_ERR_PASSPHRASE, open_status(&sealed, others[i], strlen(others[i])));
    }
    assert_status(TNN_ERR_PASSPHRASE, open_status(&sealed, SEAL_PASSPHRASE, sizeof SEAL_PASSPHRASE)); /* with its NUL */
    file_bytes damaged = copy_file(&sealed, sealed.length);
    damaged.bytes[sealed.length - 1] ^= 1;
    assert_status(TNN_ERR_CORRUPT, open_status(&damaged, "x", 1));
    assert_status(TNN_ERR_CORRUPT, open_status(&damaged, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE)));
    free_file(&damaged);
}

static void plain_keys_are_told_from_sealed_ones(void **state) {
    (void)state;
    file_bytes cut = copy_file(&plain, 4);
    assert_status(TNN_ERR_UNSEALED, open_status(&plain, "x", 1));
    assert_status(TNN_ERR_UNSEALED, open_status(&cut, "x", 1));
    assert_refused(&SECRET_KEY_FORMAT, &sealed, TNN_ERR_MAGIC);
    assert_true(tnn_secret_key_is_sealed(sealed.bytes, sealed.length));
    assert_true(tnn_secret_key_is_sealed(sealed.bytes, 4));
    assert_false(tnn_secret_key_is_sealed(sealed.bytes, 3));
    assert_false(tnn_secret_key_is_sealed(plain.bytes, plain.length));
    assert_false(tnn_secret_key_is_sealed(NULL, 100));
    free_file(&cut);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&SEALED_KEY_FORMAT, &sealed);
}

static void costs_beyond_the_limits_are_not_paid(void **state) {
    (void)state;
    const bad_field fields[] = {
        {MEMORY, 4, 0, TNN_ERR_LIMIT},
        {MEMORY, 4, TNN_MIN_SEAL_KIB - 1, TNN_ERR_LIMIT},
        {MEMORY, 4, TNN_MAX_SEAL_KIB + 1, TNN_ERR_LIMIT},
        {MEMORY, 4, 100u << 20, TNN_ERR_LIMIT},
        {MEMORY, 4, UINT32_MAX, TNN_ERR_LIMIT},
        {PASSES, 4, 0, TNN_ERR_LIMIT},
        {PASSES, 4, TNN_MAX_SEAL_PASSES + 1, TNN_ERR_LIMIT},
        {PASSES, 4, UINT32_MAX, TNN_ERR_LIMIT},
        {MEMORY, 8, TNN_MAX_SEAL_KIB | 5ull << 32, TNN_ERR_LIMIT}, /* each within its limit, not the product */
        {MEMORY, 8, (TNN_MAX_SEAL_WORK_KIB / 16 + 1) | 16ull << 32, TNN_ERR_LIMIT},
        {PASSES, 4, 2, TNN_ERR_PASSPHRASE}, /* allowed, and another key */
        {MEMORY, 4, TNN_MIN_SEAL_KIB + 1, TNN_ERR_PASSPHRASE},
    };
    check_bad_fields(&SEALED_KEY_FORMAT, &sealed, fields, COUNT_OF(fields));
}

static bool is_expensive(const file_bytes *file) {
    return tnn_load_le(file->bytes + FILE_HEADER_BYTES + MEMORY, 4) > 1 << 14;
}

/* What a flipped bit of the payload leads to where the digest is renewed. Costs that are allowed are not all paid here.
 */
static void check_renewed(file_bytes *file, size_t at) {
    seal_file(file, 'K');
    const size_t field = at - FILE_HEADER_BYTES;
    const tnn_status status = field < SALT && is_expensive(file)
                                  ? TNN_ERR_LIMIT
                                  : open_status(file, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE));
    if (field < SALT) {
        assert_true(status == TNN_ERR_LIMIT || status == TNN_ERR_PASSPHRASE);
    } else {
        assert_status(field < NONCE ? TNN_ERR_PASSPHRASE : TNN_ERR_CORRUPT, status);
    }
}

static void each_flipped_bit_gives_a_status(void **state) {
    (void)state;
    for (size_t bit = 0; bit < 8 * sealed.length; bit++) {
        file_bytes file = copy_file(&sealed, sealed.length);
        file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const tnn_status status = open_status(&file, SEAL_PASSPHRASE, strlen(SEAL_PASSPHRASE));
        assert_true(status != TNN_OK && status != TNN_ERR_PASSPHRASE);
        if (bit / 8 >= FILE_HEADER_BYTES) {
            assert_status(TNN_ERR_CORRUPT, status);
            check_renewed(&file, bit / 8);
        }
        free_file(&file);
    }
}

static void each_length_gives_a_status(void **state) {
    (void)state;
    for (size_t length = 0; length < sealed.length; length++) {
        file_bytes cut = copy_file(&sealed, length);
        assert_refused(&SEALED_KEY_FORMAT, &cut, TNN_ERR_TRUNCATED);
        if (length >= FILE_HEADER_BYTES) {
            seal_file(&cut, 'K');
            const bool whole_front = length >= FILE_HEADER_BYTES + OWN_BYTES + 32 + 64 + 16;
            assert_refused(&SEALED_KEY_FORMAT, &cut, whole_front ? TNN_ERR_CORRUPT : TNN_ERR_TRUNCATED);
        }
        free_file(&cut);
    }
    for (size_t extra = 0; extra < 2; extra++) { /* the longest box, and a longer one */
        file_bytes grown = copy_file(&sealed, FILE_HEADER_BYTES + OWN_BYTES + MOST_PLAIN_BYTES + extra);
        seal_file(&grown, 'K');
        assert_refused(&SEALED_KEY_FORMAT, &grown, extra == 0 ? TNN_ERR_CORRUPT : TNN_ERR_LIMIT);
        free_file(&grown);
    }
}

/* ----------------------------------------------------------------------------------------------------------- misuse --
 */

static tnn_status seal_status(const char *passphrase, size_t length, const tnn_seal_options *options) {
    file_bytes file = new_file(sealed.length);
    tnn_status status = tnn_secret_key_seal(secret, file.bytes, file.length, passphrase, length, options);
    for (size_t i = 0; status != TNN_OK && i < file.length; i++) {
        assert_int_equal(file.bytes[i], 0);
    }
    free_file(&file);
    return status;
}

static void misuse_is_refused(void **state) {
    (void)state;
    char too_long[TNN_MAX_PASSPHRASE_BYTES + 1] = {0};
    const tnn_seal_options costs[] = {
        {TNN_MIN_SEAL_KIB - 1, 1}, {0, 1},
        {TNN_MIN_SEAL_KIB, 0},     {TNN_MIN_SEAL_KIB, TNN_MAX_SEAL_PASSES + 1},
        {TNN_MAX_SEAL_KIB + 1, 1}, {TNN_MAX_SEAL_KIB, 5},
    };
    for (size_t i = 0; i < COUNT_OF(costs); i++) {
        assert_status(TNN_ERR_MISUSE, seal_status("x", 1, &costs[i]));
    }
    assert_status(TNN_ERR_MISUSE, seal_status(NULL, 1, &CHEAPEST));
    assert_status(TNN_ERR_MISUSE, seal_status("x", 0, &CHEAPEST));
    assert_status(TNN_ERR_MISUSE, seal_status(too_long, sizeof too_long, &CHEAPEST));
    assert_status(TNN_ERR_MISUSE, open_status(&sealed, NULL, 1));
    assert_status(TNN_ERR_MISUSE, open_status(&sealed, "x", 0));
    assert_status(TNN_ERR_MISUSE, open_status(&sealed, too_long, sizeof too_long));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_survive_the_round_trip),
        cmocka_unit_test(passphrases_are_any_bytes),
        cmocka_unit_test(the_defaults_are_within_the_limits),
        cmocka_unit_test(no_two_sealings_are_alike),
        cmocka_unit_test(the_layout_is_the_documented_one),
        cmocka_unit_test(what_is_in_the_box_is_checked),
        cmocka_unit_test(another_passphrase_is_told_from_damage),
        cmocka_unit_test(plain_keys_are_told_from_sealed_ones),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(costs_beyond_the_limits_are_not_paid),
        cmocka_unit_test(each_flipped_bit_gives_a_status),
        cmocka_unit_test(each_length_gives_a_status),
        cmocka_unit_test(misuse_is_refused),
    };
    return cmocka_run_group_tests(tests, make_key, free_all);
}
