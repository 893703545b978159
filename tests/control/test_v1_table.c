/* SPDX-License-Identifier: Apache-2.0 */
/* The table of endpoints is complete and its description holds together. */
#include <ctype.h>
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/v1_draft.h"

START_TEST(every_row_says_all_that_a_caller_must_know)
{
	for (const struct v1_endpoint *e = v1_endpoints; e->method; e++) {

		ck_assert_ptr_nonnull(e->run);
		ck_assert_msg(strncmp(e->path, "/v1", 3) == 0, "%s", e->path);
		ck_assert(isupper((unsigned char)e->summary[0]));
		ck_assert_msg(e->summary[strlen(e->summary) - 1] != '.', "%s",
			      e->summary);
		ck_assert(e->status == 200 || e->status == 201 ||
			  e->status == 204);
		/* Who reads has the verb for it; the rest has not. */
		ck_assert((strcmp(e->method, "GET") == 0) ==
			  (e->effect == V1_READ));
		/* A body where one is promised, and nowhere else. */
		ck_assert((e->reply == NULL) ==
			  (e->status == 204 ||
			   (e->type != NULL && e->run == v1_events)));
		ck_assert((e->show != NULL) ==
			  (e->effect == V1_CHANGE && e->status != 204));
	}
}
END_TEST

START_TEST(endpoints_of_one_path_stand_together_with_one_verb_each)
{
	for (const struct v1_endpoint *e = v1_endpoints; e->method; e++) {
		bool away = false;

		for (const struct v1_endpoint *k = e + 1; k->method; k++) {
			bool same = strcmp(e->path, k->path) == 0;

			ck_assert_msg(!same || !away, "%s", k->path);
			ck_assert(!same || strcmp(e->method, k->method) != 0);
			away |= !same;
		}
	}
}
END_TEST

/* Every "$ref" below `json` leads somewhere in `document`. */
static void
check_references(json_t *json, json_t *document)
{
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(json, i, value) check_references(value, document);
	json_object_foreach(json, key, value)
	{
		const char *name;

		if (strcmp(key, "$ref") != 0) {
			check_references(value, document);
			continue;
		}
		name = strrchr(json_string_value(value), '/') + 1;
		ck_assert_msg(
		    json_object_get(
			json_object_get(json_object_get(document, "components"),
					"schemas"),
			name) != NULL,
		    "%s", name);
	}
}

START_TEST(the_description_is_json_whose_references_lead_somewhere)
{
	struct conf_diag diag = {0};
	struct v1_call call = {.diag = &diag};
	json_t *document;

	ck_assert(v1_openapi(&call));
	document = json_loadb(call.out.text, call.out.len,
			      JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(document);
	check_references(document, document);
	for (const struct v1_endpoint *e = v1_endpoints; e->method; e++)
		ck_assert_ptr_nonnull(json_object_get(
		    json_object_get(document, "paths"), e->path));
	json_decref(document);
	str_fini(&call.out);
}
END_TEST

static const struct {
	const char *method, *path;
	bool (*run)(struct v1_call *);
	int status; /* if there is none */
} ways[] = {
    {"GET", "/v1/routes", v1_routes_list, 0},
    {"HEAD", "/v1/routes/a", v1_route_show, 0},
    {"POST", "/v1/routes/a/faults/b/enable", v1_fault_enable, 0},
    {"DELETE", "/v1/partitions/p", v1_partition_delete, 0},
    {"PUT", "/v1/routes", NULL, 405},
    {"HEAD", "/v1/reset", NULL, 405},
    {"BREW", "/v1/status", NULL, 405},
    {"GET", "/v1/", NULL, 404},
    {"GET", "/v1/routes/", NULL, 404},
    {"GET", "/v1/routes//faults", NULL, 404},
    {"GET", "/v1/routes/a/faults/b/enable/c/d/e/f", NULL, 404},
};

START_TEST(a_path_and_a_method_lead_to_their_endpoint)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct conf_diag diag = {0};
		struct v1_call call = {.diag = &diag};
		struct str allow = {0};
		bool found =
		    v1_target(&call, view_of(ways[i].path), view_of(NULL)) &&
		    v1_find(&call, view_of(ways[i].method), &allow);

		ck_assert_msg(found == (ways[i].run != NULL), "%s",
			      ways[i].path);
		if (found)
			ck_assert_ptr_eq(call.endpoint->run, ways[i].run);
		else
			ck_assert_int_eq(call.status, ways[i].status);
		ck_assert((call.status == 404) == (allow.len == 0));
		str_fini(&allow);
		v1_call_fini(&call);
		conf_diag_fini(&diag);
	}
}
END_TEST

int
main(void)
{
	return check_run(
	    "v1_table",
	    (const TTest *const[]){
		every_row_says_all_that_a_caller_must_know,
		endpoints_of_one_path_stand_together_with_one_verb_each,
		the_description_is_json_whose_references_lead_somewhere,
		a_path_and_a_method_lead_to_their_endpoint,
		NULL,
	    });
}
