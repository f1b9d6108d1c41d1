/*
 * client.c - the life of an association.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/xdlms.h"

#define DLMS_VERSION 6u
#define VAA_NAME_LN 7u
#define PEER_PDU_MIN 12u

/* General block transfer, attribute 0 with SET and GET, priority management, blocks of GET, SET and ACTION, multiple
 * references, ACCESS, GET, SET, selective access, ACTION. */
#define PROPOSED                                                                                             \
    (QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER | QD_CONFORMANCE_ATTRIBUTE_0_SET | QD_CONFORMANCE_PRIORITY |      \
     QD_CONFORMANCE_ATTRIBUTE_0_GET | QD_CONFORMANCE_BLOCK_GET | QD_CONFORMANCE_BLOCK_SET |                  \
     QD_CONFORMANCE_BLOCK_ACTION | QD_CONFORMANCE_MULTIPLE_REFERENCES | QD_CONFORMANCE_ACCESS |              \
     QD_CONFORMANCE_GET | QD_CONFORMANCE_SET | QD_CONFORMANCE_SELECTIVE_ACCESS | QD_CONFORMANCE_ACTION)
/* Of a pre-established association nobody says what it has: the services that every meter has. */
#define PREESTABLISHED                                                                                       \
    (QD_CONFORMANCE_PRIORITY | QD_CONFORMANCE_BLOCK_GET | QD_CONFORMANCE_GET | QD_CONFORMANCE_SET |          \
     QD_CONFORMANCE_SELECTIVE_ACCESS | QD_CONFORMANCE_ACTION)

#define INFORMATION_DEFAULT 128u
#define INFORMATION_MIN 32u
#define INFORMATION_MAX 2030u
#define WINDOW_MAX 7u
#define HALF_MAX 0x7Fu /* of an address with one octet for each half */
#define WIDE_MAX 0x3FFFu
#define OCTET_DEFAULT_MS 500u

static const qd_client_fault_t no_fault = {QD_CLIENT_OK, QD_REFUSAL_NONE, 0, 0, ""};

/* Fills in the defaults of HDLC. False: a number is outside of its bounds. */
static bool settle_hdlc(qd_client_config_t *config) {
    qd_client_hdlc_t *hdlc = &config->hdlc;
    uint16_t half;

    hdlc->information = hdlc->information != 0u ? hdlc->information : INFORMATION_DEFAULT;
    hdlc->window = hdlc->window != 0u ? hdlc->window : 1u;
    hdlc->octet_ms = hdlc->octet_ms != 0u ? hdlc->octet_ms : OCTET_DEFAULT_MS;
    if (hdlc->octets == 0u) {
        bool wide = hdlc->lower > HALF_MAX || config->server_sap > HALF_MAX;

        hdlc->octets = wide ? 4u : (hdlc->lower != 0u ? 2u : 1u);
    }
    half = hdlc->octets == 4u ? WIDE_MAX : HALF_MAX;
    return hdlc->information >= INFORMATION_MIN && hdlc->information <= INFORMATION_MAX &&
           hdlc->window <= WINDOW_MAX && (hdlc->octets == 1u || hdlc->octets == 2u || hdlc->octets == 4u) &&
           config->client_sap <= HALF_MAX && config->server_sap <= half &&
           hdlc->lower <= (hdlc->octets == 1u ? 0u : half);
}

