/*
 * dictionary.h - English names of interface classes and objects.
 */
#ifndef QD_TOOLS_DICTIONARY_H
#define QD_TOOLS_DICTIONARY_H

#include "quadrant/types.h"

/* "Register"; "" when the class is not known. */
const char *qd_dictionary_class(uint16_t class_id);
/* "Clock"; "" when the object is not known. */
const char *qd_dictionary_object(const qd_obis_t *obis);
/* "power up"; "" when the code is not known. */
const char *qd_dictionary_event(uint64_t code);
/* The same of an entry of the integrity journal. */
const char *qd_dictionary_journal(uint64_t code);

#endif
