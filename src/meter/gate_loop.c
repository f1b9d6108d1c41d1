/* A byte loopback between metrology's gate and the application: every message is framed and checked
 * as it would be between two images. */
#include <string.h>

#include "meter/meter_state.h"

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

void qd_gate_loop_init(qd_gate_loop_t *loop, const qd_gate_t *gate) {
    memset(loop, 0, sizeof *loop);
    loop->server_pipe = (qd_gate_pipe_t){loop, server_write, server_read};
    loop->client_pipe = (qd_gate_pipe_t){loop, client_write, client_read};
    qd_gate_server_init(&loop->server, gate, &loop->server_pipe);
    qd_gate_client_init(&loop->client, &loop->client_pipe);
}
