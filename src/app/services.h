/*
 * services.h - what the composition hands to every module at its start.
 *
 * Ownership: all pointees outlive the modules. Context: main context.
 */
#ifndef QD_APP_SERVICES_H
#define QD_APP_SERVICES_H

#include "item/directory.h"
#include "quadrant/port/system.h"
#include "store/logs.h"
#include "store/records.h"

struct qd_gateway;
struct qd_event_bus;
struct qd_clock;

/* One image of a record is built at a time; modules borrow this for the length of a call. */
#define QD_SCRATCH_SIZE 512u

typedef struct qd_services {
    const qd_records_t *records;
    const qd_logs_t *logs;      /* NULL: none, events are counted and not kept */
    struct qd_gateway *gateway; /* metrology, seen through its gate */
    struct qd_event_bus *events;
    const struct qd_clock *clock; /* civil time */
    const qd_directory_t *directory;
    const qd_factory_t *factory; /* NULL: sealed */
    uint8_t *scratch;            /* QD_SCRATCH_SIZE octets, shared */
} qd_services_t;

/* True while write-once values may be written. */
static inline bool qd_services_in_factory(const qd_services_t *services) {
    return services->factory != NULL && services->factory->open(services->factory->context);
}

/* Record ids of the app; ids of metrology begin at 0x0101. */
#define QD_RECORD_IDENTITY 0x0201u
#define QD_RECORD_CLOCK 0x0202u
#define QD_RECORD_TARIFF 0x0203u
#define QD_RECORD_EVENTS 0x0204u
#define QD_RECORD_SECRETS 0x0205u
#define QD_RECORD_DIAGNOSIS 0x0206u
#define QD_RECORD_IO 0x0207u
/* Logs of the app; metrology's journal is 0x0301. */
#define QD_LOG_EVENTS_STANDARD 0x0302u
#define QD_LOG_EVENTS_STANDARD_ROWS 500u
#define QD_RECORD_IDENTITY_SIZE 256u
#define QD_RECORD_CLOCK_SIZE 96u
#define QD_RECORD_TARIFF_SIZE 512u
#define QD_RECORD_EVENTS_SIZE 32u
#define QD_RECORD_SECRETS_SIZE 256u
#define QD_RECORD_DIAGNOSIS_SIZE 16u
#define QD_RECORD_IO_SIZE 96u

#endif
