/* The client's HDLC station: literal frames, and a line that loses, repeats, delays and spoils them. The meter's side of
 * these tests is written here from the standard and shares no code with the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/client.h"

#define QUEUE 65536u
#define APDU 4096u

/* What the line does to the frame with the number n, counted over both directions. */
typedef enum fate { PASS = 0, LOSE, TWICE, SPOIL, DELAY, NOISE, CUT } fate_t;

/* A meter: normal response mode, go-back-N, its own sequence numbers, and a counter that every SET moves. */
typedef struct meter {
    uint8_t queue[QUEUE]; /* octets on their way to the client */
    size_t head, tail;
    uint8_t late[QUEUE]; /* a delayed frame: comes before the next one */
    size_t late_size;
    uint32_t clock_ms;
    unsigned frames; /* of both directions */
    unsigned seed;   /* 0: fates are from the table */
    fate_t fate[256];
    unsigned odds; /* of 100 frames so many suffer */
    bool connected;
    unsigned vs, vr;
    size_t max;      /* information field, both ways */
    unsigned window; /* both ways */
    uint8_t request[APDU];
    size_t request_size;
    uint8_t reply[APDU];
    size_t reply_size; /* with LLC */
    size_t acked;      /* segments of the reply that the client has */
    size_t segments;
    unsigned first; /* number of the first segment */
    unsigned executed;
    unsigned written; /* last number that a SET wrote */
    unsigned busy;    /* answers with RR so often before it replies */
    unsigned waiting;
    bool hollow;      /* answers with empty segments, none of them the last */
    bool restless;    /* answers with a reply and the beginning of the next one */
    unsigned turns;   /* in which it did so */
    uint8_t dm, frmr; /* what it answers instead of going on */
    char sent[8][120];
    unsigned logged;
    unsigned snrms, discs;
} meter_t;

static meter_t meter;
static qd_client_t client;
static uint8_t buffer[QD_CLIENT_HEAD + 2048 + QD_CLIENT_HDLC_ROOM(2030)];
static uint8_t out[4096];

/* CRC-16/X-25 from its polynomial. */
static unsigned crc(const uint8_t *o, size_t n) {
    unsigned r = 0xFFFF;

    while (n-- > 0) {
        r ^= *o++;
        for (int i = 0; i < 8; i++) {
            r = (r & 1) != 0 ? (r >> 1) ^ 0x8408 : r >> 1;
        }
    }
    return r ^ 0xFFFF;
}

static unsigned chance(unsigned below) {
    meter.seed = meter.seed * 1103515245u + 12345u;
    return (meter.seed >> 16) % below;
}

static fate_t next_fate(void) {
    unsigned n = meter.frames++;

    if (meter.seed != 0) {
        return chance(100) < meter.odds ? (fate_t)(1 + chance(6)) : PASS;
    }
    return n < 256 ? meter.fate[n] : PASS;
}

static void queue(const uint8_t *octets, size_t size) {
    assert_true(meter.tail + size <= QUEUE);
    memcpy(meter.queue + meter.tail, octets, size);
    meter.tail += size;
}

