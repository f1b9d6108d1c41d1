/*
 * gcm.c - published octets through AES-GCM, with every implementation that the processor has; damage; and lengths
 * against BearSSL's own GCM, which is put together in another way.
 *
 * Sources: McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test cases 1-4 and 13-16 (the others have
 * nonces or keys of lengths that the meter does not use); NIST CAVP gcmEncryptExtIV128 and gcmEncryptExtIV256, the
 * first of some groups; IEEE 802.1AE test of a frame of 54 octets that is authenticated only; DLMS UA Green Book,
 * example of a ciphered GET. All were checked with OpenSSL before they were taken in.
 *
 * A plain program, so that it also runs as 32-bit code and on a board: prints "N passed, N failed". With the name of
 * an implementation as its argument it answers lines of stdin instead, for tests/models/test_gcm.py:
 *   seal KEY NONCE AAD TEXT TAG-SIZE -> TEXT TAG;  open KEY NONCE AAD TEXT TAG -> TEXT or the status' name
 * with octets as hex digits and `-` for none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "crypto/internal.h"

#define SIZE 1200u

static unsigned passed;
static unsigned failed;
static const char *current = "";
static const char *engine_name = "";

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool good, const char *what, int line) {
    if (good) {
        passed++;
    } else {
        failed++;
        (void)printf("%s, %s, line %d: %s\n", engine_name, current, line, what);
    }
}

/* --- implementations -------------------------------------------------------------------------------------------- */

typedef struct named_engine {
    const char *name;
    qd_gcm_engine_t engine;
} named_engine_t;

#define ENGINES 8u

/* Those that this processor has; the first is what qd_gcm_init takes. */
static size_t engines(named_engine_t list[ENGINES]) {
    size_t n = 0;
    const br_block_ctr_class *ni = br_aes_x86ni_ctr_get_vtable();
    br_ghash pclmul = br_ghash_pclmul_get();

    list[n++] = (named_engine_t){"best", qd_gcm_engine_best()};
    list[n++] = (named_engine_t){"big", {&br_aes_big_ctr_vtable, br_ghash_ctmul, 16}};
    list[n++] = (named_engine_t){"ct", {&br_aes_ct_ctr_vtable, br_ghash_ctmul, 32}};
    list[n++] = (named_engine_t){"ct-ctmul32", {&br_aes_ct_ctr_vtable, br_ghash_ctmul32, 32}};
    list[n++] = (named_engine_t){"ct64", {&br_aes_ct64_ctr_vtable, br_ghash_ctmul64, 64}};
    if (ni != NULL) {
        list[n++] = (named_engine_t){"ni-ctmul64", {ni, br_ghash_ctmul64, 64}};
    }
    if (pclmul != NULL) {
        list[n++] = (named_engine_t){"ct64-pclmul", {&br_aes_ct64_ctr_vtable, pclmul, 64}};
    }
    return n;
}

/* --- published ---------------------------------------------------------------------------------------------------- */

typedef struct vector {
    const char *id, *key, *nonce, *aad, *plain, *sealed, *tag;
} vector_t;

static const vector_t vectors[] = {
    {"case 1", "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"case 2", "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78",
     "ab6e47d42cec13bdf53a67b21257bddf"},
    {"case 3", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b391aafd255",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
     "1ba30b396a0aac973d58e091473f5985",
     "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"case 4", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
     "1ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"case 13", "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"case 14", "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"case 15", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
     "c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"case 16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
     "b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
     "c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"cavp 128 empty", "11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "", "", "",
     "250327c674aaf477aef2675748cf6971"},
    {"cavp 128 aad", "77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3",
     "7a43ec1d9c0a5a78a0b16533a6213cab", "", "", "209fcc8d3675ed938e9c7166709dd946"},
    {"cavp 128 text", "7fddb57453c241d03efbed3ac44e371c", "ee283a3fc75575e33efd4887", "",
     "d5de42b461646c255c87bd2962d3b9a2", "2ccda4a5415cb91e135c2a0f78c9b2fd",
     "b36d1df9b9d5e596f83e8b7f52971cb3"},
    {"cavp 256 empty", "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
     "516c33929df5a3284ff463d7", "", "", "", "bdc1ac884d332457a1d2664f168c76f0"},
    {"cavp 256 aad", "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
     "d79cf22d504cc793c3fb6c8a", "b96baa8c1c75a671bfb2d08d06be5f36", "", "",
     "3e5d486aa2e30b22e040b85723a06e76"},
    {"cavp 256 text", "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
     "0d18e06c7c725ac9e362e1ce", "", "2db5168e932556f8089a0622981d017d", "fa4362189661d163fcd6a56d8bf0405a",
     "d636ac1bbedd5cc3ee727dc2ab4a9489"},
    {"802.1AE 54", "ad7a2bd03eac835a6f620fdcb506b345", "12153524c0895e81b2c28465",
     "d609b1f056637a0d46df998d88e5222ab2c2846512153524c0895e8108000f101112131415161718191a1b1c1d1e1f20"
     "2122232425262728292a2b2c2d2e2f30313233340001",
     "", "", "f09478a9b09007d06f46e9b6a1da25dd"},
    {"green book get", "000102030405060708090a0b0c0d0e0f", "4d4d4d0000bc614e01234567",
     "30d0d1d2d3d4d5d6d7d8d9dadbdcdddedf", "c0010000080000010000ff0200", "411312ff935a47566827c467bc",
     "7d825c3be4a77c3fcc056b6b"},
};

