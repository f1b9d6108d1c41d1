#include "quadrant/status.h"

static const char *const names[QD_STATUS_COUNT] = {
    [QD_OK] = "ok",
    [QD_PENDING] = "pending",
    [QD_END] = "end",
    [QD_TRUNCATED] = "truncated",
    [QD_MALFORMED] = "malformed",
    [QD_TYPE] = "type",
    [QD_RANGE] = "range",
    [QD_UNDEFINED] = "undefined",
    [QD_CLASS] = "class",
    [QD_DENIED] = "denied",
    [QD_SELECTOR] = "selector",
    [QD_BUSY] = "busy",
    [QD_UNAVAILABLE] = "unavailable",
    [QD_NO_SPACE] = "no-space",
    [QD_SEALED] = "sealed",
    [QD_STATE] = "state",
    [QD_UNSUPPORTED] = "unsupported",
    [QD_ABORTED] = "aborted",
    [QD_IO] = "io",
    [QD_CORRUPT] = "corrupt",
    [QD_VERSION] = "version",
    [QD_MODEL] = "model",
    [QD_FOREIGN] = "foreign",
    [QD_ARGUMENT] = "argument",
};

const char *qd_status_name(qd_status_t status) {
    /* The cast catches negative values too, whatever type the compiler gave the enumeration. */
    if ((unsigned)status >= (unsigned)QD_STATUS_COUNT) {
        return "unknown";
    }
    return names[status];
}
