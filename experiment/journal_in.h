/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a journal (docs/journal.md), line by line, into a record. */
#ifndef EXPERIMENT_JOURNAL_IN_H
#define EXPERIMENT_JOURNAL_IN_H

#include <stdio.h>

#include "base/error.h"
#include "experiment/record.h"

/* The newest format that is understood. */
#define JOURNAL_FORMAT 1

/* Adds what the file holds to a zeroed record, which is finished then. Types
 * and members that are not known are passed over; a last line that was cut is
 * left out. False, with "line N: …" in err: it is no journal, or one of a
 * format that is too new, or a line is damaged. The record is to be freed in
 * both cases. */
bool journal_in_read(FILE *file, struct record *to, struct error *err);

#endif
