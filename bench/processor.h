/* processor.h: which processor the figures come from. */
#ifndef BENCH_PROCESSOR_H
#define BENCH_PROCESSOR_H

enum { PROCESSOR_NAME_MAX = 128 };

typedef struct processor {
    char name[PROCESSOR_NAME_MAX]; /* "unknown" where the system does not say */
    unsigned cores;                /* online */
} processor;

/** What /proc/cpuinfo says of the first processor. */
processor processor_describe(void);

#endif