/* A frame from the meter: to client 16, from server 1, physical device 17. */
static void answer(unsigned control, bool more, const uint8_t *information, size_t size) {
    static const uint8_t noise[] = {0x00, 0x7E, 0xA0, 0xFF, 0x55, 0x7E};
    uint8_t f[2100] = {0x7E, 0, 0, 0x21, 0x02, 0x23, (uint8_t)control};
    size_t at = 7;
    size_t length = 8 + (size > 0 ? size + 2 : 0);
    unsigned c;
    fate_t fate = next_fate();

    f[1] = (uint8_t)(0xA0 | (more ? 8 : 0) | length >> 8);
    f[2] = (uint8_t)length;
    if (size > 0) {
        c = crc(f + 1, 6);
        f[at++] = (uint8_t)c;
        f[at++] = (uint8_t)(c >> 8);
        memcpy(f + at, information, size);
        at += size;
    }
    c = crc(f + 1, at - 1);
    f[at++] = (uint8_t)c;
    f[at++] = (uint8_t)(c >> 8);
    f[at++] = 0x7E;
    if (meter.late_size > 0) {
        queue(meter.late, meter.late_size);
        meter.late_size = 0;
    }
    switch (fate) {
    case LOSE:
        return;
    case DELAY:
        memcpy(meter.late, f, at);
        meter.late_size = at;
        return;
    case TWICE:
        queue(f, at);
        break;
    case SPOIL:
        f[at / 2] ^= 0x10;
        break;
    case NOISE:
        queue(noise, sizeof noise);
        break;
    case CUT:
        at -= 3;
        break;
    default:
        break;
    }
    queue(f, at);
}

/* One APDU that is whole: GET gives a string of as many octets as the OBIS code says, SET notes its number. */
static void execute(void) {
    static const uint8_t aare[] = {0xE6, 0xE7, 0x00, 0x61, 0x29, 0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74,
                                   0x05, 0x08, 0x01, 0x01, 0xA2, 0x03, 0x02, 0x01, 0x00, 0xA3, 0x05, 0xA1,
                                   0x03, 0x02, 0x01, 0x00, 0xBE, 0x10, 0x04, 0x0E, 0x08, 0x00, 0x06, 0x5F,
                                   0x1F, 0x04, 0x00, 0x00, 0x52, 0x1D, 0x08, 0x00, 0x00, 0x07};
    static const uint8_t rlre[] = {0xE6, 0xE7, 0x00, 0x63, 0x03, 0x80, 0x01, 0x00};
    const uint8_t *a = meter.request + 3;
    size_t n;

    assert_memory_equal(meter.request, "\xE6\xE6\x00", 3);
    meter.executed++;
    meter.reply_size = 0;
    switch (a[0]) {
    case 0x60:
        memcpy(meter.reply, aare, meter.reply_size = sizeof aare);
        break;
    case 0x62:
        memcpy(meter.reply, rlre, meter.reply_size = sizeof rlre);
        break;
    case 0xC0:
        n = (size_t)a[9] << 8 | a[10]; /* groups E and F */
        memcpy(meter.reply, "\xE6\xE7\x00\xC4\x01\x00\x00\x09\x82", 9);
        meter.reply[5] = a[2];
        meter.reply[9] = (uint8_t)(n >> 8);
        meter.reply[10] = (uint8_t)n;
        for (size_t i = 0; i < n; i++) {
            meter.reply[11 + i] = (uint8_t)(i * 7 + a[8]);
        }
        meter.reply_size = 11 + n;
        break;
    case 0xC1:
        if ((a[2] & 0x40) == 0) {
            meter.written = a[meter.request_size - 4];
            break; /* nobody wants an answer */
        }
        meter.written = a[meter.request_size - 4];
        memcpy(meter.reply, "\xE6\xE7\x00\xC5\x01\x00\x00", 7);
        meter.reply[5] = a[2];
        meter.reply_size = 7;
        break;
    default:
        fail();
    }
    meter.request_size = 0;
    meter.first = meter.vs;
    meter.acked = 0;
    meter.segments = (meter.reply_size + meter.max - 1) / meter.max;
    meter.waiting = meter.busy;
}

