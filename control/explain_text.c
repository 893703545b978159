/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation in sentences. What is not known of an ended flow is null in
 * the answer, and said to be unknown. */
#include "control/explain_text.h"

#include "base/json.h"
#include "control/cli.h"
#include "control/text_width.h"

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
	const json_t *effect = json_object_get(fault, "effect");

	add_label(to, "effect");
	if (json_is_string(effect))
		text_add_clean(to, json_string_value(effect));
	else
		str_add(to, cli_bool(fault, "active")
		    ? "at work on the flow now"
		    : "none at this moment");
	str_add(to, "\n");
}

/* A connection with requests on it is several flows: which is this about? */
static void
add_fault(struct str *to, const json_t *fault, const json_t *flow,
    size_t number)
{
	const json_t *own = json_object_get(fault, "flow");
	const char *why = cli_text(fault, "why");

	str_printf(to, "\n%zu. ", number);
	text_add_clean(to, cli_text(fault, "fault"));
	str_printf(to, " (%s)", cli_text(fault, "type"));
	if (own != NULL && !json_equal(own, flow))
		str_printf(to, ", of flow %.0f,", json_number_value(own));
	str_printf(to, " %s%s%s\n",
	    one_of(json_object_get(fault, "applies"), "acts on it",
		"does not act on it", "may act on it"),
	    why[0] != '\0' ? ": " : "", why);
	add_label(to, "in force");
	str_printf(to, "%s\n", one_of(json_object_get(fault, "in_force"), "yes",
	    "no", "not known"));
	add_conditions(to, fault);
	add_draw(to, fault);
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
	    ? ", is live.\n" : " has ended, or has not begun.\n");
	if (json_array_size(faults) == 0)
		str_add(to, "\nThe route has no faults.\n");
	for (size_t i = 0; i < json_array_size(faults); i++)
		add_fault(to, json_array_get(faults, i),
		    json_object_get(answer, "flow"), i + 1);
}
