/* SPDX-License-Identifier: Apache-2.0 */
/* Where a load goes: an address, and whether by TLS. */
#ifndef LOAD_TARGET_H
#define LOAD_TARGET_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/address.h"

struct load_target {
	struct conf_address address; /* owned */
	bool tls;
	bool any_certificate; /* none is verified */
	char *ca_file;	      /* owned; NULL: those of the system */
	char *server_name;    /* owned; NULL: the address' host */
};

/* What config/target.h reads; nothing else is set. False: err says what was
 * expected. To be finished in both cases. */
bool load_target_parse(const char *text, struct load_target *to,
		       struct error *err) WARN_UNUSED;
/* Accepts zeroed memory. */
void load_target_fini(struct load_target *t);

#endif
