/*
 * crc.h - check sequences. CRC-32 (IEEE 802.3, reflected) guards records and the gate's link;
 * CRC-16/X-25 (IEC 62056-46 FCS) is for HDLC and the optical head. Context: any.
 */
#ifndef QD_BASE_CRC_H
#define QD_BASE_CRC_H

#include "quadrant/types.h"

/* Start with 0, feed the result back in for the next piece. Check value of "123456789": CBF43926. */
uint32_t qd_crc32(uint32_t crc, const uint8_t *data, size_t length);
/* CRC-16/X-25 in pieces: start with 0, feed the result back in. Over octets and their own check sequence, low
 * octet first, it gives 0F47. */
uint16_t qd_crc16(uint16_t crc, const uint8_t *data, size_t length);
/* Whole message. Check value of "123456789": 906E. */
uint16_t qd_crc16_x25(const uint8_t *data, size_t length);

#endif
