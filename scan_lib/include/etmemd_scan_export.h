/* SPDX-License-Identifier: MulanPSL-2.0 */
/** All that an engine needs in order to scan; link with -letmemd_scan. */
#ifndef ETMEMD_SCAN_EXPORT_H
#define ETMEMD_SCAN_EXPORT_H

#include "etmemd_exp.h"
#include "etmemd_scan_exp.h"

#endif