typedef struct octets {
    uint8_t data[SIZE];
    size_t size;
} octets_t;

static int nibble(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void from_hex(octets_t *octets, const char *hex) {
    octets->size = 0;
    while (nibble(hex[0]) >= 0 && octets->size < SIZE) {
        octets->data[octets->size++] = (uint8_t)(nibble(hex[0]) * 16 + nibble(hex[1]));
        hex += 2;
    }
}

static bool all_zero(const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i < length; i++) {
        if (octets[i] != 0) {
            return false;
        }
    }
    return true;
}

typedef struct taken {
    octets_t key, nonce, aad, plain, sealed, tag;
} taken_t;

static void take(taken_t *t, const vector_t *vector) {
    current = vector->id;
    from_hex(&t->key, vector->key);
    from_hex(&t->nonce, vector->nonce);
    from_hex(&t->aad, vector->aad);
    from_hex(&t->plain, vector->plain);
    from_hex(&t->sealed, vector->sealed);
    from_hex(&t->tag, vector->tag);
}

/* Opens and expects a refusal that leaves nothing of the text. */
static void refused(qd_gcm_t *gcm, const taken_t *t, const uint8_t *tag, size_t tag_size) {
    uint8_t out[SIZE];
    size_t length = t->sealed.size;

    (void)memset(out, 0xA5, sizeof out);
    CHECK(qd_gcm_open(gcm, t->nonce.data, t->aad.data, t->aad.size, t->sealed.data, length, out, tag,
                      tag_size) == QD_CORRUPT);
    CHECK(all_zero(out, length));
    CHECK(out[length] == 0xA5);
    (void)memcpy(out, t->sealed.data, length);
    CHECK(qd_gcm_open(gcm, t->nonce.data, t->aad.data, t->aad.size, out, length, out, tag, tag_size) ==
          QD_CORRUPT);
    CHECK(all_zero(out, length));
}

/* Every octet of everything that goes in, one bit of each. */
static void damage(qd_gcm_t *gcm, const taken_t *t) {
    octets_t *parts[3];
    taken_t bad = *t;
    size_t part;
    size_t i;

    parts[0] = &bad.nonce;
    parts[1] = &bad.aad;
    parts[2] = &bad.sealed;
    for (part = 0; part < 3; part++) {
        for (i = 0; i < parts[part]->size; i++) {
            parts[part]->data[i] ^= (uint8_t)(1u << (i % 8u));
            refused(gcm, &bad, t->tag.data, t->tag.size);
            parts[part]->data[i] ^= (uint8_t)(1u << (i % 8u));
        }
    }
    for (i = 0; i < t->tag.size; i++) {
        size_t size;

        bad.tag.data[i] ^= (uint8_t)(0x80u >> (i % 8u));
        for (size = i + 1 < QD_GCM_TAG_MIN ? QD_GCM_TAG_MIN : i + 1; size <= t->tag.size; size++) {
            refused(gcm, t, bad.tag.data, size);
        }
        bad.tag.data[i] ^= (uint8_t)(0x80u >> (i % 8u));
    }
    if (t->aad.size > 0) {
        bad.aad.size--;
        refused(gcm, &bad, t->tag.data, t->tag.size);
    }
    if (t->sealed.size > 0) {
        bad.sealed.size--;
        refused(gcm, &bad, t->tag.data, t->tag.size);
    }
}

