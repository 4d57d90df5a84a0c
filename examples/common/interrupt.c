#include "common/interrupt.h"

#include <stdatomic.h>
#include <stddef.h>

static const int SIGNALS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS };

/* The context is written before the function, so that a handler that sees the function sees its context. */
static struct {
    _Atomic(interrupt_undo) undo; /* NULL where the place is free */
    _Atomic(const void *) context;
} registered[INTERRUPT_MOST];

/* The handler is reset (SA_RESETHAND), so that raising the signal again ends the program as it would have. */
static void undo_all(int signal_number) {
    for (size_t i = 0; i < INTERRUPT_MOST; i++) {
        interrupt_undo undo = atomic_exchange(&registered[i].undo, NULL);
        if (undo != NULL) {
            undo(registered[i].context);
        }
    }
    raise(signal_number);
}

static void install_handlers(void) {
    struct sigaction action = {.sa_handler = undo_all, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction present;
        if (sigaction(SIGNALS[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL) {
            sigaction(SIGNALS[i], &action, NULL);
        }
    }
}

int interrupt_register(interrupt_undo undo, const void *context) {
    install_handlers();
    for (int i = 0; i < INTERRUPT_MOST; i++) {
        if (registered[i].undo == NULL) {
            registered[i].context = context;
            registered[i].undo = undo;
            return i;
        }
    }
    return INTERRUPT_NONE;
}

void interrupt_forget(int ticket) {
    if (ticket != INTERRUPT_NONE) {
        registered[ticket].undo = NULL;
    }
}

void interrupt_hold(sigset_t *before) {
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigaddset(&held, SIGNALS[i]);
    }
    sigprocmask(SIG_BLOCK, &held, before);
}

void interrupt_resume(const sigset_t *before) {
    sigprocmask(SIG_SETMASK, before, NULL);
}
