#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