static void seal_and_open(qd_gcm_t *gcm, const taken_t *t) {
    uint8_t out[SIZE + 1u];
    uint8_t tag[QD_GCM_TAG_MAX + 1u];
    size_t length = t->plain.size;
    size_t size;

    for (size = QD_GCM_TAG_MIN; size <= t->tag.size; size++) {
        (void)memset(tag, 0xA5, sizeof tag);
        (void)memset(out, 0xA5, sizeof out);
        CHECK(qd_gcm_seal(gcm, t->nonce.data, t->aad.data, t->aad.size, t->plain.data, length, out, tag,
                          size) == QD_OK);
        CHECK(memcmp(out, t->sealed.data, length) == 0 && out[length] == 0xA5);
        CHECK(memcmp(tag, t->tag.data, size) == 0 && tag[size] == 0xA5);
        CHECK(qd_gcm_open(gcm, t->nonce.data, t->aad.data, t->aad.size, out, length, out, tag, size) ==
              QD_OK);
        CHECK(memcmp(out, t->plain.data, length) == 0 && out[length] == 0xA5);
    }
    /* In place, and with nothing where nothing is. */
    (void)memcpy(out, t->plain.data, length);
    CHECK(qd_gcm_seal(gcm, t->nonce.data, t->aad.size > 0 ? t->aad.data : NULL, t->aad.size,
                      length > 0 ? out : NULL, length, length > 0 ? out : NULL, tag, t->tag.size) == QD_OK);
    CHECK(memcmp(out, t->sealed.data, length) == 0 && memcmp(tag, t->tag.data, t->tag.size) == 0);
}

static void published(const qd_gcm_engine_t *engine) {
    size_t i;

    for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        static taken_t t;
        qd_gcm_t gcm;

        take(&t, &vectors[i]);
        CHECK(qd_gcm_init_with(&gcm, engine, t.key.data, t.key.size) == QD_OK);
        seal_and_open(&gcm, &t);
        damage(&gcm, &t);
    }
}

/* --- lengths ------------------------------------------------------------------------------------------------------ */

static void pattern(uint8_t *octets, size_t length, uint32_t seed) {
    size_t i;

    for (i = 0; i < length; i++) {
        seed = seed * 1664525u + 1013904223u;
        octets[i] = (uint8_t)(seed >> 24);
    }
}

static void against_stream(const qd_gcm_engine_t *engine, size_t length, size_t aad_length, size_t key_size) {
    static uint8_t in[SIZE], out[SIZE], want[SIZE];
    uint8_t key[32], nonce[12], aad[80], tag[16], want_tag[16];
    br_aes_ct_ctr_keys keys;
    br_gcm_context stream;
    qd_gcm_t gcm;

    pattern(in, length, (uint32_t)length + 1u);
    pattern(key, sizeof key, (uint32_t)length + 2u);
    pattern(nonce, sizeof nonce, (uint32_t)length + 3u);
    pattern(aad, sizeof aad, (uint32_t)length + 4u);
    (void)memcpy(want, in, length);
    br_aes_ct_ctr_init(&keys, key, key_size);
    br_gcm_init(&stream, &keys.vtable, br_ghash_ctmul32);
    br_gcm_reset(&stream, nonce, sizeof nonce);
    br_gcm_aad_inject(&stream, aad, aad_length);
    br_gcm_flip(&stream);
    br_gcm_run(&stream, 1, want, length);
    br_gcm_get_tag(&stream, want_tag);
    CHECK(qd_gcm_init_with(&gcm, engine, key, key_size) == QD_OK);
    CHECK(qd_gcm_seal(&gcm, nonce, aad, aad_length, in, length, out, tag, sizeof tag) == QD_OK);
    CHECK(memcmp(out, want, length) == 0);
    CHECK(memcmp(tag, want_tag, sizeof tag) == 0);
    CHECK(qd_gcm_open(&gcm, nonce, aad, aad_length, out, length, out, tag, sizeof tag) == QD_OK);
    CHECK(memcmp(out, in, length) == 0);
    if (length > 0) { /* the last octet is looked at, whatever block it lies in, and everything goes */
        (void)memcpy(out, want, length);
        out[length - 1] ^= 1u;
        CHECK(qd_gcm_open(&gcm, nonce, aad, aad_length, out, length, out, tag, sizeof tag) == QD_CORRUPT);
        CHECK(all_zero(out, length));
    }
}

