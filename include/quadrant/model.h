/*
 * model.h - the meters that are built in, by name. What a model is made of is the firmware's own.
 * Context: any; constant data.
 */
#ifndef QUADRANT_MODEL_H
#define QUADRANT_MODEL_H

#include "quadrant/status.h"
#include "quadrant/types.h"

typedef struct qd_model qd_model_t;

/* Number of models built in; qd_model_at(0 .. n-1); NULL beyond. */
size_t qd_model_count(void);
const qd_model_t *qd_model_at(size_t index);
/* By name; NULL: not built in. */
const qd_model_t *qd_model_find(const char *name);
const char *qd_model_name(const qd_model_t *model);
const char *qd_model_title(const qd_model_t *model);
uint8_t qd_model_channel_count(const qd_model_t *model);
/* What a channel of the model is, 0 to qd_model_channel_count() - 1; those of the network come first. */
typedef enum qd_model_bearer { QD_MODEL_NETWORK = 0, QD_MODEL_OPTICAL, QD_MODEL_RS485 } qd_model_bearer_t;
qd_model_bearer_t qd_model_channel_bearer(const qd_model_t *model, uint8_t channel);
/* Lower HDLC address of the device on its lines, as it comes from the factory; a client may change it. */
uint16_t qd_model_device_address(const qd_model_t *model);
/* Measuring elements that the model looks at: bit 0 L1, bit 1 L2, bit 2 L3. */
uint8_t qd_model_phase_mask(const qd_model_t *model);

/* A client that the model knows (IEC 62056-53 client SAP). */
typedef struct qd_model_client {
    const char *name; /* "public", "management", "level1" ... as the tools' --as takes it */
    uint16_t sap;
    uint8_t mechanism;          /* 0 none, 1 LLS, 5 HLS GMAC */
    bool preestablished;        /* no AARQ */
    const char *factory_secret; /* as delivered; NULL: none. Changed by SET of the association */
} qd_model_client_t;
/* QD_OK; QD_END: index past the last client. */
qd_status_t qd_model_client(const qd_model_t *model, size_t index, qd_model_client_t *client);

#endif
