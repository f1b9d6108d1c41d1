/*
 * layouts.h - layouts of the records that earlier firmware wrote; all models have the same. Context: any.
 */
#ifndef QD_MODELS_LAYOUTS_H
#define QD_MODELS_LAYOUTS_H

#include "models/model.h"

/* Of the records now; whoever changes it adds the present one to the earlier ones. */
#define QD_MODEL_LAYOUT_VERSION 2u
#define QD_MODEL_EARLIER_LAYOUTS 1u

extern const qd_model_layout_t qd_model_earlier_layouts[QD_MODEL_EARLIER_LAYOUTS];

#endif
