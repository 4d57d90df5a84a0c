#include <string.h>

#include <torusnn/torusnn.h>

#include "bad_params.h"
#include "failures.h"
#include "file_checks.h"
#include "key_fixture.h"
#include "testing.h"

#define KEY_ID ((size_t)64)
#define SEED ((size_t)80)
#define BODIES ((size_t)112)

static tnn_secret_key *secret;
static tnn_eval_key *eval;
static file_bytes file;

static int make_key(void **state) {
    (void)state;
    const tnn_params_literal literal = tiny_literal();
    tnn_params *params = params_of(&literal);
    assert_ok(tnn_secret_key_generate(&secret, params));
    assert_ok(tnn_eval_key_generate(&eval, secret, 2));
    file = saved_file(&EVAL_KEY_FORMAT, eval);
    tnn_params_free(params);
    return 0;
}

static int free_all(void **state) {
    (void)state;
    free_file(&file);
    tnn_eval_key_free(eval);
    tnn_secret_key_free(secret);
    return 0;
}

static void keys_survive_the_round_trip(void **state) {
    (void)state;
    check_round_trip(&EVAL_KEY_FORMAT, eval);
    tnn_eval_key *loaded;
    const size_t switching_words = tnn_switching_body_words(&eval->params);
    assert_ok(tnn_eval_key_load(&loaded, file.bytes, file.length));
    assert_true(tnn_params_equal(tnn_eval_key_params(loaded), tnn_eval_key_params(eval)));
    assert_true(tnn_key_id_equal(&loaded->id, &secret->id));
    assert_memory_equal(loaded->seed.bytes, eval->seed.bytes, sizeof eval->seed.bytes);
    assert_memory_equal(loaded->bootstrapping, eval->bootstrapping, tnn_bootstrapping_body_bytes(&eval->params));
    assert_memory_equal(loaded->switching, eval->switching, switching_words * sizeof *eval->switching);
    tnn_eval_key_free(loaded);
}

/* Bootstrapping bodies of 5 bytes, key-switching bodies of 4. */
static void layout_is_the_documented_one(void **state) {
    (void)state;
    const uint8_t *payload = file.bytes + FILE_HEADER_BYTES;
    const size_t bootstrapping = (size_t)608 * 4 * 256 * 5;
    assert_int_equal(file.length, FILE_HEADER_BYTES + BODIES + bootstrapping + (768 - 608) * 3 * 4);
    assert_memory_equal(payload + KEY_ID, eval->id.bytes, sizeof eval->id.bytes);
    assert_memory_equal(payload + SEED, eval->seed.bytes, sizeof eval->seed.bytes);
    assert_memory_equal(payload + BODIES, eval->bootstrapping, bootstrapping);
    assert_int_equal(payload[BODIES + bootstrapping], eval->switching[0] & 0xff);
    assert_int_equal(payload[BODIES + bootstrapping + 3], eval->switching[0] >> 24);
}

static void headers_are_checked(void **state) {
    (void)state;
    check_header_fields(&EVAL_KEY_FORMAT, &file);
}

static void each_bad_field_is_refused(void **state) {
    (void)state;
    size_t count;
    const bad_field *fields = bad_params_fields(&count);
    const bad_field other_sizes[] = {
        {12, 4, 4, TNN_ERR_MALFORMED}, /* k: good parameters, but of a longer key */
        {16, 4, 512, TNN_ERR_MALFORMED},
        {24, 4, 2, TNN_ERR_MALFORMED},
        {32, 4, 2, TNN_ERR_MALFORMED},
    };
    check_bad_fields(&EVAL_KEY_FORMAT, &file, fields, count);
    check_bad_fields(&EVAL_KEY_FORMAT, &file, other_sizes, COUNT_OF(other_sizes));
}

static void cut_files_are_refused(void **state) {
    (void)state;
    check_truncations(&EVAL_KEY_FORMAT, &file, file.length / 40);
    file_bytes start = copy_file(&file, FILE_HEADER_BYTES + BODIES + 100);
    seal_file(&start, 'E');
    check_truncations(&EVAL_KEY_FORMAT, &start, 1);
    free_file(&start);
}

static void mutated_files_give_a_status(void **state) {
    (void)state;
    check_mutations(&EVAL_KEY_FORMAT, &file, BODIES, 100);
}

/* ------------------------------------------------------------------------------------------ read from a source -- */

/* Bytes in memory, given in pieces of a few thousand; and what was asked of them. */
typedef struct pieces {
    const uint8_t *bytes;
    size_t length, position;
    size_t most;             /* of one piece */
    const uint8_t *last_out; /* where the last piece went */
    uint64_t told, total;    /* by progress */
    uint64_t cancel_at;      /* progress says no from here on; 0: never */
} pieces;

