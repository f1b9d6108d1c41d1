/*
 * crc_table.h - constant tables of the check sequences, internal to src/base. Context: any.
 */
#ifndef QD_BASE_CRC_TABLE_H
#define QD_BASE_CRC_TABLE_H

#include <stdint.h>

/* Remainder of four bits, reflected polynomial EDB88320. */
extern const uint32_t qd_crc32_table[16];
/* The same of polynomial 8408. */
extern const uint16_t qd_crc16_table[16];

#endif
