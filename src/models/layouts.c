/* Layouts of the records that earlier firmware wrote. They are history: numbers, and not what a constant says today. */
#include "models/layouts.h"

/* Version 1 had no set-up of the lines (0x0207); it is as the factory left it then. */
static const qd_record_row_t rows_1[] = {
    {0x0101, 1024, true}, {0x0102, 256, false}, {0x0103, 64, true},  {0x0104, 96, false}, {0x0201, 256, true},
    {0x0202, 96, true},   {0x0203, 512, true},  {0x0204, 32, false}, {0x0205, 256, true}, {0x0206, 16, true},
    {0x0301, 424, true},  {0x0302, 424, true},  {0xFFFF, 8, true},
};
#define GROUP_1 (1024u + 256u + 64u + 96u + 424u)

const qd_model_layout_t qd_model_earlier_layouts[QD_MODEL_EARLIER_LAYOUTS] = {
    {1, rows_1, sizeof rows_1 / sizeof rows_1[0], GROUP_1, NULL, NULL},
};