static size_t read_piece(void *user, uint8_t *out, size_t length) {
    pieces *p = user;
    size_t count = p->length - p->position;
    count = count < length ? count : length;
    count = count < p->most ? count : p->most;
    memcpy(out, p->bytes + p->position, count);
    p->position += count;
    p->last_out = count > 0 ? out : p->last_out;
    return count;
}

static bool watch_pieces(void *user, uint64_t done, uint64_t total) {
    pieces *p = user;
    assert_true(done > p->told && done <= total);
    p->told = done;
    p->total = total;
    return p->cancel_at == 0 || done < p->cancel_at;
}

static pieces pieces_of(const uint8_t *bytes, size_t length) {
    return (pieces){.bytes = bytes, .length = length, .most = 4099};
}

static tnn_source source_of(pieces *p) {
    return (tnn_source){.read = read_piece, .progress = watch_pieces, .user = p};
}

/* As a file format; whoever has the file sees whether bytes are left. */
static tnn_status load_by_pieces(void **object, const uint8_t *bytes, size_t length) {
    pieces p = pieces_of(bytes, length);
    const tnn_source source = source_of(&p);
    const tnn_status status = tnn_eval_key_read((tnn_eval_key **)object, &source);
    if (status == TNN_OK && p.position < length) {
        tnn_eval_key_free(*object);
        *object = NULL;
        return TNN_ERR_MALFORMED;
    }
    return status;
}

static file_format by_pieces(void) {
    file_format format = EVAL_KEY_FORMAT;
    format.load = load_by_pieces;
    return format;
}

/* ---------------------------------------------------------------------------------------------------- a good key -- */

static void a_key_read_is_the_key_saved(void **state) {
    (void)state;
    const size_t most[] = {1, 31, 4099, (size_t)1 << 24};
    for (size_t i = 0; i < COUNT_OF(most); i++) {
        pieces p = pieces_of(file.bytes, file.length);
        const tnn_source source = source_of(&p);
        tnn_eval_key *loaded;
        p.most = most[i];
        assert_ok(tnn_eval_key_read(&loaded, &source));
        file_bytes again = saved_file(&EVAL_KEY_FORMAT, loaded);
        assert_int_equal(again.length, file.length);
        assert_memory_equal(again.bytes, file.bytes, file.length);
        assert_true(p.position == file.length && p.told == file.length && p.total == file.length);
        free_file(&again);
        tnn_eval_key_free(loaded);
    }
}

/* The key's two arrays and the structure: the rest is a few lines of a cache. The last word went to its own place. */
static void no_second_copy_is_made(void **state) {
    (void)state;
    pieces p = pieces_of(file.bytes, file.length);
    const tnn_source source = source_of(&p);
    tnn_eval_key *loaded;
    const size_t before = allocated_bytes();
    assert_ok(tnn_eval_key_read(&loaded, &source));
    assert_true(allocated_bytes() - before < file.length + 1024);
    const uint8_t *words = (const uint8_t *)loaded->switching;
    assert_true(words <= p.last_out && p.last_out < words + 4 * tnn_switching_body_words(&loaded->params));
    tnn_eval_key_free(loaded);
}

/* What follows the key is left to whoever reads next. */
static void nothing_behind_the_key_is_read(void **state) {
    (void)state;
    file_bytes longer = copy_file(&file, file.length + 100);
    pieces p = pieces_of(longer.bytes, longer.length);
    const tnn_source source = source_of(&p);
    tnn_eval_key *loaded;
    assert_ok(tnn_eval_key_read(&loaded, &source));
    assert_int_equal(p.position, file.length);
    tnn_eval_key_free(loaded);
    free_file(&longer);
}

/* ---------------------------------------------------------------------------------------------------- refusals -- */

static void refuse_changed(size_t offset, unsigned width, uint64_t value, tnn_status expected) {
    const file_format format = by_pieces();
    file_bytes copy = copy_file(&file, file.length);
    set_field(&copy, offset, value, width);
    assert_refused(&format, &copy, expected);
    free_file(&copy);
}

