/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities for people: three digits are enough. What is exact stands in the
 * JSON. */
#ifndef CLI_HUMAN_H
#define CLI_HUMAN_H

#include "base/str.h"

/* Each appends. "0 B", "512 B", "1.5 KiB", "12 MiB". */
void human_bytes(struct str *to, double bytes);
/* "0.2s", "12s", "3m05s", "2h10m", "4d03h". */
void human_seconds(struct str *to, double seconds);
/* "0", "0.5", "12", "1.2k", "3.4M": a number or a rate. */
void human_count(struct str *to, double count);
/* A share of 1: "37%", "0.5%". */
void human_share(struct str *to, double share);

#endif
