#include "gadget.h"

#include "draw.h"
#include "memory.h"
#include "testing.h"

#define RANDOM_WORDS 200u

/* Digits of every word lie in [-base/2, base/2); their sum, each in its place, lies half a unit of the last from it. */
static void check_word(const tnn_gadget *gadget, uint32_t word) {
    const int64_t base = (int64_t)1 << gadget->base_log;
    const int64_t unit = (int64_t)1 << (32 - gadget->base_log * gadget->levels);
    int64_t sum = 0;
    for (uint32_t level = 0; level < gadget->levels; level++) {
        int64_t digit = tnn_gadget_digit(gadget, word + gadget->offset, level);
        assert_true(-base / 2 <= digit && digit < base / 2);
        sum += digit * ((int64_t)1 << (32 - gadget->base_log * (level + 1)));
    }
    const int64_t distance = (int32_t)((uint32_t)sum - word);
    assert_true(-unit / 2 <= distance && distance <= unit / 2);
}

/* Words around the places where a digit wraps: the sum of any two powers of two, and their neighbours. */
static void check_edges(const tnn_gadget *gadget) {
    for (uint32_t i = 0; i < 32; i++) {
        for (uint32_t j = 0; j < 32; j++) {
            const uint32_t word = (1u << i) + (1u << j);
            const uint32_t words[] = {word, 0 - word, word - 1, 1 - word, word - gadget->offset};
            for (size_t w = 0; w < COUNT_OF(words); w++) {
                check_word(gadget, words[w]);
            }
        }
    }
}

static void check_random_words(const tnn_gadget *gadget) {
    uint32_t *words = new_random(RANDOM_WORDS, sizeof *words);
    for (uint32_t i = 0; i < RANDOM_WORDS; i++) {
        check_word(gadget, words[i]);
    }
    tnn_free(words);
}

static void every_gadget_recomposes(void **state) {
    (void)state;
    for (uint32_t base_log = 1; base_log <= 31; base_log++) {
        for (uint32_t levels = 1; base_log * levels <= 31; levels++) {
            const tnn_gadget gadget = tnn_gadget_of(base_log, levels);
            assert_int_equal(gadget.base_log, base_log);
            assert_int_equal(gadget.levels, levels);
            check_edges(&gadget);
            check_random_words(&gadget);
        }
    }
}

static void check_exact_word(const tnn_gadget *gadget, const int32_t *digits) {
    uint32_t word = 0;
    for (uint32_t level = 0; level < gadget->levels; level++) {
        word += (uint32_t)digits[level] << tnn_gadget_shift(gadget, level);
    }
    for (uint32_t level = 0; level < gadget->levels; level++) {
        assert_int_equal(tnn_gadget_digit(gadget, word + gadget->offset, level), digits[level]);
    }
}

/* Any digits in range are the digits of the word that they make. */
static void digits_are_unique(void **state) {
    (void)state;
    for (uint32_t base_log = 1; base_log <= 31; base_log++) {
        for (uint32_t levels = 1; base_log * levels <= 31; levels++) {
            const tnn_gadget gadget = tnn_gadget_of(base_log, levels);
            const int32_t half = (int32_t)(1u << (base_log - 1));
            int32_t digits[31];
            for (uint32_t round = 0; round < 50; round++) {
                for (uint32_t level = 0; level < levels; level++) {
                    digits[level] = (int32_t)draw_below(2 * (uint32_t)half) - half;
                }
                check_exact_word(&gadget, digits);
            }
        }
    }
}

/* Base 2^4, 2 levels: units of 2^24; by hand. */
static void known_words_have_known_digits(void **state) {
    (void)state;
    const struct {
        uint32_t word;
        int32_t first;
        int32_t second;
    } cases[] = {
        {0x00000000u, 0, 0},  {0x007fffffu, 0, 0}, {0x00800000u, 0, 1},   {0x07000000u, 0, 7},  {0x08000000u, 1, -8},
        {0x12000000u, 1, 2},  {0x77000000u, 7, 7}, {0x78000000u, -8, -8}, {0x80000000u, -8, 0}, {0xff000000u, 0, -1},
        {0xff7fffffu, 0, -1}, {0xff800000u, 0, 0}, {0x9c345678u, -6, -4},
    };
    const tnn_gadget gadget = tnn_gadget_of(4, 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(tnn_gadget_digit(&gadget, cases[i].word + gadget.offset, 0), cases[i].first);
        assert_int_equal(tnn_gadget_digit(&gadget, cases[i].word + gadget.offset, 1), cases[i].second);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gadget_recomposes),
        cmocka_unit_test(digits_are_unique),
        cmocka_unit_test(known_words_have_known_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