qd_status_t qd_client_init(qd_client_t *client, const qd_client_config_t *config, uint8_t *buffer,
                           size_t size) {
    qd_client_t empty = {0};
    size_t frame = 0;

    if (client == NULL || config == NULL || buffer == NULL || config->transport == NULL ||
        config->transport->send == NULL || config->transport->receive == NULL ||
        config->transport->now_ms == NULL ||
        (config->receive_pdu != 0u && config->receive_pdu < QD_CLIENT_PDU_MIN)) {
        return QD_ARGUMENT;
    }
    *client = empty;
    client->config = *config;
    if (config->framing == QD_FRAMING_HDLC) {
        if (!settle_hdlc(&client->config)) {
            return QD_ARGUMENT;
        }
        frame = QD_CLIENT_HDLC_ROOM(client->config.hdlc.information);
    }
    if (size < QD_CLIENT_BUFFER_MIN + frame) {
        return QD_ARGUMENT;
    }
    if (client->config.timeout_ms == 0u) {
        client->config.timeout_ms = 1;
    }
    if (client->config.conformance == 0u) {
        client->config.conformance = PROPOSED;
    }
    client->config.conformance &= PROPOSED;
    client->buffer = buffer;
    client->size = size;
    client->room = size - frame - QD_CLIENT_HEAD;
    client->room = client->room < 0xFFFFu ? client->room : 0xFFFFu;
    client->fault = no_fault;
    return QD_OK;
}

const qd_client_fault_t *qd_client_last_fault(const qd_client_t *client) {
    return &client->fault;
}

uint16_t qd_client_receive_pdu(const qd_client_t *client) {
    uint16_t own = client->config.receive_pdu;

    return own != 0u && own < client->room ? own : (uint16_t)client->room;
}

static void put_aarq(qd_client_t *client, qd_writer_t *w) {
    uint8_t octets[32];
    qd_writer_t information;
    qd_initiate_request_t initiate = {.response_allowed = true,
                                      .dlms_version = DLMS_VERSION,
                                      .conformance = client->config.conformance,
                                      .max_receive_pdu = qd_client_receive_pdu(client)};
    qd_aarq_t aarq = {.version_1 = true, .context_name = QD_CONTEXT_LN};

    qd_writer_init(&information, octets, sizeof octets);
    qd_initiate_request_encode(&information, &initiate);
    aarq.user_information.data = octets;
    aarq.user_information.length = information.at;
    if (client->config.mechanism == QD_CLIENT_LLS) {
        aarq.authentication_unit = true;
        aarq.has_mechanism = true;
        aarq.mechanism = QD_MECHANISM_LLS;
        aarq.authentication.data = client->config.secret;
        aarq.authentication.length = client->config.secret_length;
    }
    qd_client_request(client, w);
    qd_aarq_encode(w, &aarq);
}

/* The parameters of an accepted association: nothing may come back that was not proposed. */
static qd_client_result_t take_parameters(qd_client_t *client, qd_view_t information) {
    qd_initiate_response_t response;
    qd_reader_t r;

    qd_reader_init(&r, information.data, information.length);
    if (information.data == NULL || qd_initiate_response_decode(&r, &response) != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "accepted without a good initiate-response");
    }
    if (response.dlms_version != DLMS_VERSION || response.vaa_name != VAA_NAME_LN) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION,
                              "initiate-response with a wrong version or VAA name");
    }
    if ((response.conformance & ~client->config.conformance) != 0u) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION,
                              "the meter claims services that were not proposed");
    }
    if (response.max_receive_pdu != 0u && response.max_receive_pdu < PEER_PDU_MIN) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "the meter's APDU size is below 12");
    }
    client->conformance = response.conformance;
    client->peer_pdu = response.max_receive_pdu;
    client->state = QD_CLIENT_ASSOCIATED;
    client->fault = no_fault;
    return QD_CLIENT_OK;
}

/* A service error in the user-information of a refusal says more than its diagnostic. */
static qd_client_result_t refuse_association(qd_client_t *client, const qd_aare_t *aare) {
    qd_reader_t r;

    qd_reader_init(&r, aare->user_information.data, aare->user_information.length);
    if (aare->user_information.length == 4u && qd_reader_u16(&r) == 0x0E01u && qd_reader_u8(&r) == 0x06u) {
        uint8_t code = qd_reader_u8(&r);

        return qd_client_refuse(client, QD_REFUSAL_INITIATE, aare->result, code,
                                qd_client_initiate_name(code));
    }
    return qd_client_refuse(client, QD_REFUSAL_ASSOCIATION, aare->result, aare->diagnostic,
                            qd_client_diagnostic_name(aare->diagnostic));
}