static void speak(void) {
    size_t sent;

    if (meter.waiting > 0) {
        meter.waiting--;
        answer(0x11 | meter.vr << 5, false, NULL, 0);
        return;
    }
    if (meter.hollow || meter.restless) {
        meter.turns++;
        if (meter.restless) {
            answer(meter.vs << 1 | meter.vr << 5, false, meter.reply, meter.reply_size);
            meter.vs = (meter.vs + 1) % 8;
        }
        answer(meter.vs << 1 | meter.vr << 5 | 0x10, true, meter.reply, meter.hollow ? 0 : 4);
        meter.vs = (meter.vs + 1) % 8;
        return;
    }
    if (meter.acked >= meter.segments) {
        answer(0x11 | meter.vr << 5, false, NULL, 0);
        return;
    }
    for (sent = 0; sent < meter.window && meter.acked + sent < meter.segments; sent++) {
        size_t k = meter.acked + sent;
        size_t from = k * meter.max;
        size_t size = meter.reply_size - from < meter.max ? meter.reply_size - from : meter.max;
        bool last = k + 1 == meter.segments;
        bool final = last || sent + 1 == meter.window;

        answer((meter.first + (unsigned)k) % 8 << 1 | meter.vr << 5 | (final ? 0x10 : 0), !last,
               meter.reply + from, size);
    }
    meter.vs = (meter.first + (unsigned)(meter.acked + sent)) % 8;
}

static void take_ack(unsigned nr) {
    while (meter.acked < meter.segments && (meter.first + meter.acked) % 8 != nr &&
           (meter.first + meter.acked) % 8 != meter.vs) {
        meter.acked++;
    }
}

static void take_i(const uint8_t *f, size_t head, size_t size) {
    unsigned control = f[head - 1];
    bool poll = (control & 0x10) != 0;

    take_ack(control >> 5);
    if ((control >> 1 & 7) == meter.vr) {
        assert_true(meter.request_size + size <= APDU);
        memcpy(meter.request + meter.request_size, f + head + 2, size);
        meter.request_size += size;
        meter.vr = (meter.vr + 1) % 8;
        if ((f[1] & 8) == 0) {
            execute();
        }
    }
    if (poll) {
        speak();
    }
}

static void take_frame(const uint8_t *f, size_t size) {
    static const uint8_t nothing[1];
    size_t head = 7; /* flag, format, server of 2 octets, client, control */
    uint8_t ua[32] = {0x81, 0x80, 20, 5, 2, 0, 0, 6, 2, 0, 0, 7, 4, 0, 0, 0, 1, 8, 4, 0, 0, 0, 1};

    assert_true(size >= 10 && f[0] == 0x7E && f[size - 1] == 0x7E);
    assert_int_equal(f[1] & 0xF0, 0xA0);
    assert_int_equal((f[1] & 7u) << 8 | f[2], size - 2);
    assert_memory_equal(f + 3, "\x02\x23\x21", 3);
    assert_int_equal(crc(f + 1, size - 4), f[size - 3] | f[size - 2] << 8);
    if (size > 10) {
        assert_int_equal(crc(f + 1, 6), f[7] | f[8] << 8);
        assert_true(size - 12 <= (f[6] == 0x93 ? 40 : meter.max));
    }
    if (f[6] == 0x93) {
        meter.snrms++;
        meter.connected = true;
        meter.vs = meter.vr = 0;
        meter.request_size = 0;
        meter.segments = meter.acked = 0;
        ua[5] = ua[9] = (uint8_t)(meter.max >> 8);
        ua[6] = ua[10] = (uint8_t)meter.max;
        ua[16] = ua[22] = (uint8_t)meter.window;
        answer(meter.dm ? 0x1F : 0x73, false, meter.dm ? nothing : ua, meter.dm ? 0 : 23);
        return;
    }
    if (f[6] == 0x53) {
        meter.discs++;
        answer(meter.connected ? 0x73 : 0x1F, false, NULL, 0);
        meter.connected = false;
        return;
    }
    if (!meter.connected) {
        answer(0x1F, false, NULL, 0);
    } else if (meter.frmr) {
        answer(0x97, false, (const uint8_t *)"\x10\x00\x01", 3);
    } else if ((f[6] & 1) == 0) {
        take_i(f, head, size - 12);
    } else {
        assert_int_equal(f[6] & 0x1F, 0x11); /* RR with P */
        take_ack(f[6] >> 5);
        speak();
    }
}

