/* Opening an association: policy, authentication, negotiation. */
#include "cosem/server.h"

#define DLMS_VERSION 6u
#define VAA_NAME_LN 0x0007u

/* What became of an AARQ. */
typedef struct qd_verdict {
    uint8_t result;
    uint8_t diagnostic;
    bool has_error; /* a ConfirmedServiceError goes with the rejection */
    qd_initiate_error_t error;
    uint8_t mechanism; /* of an association that is accepted */
    uint8_t user;      /* row of the client's users */
} qd_verdict_t;

static qd_verdict_t accepted(uint8_t mechanism) {
    qd_verdict_t verdict = {.result = QD_RESULT_ACCEPTED, .mechanism = mechanism, .user = QD_USER_NONE};
    return verdict;
}

static qd_verdict_t rejected(uint8_t diagnostic) {
    qd_verdict_t verdict = {.result = QD_RESULT_REJECTED_PERMANENT, .diagnostic = diagnostic};
    return verdict;
}

static qd_verdict_t rejected_initiate(qd_initiate_error_t error) {
    qd_verdict_t verdict = rejected(QD_DIAGNOSTIC_NO_REASON);
    verdict.has_error = true;
    verdict.error = error;
    return verdict;
}

static uint8_t allowed_ways(const qd_client_row_t *client, bool local) {
    return client->preestablished ? 0u : local ? client->allow_local : client->allow_remote;
}

/* The policy row says which ways are open to this client over this bearer. */
static qd_verdict_t authenticate(qd_server_t *server, const qd_request_t *request, uint8_t client,
                                 const qd_aarq_t *aarq) {
    uint8_t ways = allowed_ways(&server->tables->clients[client], request->local);
    if (ways == 0) {
        return rejected(QD_DIAGNOSTIC_NO_REASON);
    }
    /* Where nobody is asked for anything the fields of the authentication unit are unused, whatever they hold. */
    if (ways == QD_ALLOW_NONE) {
        return accepted(QD_MECHANISM_NONE);
    }
    if (!aarq->has_mechanism || aarq->mechanism == QD_MECHANISM_NONE) {
        bool name_missing = aarq->authentication_unit && !aarq->has_mechanism;
        return (ways & QD_ALLOW_NONE) != 0 ? accepted(QD_MECHANISM_NONE)
                                           : rejected(name_missing ? QD_DIAGNOSTIC_MECHANISM_REQUIRED
                                                                   : QD_DIAGNOSTIC_AUTHENTICATION_FAILURE);
    }
    if (aarq->mechanism != QD_MECHANISM_LLS || (ways & QD_ALLOW_LLS) == 0) {
        return rejected(QD_DIAGNOSTIC_MECHANISM_NOT_RECOGNISED);
    }
    if (!aarq->authentication_unit || aarq->authentication.data == NULL ||
        !qd_association_password_fits(server->associations, client, aarq->authentication.data,
                                      aarq->authentication.length)) {
        return rejected(QD_DIAGNOSTIC_AUTHENTICATION_FAILURE);
    }
    return accepted(QD_MECHANISM_LLS);
}

/* A client that has users serves those only. They are looked at behind the password: who does not have it does not
 * learn who they are. */
static qd_verdict_t identify(const qd_client_row_t *client, const qd_aarq_t *aarq, qd_verdict_t verdict) {
    for (uint8_t i = 0; i < client->user_count; i++) {
        if (aarq->has_user && client->users[i].id == aarq->user) {
            verdict.user = i;
        }
    }
    return client->user_count == 0 || verdict.user != QD_USER_NONE
               ? verdict
               : rejected(QD_DIAGNOSTIC_CALLING_AE_INVOCATION);
}

static qd_verdict_t negotiate(const qd_server_t *server, const qd_aarq_t *aarq,
                              qd_initiate_request_t *initiate, qd_verdict_t verdict) {
    qd_reader_t r;
    if (aarq->user_information.data == NULL) {
        return rejected(QD_DIAGNOSTIC_NO_REASON);
    }
    qd_reader_init(&r, aarq->user_information.data, aarq->user_information.length);
    if (qd_initiate_request_decode(&r, initiate) != QD_OK) {
        return rejected(QD_DIAGNOSTIC_NO_REASON);
    }
    if (initiate->dedicated_key.data != NULL) {
        return rejected_initiate(QD_INITIATE_OTHER); /* it has no place in a context without ciphering */
    }
    if (initiate->dlms_version < DLMS_VERSION) {
        return rejected_initiate(QD_INITIATE_VERSION_TOO_LOW);
    }
    /* 0 says "no limit". */
    if (initiate->max_receive_pdu != 0 && initiate->max_receive_pdu < QD_RESPONSE_MIN) {
        return rejected_initiate(QD_INITIATE_PDU_TOO_SHORT);
    }
    /* Blocks and lists alone are no service. */
    uint32_t services =
        QD_CONFORMANCE_GET | QD_CONFORMANCE_SET | QD_CONFORMANCE_ACTION | QD_CONFORMANCE_ACCESS;
    if ((initiate->conformance & server->tables->conformance & services) == 0) {
        return rejected_initiate(QD_INITIATE_INCOMPATIBLE_CONFORMANCE);
    }
    return verdict;
}

