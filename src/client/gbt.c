/*
 * gbt.c - general block transfer (IEC 62056-53), both ways.
 *
 * Every block has a number, counted by its sender from 1, also a block without data; it acknowledges the last block of
 * the peer that came without a gap. The sender of the last block of a window (streaming bit clear) waits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"
#include "protocol/xdlms.h"

#define HEAD_OCTETS 9u                            /* tag, control, two numbers, longest length */
#define OWN_WINDOW 8u                             /* blocks that this side takes at once */
#define STALLS_MAX 4u                             /* acknowledgements in a row that bring nothing */
#define IDLE_MAX ((STALLS_MAX + 1u) * OWN_WINDOW) /* blocks in a row that bring nothing */

static qd_status_t decode(qd_reader_t *r, qd_gbt_t *block) {
    return qd_gbt_decode(r, block) == QD_OK && qd_reader_left(r) == 0u ? QD_OK : QD_MALFORMED;
}

static void put_head(qd_client_t *client, qd_writer_t *w, uint8_t control, uint16_t number, size_t length) {
    qd_client_request(client, w);
    qd_writer_u8(w, QD_APDU_GENERAL_BLOCK_TRANSFER);
    qd_writer_u8(w, control);
    qd_writer_u16(w, number);
    qd_writer_u16(w, client->gbt.received);
    qd_axdr_put_length(w, (uint16_t)length);
}

/* Block number of the source, numbers from base on. */
static qd_client_result_t send_block(qd_client_t *client, const qd_client_source_t *source, size_t length,
                                     uint16_t base, uint16_t number, bool wait) {
    size_t raw = qd_client_apdu_room(client) - HEAD_OCTETS;
    size_t from = (size_t)(uint16_t)(number - base) * raw;
    size_t take = length - from < raw ? length - from : raw;
    qd_client_sink_t sink = {NULL, take, from, 0};
    qd_writer_t w;
    uint8_t control = OWN_WINDOW;

    if (from + take == length) {
        control |= QD_GBT_LAST;
    } else if (!wait) {
        control |= QD_GBT_STREAMING;
    }
    put_head(client, &w, control, number, take);
    sink.to = w.data + w.at;
    source->emit(source->context, &sink);
    return qd_client_send(client, w.at + take);
}

/* What the peer says while this side still sends. *done: the last block that it has; *window: how many it takes. */
static qd_client_result_t take_progress(qd_client_t *client, const qd_reader_t *reply, uint16_t count,
                                        uint16_t *done, uint8_t *window) {
    qd_reader_t r = *reply;
    qd_gbt_t block;

    if (decode(&r, &block) != QD_OK) {
        return qd_client_violation(client, "a malformed block of general block transfer");
    }
    *window = block.window;
    *done = block.ack;
    if (*done < count && block.data.length == 0u && block.number == (uint16_t)(client->gbt.received + 1u)) {
        client->gbt.received = block.number;
    }
    return QD_CLIENT_OK;
}

/* One window of blocks, from done + 1 on. */
static qd_client_result_t send_window(qd_client_t *client, const qd_client_source_t *source, size_t length,
                                      uint16_t done, uint16_t count, uint8_t window) {
    qd_client_result_t result = QD_CLIENT_OK;
    uint16_t n;

    for (n = 1; n <= window && done + n <= count && result == QD_CLIENT_OK; n++) {
        client->gbt.sent = (uint16_t)(done + n);
        result = send_block(client, source, length, 1, client->gbt.sent, n == window || done + n == count);
    }
    return result;
}

qd_client_result_t qd_client_gbt_send(qd_client_t *client, const qd_client_source_t *source, size_t length,
                                      qd_client_room_t *room, qd_reader_t *reply) {
    size_t room_of_apdu = qd_client_apdu_room(client);
    size_t raw = room_of_apdu > HEAD_OCTETS ? room_of_apdu - HEAD_OCTETS : 0u;
    uint16_t count;
    uint16_t done = 0;
    uint8_t window = 1;
    unsigned stalls = 0;

    if (raw == 0u || length > raw * 0xFFF0u) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the meter's APDUs are too short for this request");
    }
    count = (uint16_t)((length + raw - 1u) / raw);
    client->gbt.sent = 0;
    client->gbt.received = 0;
    while (stalls <= STALLS_MAX) {
        uint16_t before = done;
        qd_client_result_t result = send_window(client, source, length, done, count, window);

        if (result == QD_CLIENT_OK) {
            result = qd_client_receive(client, reply);
        }
        if (result != QD_CLIENT_OK) {
            return result;
        }
        if (qd_reader_peek(reply) != QD_APDU_GENERAL_BLOCK_TRANSFER) {
            return qd_client_answer(client, room, reply); /* an answer or an error without blocks */
        }
        result = take_progress(client, reply, count, &done, &window);
        if (result != QD_CLIENT_OK) {
            return result;
        }
        if (done < before || done > count) {
            return qd_client_violation(client, "a block is acknowledged that was not sent");
        }
        if (done == count) {
            return qd_client_answer(client, room, reply);
        }
        stalls = done == before ? stalls + 1u : 0u;
        window = window == 0u ? 1u : window;
    }
    return qd_client_violation(client, "general block transfer does not go on");
}

