/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation in sentences. What is not known of an ended flow is null in
 * the answer, and said to be unknown. */
#include "cli/explain_text.h"

#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/text_width.h"

#define LABEL_WIDTH 12

static void
add_label(struct str *to, const char *label)
{
	str_printf(to, "   %s: ", label);
	text_add_blanks(to, LABEL_WIDTH - text_width(label));
}

/* One of three words for true, false and what is neither. */
static const char *
one_of(const json_t *value, const char *yes, const char *no,
    const char *unknown)
{
	if (json_is_boolean(value))
		return json_is_true(value) ? yes : no;
	return unknown;
}

static void
add_conditions(struct str *to, const json_t *fault)
{
	const char *key = cli_text(fault, "key");

	add_label(to, "matches");
	if (key[0] != '\0')
		str_printf(to, "when.%s is not met\n", key);
	else
		str_printf(to, "%s\n", one_of(json_object_get(fault,
		    "matched"), "yes", "no", "not known"));
	add_label(to, "its turn");
	str_printf(to, "%s\n", one_of(json_object_get(fault, "counted"), "yes",
	    "no (skip, every, first)", "not known"));
}

static void
add_draw(struct str *to, const json_t *fault)
{
	const json_t *drawn = json_object_get(fault, "drawn");

	if (!json_is_number(json_object_get(fault, "draw")))
		return;
	add_label(to, "draw");
	str_printf(to, "%.4g %s the probability ", cli_number(fault, "draw"),
	    json_is_true(drawn) ? "is below" : "is not below");
	jsonw_number(to, cli_number(fault, "probability"));
	str_add(to, "\n");
}

static void
add_effect(struct str *to, const json_t *fault)
{
	add_label(to, "effect");
	str_add(to, cli_bool(fault, "active") ? "at work on the flow now\n"
					      : "none at this moment\n");
}

/* A connection with requests on it is several flows: which is this about? */
static void
add_fault(struct str *to, const json_t *fault, const json_t *answer,
    size_t number)
{
	const json_t *flow = json_object_get(answer, "flow");
	const json_t *applies = json_object_get(fault, "applies");
	bool live = cli_bool(answer, "live");
	const json_t *own = json_object_get(fault, "flow");
	const char *why = cli_text(fault, "why");

	str_printf(to, "\n%zu. ", number);
	text_add_clean(to, cli_text(fault, "fault"));
	str_printf(to, " (%s)", cli_text(fault, "type"));
	if (own != NULL && !json_equal(own, flow))
		str_printf(to, ", of flow %.0f,", json_number_value(own));
	str_printf(to, " %s%s%s\n", live
		? one_of(applies, "acts on it", "does not act on it",
		      "may act on it")
		: one_of(applies, "would act on it", "would not act on it",
		      "might act on it"),
	    why[0] != '\0' ? ": " : "", why);
	add_label(to, "in force");
	str_printf(to, "%s\n", one_of(json_object_get(fault, "in_force"), "yes",
	    "no", "not known"));
	add_conditions(to, fault);
	add_draw(to, fault);
	if (live)
		add_effect(to, fault);
}

void
explain_text(struct str *to, const json_t *answer)
{
	const json_t *faults = json_object_get(answer, "faults");

	str_printf(to, "Flow %.0f of route \"", cli_number(answer, "flow"));
	text_add_clean(to, cli_text(answer, "route"));
	str_add(to, "\"");
	if (cli_number(answer, "session") > 0)
		str_printf(to, ", session %.0f", cli_number(answer,
		    "session"));
	str_add(to, cli_bool(answer, "live")
	    ? ", is live.\n"
	    : " has ended; faults as they are now:\n");
	if (json_array_size(faults) == 0)
		str_add(to, strcmp(cli_text(answer, "type"), "connection") == 0
		    ? "\nNo fault of the route is about connections; each "
		      "request is a flow of its own.\n"
		    : "\nThe route has no faults.\n");
	for (size_t i = 0; i < json_array_size(faults); i++)
		add_fault(to, json_array_get(faults, i), answer, i + 1);
}
