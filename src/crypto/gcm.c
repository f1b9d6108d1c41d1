/*
 * gcm.c - AES-GCM from BearSSL's counter mode and GHASH.
 *
 * BearSSL's own GCM is made for streams: for the short messages that a meter stores it would run AES once more for
 * the tag's mask and GHASH once more for the lengths. Here a message goes through a buffer in which the mask stands in
 * front of the text and the lengths behind it, so that a message of up to 304 octets is one call of each.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypto/gcm.h"

#include <string.h>

#include "crypto/internal.h"

#define BLOCK 16u
#define CHUNK 320u /* a multiple of every stride */

typedef struct gcm_state {
    br_aes_gen_ctr_keys keys;
    br_ghash ghash;
    uint16_t stride;
    uint8_t h[BLOCK]; /* GHASH's key: AES of a block of zeros */
} gcm_state_t;

_Static_assert(sizeof(gcm_state_t) <= sizeof(qd_gcm_t), "qd_gcm_t has room for the state");
_Static_assert(alignof(gcm_state_t) <= alignof(qd_gcm_t), "qd_gcm_t is aligned for the state");

typedef union block {
    uint64_t words[2];
    uint8_t octets[BLOCK];
} block_t;

typedef struct message {
    const uint8_t *nonce;
    const uint8_t *aad;
    size_t aad_length;
    const uint8_t *in;
    size_t length;
    uint8_t *out;
} message_t;

static gcm_state_t *state_of(qd_gcm_t *gcm) {
    return (gcm_state_t *)(void *)gcm->state;
}

static size_t round_up(size_t length, size_t step) {
    return (length + step - 1u) & ~(step - 1u);
}

static void put_u64_be(uint8_t *octets, uint64_t value) {
    octets[0] = (uint8_t)(value >> 56);
    octets[1] = (uint8_t)(value >> 48);
    octets[2] = (uint8_t)(value >> 40);
    octets[3] = (uint8_t)(value >> 32);
    octets[4] = (uint8_t)(value >> 24);
    octets[5] = (uint8_t)(value >> 16);
    octets[6] = (uint8_t)(value >> 8);
    octets[7] = (uint8_t)value;
}

/* Fills the text's last block with zeros and puts the block of the lengths behind it; how many octets of GHASH's input
 * that makes. */
static size_t close_text(uint8_t *text, size_t part, const message_t *message) {
    size_t padded = round_up(part, BLOCK);

    if (padded > part) {
        memset(text + part, 0, padded - part);
    }
    put_u64_be(text + padded, (uint64_t)message->aad_length * 8u);
    put_u64_be(text + padded + 8u, (uint64_t)message->length * 8u);
    return padded + BLOCK;
}

/* Both directions: GHASH is over what is sealed, which is the input of one and the output of the other. */
static void run(const gcm_state_t *state, bool seal, const message_t *message, block_t *tag) {
    union {
        block_t first; /* of the key stream, which masks the tag */
        uint8_t octets[CHUNK + BLOCK];
    } buffer;
    block_t mask = {{0, 0}};
    block_t y = {{0, 0}};
    uint32_t counter = 1;
    size_t head = BLOCK;
    size_t done = 0;

    if (message->aad_length > 0) {
        state->ghash(y.octets, state->h, message->aad, message->aad_length);
    }
    buffer.first = mask;
    do {
        size_t left = message->length - done;
        size_t part = left < CHUNK - head ? left : CHUNK - head;
        size_t whole = round_up(head + part, state->stride);
        size_t hashed = part;
        uint8_t *text = buffer.octets + head;

        if (part > 0) {
            memcpy(text, message->in + done, part);
        }
        if (seal) {
            (void)(*state->keys.vtable->run)(&state->keys.vtable, message->nonce, counter, buffer.octets,
                                             whole);
        }
        if (seal && part > 0) {
            memcpy(message->out + done, text, part);
        }
        if (part == left) {
            hashed = close_text(text, part, message);
        }
        state->ghash(y.octets, state->h, text, hashed);
        if (!seal) {
            (void)(*state->keys.vtable->run)(&state->keys.vtable, message->nonce, counter, buffer.octets,
                                             whole);
        }
        if (!seal && part > 0) {
            memcpy(message->out + done, text, part);
        }
        if (head > 0) {
            mask = buffer.first;
        }
        counter += CHUNK / BLOCK;
        head = 0;
        done += part;
    } while (done < message->length);
    tag->words[0] = y.words[0] ^ mask.words[0];
    tag->words[1] = y.words[1] ^ mask.words[1];
}

static bool is_sound(const message_t *message, size_t tag_size) {
    return tag_size >= QD_GCM_TAG_MIN && tag_size <= QD_GCM_TAG_MAX && message->length <= QD_GCM_LENGTH_MAX &&
           message->aad_length <= QD_GCM_LENGTH_MAX;
}

qd_status_t qd_gcm_init_with(qd_gcm_t *gcm, const qd_gcm_engine_t *engine, const uint8_t *key,
                             size_t key_size) {
    static const uint8_t zero[QD_GCM_NONCE_SIZE];
    gcm_state_t *state = state_of(gcm);

    if ((key_size != 16 && key_size != 32) ||
        (engine->stride != 16 && engine->stride != 32 && engine->stride != 64)) {
        return QD_ARGUMENT;
    }
    memset(gcm->state, 0, sizeof gcm->state);
    engine->ctr->init(&state->keys.vtable, key, key_size);
    state->ghash = engine->ghash;
    state->stride = engine->stride;
    (void)engine->ctr->run(&state->keys.vtable, zero, 0, state->h, sizeof state->h);
    return QD_OK;
}

qd_status_t qd_gcm_init(qd_gcm_t *gcm, const uint8_t *key, size_t key_size) {
    qd_gcm_engine_t engine = qd_gcm_engine_best();

    return qd_gcm_init_with(gcm, &engine, key, key_size);
}

qd_status_t qd_gcm_seal(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, uint8_t *tag,
                        size_t tag_size) {
    message_t message = {nonce, aad, aad_length, in, length, out};
    block_t whole;

    if (!is_sound(&message, tag_size)) {
        return QD_ARGUMENT;
    }
    run(state_of(gcm), true, &message, &whole);
    memcpy(tag, whole.octets, tag_size);
    return QD_OK;
}

qd_status_t qd_gcm_open(qd_gcm_t *gcm, const uint8_t nonce[QD_GCM_NONCE_SIZE], const uint8_t *aad,
                        size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, const uint8_t *tag,
                        size_t tag_size) {
    message_t message = {nonce, aad, aad_length, in, length, out};
    block_t whole;
    uint8_t differs = 0;

    if (!is_sound(&message, tag_size)) {
        return QD_ARGUMENT;
    }
    run(state_of(gcm), false, &message, &whole);
    for (size_t i = 0; i < tag_size; i++) { /* all of it, always: the time says nothing about the tag */
        differs = (uint8_t)(differs | (whole.octets[i] ^ tag[i]));
    }
    if (differs != 0) {
        if (length > 0) {
            memset(out, 0, length);
        }
        return QD_CORRUPT;
    }
    return QD_OK;
}

void qd_gcm_wipe(qd_gcm_t *gcm) {
    volatile uint8_t *octets = gcm->state; /* a compiler may leave out a memset that nobody reads */

    for (size_t i = 0; i < sizeof gcm->state; i++) {
        octets[i] = 0;
    }
}