static qd_status_t line_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    uint8_t frame[2100];
    fate_t fate = next_fate();

    (void)context;
    (void)timeout_ms;
    if (meter.logged < 8) {
        for (size_t i = 0; i < length && i < 59; i++) {
            (void)sprintf(meter.sent[meter.logged] + 2 * i, "%02X", octets[i]);
        }
        meter.logged++;
    }
    memcpy(frame, octets, length);
    switch (fate) {
    case LOSE:
    case SPOIL: /* a meter drops what is spoilt */
    case CUT:
        return QD_OK;
    case TWICE:
        take_frame(frame, length);
        break;
    default: /* a line does not overtake: what is late to the meter is just late */
        break;
    }
    take_frame(frame, length);
    return QD_OK;
}

static qd_status_t line_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                size_t *length) {
    size_t left = meter.tail - meter.head;

    (void)context;
    assert_true(timeout_ms > 0 && size > 0);
    if (left == 0) {
        meter.head = meter.tail = 0;
        meter.clock_ms += timeout_ms;
        if (meter.late_size > 0) {
            queue(meter.late, meter.late_size);
            meter.late_size = 0;
        }
        return QD_PENDING;
    }
    *length = left < size ? left : size;
    memcpy(octets, meter.queue + meter.head, *length);
    meter.head += *length;
    meter.clock_ms += 1;
    return QD_OK;
}

static uint32_t line_now(void *context) {
    (void)context;
    return meter.clock_ms;
}

static const qd_client_transport_t line = {NULL, line_send, line_receive, line_now};

static void begin(size_t max, unsigned window, unsigned retries) {
    qd_client_config_t config = {.transport = &line,
                                 .client_sap = 16,
                                 .server_sap = 1,
                                 .timeout_ms = 1000,
                                 .framing = QD_FRAMING_HDLC,
                                 .receive_pdu = 2048,
                                 .hdlc = {.lower = 17,
                                          .octets = 2,
                                          .window = (uint8_t)window,
                                          .information = (uint16_t)max,
                                          .retries = (uint8_t)retries}};

    memset(&meter, 0, sizeof meter);
    meter.clock_ms = UINT32_MAX - 500;
    meter.max = max;
    meter.window = window;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
}

/* GET of a string of so many octets, and what it must be. */
static qd_client_result_t get(unsigned n, uint8_t salt) {
    qd_client_ref_t ref = {1, QD_OBIS(0, 0, 96, salt, (uint8_t)(n >> 8), (uint8_t)n), 2};
    qd_client_value_t value;
    qd_client_result_t result = qd_client_get(&client, &ref, out, sizeof out, &value);

    if (result == QD_CLIENT_OK) {
        assert_int_equal(value.length, n + 4);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(value.data[4 + i], (uint8_t)(i * 7 + salt));
        }
    }
    return result;
}

static qd_client_result_t set(uint8_t number, size_t size) {
    static const qd_client_ref_t ref = {1, QD_OBIS(0, 0, 96, 1, 0, 255), 2};
    uint8_t data[1024] = {9, 0x82, (uint8_t)((size - 4) >> 8), (uint8_t)(size - 4)};

    data[size - 1] = number;
    return qd_client_set(&client, &ref, data, size);
}

static void connects_by_the_letter(void **state) {
    (void)state;
    begin(128, 1, 0);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_string_equal(meter.sent[0], "7EA01F0223219321E0818012050180060180070400000001080400000001533B7E");
}

static void links_and_asks(void **state) {
    (void)state;
    begin(128, 1, 0);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    assert_int_equal(get(10, 3), QD_CLIENT_OK);
    assert_int_equal(set(77, 20), QD_CLIENT_OK);
    assert_int_equal(meter.written, 77);
    assert_int_equal(qd_client_release(&client), QD_CLIENT_OK);
    assert_int_equal(meter.discs, 1);
    assert_false(meter.connected);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK); /* and again */
    assert_int_equal(meter.snrms, 2);
}