static qd_client_result_t take_aare(qd_client_t *client, qd_reader_t *reply) {
    qd_aare_t aare;

    if (qd_aare_decode(reply, &aare) != QD_OK) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "no well-formed AARE came back");
    }
    if (aare.result != QD_RESULT_ACCEPTED) {
        return refuse_association(client, &aare);
    }
    if (aare.context_name != QD_CONTEXT_LN) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "accepted with another application context");
    }
    if (aare.diagnostic == QD_DIAGNOSTIC_AUTHENTICATION_REQUIRED) {
        return qd_client_fail(client, QD_CLIENT_VIOLATION, "HLS asked for, although not proposed");
    }
    return take_parameters(client, aare.user_information);
}

qd_client_result_t qd_client_open(qd_client_t *client) {
    qd_writer_t w;
    qd_reader_t reply;
    qd_client_result_t result;

    if (client->state == QD_CLIENT_BROKEN) {
        return client->fault.result;
    }
    if (client->state == QD_CLIENT_ASSOCIATED) {
        return qd_client_fail(client, QD_CLIENT_OWN, "the association is already open");
    }
    client->peer_pdu = 0;
    if (client->config.preestablished) {
        result = qd_client_connect(client);
        if (result != QD_CLIENT_OK) {
            return result;
        }
        client->conformance = PREESTABLISHED & client->config.conformance;
        client->state = QD_CLIENT_ASSOCIATED;
        client->fault = no_fault;
        return QD_CLIENT_OK;
    }
    if (client->config.mechanism != QD_CLIENT_LOWEST && client->config.mechanism != QD_CLIENT_LLS) {
        return qd_client_fail(client, QD_CLIENT_OWN, "this authentication mechanism is not built in");
    }
    if (client->config.mechanism == QD_CLIENT_LLS &&
        (client->config.secret == NULL || client->config.secret_length > QD_CLIENT_SECRET_MAX)) {
        return qd_client_fail(client, QD_CLIENT_OWN, "a password of at most 64 octets is needed");
    }
    result = qd_client_connect(client);
    if (result != QD_CLIENT_OK) {
        return result;
    }
    put_aarq(client, &w);
    result = qd_client_exchange(client, &w, NULL, &reply);
    return result == QD_CLIENT_OK ? take_aare(client, &reply) : result;
}

static qd_client_result_t release_association(qd_client_t *client) {
    qd_release_t release = {.has_reason = true};
    qd_writer_t w;
    qd_reader_t reply;
    qd_client_result_t result;

    if (client->state == QD_CLIENT_CLOSED || client->config.preestablished) {
        client->state = QD_CLIENT_CLOSED;
        client->fault = no_fault;
        return QD_CLIENT_OK;
    }
    qd_client_request(client, &w);
    qd_release_encode(&w, QD_ACSE_TAG_RLRQ, &release);
    result = qd_client_exchange(client, &w, NULL, &reply);
    if (result == QD_CLIENT_OK && qd_release_decode(&reply, QD_ACSE_TAG_RLRE, &release) != QD_OK) {
        result = qd_client_fail(client, QD_CLIENT_VIOLATION, "no well-formed RLRE came back");
    }
    if (result == QD_CLIENT_OK) {
        client->state = QD_CLIENT_CLOSED;
        client->fault = no_fault;
    }
    return result;
}

qd_client_result_t qd_client_release(qd_client_t *client) {
    qd_client_result_t result;

    if (client->state == QD_CLIENT_BROKEN) {
        return client->fault.result;
    }
    result = release_association(client);
    return result == QD_CLIENT_OK ? qd_client_disconnect(client) : result;
}

bool qd_client_has_list(const qd_client_t *client) {
    return client->state == QD_CLIENT_ASSOCIATED &&
           (client->conformance & QD_CONFORMANCE_MULTIPLE_REFERENCES) != 0u;
}
