/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of a load, compiled once: what every request is made of. */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include "base/attr.h"
#include "base/error.h"
#include "config/experiment.h"
#include "config/pattern.h"
#include "load/template.h"

struct load_header {
	char *name; /* owned, as written */
	struct template value;
};

struct load_request {
	const struct conf_request *asked; /* borrowed */
	const char *method;		  /* borrowed */
	struct template target, body, send;
	bool has_body;
	struct load_header *headers; /* owned; of HTTP, Host not among them
					unless it was asked for */
	size_t headers_count;
	struct template *words; /* owned; `send` in words */
	size_t words_count;
	struct conf_pattern expect; /* text NULL: nothing is expected */
};

/* Compiles. False: err names what is wrong. To be finished in both cases. */
bool load_request_init(struct load_request *r, const struct conf_request *asked,
		       struct error *err) WARN_UNUSED;
/* Cuts `send` into words: those of a protocol that sends them one by one.
 * False: err says what is wrong with it. */
bool load_request_words(struct load_request *r, struct error *err) WARN_UNUSED;
/* Is the target one that HTTP can ask for (RFC 9112, 3.2.1 and 3.2.4)? False:
 * err says why not. */
bool load_request_check_target(struct load_request *r,
			       struct error *err) WARN_UNUSED;
void load_request_fini(struct load_request *r);
/* The header of that name, whatever its case, or NULL. */
const struct load_header *load_request_header(const struct load_request *r,
					      const char *name);

#endif