/* Every field and window, replies and requests of many segments, sequence numbers around several times. */
static void segments_both_ways(void **state) {
    static const size_t fields[] = {32, 128, 2030};
    static const unsigned windows[] = {1, 3, 7};

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        for (size_t w = 0; w < 3; w++) {
            begin(fields[f], windows[w], 0);
            assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
            for (unsigned i = 0; i < 12; i++) {
                assert_int_equal(get(i * 150, (uint8_t)i), QD_CLIENT_OK);
                assert_int_equal(set((uint8_t)i, 20 + i * 60), QD_CLIENT_OK);
                assert_int_equal(meter.written, i);
            }
            assert_int_equal(meter.executed, 25);
        }
    }
}

static void waits_for_a_meter_at_work(void **state) {
    (void)state;
    begin(128, 1, 0);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.busy = 5;
    assert_int_equal(get(300, 1), QD_CLIENT_OK);
    meter.busy = 100000;
    assert_int_equal(get(300, 1), QD_CLIENT_SILENT);
}

/* A meter that always has something to say, and never an answer, does not hold the client. */
static void replies_without_end(void **state) {
    (void)state;
    begin(128, 3, 1);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.hollow = true;
    assert_int_equal(get(10, 1), QD_CLIENT_VIOLATION);
    assert_int_equal(meter.turns, 1);
    begin(128, 3, 1);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.restless = true;
    assert_int_equal(get(10, 1), QD_CLIENT_VIOLATION);
    assert_in_range(meter.turns, 2, 10);
}

static void says_dm_and_frmr(void **state) {
    (void)state;
    begin(128, 1, 1);
    meter.dm = 1;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_REFUSED);
    assert_int_equal(qd_client_last_fault(&client)->refusal, QD_REFUSAL_LINK);
    meter.dm = 0;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.connected = false; /* the meter was away */
    assert_int_equal(get(10, 1), QD_CLIENT_SILENT);
    assert_non_null(strstr(qd_client_last_fault(&client)->what, "DM"));
    assert_int_equal(get(10, 1), QD_CLIENT_SILENT);
    begin(128, 1, 1);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.frmr = 1;
    assert_int_equal(get(10, 1), QD_CLIENT_VIOLATION);
    assert_non_null(strstr(qd_client_last_fault(&client)->what, "FRMR"));
    meter.frmr = 0;
    assert_int_equal(qd_client_disconnect(&client), QD_CLIENT_OK); /* also when broken */
    assert_int_equal(meter.discs, 1);
}

static void silence_ends_after_the_retries(void **state) {
    uint32_t start;

    (void)state;
    begin(128, 1, 3);
    for (size_t i = 0; i < 256; i++) {
        meter.fate[i] = LOSE;
    }
    start = meter.clock_ms;
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT);
    assert_int_equal(meter.frames, 4);
    assert_in_range(meter.clock_ms - start, 4000, 4100);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_SILENT); /* broken stays broken */
    assert_int_equal(meter.frames, 4);
}

/* Each frame of a conversation suffers each fate once: the result is right, and a SET is executed once. */
static void one_fault_anywhere(void **state) {
    static const unsigned windows[] = {1, 3};

    (void)state;
    for (size_t w = 0; w < 2; w++) {
        for (unsigned fate = LOSE; fate <= CUT; fate++) {
            for (unsigned n = 0; n < 60; n++) {
                begin(32, windows[w], 2);
                meter.fate[n] = (fate_t)fate;
                assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
                assert_int_equal(get(100, 5), QD_CLIENT_OK);
                assert_int_equal(set(9, 150), QD_CLIENT_OK);
                assert_int_equal(meter.written, 9);
                assert_int_equal(get(64, 6), QD_CLIENT_OK);
                assert_int_equal(meter.executed, 4);
                assert_int_equal(qd_client_release(&client), QD_CLIENT_OK);
            }
        }
    }
}

