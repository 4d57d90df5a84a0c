#include "file_checks.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "testing.h"

uint64_t f64_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void assert_refused(const file_format *format, const file_bytes *file, tnn_status expected) {
    void *object = UNSET;
    assert_status(expected, format->load(&object, file->bytes, file->length));
    assert_null(object);
}

void check_small_buffers(const file_format *format, const void *object, size_t size) {
    uint8_t *buffer = malloc(size);
    uint8_t *untouched = malloc(size);
    assert_non_null(buffer);
    assert_non_null(untouched);
    memset(buffer, 0xa5, size);
    memset(untouched, 0xa5, size);
    const size_t capacities[] = {0, 1, FILE_HEADER_BYTES, size / 2, size - 1};
    for (size_t i = 0; i < COUNT_OF(capacities); i++) {
        assert_status(TNN_ERR_BUFFER, format->save(object, buffer, capacities[i]));
        assert_memory_equal(buffer, untouched, size);
    }
    assert_status(TNN_ERR_MISUSE, format->save(NULL, buffer, size));
    assert_memory_equal(buffer, untouched, size);
    assert_status(TNN_ERR_MISUSE, format->save(object, NULL, size));
    free(buffer);
    free(untouched);
}

void check_round_trip(const file_format *format, const void *object) {
    file_bytes first = saved_file(format, object);
    void *loaded = UNSET;
    assert_ok(format->load(&loaded, first.bytes, first.length));
    file_bytes second = saved_file(format, loaded);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.bytes, second.bytes, first.length);
    check_small_buffers(format, object, first.length);
    format->release(loaded);
    format->release(NULL);
    free_file(&second);
    free_file(&first);
}

static void check_changed_header(const file_format *format, const file_bytes *file, bad_field change) {
    file_bytes copy = copy_file(file, file->length);
    set_field(&copy, change.offset, change.value, change.width);
    assert_refused(format, &copy, change.expected);
    free_file(&copy);
}

/* A plain secret key in place of a sealed one has a status of its own. */
static void check_other_kinds(const file_format *format, const file_bytes *file) {
    for (uint64_t kind = 0; kind < 256; kind++) {
        if (kind != (uint8_t)format->kind) {
            const bool unsealed = format->kind == 'K' && kind == 'S';
            check_changed_header(format, file, (bad_field){3, 1, kind, unsealed ? TNN_ERR_UNSEALED : TNN_ERR_MAGIC});
        }
    }
}

/* Each byte of the digest, and a byte of the payload. */
static void check_digest(const file_format *format, const file_bytes *file) {
    const size_t last = file->length - 1;
    for (size_t i = 16; i < FILE_HEADER_BYTES; i++) {
        check_changed_header(format, file, (bad_field){i, 1, file->bytes[i] ^ 1u, TNN_ERR_CORRUPT});
    }
    check_changed_header(format, file, (bad_field){last, 1, file->bytes[last] ^ 0x80u, TNN_ERR_CORRUPT});
}

/* A sealed key's length is known once its box is open. */
static void check_bytes_behind(const file_format *format, const file_bytes *file) {
    file_bytes longer = copy_file(file, file->length + 1);
    assert_refused(format, &longer, TNN_ERR_MALFORMED);
    seal_file(&longer, format->kind);
    assert_refused(format, &longer, format->kind == 'K' ? TNN_ERR_CORRUPT : TNN_ERR_MALFORMED);
    free_file(&longer);
}

static void check_null_arguments(const file_format *format, const file_bytes *file) {
    const file_bytes nothing = {NULL, file->length};
    assert_refused(format, &nothing, TNN_ERR_MISUSE);
    assert_status(TNN_ERR_MISUSE, format->load(NULL, file->bytes, file->length));
}

static uint64_t first_unknown_version(char kind) {
    return kind == 'C' ? 4 : kind == 'M' ? 3 : 2;
}

void check_header_fields(const file_format *format, const file_bytes *file) {
    const uint64_t payload = file->length - FILE_HEADER_BYTES;
    const bad_field fields[] = {
        {0, 1, 'X', TNN_ERR_MAGIC},
        {1, 1, 'X', TNN_ERR_MAGIC},
        {2, 1, 'X', TNN_ERR_MAGIC},
        {4, 2, first_unknown_version(format->kind), TNN_ERR_VERSION},
        {4, 2, 0xffff, TNN_ERR_VERSION},
        {4, 2, 0, TNN_ERR_MALFORMED},
        {6, 2, 1, TNN_ERR_MALFORMED},
        {6, 2, 0x8000, TNN_ERR_MALFORMED},
        {8, 8, payload + 1, TNN_ERR_TRUNCATED},
        {8, 8, UINT64_MAX, TNN_ERR_TRUNCATED},
        {8, 8, payload - 1, TNN_ERR_MALFORMED},
        {8, 8, 0, TNN_ERR_MALFORMED},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        check_changed_header(format, file, fields[i]);
    }
    check_other_kinds(format, file);
    check_digest(format, file);
    check_bytes_behind(format, file);
    check_null_arguments(format, file);
}

