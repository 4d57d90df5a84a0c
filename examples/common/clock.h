/* clock.h: wall-clock time for measuring. */
#ifndef EXAMPLES_CLOCK_H
#define EXAMPLES_CLOCK_H

/** Milliseconds since some moment in the past, never going back. */
double clock_ms(void);

#endif
