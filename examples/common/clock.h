/* clock.h: time for measuring. */
#ifndef EXAMPLES_CLOCK_H
#define EXAMPLES_CLOCK_H

/** Wall-clock milliseconds since some moment in the past, never going back. */
double clock_ms(void);

/** Milliseconds that the processor spent on this thread: without those in which others had it. */
double clock_thread_ms(void);

#endif