void check_bad_fields(const file_format *format, const file_bytes *file, const bad_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        file_bytes copy = copy_file(file, file->length);
        set_field(&copy, FILE_HEADER_BYTES + fields[i].offset, fields[i].value, fields[i].width);
        seal_file(&copy, format->kind);
        void *object = UNSET;
        tnn_status status = format->load(&object, copy.bytes, copy.length);
        if (status != fields[i].expected || object) {
            fail_msg("kind %c, payload byte %zu set to %#" PRIx64 ": status %d, not %d, or an object", format->kind,
                     fields[i].offset, fields[i].value, (int)status, (int)fields[i].expected);
        }
        free_file(&copy);
    }
}

static bool is_data_status(tnn_status status) {
    return status == TNN_ERR_TRUNCATED || status == TNN_ERR_LIMIT || status == TNN_ERR_MALFORMED ||
           status == TNN_ERR_INSECURE;
}

void check_truncations(const file_format *format, const file_bytes *file, size_t stride) {
    for (size_t length = 0; length < file->length; length += stride) {
        file_bytes cut = copy_file(file, length);
        assert_refused(format, &cut, TNN_ERR_TRUNCATED);
        if (length >= FILE_HEADER_BYTES) {
            seal_file(&cut, format->kind);
            void *object = UNSET;
            assert_true(is_data_status(format->load(&object, cut.bytes, cut.length)));
            assert_null(object);
        }
        free_file(&cut);
    }
}

/* Numbers that one seed repeats: Vigna's splitmix64. */
static uint64_t next_number(uint64_t *seed) {
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t choose_seed(void) {
    const char *wanted = getenv("TORUSNN_FUZZ_SEED");
    uint64_t seed;
    assert_ok(tnn_random_start());
    tnn_random_bytes(&seed, sizeof seed);
    return wanted ? strtoull(wanted, NULL, 0) : seed;
}

/* Small and extreme values are the ones that pass one check and fail the next. */
static uint8_t bad_byte(uint64_t number) {
    const uint8_t likely[] = {0, 1, 2, 16, 32, 0x7f, 0x80, 0xff};
    return number & 8 ? likely[number & 7] : (uint8_t)(number >> 8);
}

static void change_bytes(const file_bytes *file, uint64_t *seed, size_t hot_bytes) {
    const size_t payload = file->length - FILE_HEADER_BYTES;
    const size_t changes = 1 + next_number(seed) % 8;
    for (size_t i = 0; payload > 0 && i < changes; i++) {
        size_t reach = next_number(seed) % 4 && hot_bytes < payload ? hot_bytes : payload;
        file->bytes[FILE_HEADER_BYTES + next_number(seed) % reach] = bad_byte(next_number(seed));
    }
}

static size_t mutated_length(size_t length, uint64_t *seed) {
    const uint64_t kind = next_number(seed) % 8;
    const size_t payload = length - FILE_HEADER_BYTES;
    if (kind == 0) {
        return FILE_HEADER_BYTES + next_number(seed) % payload;
    }
    return kind == 1 ? length + next_number(seed) % 16 : length;
}

/* A file has one form: what is accepted saves to the same bytes. */
static void check_saves_as(const file_format *format, const void *object, const file_bytes *file) {
    file_bytes saved = saved_file(format, object);
    assert_int_equal(saved.length, file->length);
    assert_memory_equal(saved.bytes, file->bytes, file->length);
    free_file(&saved);
}

/* Whether the mutant was accepted. */
static bool check_mutant(const file_format *format, const file_bytes *mutant, size_t round) {
    void *object = UNSET;
    tnn_status status = format->load(&object, mutant->bytes, mutant->length);
    if (status == TNN_OK ? !object : object || !is_data_status(status)) {
        fail_msg("round %zu: status %d", round, (int)status);
    }
    if (object && format->save) {
        check_saves_as(format, object, mutant);
    }
    format->release(object);
    return status == TNN_OK;
}

void check_mutations(const file_format *format, const file_bytes *file, size_t hot_bytes, size_t rounds) {
    uint64_t seed = choose_seed();
    size_t accepted = 0;
    print_message("mutations of kind %c: TORUSNN_FUZZ_SEED=%" PRIu64 "\n", format->kind, seed);
    for (size_t round = 0; round < rounds; round++) {
        file_bytes mutant = copy_file(file, mutated_length(file->length, &seed));
        change_bytes(&mutant, &seed, hot_bytes);
        seal_file(&mutant, format->kind);
        accepted += check_mutant(format, &mutant, round);
        free_file(&mutant);
    }
    assert_true(accepted < rounds); /* some change must matter */
}