static qd_client_result_t acknowledge(qd_client_t *client) {
    qd_writer_t w;

    client->gbt.sent++;
    put_head(client, &w, QD_GBT_LAST | OWN_WINDOW, client->gbt.sent, 0);
    return qd_client_send(client, w.at);
}

/* What one block meant. */
typedef struct taken {
    bool last;  /* the transfer is complete */
    bool wait;  /* the peer waits for an acknowledgement */
    bool moved; /* it has brought octets of the answer */
} taken_t;

/* Takes one block into the room. */
static qd_client_result_t take_block(qd_client_t *client, qd_client_room_t *room, qd_reader_t *reply,
                                     taken_t *taken) {
    qd_gbt_t block;

    if (decode(reply, &block) != QD_OK) {
        return qd_client_violation(client, "a malformed block of general block transfer");
    }
    taken->wait = !block.streaming;
    if (block.number != (uint16_t)(client->gbt.received + 1u)) {
        return QD_CLIENT_OK; /* a gap or a repetition: the acknowledgement says what is missing */
    }
    if (block.number == UINT16_MAX && !block.last) {
        return qd_client_violation(client, "general block transfer has no more numbers");
    }
    client->gbt.received = block.number;
    taken->last = block.last;
    taken->moved = block.data.length > 0u;
    if (room == NULL || room->out == NULL) {
        return block.data.length == 0u && !block.last
                   ? QD_CLIENT_OK
                   : qd_client_fail(client, QD_CLIENT_OWN, "the answer is longer than the room for it");
    }
    return qd_client_join(client, room, block.data.data, block.data.length);
}

/* An answer in one block stays where it is. */
static bool take_single(qd_client_t *client, qd_reader_t *reply) {
    qd_reader_t r = *reply;
    qd_gbt_t block;

    if (decode(&r, &block) != QD_OK || !block.last || block.data.length == 0u ||
        block.number != (uint16_t)(client->gbt.received + 1u)) {
        return false;
    }
    client->gbt.received = block.number;
    qd_reader_init(reply, block.data.data, block.data.length);
    return true;
}

qd_client_result_t qd_client_gbt_receive(qd_client_t *client, qd_client_room_t *room, qd_reader_t *reply) {
    size_t start = room != NULL ? room->at : 0u;
    unsigned stalls = 0;
    unsigned idle = 0;

    while (stalls <= STALLS_MAX && idle <= IDLE_MAX) {
        taken_t taken = {false, false, false};
        qd_client_result_t result;

        if ((room == NULL || room->at == start) && take_single(client, reply)) {
            return QD_CLIENT_OK;
        }
        result = take_block(client, room, reply, &taken);
        if (result == QD_CLIENT_OK && taken.last && room != NULL) {
            qd_reader_init(reply, room->out + start, room->at - start);
            room->at = start; /* what was joined is read from here, and its parts are joined again */
            return QD_CLIENT_OK;
        }
        if (result == QD_CLIENT_OK && taken.wait) {
            result = acknowledge(client);
        }
        if (taken.moved) { /* only what goes on gets time anew */
            client->start_ms = client->config.transport->now_ms(client->config.transport->context);
        }
        if (result == QD_CLIENT_OK) {
            result = qd_client_receive(client, reply);
        }
        if (result != QD_CLIENT_OK) {
            return result;
        }
        if (qd_reader_peek(reply) != QD_APDU_GENERAL_BLOCK_TRANSFER) {
            return qd_client_violation(client, "another APDU inside a general block transfer");
        }
        stalls = taken.moved ? 0u : stalls + (taken.wait ? 1u : 0u);
        idle = taken.moved ? 0u : idle + 1u;
    }
    return qd_client_violation(client, "general block transfer does not go on");
}
