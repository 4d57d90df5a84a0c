/* Which instruction set the library chooses, in programs linked with --wrap=tnn_instructions_best. */
#ifndef TNN_TESTS_INSTRUCTION_SETS_H
#define TNN_TESTS_INSTRUCTION_SETS_H

#include "processor.h"

/* From now on `set`, which this processor must run. */
void choose_instructions(tnn_instructions set);

/* The last that this processor runs, whatever is chosen. */
tnn_instructions instructions_of_processor(void);

#endif
