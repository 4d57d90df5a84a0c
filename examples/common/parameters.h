/* parameters.h: the numbers of a parameter set for people. */
#ifndef EXAMPLES_PARAMETERS_H
#define EXAMPLES_PARAMETERS_H

#include <torusnn/tfhe.h>

/** Prints a line for each key and gadget on stdout, after an indented title of the width given. */
void parameters_print(const tnn_params_literal *parameters, int width);

#endif
