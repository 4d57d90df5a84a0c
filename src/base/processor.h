/* The instruction sets that inner loops are compiled for, and which of them this processor runs. */
#ifndef TNN_BASE_PROCESSOR_H
#define TNN_BASE_PROCESSOR_H

/* Whatever runs one runs those before it. */
typedef enum tnn_instructions { TNN_PORTABLE, TNN_AVX2, TNN_AVX512 } tnn_instructions;
#define TNN_INSTRUCTION_SETS 3u

/* The last that this processor runs, of those that this build has loops for. */
tnn_instructions tnn_instructions_best(void);

#endif
