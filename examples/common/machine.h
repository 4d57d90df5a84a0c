/* machine.h: what this program runs on and what it has used. */
#ifndef EXAMPLES_MACHINE_H
#define EXAMPLES_MACHINE_H

#include <stddef.h>

/** Processors that are online, at least 1 and at most 256 (the most threads that torusnn takes). */
unsigned machine_cores(void);

/** The most memory that this process ever had resident, in bytes. */
size_t machine_peak_rss_bytes(void);

#endif
