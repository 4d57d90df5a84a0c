/* machine.h: what this program runs on and what it has used. */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stddef.h>

#include <torusnn/status.h>

enum { MOST_THREADS = TNN_MAX_THREADS };

/** Processors that are online, from 1 to MOST_THREADS. */
unsigned machine_cores(void);

/** The most memory that this process ever had resident, in bytes. */
size_t machine_peak_rss_bytes(void);

#endif
