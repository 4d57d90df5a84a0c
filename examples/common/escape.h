/* escape.h: text from strangers on a terminal, which obeys control characters. */
#ifndef EXAMPLES_ESCAPE_H
#define EXAMPLES_ESCAPE_H

#include <stdio.h>

/**
 * Prints a text with every byte of a control character (C0, DEL, C1, line and paragraph separators, marks that turn the
 * direction of text) and every byte that is not UTF-8 as \xHH.
 */
void escape_print(FILE *stream, const char *text);

#endif
