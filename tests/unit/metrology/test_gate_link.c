/* The gate over a byte link that drops, damages, repeats and delays octets. */
#include "base/crc.h"
#include "fixture.h"
#include "metrology/gate_codec.h"
#include "metrology/gate_link.h"

#define PIPE_SIZE 8192u

/* One direction. Every percent is drawn per octet. */
typedef struct wire {
    uint8_t octets[PIPE_SIZE];
    size_t from, to;
    uint64_t x;
    unsigned drop, damage, repeat; /* per 10,000 octets */
    size_t chunk;                  /* most octets per call; 0: any */
} wire_t;

typedef struct ends {
    wire_t *out;
    wire_t *in;
} ends_t;

static bool chance(wire_t *w, unsigned per_myriad) {
    w->x = w->x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->x >> 33) % 10000u < per_myriad;
}

static void wire_put(wire_t *w, uint8_t octet) {
    if (w->to - w->from < PIPE_SIZE) {
        w->octets[w->to++ % PIPE_SIZE] = octet;
    }
}

static size_t pipe_write(void *context, const uint8_t *data, size_t length) {
    wire_t *w = ((ends_t *)context)->out;
    size_t n = w->chunk > 0 && length > w->chunk ? w->chunk : length;
    for (size_t i = 0; i < n; i++) {
        if (chance(w, w->drop)) {
            continue;
        }
        uint8_t octet = data[i];
        if (chance(w, w->damage)) {
            octet ^= (uint8_t)(1u << w->x % 8u);
        }
        wire_put(w, octet);
        if (chance(w, w->repeat)) {
            wire_put(w, octet);
        }
    }
    return n;
}

static size_t pipe_read(void *context, uint8_t *data, size_t size) {
    wire_t *w = ((ends_t *)context)->in;
    size_t n = 0;
    while (n < size && w->from < w->to && (w->chunk == 0 || n < w->chunk)) {
        data[n++] = w->octets[w->from++ % PIPE_SIZE];
    }
    return n;
}

typedef struct link {
    fixture_t f;
    wire_t up, down;
    ends_t near, far;
    qd_gate_pipe_t server_pipe, client_pipe;
    qd_gate_server_t server;
    qd_gate_client_t client;
    const qd_gate_t *gate;
} link_t;

static void link_new(link_t *l) {
    memset(l, 0, sizeof *l);
    fixture_new(&l->f);
    l->up.x = 1;
    l->down.x = 2;
    l->near = (ends_t){&l->down, &l->up};
    l->far = (ends_t){&l->up, &l->down};
    l->server_pipe = (qd_gate_pipe_t){&l->near, pipe_write, pipe_read};
    l->client_pipe = (qd_gate_pipe_t){&l->far, pipe_write, pipe_read};
    qd_gate_server_init(&l->server, l->f.gate, &l->server_pipe);
    qd_gate_client_init(&l->client, &l->client_pipe);
    l->gate = qd_gate_client_gate(&l->client);
}

/* Submits and pumps both sides until the reply is there. */
static qd_status_t far_ask(link_t *l, const qd_gate_request_t *request, qd_gate_reply_t *reply) {
    assert_int_equal(l->gate->submit(l->gate->context, request), QD_OK);
    for (unsigned i = 0; i < 20000; i++) {
        qd_gate_server_pump(&l->server);
        if (l->gate->reply(l->gate->context, reply) == QD_OK) {
            assert_int_equal(reply->sequence, request->sequence);
            assert_int_equal(reply->kind, request->kind);
            return (qd_status_t)reply->status;
        }
    }
    fail_msg("no reply");
    return QD_IO;
}

