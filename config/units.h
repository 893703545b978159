/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities as people write them. Each parser takes the whole text, accepts
 * blanks around it, and on failure fills `err` with what was expected and
 * leaves the value alone. Where a number stands bare, it counts in units of the
 * `bare` that the caller names; 0: a unit is required, except by 0. */
#ifndef CONFIG_UNITS_H
#define CONFIG_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

/* "250us" "80ms" "2s" "1m30s" "1.5h" "2d": microseconds, up to 100 years;
 * `bare_us` in microseconds. */
bool units_duration(const char *text, int64_t bare_us, int64_t *us,
    struct error *err) WARN_UNUSED;
/* "64KiB" "1MB" "512": bytes, up to 1 EiB; KB is 1000, KiB 1024. `bare` in
 * bytes. */
bool units_size(const char *text, int64_t bare, int64_t *bytes,
    struct error *err) WARN_UNUSED;
/* "1MB/s" "64KiB/s" "8Mbit/s" "8mbit": bytes per second, up to 1 PB/s; `bare`
 * in bytes per second. */
bool units_rate(const char *text, int64_t bare, double *Bps,
    struct error *err) WARN_UNUSED;
/* "0.2" "20%": 0 … 1. */
bool units_fraction(const char *text, double *fraction,
    struct error *err) WARN_UNUSED;

/* Each appends a short text that the parser above reads back as the same
 * value. */
void units_print_duration(struct str *to, int64_t us);
void units_print_size(struct str *to, int64_t bytes);
void units_print_rate(struct str *to, double Bps);
/* The same for a bare number; large and small ones with an exponent. */
void units_print_number(struct str *to, double value);

#endif
