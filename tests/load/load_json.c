/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to a load group, without any mercy for mistakes. */
#include "tests/load/load_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

static const char *const protocols[] = {"http1", "http2", "redis", "postgres",
					"raw"};
static const char *const arrivals[] = {"constant", "jitter", "poisson"};

static char *
text_of(json_t *json, const char *key)
{
	return (char *)json_string_value(json_object_get(json, key));
}

static double
number_of(json_t *json, const char *key, double otherwise)
{
	json_t *value = json_object_get(json, key);

	return value != NULL ? json_number_value(value) : otherwise;
}

static int
choice_of(json_t *json, const char *key, const char *const *words, int n)
{
	const char *text = text_of(json, key);

	for (int i = 0; text != NULL && i < n; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	if (text == NULL)
		return 0;
	fprintf(stderr, "%s: %s is not known\n", key, text);
	exit(2);
}

static struct conf_request
read_request(json_t *json)
{
	json_t *headers = json_object_get(json, "headers");
	struct conf_request r = {
	    .weight = number_of(json, "weight", 1),
	    .method = text_of(json, "method"),
	    .target = text_of(json, "target"),
	    .body = text_of(json, "body"),
	    .send = text_of(json, "send"),
	    .expect = text_of(json, "expect"),
	    .headers = {.count = json_array_size(headers)},
	};

	r.headers.items = xcalloc(r.headers.count + 1, sizeof(char *));
	for (size_t i = 0; i < r.headers.count; i++)
		r.headers.items[i] =
		    (char *)json_string_value(json_array_get(headers, i));
	return r;
}

static void
read_requests(struct conf_load *load, json_t *list)
{
	load->requests_count = json_array_size(list);
	load->requests =
	    xcalloc(load->requests_count + 1, sizeof(*load->requests));
	for (size_t i = 0; i < load->requests_count; i++)
		load->requests[i] = read_request(json_array_get(list, i));
}

static void
read_marks(struct conf_load *load, json_t *list)
{
	load->degraded_count = json_array_size(list);
	load->degraded_when =
	    xcalloc(load->degraded_count + 1, sizeof(*load->degraded_when));
	for (size_t i = 0; i < load->degraded_count; i++) {
		json_t *json = json_array_get(list, i);

		load->degraded_when[i] = (struct conf_mark){
		    .header = text_of(json, "header"),
		    .body_contains = text_of(json, "body_contains"),
		    .size_below = (int64_t)number_of(json, "size_below", 0)};
	}
}

static void
read_steps(struct conf_load *load, json_t *list)
{
	load->steps_count = json_array_size(list);
	load->steps = xcalloc(load->steps_count + 1, sizeof(*load->steps));
	for (size_t i = 0; i < load->steps_count; i++) {
		json_t *json = json_array_get(list, i);

		load->steps[i] = (struct conf_load_step){
		    .at_us = (int64_t)number_of(json, "at_us", 0),
		    .rate = number_of(json, "rate", 0)};
	}
}

struct conf_load
load_json_read(json_t *json)
{
	struct conf_load load = {
	    .name = text_of(json, "name"),
	    .target = text_of(json, "target"),
	    .protocol =
		choice_of(json, "protocol", protocols, COUNT_OF(protocols)),
	    .rate = number_of(json, "rate", 20),
	    .arrivals =
		choice_of(json, "arrivals", arrivals, COUNT_OF(arrivals)),
	    .ramp = json_is_true(json_object_get(json, "ramp")),
	    .timeout_us = (int64_t)number_of(json, "timeout_us", 10e6),
	    .max_in_flight = (int64_t)number_of(json, "max_in_flight", 400),
	    .fresh = json_is_true(json_object_get(json, "fresh")),
	    .serial = json_is_true(json_object_get(json, "serial")),
	    .user = text_of(json, "user"),
	    .database = text_of(json, "database"),
	    .password_file = text_of(json, "password_file"),
	};

	if (load.name == NULL)
		load.name = (char *)"load";
	read_requests(&load, json_object_get(json, "requests"));
	read_marks(&load, json_object_get(json, "degraded_when"));
	read_steps(&load, json_object_get(json, "steps"));
	return load;
}

void
load_json_fini(struct conf_load *load)
{
	for (size_t i = 0; i < load->requests_count; i++)
		free(load->requests[i].headers.items);
	free(load->requests);
	free(load->degraded_when);
	free(load->steps);
	*load = (struct conf_load){0};
}