static void every_message_crosses(void **state) {
    (void)state;
    link_t l;
    qd_gate_reply_t near_reply, far_reply;
    qd_snapshot_t near_snapshot, far_snapshot;
    link_new(&l);
    l.f.open = true;
    assert_int_equal(l.gate->poll(l.gate->context, &far_snapshot), QD_PENDING);
    run_one(&l.f, -123456, 654321, 999999);
    qd_gate_server_pump(&l.server);
    assert_int_equal(l.gate->poll(l.gate->context, &far_snapshot), QD_OK);
    assert_int_equal(l.gate->poll(l.gate->context, &far_snapshot), QD_END);
    memset(&near_snapshot, 0, sizeof near_snapshot);
    assert_int_equal(l.f.gate->poll(l.f.gate->context, &near_snapshot), QD_END);
    uint8_t a[512], b[512];
    qd_writer_t wa, wb;
    qd_writer_init(&wa, a, sizeof a);
    qd_writer_init(&wb, b, sizeof b);
    qd_gate_snapshot_encode(&wa, &near_snapshot);
    qd_gate_snapshot_encode(&wb, &far_snapshot);
    assert_int_equal(wa.at, wb.at);
    assert_memory_equal(a, b, wa.at);
    assert_int_equal(far_snapshot.total_mj[QD_ENERGY_R2], 654320);
    assert_int_equal(far_snapshot.now.phase[0].active_power_mw, -123456);

    for (uint8_t kind = QD_GATE_HELLO; kind <= QD_GATE_SELF_TEST; kind++) {
        qd_gate_request_t request = {.sequence = (uint16_t)(1000 + kind), .kind = kind};
        switch (kind) {
        case QD_GATE_PAGE:
            request.u.page.page = QD_PAGE_PHASE(0);
            break;
        case QD_GATE_SET_CLOCK:
            request.u.set_clock.utc_ms = 123456789012;
            request.u.set_clock.at_us = 999999;
            request.u.set_clock.uncertainty_ms = 77;
            break;
        case QD_GATE_SELECT_RATE:
            request.u.select_rate.rate[7] = 8;
            request.u.select_rate.from_us = 5000000;
            break;
        case QD_GATE_SET_PARAMETER:
            request.u.parameter.parameter = QD_SEALED_VT_NUMERATOR;
            request.u.parameter.value = 1000;
            break;
        case QD_GATE_READ_JOURNAL:
            request.u.journal.sequence = 2;
            break;
        case QD_GATE_SET_PULSE:
            request.u.pulse.output = 1;
            request.u.pulse.constant = 5000;
            break;
        default:
            break;
        }
        assert_int_equal(far_ask(&l, &request, &far_reply), QD_OK);
        if (kind == QD_GATE_SET_CLOCK || kind == QD_GATE_SET_PARAMETER || kind == QD_GATE_SET_PULSE) {
            continue;
        }
        assert_int_equal(ask(l.f.gate, &request, &near_reply), QD_OK);
        qd_writer_init(&wa, a, sizeof a);
        qd_writer_init(&wb, b, sizeof b);
        qd_gate_reply_encode(&wa, &near_reply);
        qd_gate_reply_encode(&wb, &far_reply);
        assert_int_equal(wa.at, wb.at);
        assert_memory_equal(a, b, wa.at);
    }
    assert_int_equal(l.f.m->sealed.ratio[QD_SEALED_VT_NUMERATOR], 1000);
    assert_int_equal(l.f.m->sealed.pulse_constant[1], 5000);
    assert_int_equal(l.f.m->clock.utc_us, 123456789012000);
    assert_int_equal(l.f.m->clock.uncertainty_ms, 77);
    assert_true(l.f.m->waiting);
    assert_int_equal(l.f.m->selection.rate[7], 8);
    assert_int_equal(l.server.dropped, 0);
    assert_int_equal(l.client.dropped, 0);
}

/* The snapshot with the new clock is there as soon as the reply is, however slowly the octets come. */
static void a_clock_just_set_shows_what_was_set(void **state) {
    (void)state;
    static const size_t chunk[] = {0, 1, 7};
    for (unsigned i = 0; i < sizeof chunk / sizeof chunk[0]; i++) {
        link_t l;
        uint64_t x = i;
        link_new(&l);
        l.up.chunk = chunk[i];
        l.down.chunk = chunk[i];
        for (unsigned n = 0; n < 200; n++) {
            qd_gate_request_t request = {.sequence = (uint16_t)n, .kind = QD_GATE_SET_CLOCK};
            qd_gate_reply_t reply;
            qd_snapshot_t s;
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            run_one(&l.f, 1000, 0, (uint32_t)(1 + (x >> 33) % 2000000u));
            request.u.set_clock.utc_ms = (int64_t)(700000000000 + (x >> 24) % 100000000000u);
            request.u.set_clock.at_us = l.f.tick_us + (x >> 20) % 1700000u;
            assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
            assert_int_equal(l.gate->poll(l.gate->context, &s), QD_OK);
            assert_int_equal(s.tick_us, l.f.tick_us);
            assert_int_equal(utc_shown(&s, request.u.set_clock.at_us), request.u.set_clock.utc_ms);
        }
    }
}

static void a_snapshot_can_be_asked_for(void **state) {
    (void)state;
    link_t l;
    qd_snapshot_t s;
    qd_gate_reply_t reply;
    link_new(&l);
    l.down.drop = 10000;
    qd_gate_server_pump(&l.server);
    l.down.drop = 0;
    qd_gate_server_pump(&l.server);
    assert_int_equal(l.gate->poll(l.gate->context, &s), QD_PENDING);
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SNAPSHOT};
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
    assert_int_equal(l.gate->poll(l.gate->context, &s), QD_OK);
    assert_int_equal(s.number, 1);
}

