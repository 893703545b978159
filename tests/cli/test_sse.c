/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events, in pieces of any size; events as lines. */
#include "client/sse.h"

#include <jansson.h>
#include <string.h>

#include "cli/event_line.h"
#include "tests/harness/check_run.h"

static bool
note(void *arg, const char *type, const char *data)
{
	str_printf(arg, "<%s|%s>", type, data);
	return strcmp(data, "stop") != 0;
}

/* The stream in pieces of `size` bytes; what was told. */
static char *
told(const char *stream, size_t size, bool *more)
{
	struct str out = {0};
	struct sse s = {.on_event = note, .arg = &out};
	size_t len = strlen(stream);

	*more = true;
	for (size_t at = 0; at < len && *more; at += size)
		*more = sse_feed(&s, (struct view){stream + at,
		    MIN(size, len - at)});
	sse_fini(&s);
	return str_take(&out);
}

static const struct {
	const char *stream, *events;
} streams[] = {
    {"data: a\n\n", "<message|a>"},
    {"retry: 2000\n\n: heartbeat\n\n", ""},
    {"id: 1\nevent: decision\ndata: {\"a\":1}\n\ndata:b\n\n",
	"<decision|{\"a\":1}><message|b>"},
    {"data: a\ndata:  b\n\n", "<message|a\n b>"},
    {"event: x\r\ndata: a\r\n\r\ndata: b\r\rdata\n\n",
	"<x|a><message|b><message|>"},
    {"event: lost\n\ndata: a\n\n", "<message|a>"},
    {"data: not ended\n", ""},
};

START_TEST(events_come_out_whatever_the_pieces)
{
	bool more;

	for (size_t i = 0; i < COUNT_OF(streams); i++) {
		for (size_t size = 1; size < 12; size++) {
			char *text = told(streams[i].stream, size, &more);

			ck_assert_str_eq(text, streams[i].events);
			ck_assert(more);
			free(text);
		}
	}
}
END_TEST

START_TEST(the_reader_may_have_enough)
{
	bool more;
	char *text = told("data: stop\n\ndata: b\n\n", 100, &more);

	ck_assert_str_eq(text, "<message|stop>");
	ck_assert(!more);
	free(text);
}
END_TEST

START_TEST(an_endless_line_is_refused)
{
	struct str out = {0};
	struct sse s = {.on_event = note, .arg = &out};
	static char block[4096];
	size_t fed = 0;

	memset(block, 'x', sizeof(block));
	while (sse_feed(&s, (struct view){block, sizeof(block)}))
		ck_assert_uint_lt(fed += sizeof(block), 4 * 1024 * 1024);
	sse_fini(&s);
	str_fini(&out);
}
END_TEST

START_TEST(a_new_connection_forgets_half_an_event)
{
	struct str out = {0};
	struct sse s = {.on_event = note, .arg = &out};

	sse_feed(&s, VIEW("event: old\ndata: half"));
	sse_restart(&s);
	sse_feed(&s, VIEW("data: new\n\n"));
	ck_assert_str_eq(out.text, "<message|new>");
	sse_fini(&s);
	str_fini(&out);
}
END_TEST

static const struct {
	const char *json, *line;
} lines[] = {
    {"{\"type\":\"decision\",\"ts_us\":5,\"route\":\"web\",\"fault\":\"slow\","
     "\"kind\":\"latency\",\"session\":3,\"flow\":12,\"verdict\":\"applied\","
     "\"matched\":true,\"draw\":0.25}",
	"decision        web/12 s3       slow (latency)  verdict=applied "
	"matched=true draw=0.25"},
    {"{\"type\":\"config_reload\",\"ts_us\":5}", "config_reload   -"},
    {"{\"type\":\"gap\",\"lost\":7}", "gap             -               lost=7"},
    {"{\"type\":\"effect\",\"route\":\"\\u001b[2J\"}",
	"effect          \xef\xbf\xbd[2J"},
};

START_TEST(an_event_is_one_line)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		json_t *event = json_loads(lines[i].json, 0, NULL);
		struct str line = {0};

		event_line(&line, event);
		ck_assert_str_eq(line.text, lines[i].line);
		str_fini(&line);
		json_decref(event);
	}
}
END_TEST

int
main(void)
{
	return check_run("sse", (const TTest *const[]){
	    events_come_out_whatever_the_pieces, the_reader_may_have_enough,
	    an_endless_line_is_refused, a_new_connection_forgets_half_an_event,
	    an_event_is_one_line, NULL});
}