static void read_headers_are_checked(void **state) {
    (void)state;
    const uint64_t payload = file.length - FILE_HEADER_BYTES;
    const uint64_t lengths[] = {0, 1, 79, payload - 1, payload + 1, UINT64_MAX, UINT64_MAX - 31};
    for (size_t i = 0; i < 3; i++) {
        refuse_changed(i, 1, 'X', TNN_ERR_MAGIC);
    }
    refuse_changed(3, 1, 'S', TNN_ERR_MAGIC);
    refuse_changed(4, 2, 2, TNN_ERR_VERSION);
    refuse_changed(4, 2, 0, TNN_ERR_MALFORMED);
    refuse_changed(6, 2, 1, TNN_ERR_MALFORMED);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        refuse_changed(8, 8, lengths[i], TNN_ERR_MALFORMED);
    }
    for (size_t i = 16; i < FILE_HEADER_BYTES; i++) {
        refuse_changed(i, 1, file.bytes[i] ^ 1u, TNN_ERR_CORRUPT);
    }
    refuse_changed(FILE_HEADER_BYTES + KEY_ID, 1, file.bytes[FILE_HEADER_BYTES + KEY_ID] ^ 1u, TNN_ERR_CORRUPT);
    refuse_changed(file.length - 1, 1, file.bytes[file.length - 1] ^ 0x80u, TNN_ERR_CORRUPT);
}

static void each_bad_field_is_refused_when_read(void **state) {
    (void)state;
    size_t count;
    const bad_field *fields = bad_params_fields(&count);
    const file_format format = by_pieces();
    check_bad_fields(&format, &file, fields, count);
}

static void cut_files_are_refused_when_read(void **state) {
    (void)state;
    const file_format format = by_pieces();
    file_bytes start = copy_file(&file, FILE_HEADER_BYTES + BODIES + 100);
    for (size_t length = 0; length < start.length; length++) {
        const file_bytes cut = {start.bytes, length};
        assert_refused(&format, &cut, TNN_ERR_TRUNCATED);
    }
    for (size_t length = start.length; length < file.length; length += file.length / 20) {
        const file_bytes cut = {file.bytes, length};
        assert_refused(&format, &cut, TNN_ERR_TRUNCATED);
    }
    free_file(&start);
}

static void mutated_files_give_a_status_when_read(void **state) {
    (void)state;
    const file_format format = by_pieces();
    check_mutations(&format, &file, BODIES, 50);
}

static size_t read_too_much(void *user, uint8_t *out, size_t length) {
    (void)user;
    memset(out, 0, length);
    return length + 1;
}

static void misuse_is_told(void **state) {
    (void)state;
    pieces p = pieces_of(file.bytes, file.length);
    const tnn_source good = source_of(&p);
    const tnn_source without_read = {.user = &p};
    const tnn_source lying = {.read = read_too_much};
    tnn_eval_key *loaded = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_read(NULL, &good));
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_read(&loaded, NULL));
    assert_null(loaded);
    loaded = UNSET;
    assert_status(TNN_ERR_MISUSE, tnn_eval_key_read(&loaded, &without_read));
    assert_null(loaded);
    assert_status(TNN_ERR_TRUNCATED, tnn_eval_key_read(&loaded, &lying));
}

static void limits_hold_before_memory_is_taken(void **state) {
    (void)state;
    pieces p = pieces_of(file.bytes, file.length);
    tnn_source source = source_of(&p);
    tnn_eval_key *loaded;
    const size_t before = allocated_bytes();
    source.most_bytes = file.length - 1;
    assert_status(TNN_ERR_LIMIT, tnn_eval_key_read(&loaded, &source));
    assert_int_equal(allocated_bytes(), before);
    p = pieces_of(file.bytes, file.length);
    source.most_bytes = file.length;
    assert_ok(tnn_eval_key_read(&loaded, &source));
    tnn_eval_key_free(loaded);
}

static void reading_can_be_cancelled(void **state) {
    (void)state;
    pieces p = pieces_of(file.bytes, file.length);
    const tnn_source source = source_of(&p);
    tnn_eval_key *loaded = UNSET;
    p.cancel_at = file.length / 2;
    assert_status(TNN_ERR_CANCELLED, tnn_eval_key_read(&loaded, &source));
    assert_null(loaded);
    assert_true(p.position < file.length);
}

static tnn_status read_key(void *context, void **object) {
    (void)context;
    return load_by_pieces(object, file.bytes, file.length);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const fallible function = {"tnn_eval_key_read", read_key, EVAL_KEY_FORMAT.release, 3};
    check_each_failure(&function, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_survive_the_round_trip),
        cmocka_unit_test(layout_is_the_documented_one),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_give_a_status),
        cmocka_unit_test(a_key_read_is_the_key_saved),
        cmocka_unit_test(no_second_copy_is_made),
        cmocka_unit_test(nothing_behind_the_key_is_read),
        cmocka_unit_test(read_headers_are_checked),
        cmocka_unit_test(each_bad_field_is_refused_when_read),
        cmocka_unit_test(cut_files_are_refused_when_read),
        cmocka_unit_test(mutated_files_give_a_status_when_read),
        cmocka_unit_test(misuse_is_told),
        cmocka_unit_test(limits_hold_before_memory_is_taken),
        cmocka_unit_test(reading_can_be_cancelled),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_key, free_all);
}