/* Parameters count up; each must be journalled once, however often the request had to be sent. */
static void nothing_is_done_twice_on_a_bad_link(void **state) {
    (void)state;
    static const struct {
        unsigned drop, damage, repeat;
        size_t chunk;
    } row[] = {{0, 0, 0, 0},   {0, 0, 0, 1},  {0, 0, 0, 7},   {50, 0, 0, 0},
               {0, 50, 0, 13}, {0, 0, 50, 0}, {40, 40, 40, 5}};
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        link_t l;
        qd_gate_reply_t reply;
        link_new(&l);
        l.f.open = true;
        wire_t *wires[2] = {&l.up, &l.down};
        for (unsigned k = 0; k < 2; k++) {
            wires[k]->drop = row[i].drop;
            wires[k]->damage = row[i].damage;
            wires[k]->repeat = row[i].repeat;
            wires[k]->chunk = row[i].chunk;
        }
        uint32_t first = newest_entry(&l.f).sequence;
        for (uint32_t n = 1; n <= 300; n++) {
            qd_gate_request_t request = {.sequence = 9, .kind = QD_GATE_SET_PARAMETER};
            request.u.parameter.value = n;
            assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
            assert_int_equal(l.f.m->sealed.ratio[0], n);
            assert_int_equal(newest_entry(&l.f).sequence, first + n);
            run_one(&l.f, 1000, 0, SECOND);
            qd_gate_server_pump(&l.server);
        }
        bool bad = row[i].drop + row[i].damage + row[i].repeat > 0;
        assert_int_equal(l.server.dropped > 0, bad);
        assert_int_equal(l.client.dropped > 0, bad);
    }
}

static void a_slow_request_is_answered_once_it_is_done(void **state) {
    (void)state;
    link_t l;
    qd_gate_reply_t reply;
    link_new(&l);
    l.f.open = true;
    l.f.store.pending = 100;
    qd_gate_request_t request = {.sequence = 9, .kind = QD_GATE_SET_PARAMETER};
    request.u.parameter.value = 42;
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
    assert_int_equal(l.f.m->sealed.ratio[0], 42);
    assert_int_equal(newest_entry(&l.f).sequence, 3);
    assert_int_equal(l.gate->reply(l.gate->context, &reply), QD_STATE);
}

static void a_client_that_starts_anew_says_hello(void **state) {
    (void)state;
    link_t l;
    qd_gate_reply_t reply;
    link_new(&l);
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_READ_JOURNAL};
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
    qd_gate_client_init(&l.client, &l.client_pipe);
    request.kind = QD_GATE_HELLO; /* the link's number 1 again */
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
    assert_int_equal(reply.u.hello.pulse_constant[0], 1000);
    qd_gate_client_init(&l.client, &l.client_pipe);
    l.f.open = true;
    run_one(&l.f, 1, 0, SECOND);
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
    request.kind = QD_GATE_SELF_TEST;
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
}

static void refusals_of_the_gate_cross(void **state) {
    (void)state;
    link_t l;
    qd_gate_reply_t reply;
    link_new(&l);
    qd_gate_request_t request = {.sequence = 4, .kind = QD_GATE_SET_PARAMETER};
    assert_int_equal(far_ask(&l, &request, &reply), QD_SEALED);
    request.kind = QD_GATE_HELLO + 100;
    assert_int_equal(l.gate->submit(l.gate->context, &request), QD_ARGUMENT);
    request.kind = QD_GATE_HELLO;
    assert_int_equal(l.gate->reply(l.gate->context, &reply), QD_STATE);
    assert_int_equal(l.gate->submit(l.gate->context, &request), QD_OK);
    assert_int_equal(l.gate->submit(l.gate->context, &request), QD_BUSY);
    assert_int_equal(l.gate->reply(l.gate->context, &reply), QD_PENDING);
    /* somebody else uses the direct gate meanwhile */
    link_new(&l);
    assert_int_equal(l.f.gate->submit(l.f.gate->context, &request), QD_OK);
    assert_int_equal(far_ask(&l, &request, &reply), QD_BUSY);
}

