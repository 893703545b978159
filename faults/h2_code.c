/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes of HTTP/2. */
#include "faults/h2_code.h"

#include <stddef.h>

const char *const h2_codes[] = {"NO_ERROR", "PROTOCOL_ERROR",
    "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
    "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED", NULL};