/* A bad line: right or a clear fault, never wrong data, and nothing twice. */
static void a_bad_line(void **state) {
    unsigned right = 0;

    (void)state;
    for (unsigned seed = 1; seed <= 600; seed++) {
        unsigned before;
        qd_client_result_t result;

        begin(seed % 3 == 0 ? 128 : 32, 1 + seed % 7, 6);
        assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
        meter.seed = seed * 7919;
        meter.odds = 5 + seed % 30;
        for (unsigned i = 0; i < 10; i++) {
            before = meter.executed;
            result = i % 2 == 0 ? get(40 * i, (uint8_t)i) : set((uint8_t)(i + seed), 30 + 40 * i);
            assert_in_range(meter.executed - before, result == QD_CLIENT_OK ? 1 : 0, 1);
            if (result != QD_CLIENT_OK) {
                assert_int_equal(result, QD_CLIENT_SILENT);
                break;
            }
            if (i % 2 == 1) {
                assert_int_equal(meter.written, (uint8_t)(i + seed));
            }
            right++;
        }
    }
    assert_true(right > 5000); /* of 6,000: most of it gets through */
}

static void tells_without_an_answer(void **state) {
    static const uint8_t data[] = {9, 1, 42};
    const qd_client_item_t item = {{1, QD_OBIS(0, 0, 96, 1, 0, 255), 2}, NULL, data, sizeof data};

    (void)state;
    begin(128, 1, 1);
    assert_int_equal(qd_client_open(&client), QD_CLIENT_OK);
    meter.fate[5] = LOSE; /* the acknowledgement */
    assert_int_equal(qd_client_tell(&client, &item, false), QD_CLIENT_OK);
    assert_int_equal(meter.written, 42);
    assert_int_equal(meter.executed, 2);
    assert_int_equal(get(10, 1), QD_CLIENT_OK);
}

static void bounds_of_the_configuration(void **state) {
    qd_client_config_t config = {
        .transport = &line, .client_sap = 16, .server_sap = 1, .framing = QD_FRAMING_HDLC};
    qd_client_config_t bad;

    (void)state;
    assert_int_equal(qd_client_init(&client, &config, buffer, sizeof buffer), QD_OK);
    assert_int_equal(client.config.hdlc.octets, 1);
    assert_int_equal(qd_client_init(&client, &config, buffer, QD_CLIENT_BUFFER_MIN), QD_ARGUMENT);
#define BAD(field, value)                                                                                    \
    bad = config;                                                                                            \
    bad.field = (value);                                                                                     \
    assert_int_equal(qd_client_init(&client, &bad, buffer, sizeof buffer), QD_ARGUMENT)
    BAD(hdlc.information, 31);
    BAD(hdlc.information, 2031);
    BAD(hdlc.window, 8);
    BAD(hdlc.octets, 3);
    BAD(client_sap, 128);
    BAD(hdlc.lower, 0x4000);
    BAD(receive_pdu, 11);
    bad = config;
    bad.hdlc.lower = 128;
    assert_int_equal(qd_client_init(&client, &bad, buffer, sizeof buffer), QD_OK);
    assert_int_equal(client.config.hdlc.octets, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_by_the_letter),  cmocka_unit_test(links_and_asks),
        cmocka_unit_test(segments_both_ways),      cmocka_unit_test(waits_for_a_meter_at_work),
        cmocka_unit_test(says_dm_and_frmr),        cmocka_unit_test(silence_ends_after_the_retries),
        cmocka_unit_test(one_fault_anywhere),      cmocka_unit_test(a_bad_line),
        cmocka_unit_test(tells_without_an_answer), cmocka_unit_test(bounds_of_the_configuration),
        cmocka_unit_test(replies_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
