/* SPDX-License-Identifier: Apache-2.0 */
/* What `faultwire top` shows, as text: two looks at the API and the time
 * between them give the rates. */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include <jansson.h>

#include "base/str.h"

/* One look. Zeroed: none. */
struct top_sample {
	int64_t time_us;
	json_t *status;	   /* owned; /v1/status */
	json_t *answer;	   /* owned; /v1/routes */
	json_t *by_name;   /* owned; routes, to find them again */
};

enum top_sort {
	TOP_FILE, /* as the API lists them */
	TOP_NAME,
	TOP_SESSIONS,
	TOP_REQUESTS,
	TOP_BYTES,
};

struct top_look {
	bool colour, keys;    /* keys: tell which there are */
	size_t rows, columns; /* of the screen; 0: no limits */
	enum top_sort sort;
};

/* Takes both answers. */
void top_sample_init(struct top_sample *s, int64_t time_us, json_t *status,
    json_t *answer);
void top_sample_fini(struct top_sample *s);
/* Appends lines. Without a look before (its answer NULL), there are no
 * rates. */
void top_view(struct str *to, const struct top_sample *now,
    const struct top_sample *before, const struct top_look *look);

/* Appends the same as one line of JSON, figures as they are. */
void top_view_json(struct str *to, const struct top_sample *now,
    const struct top_sample *before);

#endif
