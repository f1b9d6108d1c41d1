/*
 * internal.h - shared by the files of the client; not for anybody else.
 *
 * Context: as quadrant/client.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_CLIENT_INTERNAL_H
#define QD_CLIENT_INTERNAL_H

#include "base/cursor.h"
#include "quadrant/client.h"

/* Notes a fault and returns its result; a client that met silence or nonsense is broken from then. */
qd_client_result_t qd_client_fail(qd_client_t *client, qd_client_result_t result, const char *what);
/* Notes a refusal and returns QD_CLIENT_REFUSED. */
qd_client_result_t qd_client_refuse(qd_client_t *client, qd_client_refusal_t refusal, uint8_t state,
                                    uint8_t code, const char *what);

/* Writer over the place of the APDU in the client's buffer, no longer than the meter takes. */
void qd_client_request(qd_client_t *client, qd_writer_t *w);
/* Sends the APDU of w and waits for one reply; *reply stands on its first octet. Exceptions and
 * service errors are already turned into QD_CLIENT_REFUSED. */
qd_client_result_t qd_client_exchange(qd_client_t *client, const qd_writer_t *w, qd_reader_t *reply);

/* Names of what an association or an exception says; never NULL. */
const char *qd_client_diagnostic_name(uint8_t diagnostic);
const char *qd_client_initiate_name(uint8_t code);
const char *qd_client_exception_name(uint8_t code);

#endif
