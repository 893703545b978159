/* SPDX-License-Identifier: Apache-2.0 */
/* A report from a journal alone, without an experiment: faults that overlap or
 * touch make a scenario, calls on routes that others depend on are the load.
 * Nothing is expected, and nobody proved that a fault was lifted. */
#ifndef REPORT_BARE_H
#define REPORT_BARE_H

#include "base/attr.h"
#include "base/error.h"
#include "experiment/record.h"

/* Writes the report about a finished record, which is borrowed, to a file
 * whose name ends in .md, .html or .json. `name` is that of the journal.
 * False, with why in err. */
bool bare_write(const struct record *record, const char *name, const char *path,
		struct error *err) WARN_UNUSED;

#endif