/* Random octets, and good frames with random bodies, to both sides. */
static void rubbish_is_dropped(void **state) {
    (void)state;
    link_t l;
    qd_snapshot_t s;
    qd_gate_reply_t reply;
    uint64_t x = 77;
    link_new(&l);
    uint64_t hash = qd_metrology_hash(l.f.m);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t frame[QD_GATE_FRAME_MAX];
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t body = 1u + (size_t)((x >> 33) % 250u);
        for (size_t k = 0; k < body + 7; k++) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            frame[k] = (uint8_t)(x >> 40);
        }
        frame[0] = 0x51;
        if (i % 2u == 0) {
            frame[1] = (uint8_t)body;
            frame[2] = 0;
            frame[3] = (uint8_t)(frame[3] % 5u);
            if (frame[3] == 1 && body > 3) {
                frame[6] =
                    (uint8_t)(frame[6] % 2u == 0 ? 0 : frame[6]); /* never a request that changes something */
                frame[6] = frame[6] <= QD_GATE_SELF_TEST ? 0 : frame[6];
            }
            uint32_t check = qd_crc32(0, frame + 1, body + 2);
            for (unsigned k = 0; k < 4; k++) {
                frame[body + 3 + k] = (uint8_t)(check >> (8u * k));
            }
        }
        for (size_t k = 0; k < body + 7; k++) {
            wire_put(&l.up, frame[k]);
            wire_put(&l.down, frame[k]);
        }
        qd_gate_server_pump(&l.server);
        (void)l.gate->poll(l.gate->context, &s);
        if (i % 100u == 0) {
            l.down.from = l.down.to; /* what the server sent meanwhile */
        }
    }
    assert_true(l.server.dropped > 9000);
    assert_true(l.client.dropped > 9000);
    assert_int_equal(qd_metrology_hash(l.f.m), hash);
    for (unsigned i = 0; i < QD_GATE_FRAME_MAX; i++) {
        wire_put(&l.up, 0); /* ends whatever a length promised */
        wire_put(&l.down, 0);
    }
    qd_gate_request_t request = {.sequence = 4, .kind = QD_GATE_HELLO};
    assert_int_equal(far_ask(&l, &request, &reply), QD_OK);
}

static void codecs_take_exactly_one_message(void **state) {
    (void)state;
    uint8_t octets[512];
    qd_writer_t w;
    qd_reader_t r;
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_SET_CLOCK};
    qd_gate_reply_t reply = {.sequence = 1, .kind = QD_GATE_READ_JOURNAL, .status = QD_OK};
    qd_snapshot_t snapshot = {.number = 1};
    for (unsigned which = 0; which < 3; which++) {
        qd_writer_init(&w, octets, sizeof octets);
        if (which == 0) {
            qd_gate_request_encode(&w, &request);
        } else if (which == 1) {
            qd_gate_reply_encode(&w, &reply);
        } else {
            qd_gate_snapshot_encode(&w, &snapshot);
        }
        assert_int_equal(w.status, QD_OK);
        octets[w.at] = 0;
        for (size_t length = 0; length <= w.at + 1; length++) {
            qd_reader_init(&r, octets, length);
            qd_status_t status = which == 0   ? qd_gate_request_decode(&r, &request)
                                 : which == 1 ? qd_gate_reply_decode(&r, &reply)
                                              : qd_gate_snapshot_decode(&r, &snapshot);
            if (length == w.at) {
                assert_int_equal(status, QD_OK);
            } else if (length > w.at) {
                assert_int_equal(status, QD_MALFORMED);
            } else {
                assert_true(status == QD_TRUNCATED || status == QD_MALFORMED);
            }
        }
    }
    octets[28] = 2; /* clock valid */
    qd_reader_init(&r, octets, w.at);
    assert_int_equal(qd_gate_snapshot_decode(&r, &snapshot), QD_MALFORMED);
    static const uint8_t unknown[] = {1, 0, 11, 0};
    qd_reader_init(&r, unknown, 3);
    assert_int_equal(qd_gate_request_decode(&r, &request), QD_MALFORMED);
    qd_reader_init(&r, unknown, 4);
    assert_int_equal(qd_gate_reply_decode(&r, &reply), QD_MALFORMED);
    static const uint8_t status[] = {1, 0, QD_GATE_SELF_TEST, QD_STATUS_COUNT, 0, 0, 0, 0};
    qd_reader_init(&r, status, sizeof status);
    assert_int_equal(qd_gate_reply_decode(&r, &reply), QD_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_crosses),
        cmocka_unit_test(a_clock_just_set_shows_what_was_set),
        cmocka_unit_test(a_snapshot_can_be_asked_for),
        cmocka_unit_test(nothing_is_done_twice_on_a_bad_link),
        cmocka_unit_test(a_slow_request_is_answered_once_it_is_done),
        cmocka_unit_test(a_client_that_starts_anew_says_hello),
        cmocka_unit_test(refusals_of_the_gate_cross),
        cmocka_unit_test(rubbish_is_dropped),
        cmocka_unit_test(codecs_take_exactly_one_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
