#include "common/machine.h"

#include <sys/resource.h>
#include <unistd.h>

unsigned machine_cores(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (online < 1) {
        return 1;
    }
    return online < MOST_THREADS ? (unsigned)online : MOST_THREADS;
}

size_t machine_peak_rss_bytes(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return 0;
    }
    return (size_t)usage.ru_maxrss * 1024; /* Linux counts in KiB */
}
