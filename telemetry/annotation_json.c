/* SPDX-License-Identifier: Apache-2.0 */
/* Grafana's annotations, written and read. */
#include "telemetry/annotation_json.h"

#include <jansson.h>
#include <string.h>

#include "base/json.h"

static void
put_tags(struct jsonw *w, const char *const *tags, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tags[i] != NULL)
			jsonw_string(w, tags[i]);
	}
}

void
annotation_write(struct str *to, const struct annotation_body *body,
    bool whole)
{
	char run[64];
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	if (whole)
		jsonw_put_int(&w, "time", body->start_ms);
	jsonw_put_int(&w, "timeEnd", body->end_ms);
	if (whole) {
		snprintf(run, sizeof(run), "run:%s", body->run);
		jsonw_key(&w, "tags");
		jsonw_array(&w);
		jsonw_string(&w, "faultwire");
		put_tags(&w, body->tags, body->tags_count);
		jsonw_string(&w, run);
		put_tags(&w, body->more, body->more_count);
		jsonw_array_end(&w);
	}
	if (body->text != NULL)
		jsonw_put_string(&w, "text", body->text);
	jsonw_object_end(&w);
}

int64_t
annotation_read_id(struct view reply)
{
	json_t *root = json_loadb(reply.at, reply.len, 0, NULL);
	int64_t id = json_integer_value(json_object_get(root, "id"));

	json_decref(root);
	return id > 0 ? id : 0;
}

void
annotation_each(struct view reply,
    void (*each)(void *arg, const struct annotation_found *found), void *arg)
{
	json_t *root = json_loadb(reply.at, reply.len, 0, NULL);
	json_t *item;
	size_t i;

	json_array_foreach(root, i, item) {
		struct annotation_found found = {
		    .id = json_integer_value(json_object_get(item, "id")),
		    .start_ms =
			json_integer_value(json_object_get(item, "time")),
		    .end_ms =
			json_integer_value(json_object_get(item, "timeEnd")),
		    .tags = json_object_get(item, "tags"),
		};

		if (found.id > 0 && found.start_ms > 0 && found.end_ms > 0)
			each(arg, &found);
	}
	json_decref(root);
}

bool
annotation_has_tag(const struct annotation_found *found, const char *tag)
{
	const json_t *tags = found->tags;

	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *text = json_string_value(json_array_get(tags, i));

		if (text != NULL && strcmp(text, tag) == 0)
			return true;
	}
	return false;
}
