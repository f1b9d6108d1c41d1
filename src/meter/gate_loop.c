/* A byte loopback between metrology's gate and the application: every message is framed and checked
 * as it would be between two images. */
#include <string.h>

#include "meter/meter_state.h"

/* The two ends of metrology's gate and the bytes between them, when it is reached by a link. */
typedef struct qd_loop_ring {
    uint8_t octets[1024];
    uint16_t first;
    uint16_t count;
} qd_loop_ring_t;

typedef struct qd_gate_loop {
    qd_loop_ring_t up;   /* to the application */
    qd_loop_ring_t down; /* to metrology */
    qd_gate_pipe_t server_pipe;
    qd_gate_pipe_t client_pipe;
    qd_gate_server_t server;
    qd_gate_client_t client;
} qd_gate_loop_t;

static size_t ring_write(void *context, const uint8_t *data, size_t length) {
    qd_loop_ring_t *ring = context;
    size_t taken = 0;
    while (taken < length && ring->count < sizeof ring->octets) {
        ring->octets[(ring->first + ring->count) % sizeof ring->octets] = data[taken++];
        ring->count++;
    }
    return taken;
}

static size_t ring_read(void *context, uint8_t *data, size_t size) {
    qd_loop_ring_t *ring = context;
    size_t given = 0;
    while (given < size && ring->count > 0) {
        data[given++] = ring->octets[ring->first];
        ring->first = (uint16_t)((ring->first + 1u) % sizeof ring->octets);
        ring->count--;
    }
    return given;
}

static size_t server_write(void *context, const uint8_t *data, size_t length) {
    return ring_write(&((qd_gate_loop_t *)context)->up, data, length);
}

static size_t server_read(void *context, uint8_t *data, size_t size) {
    return ring_read(&((qd_gate_loop_t *)context)->down, data, size);
}

static size_t client_write(void *context, const uint8_t *data, size_t length) {
    return ring_write(&((qd_gate_loop_t *)context)->down, data, length);
}

static size_t client_read(void *context, uint8_t *data, size_t size) {
    return ring_read(&((qd_gate_loop_t *)context)->up, data, size);
}

static const qd_gate_t *loop_init(void *state, const qd_gate_t *gate) {
    qd_gate_loop_t *loop = state;
    memset(loop, 0, sizeof *loop);
    loop->server_pipe = (qd_gate_pipe_t){loop, server_write, server_read};
    loop->client_pipe = (qd_gate_pipe_t){loop, client_write, client_read};
    qd_gate_server_init(&loop->server, gate, &loop->server_pipe);
    qd_gate_client_init(&loop->client, &loop->client_pipe);
    return qd_gate_client_gate(&loop->client);
}

static void loop_pump(void *state) {
    qd_gate_server_pump(&((qd_gate_loop_t *)state)->server);
}

const qd_gate_way_t qd_gate_by_loopback = {sizeof(qd_gate_loop_t), loop_init, loop_pump};