/* Every length over the ends of two pieces of the buffer, then some longer ones. */
static void lengths(const qd_gcm_engine_t *engine) {
    size_t length;

    current = "lengths";
    for (length = 0; length < SIZE; length += length < 660 ? 1 : 47) {
        against_stream(engine, length, length % 81, length % 2 == 0 ? 16 : 32);
        against_stream(engine, length, 0, 16);
    }
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

static void arguments(void) {
    static const uint8_t key[32] = {1};
    uint8_t nonce[12] = {2};
    uint8_t octets[4] = {3, 4, 5, 6};
    uint8_t tag[17] = {0};
    qd_gcm_engine_t engine = qd_gcm_engine_best();
    qd_gcm_t gcm;
    size_t i;

    current = "arguments";
    for (i = 0; i <= 32; i++) {
        CHECK(qd_gcm_init(&gcm, key, i) == (i == 16 || i == 32 ? QD_OK : QD_ARGUMENT));
    }
    for (i = 0; i <= 17; i++) {
        bool good = i >= QD_GCM_TAG_MIN && i <= QD_GCM_TAG_MAX;
        uint8_t sealed[4];

        CHECK(qd_gcm_seal(&gcm, nonce, NULL, 0, octets, 4, sealed, tag, i) == (good ? QD_OK : QD_ARGUMENT));
        (void)memset(sealed, 9, sizeof sealed);
        CHECK(qd_gcm_open(&gcm, nonce, NULL, 0, octets, 4, sealed, tag, i) ==
              (good ? QD_CORRUPT : QD_ARGUMENT));
        CHECK(good ? sealed[0] == 0 : sealed[0] == 9);
    }
#if SIZE_MAX > 0xFFFFFFFFu
    CHECK(qd_gcm_seal(&gcm, nonce, NULL, 0, octets, (size_t)QD_GCM_LENGTH_MAX + 1u, octets, tag, 12) ==
          QD_ARGUMENT);
    CHECK(qd_gcm_open(&gcm, nonce, octets, (size_t)QD_GCM_LENGTH_MAX + 1u, octets, 4, octets, tag, 12) ==
          QD_ARGUMENT);
#endif
    engine.stride = 48;
    CHECK(qd_gcm_init_with(&gcm, &engine, key, 16) == QD_ARGUMENT);
    qd_gcm_wipe(&gcm);
    CHECK(all_zero((const uint8_t *)&gcm, sizeof gcm));
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void print_hex(const uint8_t *octets, size_t length, const char *end) {
    size_t i;

    for (i = 0; i < length; i++) {
        (void)printf("%02x", octets[i]);
    }
    (void)printf("%s%s", length == 0 ? "-" : "", end);
}

static int answer_lines(const qd_gcm_engine_t *engine) {
    static char line[4u * SIZE + 600u], word[6][2u * SIZE + 1u];
    static octets_t key, nonce, aad, text, tag;
    static uint8_t out[SIZE], made[QD_GCM_TAG_MAX];
    qd_gcm_t gcm;
    unsigned size;

    while (fgets(line, (int)sizeof line, stdin) != NULL) {
        if (sscanf(line, "%2400s %2400s %2400s %2400s %2400s %2400s", word[0], word[1], word[2], word[3],
                   word[4], word[5]) != 6) {
            return 2;
        }
        from_hex(&key, word[1]);
        from_hex(&nonce, word[2]);
        from_hex(&aad, word[3]);
        from_hex(&text, word[4]);
        if (qd_gcm_init_with(&gcm, engine, key.data, key.size) != QD_OK || nonce.size != QD_GCM_NONCE_SIZE) {
            return 2;
        }
        if (strcmp(word[0], "seal") == 0 && sscanf(word[5], "%u", &size) == 1 &&
            qd_gcm_seal(&gcm, nonce.data, aad.data, aad.size, text.data, text.size, out, made, size) ==
                QD_OK) {
            print_hex(out, text.size, " ");
            print_hex(made, size, "\n");
        } else if (strcmp(word[0], "open") == 0) {
            qd_status_t status;

            from_hex(&tag, word[5]);
            status = qd_gcm_open(&gcm, nonce.data, aad.data, aad.size, text.data, text.size, out, tag.data,
                                 tag.size);
            if (status == QD_OK) {
                print_hex(out, text.size, "\n");
            } else {
                (void)printf("%s\n", qd_status_name(status));
            }
        } else {
            return 2;
        }
    }
    return 0;
}

int main(int count, char **words) {
    named_engine_t list[ENGINES];
    size_t n = engines(list);
    size_t i;

    for (i = 0; count > 1 && i < n; i++) {
        if (strcmp(words[1], list[i].name) == 0) {
            return answer_lines(&list[i].engine);
        }
    }
    if (count > 1) {
        (void)printf("none\n"); /* this processor does not have it */
        return 3;
    }
    for (i = 0; i < n; i++) {
        engine_name = list[i].name;
        published(&list[i].engine);
        lengths(&list[i].engine);
    }
    arguments();
    (void)printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
