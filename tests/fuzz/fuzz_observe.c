/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the readers that observe/ has: of the headers traceparent,
 * tracestate and Accept, and of a collector's answer. What is taken for a
 * trace reads back the same. */
#include "observe/exposition.h"
#include "observe/otlp.h"
#include "observe/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
try_trace(struct view text)
{
	struct trace_context trace;
	char id[TRACE_ID_TEXT];

	if (!trace_parse(text, &trace))
		return;
	trace_id_text(trace.trace_id, id);
	must(memmem(text.at, text.len, id, strlen(id)) != NULL);
}

/* What is passed on is valid: it is taken again, and then is the same. */
static void
try_state(struct view text)
{
	struct str state = {0}, again = {0};

	if (trace_state_add(&state, text) && state.len > 0) {
		must(trace_state_add(&again,
		    (struct view){state.text, state.len}));
		must(strcmp(state.text, again.text) == 0);
	}
	str_fini(&state);
	str_fini(&again);
}

/* Whatever the label holds, it ends where it should: at an unescaped quote
 * that is the last byte. */
static void
try_label(struct view text)
{
	struct str label = {0};
	size_t at = strlen("a=\"");

	exposition_label(&label, "a", text);
	while (at < label.len && label.text[at] != '"') {
		must(label.text[at] != '\n');
		at += label.text[at] == '\\' ? 2 : 1;
	}
	must(at + 1 == label.len);
	str_fini(&label);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	/* A copy of just that size shows a read beyond the end. */
	char *copy = xrealloc(xmemdup0(data, len), len > 0 ? len : 1);
	struct view text = {copy, len};

	try_trace(text);
	try_state(text);
	must(otlp_rejected(OTLP_PROTOBUF, text) >= 0);
	must(otlp_rejected(OTLP_JSON, text) >= 0);
	try_label(text);
	exposition_accept(text);
	free(copy);
	return 0;
}
