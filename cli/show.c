/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the API as people read them. */
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/human.h"
#include "config/tables.h"
#include "faults/fault.h"

/* --- any object --- */

static void
add_list(struct str *to, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		str_add(to, i > 0 ? ", " : "");
		str_add(to, json_is_array(item) ? "[" : "");
		show_value(to, item);
		str_add(to, json_is_array(item) ? "]" : "");
	}
}

void
show_value(struct str *to, const json_t *value)
{
	if (json_is_string(value))
		str_add(to, json_string_value(value));
	else if (json_is_boolean(value))
		str_add(to, json_is_true(value) ? "true" : "false");
	else if (json_is_integer(value))
		str_printf(to, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		jsonw_number(to, json_real_value(value));
	else if (json_is_array(value))
		add_list(to, value);
	str_add(to, "");
}

static bool
holds_objects(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

static void
add_members(struct table *t, const char *prefix, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		char *name = xasprintf("%s%s%s", prefix,
		    prefix[0] != '\0' ? "." : "", key);
		struct str text = {0};

		if (json_is_object(value)) {
			add_members(t, name, value);
		} else if (!holds_objects(value)) {
			show_value(&text, value);
			table_add(t, name);
			table_add(t, text.text);
		}
		str_fini(&text);
		free(name);
	}
}

void
show_finding(struct str *to, const json_t *finding)
{
	if (json_is_object(finding))
		str_printf(to, "%s: %s", cli_text(finding, "where"),
		    cli_text(finding, "error"));
	else
		show_value(to, finding);
}

void
show_object(const json_t *object)
{
	struct table t;

	table_init(&t, "FIELD|VALUE");
	add_members(&t, "", object);
	cli_print_table(&t);
}

/* --- faults --- */

void
show_fault_state(struct str *to, const json_t *fault)
{
	const json_t *state = json_object_get(fault, "state");
	const json_t *ends = json_object_get(state, "ends_in");

	if (json_is_false(json_object_get(fault, "enabled")))
		str_add(to, "disabled");
	else if (!cli_bool(state, "in_force"))
		str_add(to, "not in force");
	else
		str_add(to, "in force");
	if (cli_bool(state, "in_force") && json_is_number(ends)) {
		str_add(to, ", ");
		human_seconds(to, json_number_value(ends));
		str_add(to, " left");
	}
	if (cli_text(state, "lease")[0] != '\0')
		str_add(to, ", leased");
}

/* What no column of its own tells: parameters and conditions. */
static void
add_parameters(struct str *to, const char *prefix, const json_t *fault)
{
	static const char *const columns[] = {"type", "name", "stream",
	    "enabled", "probability", "state", NULL};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)fault, key, value) {
		const char *const *column = columns;
		char *name = xasprintf("%s%s", prefix, key);

		while (*column != NULL && strcmp(*column, name) != 0)
			column++;
		if (json_is_object(value) && *column == NULL) {
			char *inner = xasprintf("%s.", name);

			add_parameters(to, inner, value);
			free(inner);
		} else if (*column == NULL) {
			str_printf(to, "%s%s=", to->len > 0 ? " " : "", name);
			show_value(to, value);
		}
		free(name);
	}
}

/* What is left out of an answer is the default; some kinds have none. */
static const char *
stream_of(const json_t *fault)
{
	const struct fault_ops *ops = fault_find(cli_text(fault, "type"));
	const char *stream = cli_text(fault, "stream");

	if (stream[0] != '\0' || ops == NULL ||
	    (ops->kind.flags & KIND_NO_STREAM) != 0)
		return stream;
	return conf_field_find(conf_fault_fields, "stream")->def;
}

static void
add_fault(struct table *t, const char *route, const json_t *fault)
{
	const json_t *state = json_object_get(fault, "state");
	const json_t *probability = json_object_get(fault, "probability");
	struct str text = {0};

	table_add(t, route);
	table_add(t, cli_text(fault, "name"));
	table_add(t, cli_text(fault, "type"));
	table_add(t, stream_of(fault));
	show_fault_state(&text, fault);
	table_add(t, text.text);
	str_clear(&text);
	if (json_is_number(probability))
		human_share(&text, json_number_value(probability));
	else
		str_add(&text, "100%");
	table_add(t, text.text);
	table_addf(t, "%.0f", cli_number(state, "active"));
	table_addf(t, "%.0f", cli_number(state, "injected"));
	str_clear(&text);
	add_parameters(&text, "", fault);
	table_add(t, text.len > 0 ? text.text : "");
	str_fini(&text);
}

void
show_faults(const json_t *list, const char *route)
{
	struct table t;

	table_init(&t, "ROUTE|FAULT|TYPE|STREAM|STATE|>SHARE|>ACTIVE|"
		       ">INJECTED|PARAMETERS");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i), *faults;

		if (route != NULL) {
			add_fault(&t, route, item);
			continue;
		}
		faults = json_object_get(item, "faults");
		for (size_t k = 0; k < json_array_size(faults); k++)
			add_fault(&t, cli_text(item, "name"),
			    json_array_get(faults, k));
	}
	cli_print_table(&t);
}

/* --- routes --- */

const char *
show_listen(const json_t *route)
{
	const char *real = cli_text(json_object_get(route, "state"),
	    "listening");

	return real[0] != '\0' ? real : cli_text(route, "listen");
}

void
show_route_state(struct str *to, const json_t *route)
{
	const json_t *state = json_object_get(route, "state");

	if (json_is_false(json_object_get(route, "enabled")))
		str_add(to, "disabled");
	else if (cli_text(state, "listening")[0] == '\0')
		str_add(to, "not listening");
	else
		str_add(to, "up");
}

void
show_fault_count(struct str *to, const json_t *route)
{
	const json_t *faults = json_object_get(route, "faults");
	size_t all = json_array_size(faults), in_force = 0;

	for (size_t i = 0; i < all; i++) {
		const json_t *fault = json_array_get(faults, i);

		in_force += cli_bool(json_object_get(fault, "state"),
		    "in_force");
	}
	if (in_force == all)
		str_printf(to, "%zu", all);
	else
		str_printf(to, "%zu of %zu in force", in_force, all);
}
