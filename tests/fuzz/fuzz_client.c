/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands read: a stream of events, arguments, and names that are
 * printed. Events are the same whatever the pieces; arguments make JSON that
 * can be sent; what is printed holds no control character and fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/assign.h"
#include "cli/text_width.h"
#include "client/sse.h"
#include "config/tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static bool
note(void *arg, const char *type, const char *data)
{
	str_printf(arg, "<%s|%s>", type, data);
	return strncmp(data, "stop", 4) != 0;
}

/* The events in pieces of `piece` bytes; owned. */
static char *
events(const uint8_t *data, size_t size, size_t piece)
{
	struct str out = {0};
	struct sse s = {.on_event = note, .arg = &out};

	for (size_t at = 0; at < size; at += piece) {
		struct view part = {(const char *)data + at,
		    MIN(piece, size - at)};

		if (!sse_feed(&s, part))
			break;
	}
	sse_fini(&s);
	return str_take(&out);
}

static void
check_events(const uint8_t *data, size_t size)
{
	char *whole = events(data, size, MAX(size, 1));
	char *pieces = events(data, size, 3);

	require(strcmp(whole, pieces) == 0);
	free(whole);
	free(pieces);
}

static void
check_arguments(const char *text)
{
	const struct conf_kind *kind;
	struct error err;
	json_t *json = assign_parse_fault(text, &kind, &err);
	char *sent = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	require(json == NULL || sent != NULL);
	free(sent);
	json_decref(json);
	json = json_object();
	if (assign_field(json, conf_route_fields, text, &err) &&
	    assign_field(json, conf_partition_fields, text, &err))
		assign_null(json, text, &err);
	json_decref(json);
}

static void
check_printed(const char *text)
{
	struct str clean = {0}, cut = {0};

	text_add_clean(&clean, text);
	str_add(&clean, "");
	for (const char *c = clean.text; *c != '\0'; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	for (size_t width = 0; width < 5; width++) {
		str_clear(&cut);
		text_add_cut(&cut, clean.text, width);
		require(cut.len == 0 || text_width(cut.text) <= width);
	}
	str_fini(&clean);
	str_fini(&cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0(data, size);

	check_events(data, size);
	check_arguments(text);
	check_printed(text);
	free(text);
	return 0;
}
