#include "base/crc.h"

#include "base/crc_table.h"

static uint32_t load_le(const uint8_t *octets) {
    return (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 |
           (uint32_t)octets[3] << 24;
}

/*
 * Slicing by eight: one record per second and meter goes through here, ten thousand meters in a
 * process, so eight octets per round instead of one. The 8 KiB of tables are constant and shared.
 */
uint32_t qd_crc32(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    while (length >= 8) {
        uint32_t low = crc ^ load_le(data);
        uint32_t high = load_le(data + 4);

        crc = qd_crc32_table[7][low & 0xffu] ^ qd_crc32_table[6][low >> 8 & 0xffu] ^
              qd_crc32_table[5][low >> 16 & 0xffu] ^ qd_crc32_table[4][low >> 24] ^
              qd_crc32_table[3][high & 0xffu] ^ qd_crc32_table[2][high >> 8 & 0xffu] ^
              qd_crc32_table[1][high >> 16 & 0xffu] ^ qd_crc32_table[0][high >> 24];
        data += 8;
        length -= 8;
    }
    while (length > 0) {
        crc = crc >> 8 ^ qd_crc32_table[0][(crc ^ *data) & 0xffu];
        data++;
        length--;
    }
    return ~crc;
}

uint16_t qd_crc16(uint16_t crc, const uint8_t *data, size_t length) {
    uint32_t rest = ~(uint32_t)crc & 0xffffu;

    for (size_t i = 0; i < length; i++) {
        rest = rest >> 8 ^ qd_crc16_table[(rest ^ data[i]) & 0xffu];
    }
    return (uint16_t)~rest;
}

uint16_t qd_crc16_x25(const uint8_t *data, size_t length) {
    return qd_crc16(0, data, length);
}
