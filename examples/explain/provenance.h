/* provenance.h: where a model comes from, in a line. */
#ifndef EXPLAIN_PROVENANCE_H
#define EXPLAIN_PROVENANCE_H

/** Prints on stdout what the JSON text that a model carries says of its origin, as far as it says the usual things. */
void provenance_print(const char *text);

#endif
