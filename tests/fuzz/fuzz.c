#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

bool fuzz_is_replay;

static uint64_t counts[FUZZ_STAGES];
static struct timespec started;
static int messages; /* stderr as it was before libFuzzer closed it */

static double seconds_since_start(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - started.tv_sec) + 1e-9 * (double)(now.tv_nsec - started.tv_nsec);
}

static void print_counts(void) {
    const double seconds = seconds_since_start();
    dprintf(messages,
            "%" PRIu64 " executions, %" PRIu64 " past the digest, %" PRIu64 " loaded, %" PRIu64
            " used in full, %.1f s, %.0f a second\n",
            counts[FUZZ_RUN], counts[FUZZ_PAST_DIGEST], counts[FUZZ_LOADED], counts[FUZZ_USED_IN_FULL], seconds,
            (double)counts[FUZZ_RUN] / seconds);
}

void fuzz_start(void) {
    messages = dup(STDERR_FILENO);
    clock_gettime(CLOCK_MONOTONIC, &started);
    if (messages < 0 || atexit(print_counts) != 0) {
        abort();
    }
}

void fuzz_count(fuzz_stage stage) {
    counts[stage]++;
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    static char path[64];
    static int file = -1;
    if (file < 0) {
        file = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) {
        abort();
    }
    return path;
}

/* The last ones, each at a place that its bytes decide; size 0: none there. */
enum { MEMORIES = 64, LONGEST_MEMORY = 4096 };
static struct {
    size_t size;
    uint8_t bytes[LONGEST_MEMORY];
} memories[MEMORIES];

void fuzz_remember(const uint8_t *data, size_t size) {
    const size_t place = fuzz_crc32(data, size) % MEMORIES;
    if (size <= LONGEST_MEMORY) {
        memories[place].size = size;
        memcpy(memories[place].bytes, data, size);
    }
}

size_t fuzz_recall(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    const size_t place = seed / 2048 % MEMORIES;
    const size_t remembered = memories[place].size;
    if (seed / 1024 % 2 || remembered == 0 || remembered > max_size) {
        return size;
    }
    memcpy(data, memories[place].bytes, remembered);
    return remembered;
}

/* Vigna's splitmix64. */
static uint64_t next_number(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t load_le(const uint8_t *bytes, size_t width) {
    uint64_t value = 0;
    while (width-- > 0) {
        value = value << 8 | bytes[width];
    }
    return value;
}

static uint64_t changed(uint64_t value, size_t width, uint64_t *state) {
    static const uint64_t LIKELY[] = {0,   1,   2,     3,     7,     8,     127,      128,
                                      255, 256, 32767, 32768, 65535, 65536, 1u << 31, ~0ull};
    const uint64_t choice = next_number(state);
    switch (choice % 4) {
    case 0: return value ^ UINT64_C(1) << (choice >> 8) % (8 * width);
    case 1: return value + (choice >> 8) % 9 - 4;
    case 2: return LIKELY[(choice >> 8) % (sizeof LIKELY / sizeof *LIKELY)];
    default: return next_number(state);
    }
}

void fuzz_change_in_place(uint8_t *data, size_t size, unsigned seed) {
    uint64_t state = seed;
    const size_t changes = 1 + (next_number(&state) % 8) / 2;
    for (size_t i = 0; i < changes; i++) {
        const size_t width = (size_t)1 << next_number(&state) % 4;
        if (width <= size) {
            uint8_t *at = data + next_number(&state) % (size - width + 1);
            uint64_t value = changed(load_le(at, width), width, &state);
            for (size_t b = 0; b < width; b++, value >>= 8) {
                at[b] = (uint8_t)value;
            }
        }
    }
}

uint32_t fuzz_crc32(const uint8_t *data, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
        }
    }
    return ~crc;
}
