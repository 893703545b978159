/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to the parts of a model, by the same tables as the configuration
 * file: the same keys, the same spellings, the same bounds. Everything wrong
 * is collected, each finding with the place of its value: "faults[0].latency".
 */
#ifndef CONTROL_V1_READ_H
#define CONTROL_V1_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "config/model.h"

/* One body under way. */
struct v1_reader {
	struct conf_diag *diag; /* borrowed */
	struct str path;	/* owned; of the value being read */
	struct str place;	/* owned; of the last finding */
	uint64_t lease; /* that new faults of a route depend on; 0: none */
	bool merge;	/* what is absent stays as it is; null: the default */
};

/* One table and the struct that it fills. */
struct v1_part {
	const struct conf_field *table;
	void *target;
};

/* `at` is the place of the body itself, "" for a whole one; copied. */
void v1_reader_init(struct v1_reader *r, struct conf_diag *diag, const char *at,
		    bool merge);
void v1_reader_fini(struct v1_reader *r);
/* Goes to a member (`key`) or an element (key NULL) of the value being read;
 * returns what v1_leave() takes to come back. */
size_t v1_enter(struct v1_reader *r, const char *key, size_t index);
void v1_leave(struct v1_reader *r, size_t len);
/* Adds a finding about a member; key NULL: about the value itself. */
void v1_finding(struct v1_reader *r, const char *key, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* True if `json` is an object; else that is reported, with `what` ("a
 * route"). */
bool v1_read_object(struct v1_reader *r, const json_t *json, const char *what);
/* Reads all members of `object` by the tables. Reported are keys that stand
 * in no table and, unless it is a merge, required ones that lack; members of
 * type CONF_GROUP are left alone, and so is "state", which we send. */
void v1_read_fields(struct v1_reader *r, json_t *object,
		    const struct v1_part *parts, size_t count,
		    const char *what);
/* A list of texts, in place of what `to` holds. False: reported. */
bool v1_read_strings(struct v1_reader *r, json_t *list,
		     struct conf_strings *to);

/* Where findings about the value being read are reported by those who compile
 * it; to be ended by v1_spot_fini(). Borrows the reader, which must stay where
 * it is meanwhile. */
struct v1_spot {
	struct conf_spot spot; /* first */
	struct v1_reader *reader;
	char *path; /* owned */
};
void v1_spot_init(struct v1_spot *at, struct v1_reader *r);
void v1_spot_fini(struct v1_spot *at);

/* --- whole things (v1_model.c) --- */

/* The fault kind that `json` names as its type, or NULL after reporting. In all
 * of these, what is wrong is a finding; `to` is then half changed. */
const struct conf_kind *v1_read_kind(struct v1_reader *r, json_t *json);
/* Into a fault of that kind which is of defaults (or, to merge, as it was)
 * and is meant for `route` of `model`. */
void v1_read_fault(struct v1_reader *r, json_t *json,
		   const struct conf_model *model,
		   const struct conf_route *route, struct conf_fault *to);
/* Into a route of `model`, its faults included. */
void v1_read_route(struct v1_reader *r, json_t *json,
		   const struct conf_model *model, struct conf_route *to);
/* What the faults keep that have the same name among the old ones; the others
 * are new. */
void v1_adopt_faults(const struct v1_reader *r, struct conf_route *to,
		     const struct conf_fault *old, size_t count);
/* Into a partition, its groups included. */
void v1_read_partition(struct v1_reader *r, json_t *json,
		       struct conf_partition *to);

#endif
