/*
 * interrupt.h: what must not outlive the program, undone also when SIGHUP, SIGINT, SIGQUIT or SIGTERM ends it.
 *
 * Signals that the program was started to ignore, as under nohup, stay ignored.
 */
#ifndef EXAMPLES_INTERRUPT_H
#define EXAMPLES_INTERRUPT_H

#include <signal.h>

/** Undoes one thing, from a signal handler: only calls that are safe there. */
typedef void (*interrupt_undo)(const void *context);

enum { INTERRUPT_NONE = -1, INTERRUPT_MOST = 8 };

/** Registers before the thing is done. Returns a ticket for interrupt_forget, INTERRUPT_NONE where none is left. */
int interrupt_register(interrupt_undo undo, const void *context);

/** Ends a registration; INTERRUPT_NONE is allowed. The context may be freed afterwards. */
void interrupt_forget(int ticket);

/** Signals wait from here until interrupt_resume: for steps of which all or none must happen. */
void interrupt_hold(sigset_t *before);

void interrupt_resume(const sigset_t *before);

#endif
