#include "base/crc.h"

#include "base/crc_table.h"

/*
 * Four bits at a time, both of them: superblocks, the gate's frames and serial lines go through here, not the records of
 * each second, which are sealed with AES-GCM. The tables are 96 octets of the code memory; larger ones took 8,704.
 */
uint32_t qd_crc32(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ qd_crc32_table[crc & 0xfu];
        crc = crc >> 4 ^ qd_crc32_table[crc & 0xfu];
    }
    return ~crc;
}

uint16_t qd_crc16(uint16_t crc, const uint8_t *data, size_t length) {
    uint32_t rest = ~(uint32_t)crc & 0xffffu;

    for (size_t i = 0; i < length; i++) {
        rest ^= data[i];
        rest = rest >> 4 ^ qd_crc16_table[rest & 0xfu];
        rest = rest >> 4 ^ qd_crc16_table[rest & 0xfu];
    }
    return (uint16_t)~rest;
}

uint16_t qd_crc16_x25(const uint8_t *data, size_t length) {
    return qd_crc16(0, data, length);
}
