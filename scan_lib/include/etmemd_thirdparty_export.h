/* SPDX-License-Identifier: MulanPSL-2.0 */
/** All that a third-party engine needs in order to be one; see etmem-engine(3). */
#ifndef ETMEMD_THIRDPARTY_EXPORT_H
#define ETMEMD_THIRDPARTY_EXPORT_H

#include "etmemd_engine_exp.h"
#include "etmemd_project_exp.h"
#include "etmemd_task_exp.h"

#endif
