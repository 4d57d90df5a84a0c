/*
 * What every test file starts with: cmocka and a few checks.
 *
 * FALSE ALARMS. Tests draw fresh randomness. A bound on a Gaussian quantity stands at 6.5 standard deviations or more
 * (8e-11 two-sided); noise of single ciphertexts is held at 8 (1.3e-15, times at most 1e6 coefficients); Kolmogorov and
 * Poisson bounds at 1e-9. With fewer than a thousand such checks the whole suite fails by chance less than once in 1e6.
 */
#ifndef SUPPORT_TESTING_H
#define SUPPORT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torusnn/status.h>

/* Standard deviations that a statistic, and that the noise of one ciphertext, may lie from its expectation. */
#define STATISTIC_DEVIATIONS 6.5
#define NOISE_DEVIATIONS 8.0

#define assert_status(expected, call) assert_int_equal((expected), (call))
#define assert_ok(call) assert_status(TNN_OK, (call))

/* What an output object points to before a call that has to set it to NULL. */
#define UNSET ((void *)(uintptr_t)64)

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
