/* libsodium's randomness in WebAssembly; sodium/randombytes.c is compiled to start with it. */
#ifndef SODIUM_PORT_H
#define SODIUM_PORT_H

#include "randombytes.h"

extern const randombytes_implementation web_randombytes;

#endif