static qd_verdict_t judge(qd_server_t *server, const qd_request_t *request, uint8_t client,
                          const qd_aarq_t *aarq, qd_initiate_request_t *initiate) {
    if (client >= server->tables->client_count) {
        return rejected(QD_DIAGNOSTIC_NO_REASON);
    }
    if (!aarq->version_1) {
        return rejected(QD_DIAGNOSTIC_PROVIDER_NO_COMMON_VERSION);
    }
    if (aarq->context_name != QD_CONTEXT_LN) {
        return rejected(QD_DIAGNOSTIC_CONTEXT_NOT_SUPPORTED);
    }
    qd_verdict_t verdict = authenticate(server, request, client, aarq);
    if (verdict.result == QD_RESULT_ACCEPTED) {
        verdict = identify(&server->tables->clients[client], aarq, verdict);
    }
    return verdict.result == QD_RESULT_ACCEPTED ? negotiate(server, aarq, initiate, verdict) : verdict;
}

static void answer(const qd_server_t *server, const qd_verdict_t *verdict, uint8_t context,
                   const qd_association_t *association, const qd_initiate_request_t *initiate,
                   qd_writer_t *w) {
    uint8_t information[24];
    qd_writer_t inner;
    qd_writer_init(&inner, information, sizeof information);
    if (verdict->has_error) {
        qd_initiate_error_encode(&inner, verdict->error);
    } else if (association != NULL) {
        const qd_initiate_response_t response = {.has_quality_of_service = initiate->has_quality_of_service,
                                                 .quality_of_service = initiate->quality_of_service,
                                                 .dlms_version = DLMS_VERSION,
                                                 .conformance = association->conformance,
                                                 .max_receive_pdu = server->tables->receive_pdu,
                                                 .vaa_name = VAA_NAME_LN};
        qd_initiate_response_encode(&inner, &response);
    }
    qd_aare_t aare = {.context_name = context, .result = verdict->result, .diagnostic = verdict->diagnostic};
    if (inner.at > 0) {
        aare.user_information.data = information;
        aare.user_information.length = inner.at;
    }
    qd_aare_encode(w, &aare);
}

qd_status_t qd_server_aarq(qd_server_t *server, const qd_request_t *request, uint8_t client, qd_writer_t *w) {
    qd_aarq_t aarq = {0};
    qd_initiate_request_t initiate = {0};
    qd_association_t *association = NULL;
    qd_reader_t r;
    qd_reader_init(&r, request->apdu, request->length);
    qd_verdict_t verdict = rejected(QD_DIAGNOSTIC_NO_REASON);
    if (qd_aarq_decode(&r, &aarq) == QD_OK) {
        verdict = judge(server, request, client, &aarq, &initiate);
    }
    /* A new AARQ ends what the client had here, also when it is refused. */
    association =
        client < server->tables->client_count
            ? qd_association_find(server->associations, request->channel, request->generation, client)
            : NULL;
    if (association != NULL) {
        qd_association_close(association);
        association = NULL;
    }
    if (verdict.result == QD_RESULT_ACCEPTED) {
        association =
            qd_association_open(server->associations, request->channel, request->generation, client);
        if (association == NULL) {
            verdict.result = QD_RESULT_REJECTED_TRANSIENT;
            verdict.diagnostic = QD_DIAGNOSTIC_NO_REASON;
        }
    }
    if (association != NULL) {
        uint16_t theirs = initiate.max_receive_pdu == 0 ? UINT16_MAX : initiate.max_receive_pdu;
        association->pdu_size = theirs < server->tables->transmit_pdu ? theirs : server->tables->transmit_pdu;
        association->conformance = initiate.conformance & server->tables->conformance;
        association->mechanism = verdict.mechanism;
        association->quality_of_service = initiate.quality_of_service;
        association->user = verdict.user;
        if (!initiate.response_allowed) {
            return QD_OK; /* unconfirmed association */
        }
    }
    /* The rejection repeats the offered context only when it is one of ours. */
    uint8_t context = aarq.context_name == 0 ? QD_CONTEXT_LN : aarq.context_name;
    answer(server, &verdict, context, association, &initiate, w);
    return QD_OK;
}
