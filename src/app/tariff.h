/*
 * tariff.h - which rate registers count: register activation and the tariffication scripts.
 *
 * Purpose: a mask names the rate registers that count together (IEC 62056-62 class 6); the active
 * mask becomes a rate per energy channel, which metrology is asked to select. Scripts (class 9)
 * write attributes and run methods by their standard names, through the directory.
 * Context: main context.
 */
#ifndef QD_APP_TARIFF_H
#define QD_APP_TARIFF_H

#include "app/services.h"

#define QD_TARIFF_ASSIGNMENTS_MAX 64u
#define QD_TARIFF_MASKS_MAX 8u
#define QD_TARIFF_MASK_NAME_MAX 8u
#define QD_TARIFF_MASK_REGISTERS_MAX 8u

/* One action of a script; a table of them, those of one script together and in order. */
typedef struct qd_script_action {
    uint16_t script; /* identifier, 1 .. 65535 */
    uint8_t service; /* 1 write attribute, 2 execute method */
    qd_item_name_t name;
    uint8_t type;   /* qd_type_t of the parameter: octet-string or an integer type */
    uint8_t length; /* octets of text */
    uint8_t text[QD_TARIFF_MASK_NAME_MAX];
    int32_t number;
} qd_script_action_t;

typedef struct qd_tariff_config {
    uint8_t registers_module; /* number of the registers module in the model */
    uint8_t energy_item;      /* its item of energy channel 0; the others follow */
    uint8_t rates;            /* rates at first start: masks "0001" .. "000n" */
    uint8_t channels;         /* energy channels with rate registers, from qd_energy_t 0 on */
    const qd_script_action_t *scripts;
    uint8_t script_actions;
} qd_tariff_config_t;

/* Items; ACTIVATION and SCRIPTS take arg = attribute or method of class 6 and 9. */
enum {
    QD_TARIFF_ITEM_ACTIVATION = 1,
    QD_TARIFF_ITEM_SCRIPTS,
    QD_TARIFF_ITEM_RATE /* rate in force for A+, 0 unallocated */
};

extern const qd_module_t qd_tariff_module;

#endif
