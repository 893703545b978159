/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line flags the way Go's flag package takes them, for the programs
 * that stand in for Toxiproxy's: one or two dashes, whole names only,
 * `-name value` or `-name=value`, switches also as `-name=false`. */
#ifndef CLI_GO_FLAGS_H
#define CLI_GO_FLAGS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "cli/options.h"

/* What the command line has beside flags. */
struct go_words {
	char **items; /* borrowed; moved to the front as flags are taken out */
	int count;
	bool anywhere; /* flags may follow words; else the first ends them */
};

/* Parses the flags among the words into `to`, what is no flag stays in the
 * words. A row may stand several times under other names. False: err has Go's
 * words. */
bool go_flags_parse(const struct option_row *table, struct go_words *words,
    void *to, struct error *err) WARN_UNUSED;

#endif
